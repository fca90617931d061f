import { describe, expect, it } from 'vitest'
import { acts, begun, moved, type Swipe } from './swipe'

const W = 360
const path = (...points: [number, number][]): Swipe => points.reduce((s, [x, y]) => moved(s, x, y, W), begun(300, 400))

describe('a swipe', () => {
  it('acts from a third of the width on, not before', () => {
    expect(acts(path([280, 400], [300 - 0.34 * W, 402]), W)).toBe(true)
    expect(acts(path([280, 400], [300 - 0.3 * W, 402]), W)).toBe(false)
  })
  it('can be taken back before letting go', () => expect(acts(path([150, 400], [290, 400]), W)).toBe(false))
  it('is no tap and no trembling', () => {
    expect(path([296, 402]).kind).toBe('unclear')
    expect(acts(path([296, 402]), W)).toBe(false)
  })
  it('is neither scrolling nor a swipe to the right, also when the finger then goes left', () => {
    expect(acts(path([298, 420], [20, 420]), W)).toBe(false)
    expect(acts(path([320, 400], [20, 400]), W)).toBe(false)
    expect(path([298, 420], [20, 420]).shift).toBe(0)
  })
  it('follows the finger, but not off the screen', () => {
    expect(path([280, 400], [250, 400]).shift).toBe(-50)
    expect(path([280, 400], [-900, 400]).shift).toBeCloseTo(-0.6 * W)
    expect(acts(path([280, 400], [-900, 400]), 0)).toBe(false)
  })
})
