import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Host } from '../api/host'
import type { LogLineView, LogPageAsk, LogTailAsk } from '../api/wire'
import { PAGE } from '../features/logs/lines'
import { LogsStore, TAIL_EVERY, TAIL_LINES, TAIL_OVERVIEW, TAIL_WAITING } from './logs.svelte'

/** A store of lines in which one arrives whenever a test says so, and whose pages come when a test says so. */
class Arriving {
  now = 1_800_000_000_000
  lines: LogLineView[] = []
  asked: string[] = []
  pages: LogPageAsk[] = []
  tails: LogTailAsk[] = []
  /** When set, pages wait for it; they say what there was when they were asked for. */
  gate: Promise<void> | null = null
  fails: 'page' | null = null
  most = Infinity

  arrive(count: number, apart = 10): void {
    for (let i = 0; i < count; i += 1) {
      this.now += apart
      const n = this.lines.length
      const at = this.now
      this.lines.push({ place: `${BigInt(at) * 1_000_000n}.${n}`, at, level: 'info', category: 'app', service: 's', host: 'h', message: `m${n}`, cut: false, trace_id: '', span_id: '', cells: [] })
    }
  }

  host(): Host {
    const host = {
      logsPage: async (ask: LogPageAsk) => {
        this.asked.push('page')
        this.pages.push(ask)
        const edge = ask.beyond === null ? null : this.lines.findIndex((one) => one.place === ask.beyond)
        let found = this.lines.filter((one, i) => one.at >= ask.scope.from && one.at < ask.scope.to && (edge === null || (ask.newer ? i > edge : i < edge)))
        const more = found.length > ask.limit
        found = (ask.newer ? found.slice(0, ask.limit) : found.slice(-ask.limit)).reverse()
        const fails = this.fails === 'page'
        if (this.gate !== null) await this.gate
        if (fails) throw { code: 'timeout', params: {} }
        return { lines: found, more, phrases: [], partial: false, warnings: [], took: 1 }
      },
      logsTail: async (ask: LogTailAsk) => {
        this.asked.push('tail')
        this.tails.push(ask)
        const came = this.lines.slice(ask.mark === null ? this.lines.length : Number(ask.mark)).reverse()
        const shown = came.slice(0, Math.min(ask.limit, this.most))
        return { lines: shown, mark: String(this.lines.length), left_out: came.length - shown.length, phrases: [] }
      },
      logsHistogram: async () => (this.asked.push('histogram'), { start: 0, step: 1, counts: [], total: 0, exact: true, took: 1 }),
      logsFacets: async () => (this.asked.push('facets'), { facets: [], fields: [] }),
    }
    return host as unknown as Host
  }
}

let store: Arriving
let logs: LogsStore
/** What is held, the oldest first, as numbers of arrival. */
const held = (): number[] => logs.stretch.lines.map((one) => Number(one.message.slice(1))).reverse()
/** Every line once, from the first held to the last that arrived. */
function whole(): void {
  const all = held()
  expect(all.at(-1)).toBe(store.lines.length - 1)
  expect(all).toEqual(Array.from({ length: all.length }, (_, i) => (all[0] ?? 0) + i))
}
const pass = (ms: number): Promise<unknown> => vi.advanceTimersByTimeAsync(ms)

beforeEach(() => {
  vi.useFakeTimers()
  store = new Arriving()
  logs = new LogsStore(store.host(), () => store.now)
})
afterEach(() => {
  logs.follow(false)
  vi.useRealTimers()
})

