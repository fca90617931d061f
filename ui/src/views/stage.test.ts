import { describe, expect, it } from 'vitest'
import type { KioskView } from '../api/wire'
import { brightness, stage, unit } from './stage'

const view = (over: Partial<KioskView>): KioskView => ({
  screen: '',
  index: 0,
  of: 1,
  mode: 'single',
  until: null,
  why: null,
  part: { columns: 1, rows: 1, column: 0, row: 0 },
  brightness: 1,
  off: false,
  shift: [0, 0],
  coming: null,
  shift_room: 0,
  locked: false,
  ...over,
})

describe('the stage', () => {
  it('is the whole window, moved within its margin', () => {
    expect(stage(view({ shift: [2, -2], shift_room: 2 }))).toBe(
      'left: calc(0vw + 4px); top: calc(0vh + 0px); width: calc(100vw - 4px); height: calc(100vh - 4px)',
    )
    expect(unit(view({}))).toBeNull()
  })

  it('shows a part of a board on a video wall, at the size of the whole', () => {
    const part = { columns: 2, rows: 2, column: 1, row: 0 }
    expect(stage(view({ part }))).toContain('left: calc(-100vw + 0px)')
    expect(stage(view({ part }))).toContain('width: calc(200vw - 0px)')
    expect(unit(view({ part }))).toBe('min(200vw / 1920, 200vh / 1080)')
  })

  it('is never so dark that nothing can be read, whatever is said', () => {
    expect(brightness(view({ brightness: 0 }))).toBe(0.05)
    expect(brightness(view({ brightness: Number.NaN }))).toBe(1)
    expect(brightness(null)).toBe(1)
  })
})
