import { flushSync, unmount } from 'svelte'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { FakeDesk } from '../api/fake-desk'
import { FakeLogs } from '../api/fake-logs'
import { FakeTraces, TRACES } from '../api/fake-traces'
import { hostOver } from '../api/host'
import type { LogPageAsk, TraceFind, TraceFlameAsk, TraceGraphAsk, TraceOpen, TraceSearch, TraceStatisticsAsk } from '../api/wire'
import { linesOf, spellings } from '../features/traces/ids'
import { open as show } from '../open'

const settings = { locale: 'zh-CN', theme: 'dark', time_zone: 'Asia/Shanghai', kiosk: false, type_scale: 1, boards: [] }
const [FIRST, SECOND, SHORT] = TRACES as [string, string, string]
let app: Record<string, unknown> | null = null
let traces: FakeTraces
let logs: FakeLogs

async function pass(ms: number): Promise<void> {
  await vi.advanceTimersByTimeAsync(ms)
  flushSync()
}
const all = (selector: string): HTMLElement[] => [...document.querySelectorAll<HTMLElement>(selector)]
const one = (selector: string): HTMLElement => {
  const [found] = all(selector)
  if (found === undefined) throw new Error(`no ${selector}`)
  return found
}
const text = (selector: string): string => document.querySelector(selector)?.textContent ?? ''
async function click(selector: string): Promise<void> {
  one(selector).dispatchEvent(new MouseEvent('click', { bubbles: true, cancelable: true }))
  await pass(200)
}
async function press(key: string): Promise<void> {
  const focus = document.activeElement ?? document.body
  focus.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true }))
  await pass(200)
}
async function write(selector: string, value: string, event = 'input'): Promise<void> {
  const field = one(selector) as HTMLInputElement
  field.value = value
  field.dispatchEvent(new Event(event, { bubbles: true }))
  await pass(50)
}
async function check(selector: string): Promise<void> {
  const box = one(selector) as HTMLInputElement
  box.checked = !box.checked
  box.dispatchEvent(new Event('change', { bubbles: true }))
  await pass(200)
}
const asked = <T>(command: string): T[] => traces.asked.filter((each) => each.command === command).map((each) => each.ask as T)
const last = <T>(command: string): T => {
  const found = asked<T>(command).at(-1)
  if (found === undefined) throw new Error(`nobody asked ${command}`)
  return found
}
/** The environment of the tests does not know that an option is checked. */
async function choose(selector: string, value: string): Promise<void> {
  const select = one(selector) as HTMLSelectElement
  const option = [...select.options].find((each) => each.value === value)
  if (option === undefined) throw new Error(`no option ${value}`)
  vi.spyOn(select, 'querySelector').mockReturnValue(option)
  select.dispatchEvent(new Event('change', { bubbles: true }))
  await pass(200)
}
async function search(): Promise<void> {
  one('[data-trace-form]').dispatchEvent(new Event('submit', { bubbles: true, cancelable: true }))
  await pass(200)
}
async function openFirst(): Promise<void> {
  await click('[data-service="gateway"]')
  await click(`[data-open-trace="${FIRST}"]`)
  await pass(200)
}

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'performance', 'requestAnimationFrame', 'Date'] })
  Object.defineProperty(document, 'fonts', { value: { ready: Promise.resolve() }, configurable: true })
  vi.spyOn(HTMLElement.prototype, 'clientHeight', 'get').mockReturnValue(600)
  vi.spyOn(HTMLElement.prototype, 'clientWidth', 'get').mockReturnValue(900)
  location.hash = '#desk/traces'
  traces = new FakeTraces()
  logs = new FakeLogs()
  const desk = new FakeDesk(new URLSearchParams(), () => settings)
  const host = hostOver(async (command, args = {}) => traces.answer(command, args) ?? logs.answer(command, args) ?? desk.answer(command, args) ?? null)
  const target = document.createElement('div')
  document.body.append(target)
  app = await show(host, target)
  await pass(400)
})
afterEach(async () => {
  if (app !== null) await unmount(app)
  app = null
  document.body.replaceChildren()
  location.hash = ''
  vi.restoreAllMocks()
  vi.useRealTimers()
})

