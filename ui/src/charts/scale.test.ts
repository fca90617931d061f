import { describe, expect, it } from 'vitest'
import { buckets, fitScale, niceStep, reduceInto, steadyScale, timeWindow, unitStep, valueMarks } from './scale'

const free = { min: null, max: null }

describe('the time axis', () => {
  it('always ends after now, by at most one quantum, and moves only by whole ones', () => {
    for (const phase of [0, 0.3, 0.99]) {
      let former = timeWindow(1_700_000_000_000, 3_600_000, 72_000, phase)
      let moves = 0
      for (let t = 0; t < 3_600_000; t += 1000) {
        const now = 1_700_000_000_000 + t
        const window = timeWindow(now, 3_600_000, 72_000, phase)
        expect(window.hi).toBeGreaterThan(now)
        expect(window.hi - now).toBeLessThanOrEqual(72_000)
        expect(window.hi - window.lo).toBe(3_600_000)
        if (window.hi !== former.hi) {
          moves += 1
          expect(window.hi - former.hi).toBeCloseTo(72_000, 6)
        }
        former = window
      }
      expect(moves).toBeLessThanOrEqual(50)
    }
  })
})

describe('the value axis', () => {
  it('has round ends around the data', () => {
    expect(fitScale(3, 97, free)).toEqual({ lo: 0, hi: 150 })
    expect(fitScale(3, 97, free, 'percent')).toEqual({ lo: 0, hi: 100 })
    expect(fitScale(3, 117, free, 'percent').hi).toBe(150)
    expect(fitScale(0, 0, free)).toEqual({ lo: 0, hi: 1 })
    expect(fitScale(Infinity, -Infinity, free)).toEqual({ lo: 0, hi: 1 })
    expect(fitScale(5, 5, free).hi).toBeGreaterThan(5)
    expect(fitScale(98, 99, free).lo).toBeGreaterThan(90)
  })

  it('keeps the board’s ends, unless data lie outside', () => {
    expect(fitScale(20, 30, { min: 0, max: 100 })).toEqual({ lo: 0, hi: 100 })
    expect(fitScale(20, 130, { min: 0, max: 100 }).hi).toBeGreaterThanOrEqual(130)
  })

  it('stands still while data fit, and follows when they no longer do', () => {
    const first = fitScale(0, 80, free)
    expect(steadyScale(first, 5, 75, free)).toBe(first)
    expect(steadyScale(first, 0, 400, free).hi).toBeGreaterThanOrEqual(400)
    expect(steadyScale(first, 1, 4, free).hi).toBeLessThan(20)
  })

  it('steps as the unit is counted', () => {
    expect(niceStep(0.3)).toBe(0.5)
    expect(unitStep(700_000, 'bytes')).toBe(1024 * 1024)
    expect(unitStep(300 * 1024, 'bytes_per_second')).toBe(512 * 1024)
    expect(unitStep(150 * 1024, 'bytes')).toBe(200 * 1024)
    expect(unitStep(1_500_000, 'bytes_per_second')).toBe(2 * 1024 * 1024)
    expect(unitStep(100, 'seconds')).toBe(120)
    expect(unitStep(0.3, 'seconds')).toBe(0.5)
    expect(valueMarks({ lo: 0, hi: 100 }, 4)).toEqual([0, 25, 50, 75, 100])
  })

  it('ends for every width there can be', () => {
    for (let i = -300; i < 300; i += 7) {
      const marks = valueMarks({ lo: 0, hi: 10 ** i }, 4)
      expect(marks.length).toBeGreaterThan(0)
      expect(marks.length).toBeLessThan(12)
    }
  })
})

describe('the parts of a sparkline', () => {
  it('are means of what falls into them; an empty part stays empty', () => {
    const out = new Float64Array(4)
    buckets([0, 10, 20, 70, 80], [1, 3, null, 10, 20], 0, 25, out)
    expect([...out]).toEqual([2, NaN, 10, 20])
  })

  it.each([
    ['sum', false, [3, 5, 7, NaN]],
    ['mean', false, [1.5, 5, 7, NaN]],
    ['max', false, [2, 5, 7, NaN]],
    ['min', false, [1, 5, 7, NaN]],
    ['worst', false, [2, 5, 7, NaN]],
    ['worst', true, [1, 5, 7, NaN]],
    ['count', false, [2, 1, 1, NaN]],
  ])('are reduced over the series by %s (smaller is worse: %s)', (reduce, below, expected) => {
    const sum = new Float64Array(4).fill(NaN)
    const counts = new Uint32Array(4)
    reduceInto(sum, counts, new Float64Array([1, 5, NaN, NaN]), reduce, below)
    reduceInto(sum, counts, new Float64Array([2, NaN, 7, NaN]), reduce, below)
    expect([...sum]).toEqual(expected)
  })

  it('end whatever the rounding of the times', () => {
    const out = new Float64Array(173)
    const from = 1_700_000_000_123.456
    const times = Array.from({ length: 4000 }, (_, i) => from + i * 899.999_7)
    const width = (4000 * 899.999_7) / 173
    buckets(times, times.map(() => 1), from, width, out)
    expect(out.filter((v) => v === 1).length).toBeGreaterThan(170)
  })
})
