import { describe, expect, it, vi } from 'vitest'
import type { Host } from '../../api/host'
import type { TraceGraphView, TraceItem, TraceRow, TraceRowsAsk, TraceRowsView } from '../../api/wire'
import { isTraceId, TracesStore } from '../../stores/traces.svelte'
import { curve, fit, middle } from './camera'
import { delta, length, share, ticks } from './lengths'
import { MARK, oddity } from './marks'
import { around, byWeight, labels, nodeAt } from './overview'
import { CHUNK, Rows } from './rows.svelte'
import { layScatter, nearest } from './scatter'

describe('lengths of time', () => {
  it('have the unit that fits', () => {
    expect([0, 12, 1500, 2_340_000, 1_200_000_000, 90_000_000_000].map(length)).toEqual(['0', '12 ns', '1.5 µs', '2.34 ms', '1.2 s', '1.5 min'])
    expect(length(-5000)).toBe('−5 µs')
    expect(length(999_700)).toBe('1 ms')
    expect(length(NaN)).toBe('–')
  })
  it('say a difference with its sign, a share as percent', () => {
    expect([delta(2_300_000), delta(-14_000), delta(0)]).toEqual(['+2.3 ms', '−14 µs', '±0'])
    expect([share(0.121), share(0.004), share(0.0001), share(0)]).toEqual(['12%', '0.4%', '<0.1%', '0%'])
  })
  it('stand at round places, also far into a trace', () => {
    expect(ticks(0, 1e9, 5)).toEqual([0, 2e8, 4e8, 6e8, 8e8, 1e9])
    const far = ticks(987_654_321_000, 987_654_321_900, 6)
    expect(far.length).toBeGreaterThan(2)
    expect(far.every((one) => one >= 987_654_321_000 && one <= 987_654_321_900 && one % 100 === 0)).toBe(true)
    expect(ticks(5, 5, 4)).toEqual([])
  })
})

const item = (id: string, at: number, duration: number, errors = 0): TraceItem => ({ id, service: 's', operation: 'o', at, duration, spans: 5, errors, orphans: 0, shares: [], services: 1 })

describe('the scatter plot', () => {
  it('keeps everything inside and failed ones on top', () => {
    const items = [item('a', 1000, 1e6), item('b', 2000, 1e9, 2), item('c', 90_000, 50), item('d', 3000, 5e6)]
    const plot = layScatter(items, 800, 200, 1)
    expect(plot.dots.at(-1)?.id).toBe('b')
    for (const dot of plot.dots) {
      expect(dot.x).toBeGreaterThanOrEqual(plot.left)
      expect(dot.x).toBeLessThanOrEqual(800)
      expect(dot.y).toBeGreaterThan(0)
      expect(dot.y).toBeLessThan(200)
    }
    const b = plot.dots.find((one) => one.id === 'b')
    expect(nearest(plot.dots, (b?.x ?? 0) + 2, b?.y ?? 0, 10)?.id).toBe('b')
    expect(nearest(plot.dots, 5, 5, 10)).toBeNull()
  })
  it('survives one point and none', () => {
    expect(layScatter([item('a', 5, 0)], 300, 100, 1).dots[0]?.x).toBeGreaterThan(0)
    expect(layScatter([], 300, 100, 1).dots).toEqual([])
  })
})

describe('ways of the graph', () => {
  it('are curves through their points', () => {
    expect(curve([[0, 0], [10, 0]])).toBe('M0 0L10 0')
    expect(curve([[0, 0], [10, 20]])).toBe('M0 0C5 0 5 20 10 20')
    expect(curve([])).toBe('')
    expect(middle([[0, 0], [10, 20]])).toEqual([5, 10])
    const [x, y] = middle([[0, 0], [4, 4], [24, 8]])
    expect([x, y]).toEqual([14, 6])
    expect(middle([[0, 0], [10, 20]], 1)[0]).toBeLessThan(5)
  })
  it('fit into their box', () => {
    const camera = fit(2000, 500, 1000, 600)
    expect(camera.k).toBeLessThan(0.5)
    expect(camera.x).toBeGreaterThanOrEqual(27)
    expect(fit(0, 0, 100, 100).k).toBe(1)
  })
})

it('a row says its gravest oddity', () => {
  expect(oddity(MARK.orphan | MARK.ring)).toBe('ring')
  expect(oddity(MARK.error | MARK.events)).toBeNull()
})

it('ids are hexadecimal and long enough not to be typed by chance', () => {
  expect(isTraceId(' 00ABcdef1234 ')).toBe(true)
  for (const bad of ['', 'abc', 'xyz12345', 'a'.repeat(33)]) expect(isTraceId(bad)).toBe(false)
})

const row = (n: number): TraceRow => ({ row: n, depth: 0, children: 0, below: 0, folded: false, errors_below: 0, service: 0, operation: `op ${n}`, kind: 'internal', start: n, duration: 1, self_time: 1, critical: [], marks: 0 })

/** A host that has `total` rows and answers when told. */
function slow(total: number): { host: Host; asked: TraceRowsAsk[]; answer: () => Promise<void> } {
  const asked: TraceRowsAsk[] = []
  let waiting: (() => void)[] = []
  const traceRows = vi.fn(
    (ask: TraceRowsAsk) =>
      new Promise<TraceRowsView>((done) => {
        asked.push(ask)
        waiting.push(() => done({ first: ask.first, total, revision: 0, at: null, rows: Array.from({ length: Math.max(0, Math.min(ask.count, total - ask.first)) }, (_, i) => row(ask.first + i)) }))
      }),
  )
  const answer = async (): Promise<void> => {
    const now = waiting
    waiting = []
    for (const one of now) one()
    await new Promise((done) => setTimeout(done, 0))
  }
  return { host: { traceRows } as unknown as Host, asked, answer }
}