describe('链路: the search', () => {
  it('asks for what is written in its fields', async () => {
    await write('[data-trace-service]', 'order')
    await write('[data-trace-operation]', 'POST /pay')
    await write('[data-trace-tags]', 'channel=wechat')
    await write('[data-trace-min]', '200ms')
    await write('[data-trace-max]', '1.5s')
    await check('[data-trace-errors]')
    await click('[data-lookback="900000"]')
    await search()
    const ask = last<TraceSearch>('trace_search')
    expect(ask).toMatchObject({ service: 'order', operation: 'POST /pay', tags: 'error=true channel=wechat', min_duration: '200ms', max_duration: '1.5s' })
    expect(ask.to - ask.from).toBe(900_000)
    // Failed ones only: of three one has failed.
    expect(all('[data-open-trace]').length).toBe(1)
  })

  it('takes a stretch of its own, and offers the operations of the service', async () => {
    await write('[data-trace-service]', 'order', 'input')
    one('[data-trace-service]').dispatchEvent(new Event('change', { bubbles: true }))
    await pass(100)
    expect(last<{ service: string }>('trace_names').service).toBe('order')
    expect(all('#trace-operations option').length).toBe(2)
    await click('[data-lookback="own"]')
    const [from, to] = all('.times input[type=datetime-local]') as [HTMLInputElement, HTMLInputElement]
    from.value = '2026-11-21T08:00'
    from.dispatchEvent(new Event('change', { bubbles: true }))
    to.value = '2026-11-21T09:30'
    to.dispatchEvent(new Event('change', { bubbles: true }))
    await search()
    const ask = last<TraceSearch>('trace_search')
    expect([ask.from, ask.to]).toEqual([Date.UTC(2026, 10, 21, 0, 0), Date.UTC(2026, 10, 21, 1, 30)])
  })

  it('says when the store gave only some, and what was found stays text', async () => {
    await click('[data-service="gateway"]')
    expect(all('[data-open-trace]').length).toBe(3)
    expect(document.querySelector('[data-capped]')).toBeNull()
    expect(one('[data-results]').textContent).toContain('<img src=x')
    expect(document.querySelectorAll('[data-feature="traces"] img').length).toBe(0)
    await choose('.limit select', '20')
    await search()
    expect(last<TraceSearch>('trace_search').limit).toBe(20)
    expect(text('[data-capped]')).toContain('3')
  })
})

describe('链路: an open trace', () => {
  it('shows a span’s events, follows its link to another trace and comes back', async () => {
    await openFirst()
    expect(one('[data-trace-page]').dataset.tracePage).toBe(FIRST)
    await click('[data-span-row="3"]')
    expect(text('[data-span-detail] .event')).toContain('exception')
    expect(text('[data-tag="exception.message"]')).toBe('支付渠道没有应答')
    await click('[data-span-row="2"]')
    await click(`[data-follow="${SECOND}"]`)
    expect(one('[data-trace-page]').dataset.tracePage).toBe(SECOND)
    await click('[data-trace-back]')
    expect(one('[data-trace-page]').dataset.tracePage).toBe(FIRST)
    await click('[data-trace-back]')
    expect(document.querySelector('[data-trace-page]')).toBeNull()
  })

  it('says that clocks disagree, and shows either', async () => {
    await openFirst()
    expect(one('[data-clocks]').dataset.clocks).toBe('recorded')
    const recorded = text('[data-notes] .clocks')
    expect(recorded.length).toBeGreaterThan(10)
    await click('[data-clocks]')
    expect(last<TraceOpen>('trace_open')).toMatchObject({ id: FIRST, adjusted: true })
    expect(one('[data-clocks]').dataset.clocks).toBe('adjusted')
    expect(text('[data-notes] .clocks')).not.toBe(recorded)
    traces.skewed = false
    await click('[data-trace-back]')
    await click(`[data-open-trace="${FIRST}"]`)
    expect(document.querySelector('[data-clocks]')).toBeNull()
  })

  it('goes from one failed span to the next by key, and back', async () => {
    await openFirst()
    await press('e')
    expect(last<TraceFind>('trace_find')).toMatchObject({ errors: true, from: null, back: false })
    expect(one('[data-span-detail]').dataset.row).toBe('3')
    await press('e')
    expect(one('[data-span-detail]').dataset.row).toBe('7')
    await press('E')
    expect(last<TraceFind>('trace_find')).toMatchObject({ errors: true, from: 7, back: true })
    expect(one('[data-span-detail]').dataset.row).toBe('3')
    await click('[data-next-error]')
    expect(one('[data-span-detail]').dataset.row).toBe('7')
  })

  it('counts by service, operation and a tag’s value', async () => {
    await openFirst()
    await press('3')
    expect(one('[data-statistics]').dataset.groups).toBe('3')
    await click('[data-by="operation"]')
    expect(one('[data-statistics]').dataset.groups).toBe('4')
    await click('[data-by="tag"]')
    await choose('[data-by-tag]', 'http.status_code')
    expect(last<TraceStatisticsAsk>('trace_statistics')).toMatchObject({ by: 'tag', tag: 'http.status_code', order: 'self' })
    expect(all('[data-group]').map((row) => row.querySelector('.name')?.textContent?.trim())).toEqual(['200', '500'])
    await click('[data-order-by="p95"]')
    expect(last<TraceStatisticsAsk>('trace_statistics').order).toBe('p95')
  })

  it('zooms into the flame graph and out of it, and says which levels it leaves out', async () => {
    await openFirst()
    await press('2')
    expect(one('[data-flame]').dataset.frames).toBe('3')
    expect(document.querySelector('[data-flame-cut]')).toBeNull()
    const at = { bubbles: true, cancelable: true, clientX: 100, clientY: 30 }
    one('[data-flame] .scroll').dispatchEvent(new MouseEvent('click', at))
    await pass(200)
    expect(last<TraceFlameAsk>('trace_flame').focus).toBe(1)
    expect(text('[data-flame] .path')).toContain('step 1')
    await click('[data-flame-all]')
    expect(last<TraceFlameAsk>('trace_flame').focus).toBeNull()
    traces.depth = 260
    await press('1')
    await press('2')
    expect(one('[data-flame-cut]').dataset.flameCut).toBe('60')
    expect(text('[data-flame-cut]')).toContain('共 260 层，只画了上面 200 层')
  })

  it('sends to the lines of the trace and of a span by both spellings of its id', async () => {
    await openFirst()
    await click('[data-span-row="3"]')
    await click('[data-span-logs]')
    await pass(400)
    const query = (): string => logs.asked.filter((each) => each.command === 'logs_page').map((each) => (each.ask as LogPageAsk).scope.query).at(-1) ?? ''
    expect(one('[data-view="desk"]').dataset.page).toBe('logs')
    expect(query()).toBe(`(trace_id:${FIRST} or trace_id:${FIRST.slice(16)}) and span_id:0000000000000004`)
    await click('[data-nav="traces"]')
    await click('[data-trace-logs]')
    await pass(400)
    expect(query()).toBe(`(trace_id:${FIRST} or trace_id:${FIRST.slice(16)})`)
  })

  it('knows both spellings of ids of 64 bits as well', () => {
    expect(spellings(SHORT)).toEqual([SHORT, 'a1b2c3d4e5f60718'])
    expect(spellings('A1B2C3D4E5F60718')).toEqual([SHORT, 'a1b2c3d4e5f60718'])
    expect(linesOf(`1${'0'.repeat(31)}`)).toBe(`trace_id:1${'0'.repeat(31)}`)
  })
})

