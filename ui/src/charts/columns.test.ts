import { describe, expect, it } from 'vitest'
import { boxesOf, columns, type PlotBox } from './columns'

/** Ten columns for times 0 to 100, values 0 to 1 over 100 pixels below the fifth. */
const BOX: PlotBox = { left: 3, top: 5, width: 10, height: 100, x: { lo: 0, hi: 100 }, y: { lo: 0, hi: 1 } }
const pairs = (found: Float64Array): (number[] | null)[] =>
  Array.from({ length: found.length / 2 }, (_, k) => (Number.isNaN(found[2 * k]) ? null : [found[2 * k] as number, found[2 * k + 1] as number]))

describe('a line in columns of pixels', () => {
  it('reaches in each column from the highest to the lowest of its points', () => {
    const found = pairs(columns([0, 2, 4, 6], [0.5, 1, 0, 0.5], BOX, 1))
    expect(found[0]).toEqual([5, 105])
    expect(found.slice(1)).toEqual(Array.from({ length: 9 }, () => null))
  })

  it('goes on between two points that are columns apart', () => {
    const found = pairs(columns([5, 35], [0, 1], BOX, 1))
    expect(found[0]?.[1]).toBeCloseTo(105)
    expect(found[0]?.[0]).toBeCloseTo(105 - 100 / 6)
    expect(found[1]?.[0]).toBeCloseTo(105 - 50)
    expect(found[1]?.[1]).toBeCloseTo(105 - 100 / 6)
    expect(found[3]?.[0]).toBeCloseTo(5)
    expect(found[4]).toBeNull()
  })

  it('breaks at a gap and not where another line alone has a point', () => {
    expect(pairs(columns([5, 45, 85], [0.5, null, 0.5], BOX, 1)).filter((pair) => pair !== null)).toHaveLength(2)
    expect(pairs(columns([5, 45, 85], [0.5, undefined as unknown as null, 0.5], BOX, 1)).slice(0, 9).every((pair) => pair !== null)).toBe(true)
  })

  it('is cut at both ends, and comes in from before the first column', () => {
    const found = pairs(columns([-50, 150], [0.25, 0.25], BOX, 1))
    expect(found).toHaveLength(10)
    expect(found.every((pair) => pair !== null && pair[0] === 80 && pair[1] === 80)).toBe(true)
  })
})

describe('columns as boxes', () => {
  const boxes = (found: Float64Array, weight: number, column = 1): number[][] => {
    const all = boxesOf(found, 100, weight, column)
    return Array.from({ length: all.length / 4 }, (_, k) => all.slice(4 * k, 4 * k + 4))
  }

  it('are one piece while the line is flat, and nothing at a gap', () => {
    const flat = Float64Array.of(20, 20, 20, 20, NaN, NaN, 30, 30)
    expect(boxes(flat, 2)).toEqual([
      [100, 19, 102, 21],
      [103, 29, 104, 31],
    ])
  })

  it('are as wide as they were made', () => {
    expect(columns([0, 100], [0.5, 0.5], BOX, 2)).toHaveLength(10)
    expect(boxes(columns([0, 100], [0.5, 0.5], BOX, 2), 4, 2)).toEqual([[100, 53, 110, 57]])
  })

  it('are as wide as the line is strong, where it is steep', () => {
    const [left, top, right, bottom] = boxes(Float64Array.of(10, 1010), 4)[0] as [number, number, number, number]
    expect(right - left).toBeCloseTo(4, 1)
    expect((left + right) / 2).toBeCloseTo(100.5)
    expect([top, bottom]).toEqual([8, 1012])
  })
})