describe('the rows near to what is seen', () => {
  it('are asked for once, what is seen first, and few at once', async () => {
    const { host, asked, answer } = slow(1000)
    const rows = new Rows(host, () => undefined)
    rows.begin('k', 1000, [0, 1])
    rows.need(150, 190)
    rows.need(150, 190)
    expect(asked.map((one) => one.first)).toEqual([CHUNK, 2 * CHUNK])
    await answer()
    expect(rows.at(155)?.operation).toBe('op 155')
    expect(rows.placeOf(155)).toBe(155)
    await answer()
    rows.need(150, 190)
    await answer()
    expect(asked.filter((one) => one.first === CHUNK)).toHaveLength(1)
  })
  it('of another trace are not mixed with those that come late', async () => {
    const { host, answer } = slow(1000)
    const rows = new Rows(host, () => undefined)
    rows.begin('old', 1000, [0, 1])
    rows.need(0, 20)
    rows.begin('new', 1000, [0, 1])
    await answer()
    expect(rows.at(3)).toBeUndefined()
  })
  it('are bounded however far one scrolls', async () => {
    const { host, answer } = slow(100_000)
    const rows = new Rows(host, () => undefined)
    rows.begin('k', 100_000, [0, 1])
    for (let at = 0; at < 100_000; at += 1000) {
      rows.need(at, at + 40)
      await answer()
      await answer()
    }
    let held = 0
    for (let at = 0; at < 100_000; at += 1) if (rows.at(at) !== undefined) held += 1
    expect(held).toBeLessThanOrEqual(30 * CHUNK)
  })
})

describe('the store', () => {
  it('keeps the answer to the newest search only', async () => {
    const answers: ((count: number) => void)[] = []
    const traceSearch = (): Promise<unknown> => new Promise((done) => answers.push((count) => done({ source: 's', demo: false, traces: Array.from({ length: count }, (_, i) => item(String(i), i, 1)), capped: false, warnings: [], took: 1 })))
    const store = new TracesStore({ traceSearch } as unknown as Host, () => 1000)
    store.form.service = 'order'
    const [first, second] = [store.search(), store.search()]
    answers[1]?.(2)
    await second
    answers[0]?.(9)
    await first
    expect(store.list?.traces).toHaveLength(2)
    expect(store.searching).toBe(false)
  })
  it('compares two at most, the newest choices', () => {
    const store = new TracesStore({} as Host, () => 0)
    for (const id of ['a', 'b', 'c']) store.pick('s', item(id, 1, 1))
    expect(store.picks.map((one) => one.item.id)).toEqual(['b', 'c'])
    store.pick('s', item('c', 1, 1))
    expect(store.picks.map((one) => one.item.id)).toEqual(['b'])
  })
  it('never zooms to nothing', () => {
    const store = new TracesStore({} as Host, () => 0)
    store.head = { duration: 1e9 } as TracesStore['head']
    store.zoom(5e8, 5e8)
    expect(store.view[1] - store.view[0]).toBeGreaterThan(0)
    store.zoom(-5, 9e9)
    expect(store.view).toEqual([0, 1e9])
  })
})

describe('a graph seen as a whole', () => {
  const node = (name: string, x: number, y: number, calls: number): TraceGraphView['nodes'][number] => ({ name, x, y, width: 100, height: 32, calls, hidden: 0, own: false, inferred: false, members: 1 })
  const edge = (from: number, to: number): TraceGraphView['edges'][number] => ({ from, to, calls: 1, errors: null, p50: null, p95: null, measured: 0, queue: false, circle: false, points: [], operations: [] })
  const nodes = Array.from({ length: 400 }, (_, n) => node(`s-${n}`, (n % 20) * 150, Math.floor(n / 20) * 50, n))
  const graph = { nodes, edges: [edge(0, 1), edge(1, 2), edge(2, 0), edge(5, 6)] } as unknown as TraceGraphView
  const wide = (n: number): number => (nodes[n]?.name.length ?? 0) * 7

  it('writes names that lie on no other, those that are called most first, and more of them closer in', () => {
    const order = byWeight(graph, new Set([3]))
    expect(order.slice(0, 3)).toEqual([3, 399, 398])
    const far = labels(graph, order, { x: 0, y: 0, k: 0.05 }, 800, 600, 12, wide)
    const near = labels(graph, order, { x: 0, y: 0, k: 0.5 }, 800, 600, 12, wide)
    expect(far[0]?.node).toBe(3)
    expect(near.length).toBeGreaterThan(far.length)
    for (const a of near) for (const b of near) if (a !== b) expect(Math.abs(a.x - b.x) >= 20 || Math.abs(a.y - b.y) >= 15).toBe(true)
  })
  it('finds the service under the pointer, also when it is a dot', () => {
    expect(nodeAt(graph, { x: 10, y: 20, k: 1 }, 10 + 150, 20)).toBe(1)
    expect(nodeAt(graph, { x: 0, y: 0, k: 0.01 }, 1.5, 0)).toBe(1)
    expect(nodeAt(graph, { x: 0, y: 0, k: 1 }, -200, -200)).toBeNull()
  })
  it('knows the neighbours on both sides', () => {
    const found = around(graph, 0)
    expect([[...found.nodes].sort(), found.edges]).toEqual([[0, 1, 2], [0, 2]])
  })
})