describe('链路: two traces and the graph', () => {
  it('compares two and shows only what has changed', async () => {
    await click('[data-service="gateway"]')
    await check(`[data-pick="${FIRST}"]`)
    await check(`[data-pick="${SECOND}"]`)
    await click('[data-trace-tab="compare"]')
    expect(all('tr[data-change]').map((row) => row.dataset.change)).toEqual(['slower', 'same', 'added'])
    // The earlier one comes first, whichever was chosen first.
    expect(last<{ first: TraceOpen; second: TraceOpen }>('trace_compare')).toMatchObject({ first: { id: SECOND }, second: { id: FIRST } })
    await check('[data-only-changed]')
    expect(all('tr[data-change]').map((row) => row.dataset.change)).toEqual(['slower', 'added'])
  })

  it('says where the graph is from, what is left out, and what an edge carries', async () => {
    await click('[data-trace-tab="graph"]')
    await pass(200)
    expect(one('[data-graph]').dataset.sampled).toBe('false')
    expect(text('[data-graph-origin]')).toContain('依赖来自存储自己的统计')
    expect(text('[data-graph-origin]')).toContain('共 1,238 个服务，按名称均匀抽了 24 个取链路')
    const figures = all('[data-graph] text.figure').map((label) => label.textContent)
    expect(figures).toEqual(['80 ms', '900 ms ◆25%'])
    all('[data-edge]')[1]?.dispatchEvent(new MouseEvent('click', { bubbles: true }))
    await pass(100)
    const card = text('[data-edge-card]')
    for (const part of ['60', '900 ms', '30 ms', '25', '经过队列', 'POST /pay', '按 20 次调用计算']) expect(card, part).toContain(part)
    expect(document.querySelectorAll('[data-graph] img').length).toBe(0)
    await check('[data-graph-sampled]')
    expect(last<TraceGraphAsk>('trace_graph').sampled).toBe(true)
    expect(text('[data-graph-origin]')).toContain('由 60 条抽样链路算出')
    all('[data-edge]')[1]?.dispatchEvent(new MouseEvent('click', { bubbles: true }))
    await pass(100)
    await click('[data-edge-traces]')
    expect(last<TraceSearch>('trace_search')).toMatchObject({ service: 'payment' })
  })
})

describe('日志: a line’s trace', () => {
  it('is asked for with where and when the line was, because some writers know half of its id', async () => {
    await click('[data-nav="logs"]')
    await pass(400)
    const row = all('[data-line]').find((found) => found.dataset.line !== undefined && Number(found.dataset.line) % 3 === 0)
    row?.click()
    await pass(300)
    for (let n = 0; n < 6 && document.querySelector('[data-to-trace]') === null; n += 1) await press('j')
    await click('[data-to-trace]')
    const ask = last<TraceOpen>('trace_open')
    expect(ask.near?.service).not.toBe('')
    expect(ask.near?.at).toBeGreaterThan(0)
  })
})