describe('a live tail', () => {
  it('shows what came between the page and its begin', async () => {
    store.arrive(20)
    logs.run()
    await pass(1)
    expect(held().length).toBe(20)
    // Five minutes pass before somebody follows.
    store.arrive(30, 10_000)
    logs.follow(true)
    await pass(1)
    expect(held().length).toBe(50)
    whole()
    store.arrive(5)
    await pass(2 * TAIL_EVERY)
    expect(held().length).toBe(55)
    whole()
  })

  it('says that there is more before when too much came to show it all', async () => {
    store.arrive(20)
    logs.run()
    await pass(1)
    store.arrive(PAGE + 100, 100)
    logs.follow(true)
    await pass(1)
    expect(held().length).toBe(PAGE)
    expect(logs.stretch.older).toBe(true)
    whole()
    await logs.extend(false)
    expect(held().length).toBe(PAGE + 120)
    whole()
  })

  it('takes its mark before it asks for the page, and merges what arrives meanwhile', async () => {
    store.arrive(20)
    logs.run()
    await pass(1)
    logs.follow(true)
    await pass(1)
    let open = (): void => undefined
    store.gate = new Promise((resolve) => (open = resolve))
    store.asked = []
    // The question changes while it is followed; its page takes a second.
    logs.change({ query: 'm' })
    await pass(1)
    const asks = store.asked.filter((one) => one === 'page' || one === 'tail')
    expect(asks).toEqual(['tail', 'page'])
    store.arrive(7)
    await pass(1000)
    store.gate = null
    open()
    await pass(1)
    expect(held().length).toBe(27)
    whole()
    store.arrive(3)
    await pass(2 * TAIL_EVERY)
    expect(held().length).toBe(30)
    whole()
  })

  it('goes on asking for a page that failed, and has no hole when it comes', async () => {
    store.arrive(10)
    logs.run()
    await pass(1)
    store.arrive(10)
    store.fails = 'page'
    logs.follow(true)
    await pass(1)
    expect(logs.page.error?.code).toBe('timeout')
    store.arrive(4)
    await pass(1000)
    store.fails = null
    store.now += 3000
    await pass(1000)
    expect(logs.page.error).toBeNull()
    expect(held().length).toBe(24)
    whole()
  })

  it('counts lines that waited and could not be held', async () => {
    logs.run()
    logs.follow(true)
    await pass(1)
    logs.pause(true)
    for (let i = 0; i < 6; i += 1) {
      store.arrive(TAIL_LINES)
      await pass(TAIL_EVERY)
    }
    await pass(TAIL_EVERY)
    const many = 6 * TAIL_LINES
    expect(logs.tail).toMatchObject({ fresh: many, came: many, leftOut: many - TAIL_WAITING })
    expect(logs.tail?.waiting.length).toBe(TAIL_WAITING)
    logs.pause(false)
    expect(held().length + (logs.tail?.leftOut ?? 0)).toBe(many)
  })

  it('keeps no hole when somebody scrolls so far that the newest are let go', async () => {
    store.arrive(6000)
    logs.run()
    logs.follow(true)
    await pass(1)
    logs.pause(true)
    for (let i = 0; i < 19; i += 1) await logs.extend(false)
    expect(logs.stretch.newer).toBe(true)
    store.arrive(12)
    await pass(2 * TAIL_EVERY)
    logs.pause(false)
    await pass(1)
    whole()
  })

  it('has the same lines with other columns', async () => {
    store.arrive(5)
    logs.run()
    logs.follow(true)
    await pass(1)
    store.arrive(5)
    await pass(2 * TAIL_EVERY)
    logs.pause(true)
    store.arrive(5)
    await pass(2 * TAIL_EVERY)
    logs.setColumns(['http.status'])
    await pass(1)
    expect(logs.tail).toMatchObject({ paused: true, fresh: 0 })
    expect(store.pages.at(-1)?.columns).toEqual(['http.status'])
    expect(held().length).toBe(15)
    whole()
  })

  it('asks for histogram and facets anew now and then', async () => {
    logs.run()
    logs.follow(true)
    await pass(1)
    const before = store.asked.filter((one) => one === 'histogram').length
    const to = logs.scope?.to ?? 0
    for (let i = 0; i < 84; i += 1) {
      store.now += TAIL_EVERY
      await pass(TAIL_EVERY)
    }
    const asked = store.asked.filter((one) => one === 'histogram').length - before
    expect(asked).toBe(Math.floor((84 * TAIL_EVERY) / TAIL_OVERVIEW))
    expect(store.asked.filter((one) => one === 'facets').length).toBeGreaterThan(asked)
    expect((logs.scope?.to ?? 0) - to).toBeGreaterThan(TAIL_OVERVIEW)
  })

  it('ends when a time of the past is looked at', async () => {
    logs.run()
    logs.follow(true)
    await pass(1)
    logs.change({ range: { from: store.now - 2000, to: store.now - 1000 } })
    expect(logs.tail).toBeNull()
  })
})
