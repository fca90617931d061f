import { describe, expect, it } from 'vitest'
import type { Patch, QueryFrame, QueryView } from '../api/wire'
import { MAX_POINTS, QueryData } from './query'

const view: QueryView = { id: 'a', role: 'main', label: null, unit: 'count', reduce: 'worst', thresholds: null }
const mark = { freshness: 'fresh', severity: 'normal' } as const
const named = (name: string) => ({ name, labels: { job: name }, source: 's', demo: false })

function frame(patch: Patch | null, series: string[] | null, count: number, over: Partial<QueryFrame> = {}): QueryFrame {
  return {
    id: 'a',
    epoch: 1,
    series: series?.map(named) ?? null,
    start: 0,
    patch,
    latest: 0,
    marks: Array.from({ length: count }, () => mark),
    reduced: 0,
    reduced_mark: mark,
    ...over,
  }
}

const block = (...values: number[]): Float64Array => new Float64Array([9, 9, ...values])
const patch = (from: number, count: number, step = 1000): Patch => ({ from, step, count, offset: 2 })

function filled(): QueryData {
  const data = new QueryData(view)
  data.apply(frame(patch(1000, 3), ['x', 'y'], 2), block(1, 2, 3, 10, NaN, 30))
  return data
}

describe('a query’s points', () => {
  it('come series after series; NaN is a gap', () => {
    const data = filled()
    expect(data.times).toEqual([1000, 2000, 3000])
    expect(data.values).toEqual([
      [1, 2, 3],
      [10, null, 30],
    ])
  })

  it('are appended to in place', () => {
    const data = filled()
    const { times, values } = data
    data.apply(frame(patch(4000, 1), null, 2), block(4, 40))
    expect(data.times).toBe(times)
    expect(data.values[0]).toBe(values[0])
    expect(data.times).toEqual([1000, 2000, 3000, 4000])
    expect(data.values[1]).toEqual([10, null, 30, 40])
  })

  it('at or after a patch are replaced', () => {
    const data = filled()
    data.apply(frame(patch(2000, 2), null, 2), block(20, 21, 22, 23))
    expect(data.times).toEqual([1000, 2000, 3000])
    expect(data.values).toEqual([
      [1, 20, 21],
      [10, 22, 23],
    ])
  })

  it('break where a patch does not follow', () => {
    const data = filled()
    data.apply(frame(patch(9000, 1), null, 2), block(5, 50))
    expect(data.times).toEqual([1000, 2000, 3000, 4000, 9000])
    expect(data.values[0]).toEqual([1, 2, 3, null, 5])
  })

  it('leave the window', () => {
    const data = filled()
    data.apply(frame(patch(4000, 1), null, 2, { start: 2500 }), block(4, 40))
    expect(data.times).toEqual([3000, 4000])
    expect(data.values[1]).toEqual([30, 40])
  })

  it('are forgotten with another epoch or another step', () => {
    const data = filled()
    const before = data.generation
    data.apply(frame(patch(1000, 1), ['z'], 1, { epoch: 2 }), block(7))
    expect(data.values).toEqual([[7]])
    expect(data.series[0]?.name).toBe('z')
    data.apply(frame(patch(2000, 1, 500), null, 1, { epoch: 2 }), block(8))
    expect(data.times).toEqual([2000])
    expect(data.generation).toBeGreaterThan(before + 1)
  })

  it('never become more than the bound, however long it runs', () => {
    const data = new QueryData(view)
    data.apply(frame(null, ['x'], 1), block())
    for (let i = 0; i < MAX_POINTS + 500; i += 1) data.apply(frame(patch(i * 1000, 1), null, 1), block(i))
    expect(data.times.length).toBe(MAX_POINTS)
    expect(data.values[0]?.length).toBe(MAX_POINTS)
    expect(data.values[0]?.at(-1)).toBe(MAX_POINTS + 499)
    const many = MAX_POINTS + 10
    data.apply(frame(patch(0, many), ['x'], 1), block(...Array.from({ length: many }, (_, i) => i)))
    expect(data.times.length).toBe(MAX_POINTS)
    expect(data.values[0]?.[0]).toBe(10)
  })

  it('tell the chart once from where they changed', () => {
    const data = filled()
    expect(data.takeChanges()).toBe(-Infinity)
    expect(data.takeChanges()).toBe(Infinity)
    data.apply(frame(patch(4000, 1), null, 2), block(4, 40))
    data.apply(frame(patch(5000, 1), null, 2), block(5, 50))
    expect(data.takeChanges()).toBe(4000)
  })

  it('keep newest values, times and the reduced value', () => {
    const data = new QueryData(view)
    const numbers = new Float64Array([5, 1000, NaN, NaN, 5, 1000])
    data.apply(frame(null, ['x', 'y'], 2, { latest: 0, reduced: 4 }), numbers)
    expect(data.latest).toEqual([5, NaN])
    expect(data.latestAt).toEqual([1000, NaN])
    expect([data.reduced, data.reducedAt]).toEqual([5, 1000])
  })
})

describe('names from outside', () => {
  it('are bounded and cannot turn the text around them', () => {
    const data = new QueryData(view)
    const hostile = { name: `a\u202eb\u0000${'x'.repeat(1_000_000)}`, labels: { k: 'v'.repeat(1_000_000) }, source: 's', demo: false }
    const began = performance.now()
    data.apply({ ...frame(null, [], 1), series: [hostile] }, block())
    expect(performance.now() - began).toBeLessThan(50)
    expect(data.series[0]?.name.length).toBeLessThanOrEqual(120)
    expect(data.series[0]?.name).toMatch(/^a b x+…$/)
    expect(data.series[0]?.labels.k?.length).toBeLessThanOrEqual(300)
  })
})
