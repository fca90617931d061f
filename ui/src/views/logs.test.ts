import { flushSync, unmount } from 'svelte'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { FakeDesk } from '../api/fake-desk'
import { FakeLogs } from '../api/fake-logs'
import { hostOver } from '../api/host'
import type { LogPageAsk, LogStoreView, LogTailAsk, Sentence } from '../api/wire'
import { open as show } from '../open'

const settings = { locale: 'zh-CN', theme: 'dark', time_zone: 'Asia/Shanghai', kiosk: false, type_scale: 1, boards: [] }
let app: Record<string, unknown> | null = null
let logs: FakeLogs
let refuse: ((command: string) => unknown) | null = null
/** What a command waits for before it is answered. */
let hold: ((command: string) => Promise<unknown> | null) | null = null
/** What the page of traces was asked to open. */
const openedTraces: unknown[] = []
const other = (name: string): LogStoreView => ({ name, kind: 'postgresql', demo: false, ok: true, error: null, notes: [], version: '15', cold_of: null, newest: null, oldest: null, lines: 10, bytes: 10, last_ok: null, latency: 1, keeping: null })

async function pass(ms: number): Promise<void> {
  await vi.advanceTimersByTimeAsync(ms)
  flushSync()
}
const one = (selector: string): HTMLElement => {
  const found = document.querySelector<HTMLElement>(selector)
  if (found === null) throw new Error(`no ${selector}`)
  return found
}
const text = (selector: string): string => document.querySelector(selector)?.textContent ?? ''
async function press(key: string, over: KeyboardEventInit = {}): Promise<void> {
  const focus = document.activeElement ?? document.body
  focus.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true, ...over }))
  await pass(300)
}
async function type(query: string): Promise<void> {
  const input = one('[data-log-input]') as HTMLInputElement
  input.focus()
  input.value = query
  input.setSelectionRange(query.length, query.length)
  input.dispatchEvent(new Event('input', { bubbles: true }))
  await pass(300)
}
const asked = <T>(command: string): T[] => logs.asked.filter((one) => one.command === command).map((one) => one.ask as T)

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'performance', 'requestAnimationFrame', 'Date'] })
  Object.defineProperty(document, 'fonts', { value: { ready: Promise.resolve() }, configurable: true })
  vi.spyOn(HTMLElement.prototype, 'clientHeight', 'get').mockReturnValue(600)
  vi.spyOn(HTMLElement.prototype, 'clientWidth', 'get').mockReturnValue(900)
  location.hash = '#desk/logs'
  refuse = null
  hold = null
  openedTraces.length = 0
  logs = new FakeLogs()
  const desk = new FakeDesk(new URLSearchParams(), () => settings)
  const host = hostOver(async (command, args = {}) => {
    const refused = refuse?.(command)
    if (refused != null) throw refused
    const held = hold?.(command)
    if (held != null) await held
    if (command === 'trace_sources') return []
    if (command === 'trace_open') openedTraces.push(args)
    // What a trace says is tested elsewhere; here it matters that the right one is asked for.
    if (command.startsWith('trace_')) throw { code: 'unknown_source', params: { source: '' } }
    if (command === 'health') return { version: '0', config: null, data: null, secrets: 'vault', secrets_reason: null, secrets_error: null, sources: [], concepts: [], registries: [], targets: [], problems: [] }
    return logs.answer(command, args) ?? desk.answer(command, args) ?? null
  })
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

describe('日志', () => {
  it('shows lines, how many, values, and marks made-up ones', () => {
    expect(document.querySelectorAll('[data-line]').length).toBeGreaterThan(20)
    expect(Number(text('[data-log-total]').replaceAll(',', ''))).toBeGreaterThan(100)
    expect(text('[data-facet="service"]')).toContain('payment-service')
    expect(one('[data-feature="logs"]').textContent).toContain('演示')
  })

  it('takes what a line says for text', async () => {
    const row = [...document.querySelectorAll<HTMLElement>('[data-line]')].find((found) => found.textContent?.includes('<img src=x'))
    row?.click()
    await pass(300)
    expect(text('[data-log-message]')).toContain('<img src=x onerror=')
    one('[data-detail-tab="json"]').click()
    await pass(50)
    expect(text('[data-log-detail]')).toContain('/api/orders')
    expect(document.querySelectorAll('img, script').length).toBe(0)
  })

  it('asks for a value, leaves it out, and says so in the query', async () => {
    one('[data-value="payment-service"]').click()
    await pass(300)
    expect((one('[data-log-input]') as HTMLInputElement).value).toBe('service:payment-service')
    one('[data-facet="service"] .not').click()
    await pass(300)
    expect((one('[data-log-input]') as HTMLInputElement).value).toContain('-service:order-service')
    expect(asked<LogPageAsk>('logs_page').at(-1)?.scope.query).toBe('service:payment-service -service:order-service')
  })

  it('proposes what could be typed and shows a fault at its place', async () => {
    await press('/')
    expect(document.activeElement).toBe(one('[data-log-input]'))
    await type('service:')
    expect(document.querySelectorAll('[data-proposal]').length).toBe(5)
    await press('ArrowDown')
    await press('Enter')
    expect((one('[data-log-input]') as HTMLInputElement).value).toBe('service:order-service ')
    await type('超时 and (')
    expect(one('[data-log-fault]').dataset.from).toBe('7')
    expect(text('[data-log-fault]').length).toBeGreaterThan(4)
    // Escape closes the proposals, then leaves; the page stays.
    await press('Escape')
    await press('Escape')
    expect(one('[data-view="desk"]').dataset.page).toBe('logs')
  })

  it('completes Chinese phrases and what joins them, by keys alone', async () => {
    await press('/')
    const input = one('[data-log-input]') as HTMLInputElement
    await type('支付')
    expect([...document.querySelectorAll<HTMLElement>('[data-proposal]')].map((found) => found.textContent)).toEqual([expect.stringContaining('支付渠道超时')])
    await press('Tab')
    expect(input.value).toBe('支付渠道超时 ')
    expect(text('[data-proposal]')).toContain('and')
    await press('ArrowDown')
    await press('ArrowDown')
    await press('Enter')
    expect(input.value).toBe('支付渠道超时 or ')
    await type('支付渠道超时 or 订单')
    // What a person composes with an input method is not taken before it is whole.
    input.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', bubbles: true, cancelable: true, isComposing: true }))
    await pass(300)
    expect(asked<LogPageAsk>('logs_page').at(-1)?.scope.query).toBe('')
    await press('Escape')
    input.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', bubbles: true, cancelable: true }))
    await pass(300)
    expect(asked<LogPageAsk>('logs_page').at(-1)?.scope.query).toBe('支付渠道超时 or 订单')
  })

  it('goes on without hole or double', async () => {
    const first = asked<LogPageAsk>('logs_page').length
    await press('End')
    await pass(300)
    const more = asked<LogPageAsk>('logs_page').slice(first)
    expect(more.length).toBeGreaterThan(0)
    expect(more[0]?.newer).toBe(false)
    expect(more[0]?.beyond).toBeTruthy()
    expect(Number(one('[data-lines]').dataset.count)).toBeGreaterThan(300)
  })

  it('follows with its filter, waits while somebody reads, and shows what came', async () => {
    await type('超时')
    await press('Enter')
    await press('Escape')
    await press('t')
    expect(one('[data-feature="logs"]').dataset.tail).toBe('on')
    await pass(10_000)
    const tails = asked<LogTailAsk>('logs_tail')
    expect(tails.length).toBeGreaterThan(20)
    expect(tails.every((ask) => ask.scope.query === '超时')).toBe(true)
    expect(tails[0]?.mark).toBeNull()
    expect(tails.at(-1)?.mark).not.toBeNull()
    one('[data-line="3"]').click()
    await pass(100)
    expect(one('[data-feature="logs"]').dataset.tail).toBe('paused')
    const before = one('[data-line="3"]').dataset.place
    await pass(10_000)
    expect(one('[data-line="3"]').dataset.place).toBe(before)
    expect(text('[data-log-fresh]')).toMatch(/[1-9]/)
    one('[data-log-fresh]').click()
    await pass(100)
    expect(one('[data-feature="logs"]').dataset.tail).toBe('on')
    expect(one('[data-line="3"]').dataset.place).not.toBe(before)
  })

  it('keeps a view and opens it again', async () => {
    await press('s')
    const name = one('[data-view-name]') as HTMLInputElement
    name.value = '我的'
    name.dispatchEvent(new Event('input', { bubbles: true }))
    await pass(50)
    one('[data-submit]').click()
    await pass(200)
    await press('s')
    one('[data-view="支付超时"]').click()
    await pass(300)
    expect(asked<LogPageAsk>('logs_page').at(-1)).toMatchObject({ columns: ['http.status'], scope: { query: '超时' } })
    expect(text('[data-lines]')).toContain('502')
  })

  it('folds similar lines and asks for those of one', async () => {
    await press('p')
    expect(document.querySelectorAll('[data-pattern]').length).toBe(5)
    expect(text('[data-patterns]')).toContain('只看了最新的一部分')
    one('[data-pattern="1"]').click()
    await pass(300)
    expect(asked<LogPageAsk>('logs_page').at(-1)?.scope.query).toBe('超时')
  })

  it('says when nothing matches, and when a store fails', async () => {
    await type('没有这样的词')
    await press('Enter')
    expect(one('[data-log-none]').dataset.logNone).toBe('empty')
    refuse = (command) => (command === 'logs_page' ? { code: 'timeout', params: { seconds: '20' } } : null)
    await type('超时')
    await press('Enter')
    expect(text('[data-log-error]')).toContain('20')
  })

  it('looks at what stands around a line, and sends to its trace', async () => {
    const row = [...document.querySelectorAll<HTMLElement>('[data-line]')].find((found) => found.textContent?.includes('订单'))
    row?.click()
    await pass(200)
    await press('c')
    expect(document.querySelectorAll('[data-around]').length).toBe(21)
    const scopes = asked<LogPageAsk>('logs_page').slice(-2)
    expect(scopes.every((ask) => ask.scope.terms[0]?.field === 'service' && ask.scope.query === '')).toBe(true)
    await press('Escape')
    expect(document.querySelector('[data-log-detail]')).toBeNull()
  })

  /** The trace that the page of traces has been sent to. */
  const opened = (): unknown => openedTraces.at(-1)

  it('sends to the trace of a line, by its button and by g', async () => {
    one('[data-line]').click()
    await pass(200)
    for (let i = 0; i < 5 && document.querySelector('[data-to-trace]') === null; i += 1) await press('ArrowDown')
    const id = text('[data-field="trace_id"] dd')
    expect(id).toMatch(/^[0-9a-f]{32}$/)
    one('[data-to-trace]').click()
    await pass(300)
    expect(one('[data-view="desk"]').dataset.page).toBe('traces')
    expect(JSON.stringify(opened())).toContain(id)
    one('[data-nav="logs"]').click()
    await pass(300)
    openedTraces.length = 0
    const row = one('[data-line]')
    row.click()
    await pass(200)
    for (let i = 0; i < 5 && document.querySelector('[data-to-trace]') === null; i += 1) await press('ArrowDown')
    const other = text('[data-field="trace_id"] dd')
    await press('g')
    expect(one('[data-view="desk"]').dataset.page).toBe('traces')
    expect(JSON.stringify(opened())).toContain(other)
  })

  it('does nothing with g at a line without a trace', async () => {
    one('[data-line]').click()
    await pass(200)
    for (let i = 0; i < 5 && document.querySelector('[data-to-trace]') !== null; i += 1) await press('ArrowDown')
    expect(document.querySelector('[data-to-trace]')).toBeNull()
    await press('g')
    expect(one('[data-view="desk"]').dataset.page).toBe('logs')
  })

  it('sends to the alerts of a line’s service', async () => {
    one('[data-line]').click()
    await pass(200)
    const service = text('[data-field="service"] dd')
    one('[data-to-alerts]').click()
    await pass(400)
    expect(one('[data-view="desk"]').dataset.page).toBe('alerts')
    expect([...document.querySelectorAll('input')].map((input) => input.value)).toContain(`service=${service}`)
  })

  it('is sent from an alert to the lines around it, in the preferred store', async () => {
    logs.stores = [...logs.stores, other('archive')]
    await pass(16_000)
    const select = one('[data-log-store]') as HTMLSelectElement
    select.value = 'archive'
    select.dispatchEvent(new Event('change', { bubbles: true }))
    await pass(300)
    expect(asked<LogPageAsk>('logs_page').at(-1)?.scope.store).toBe('archive')
    one('[data-nav="alerts"]').click()
    await pass(400)
    one('[data-row]').click()
    await pass(400)
    one('[data-to-logs]').click()
    await pass(400)
    expect(one('[data-view="desk"]').dataset.page).toBe('logs')
    const scope = asked<LogPageAsk>('logs_page').at(-1)?.scope
    expect(scope?.store).toBeNull()
    expect(scope?.query).toMatch(/^(service:|level>=warn)/)
    expect(scope?.to).toBeGreaterThan(scope?.from ?? 0)
    expect((one('[data-log-store]') as HTMLSelectElement).value).toBe('demo')
  })

  it('shows one category, also from the boards', async () => {
    one('[data-category="security"]').click()
    await pass(300)
    expect(asked<LogPageAsk>('logs_page').at(-1)?.scope.category).toBe('security')
    expect(one('[data-category="security"]').getAttribute('aria-selected')).toBe('true')
    one('[data-show-as="boards"]').click()
    await pass(100)
    one('[data-category="system"]').click()
    await pass(300)
    expect(one('[data-feature="logs"]').dataset.show).toBe('lines')
    expect(asked<LogPageAsk>('logs_page').at(-1)?.scope.category).toBe('system')
    expect(document.querySelectorAll('[data-line]').length).toBeGreaterThan(5)
    one('[data-category="all"]').click()
    await pass(300)
    expect(asked<LogPageAsk>('logs_page').at(-1)?.scope.category).toBeNull()
  })

  it('shows a field as a column and takes it away again', async () => {
    one('[data-column="http.status"]').click()
    await pass(300)
    expect(asked<LogPageAsk>('logs_page').at(-1)?.columns).toEqual(['http.status'])
    expect(one('[data-column="http.status"]').getAttribute('aria-pressed')).toBe('true')
    expect(text('[data-lines]')).toContain('502')
    one('[data-column="http.status"]').click()
    await pass(300)
    expect(asked<LogPageAsk>('logs_page').at(-1)?.columns).toEqual([])
    expect(text('[data-lines]')).not.toContain('502')
  })

  it('asks a store of files for its newest day, says how far it reads, and stops', async () => {
    const newest = Date.now() - 40 * 86_400_000
    logs.stores = [...logs.stores, { ...other('main/cold'), kind: 'cold', cold_of: 'main', newest, oldest: newest - 86_400_000 }]
    logs.reading = { busy: true, lines: 120_000, of: 500_000, took: 1500 }
    await pass(16_000)
    const select = one('[data-log-store]') as HTMLSelectElement
    expect([...select.options].map((option) => option.text)).toContain('main · 冷存储')
    let answer = (): void => undefined
    hold = (command) => (command === 'logs_page' ? new Promise((resolve) => (answer = () => resolve(undefined))) : null)
    select.value = 'main/cold'
    select.dispatchEvent(new Event('change', { bubbles: true }))
    await pass(1000)
    const bar = one('[data-log-cold]')
    expect(bar.dataset.logCold).toBe('busy')
    expect(bar.textContent).toContain('120,000')
    expect(asked<LogPageAsk>('logs_histogram').at(-1)?.scope).toMatchObject({ store: 'main/cold', to: newest + 1 })
    one('[data-log-give-up]').click()
    await pass(100)
    expect(logs.asked.filter((one) => one.command === 'logs_cancel').length).toBe(4)
    hold = null
    answer()
    await pass(1000)
    expect(one('[data-log-cold]').dataset.logCold).toBe('idle')
    // There is nothing to follow there.
    expect(document.querySelector('[data-log-tail]')).toBeNull()
    await press('t')
    expect(one('[data-feature="logs"]').dataset.tail).toBe('off')
  })

  it('says what a live tail left out', async () => {
    logs.leftOut = 25
    await press('t')
    await pass(2000)
    const said = text('[data-log-left-out]')
    expect(Number(/[\d,]+/.exec(said)?.[0].replaceAll(',', ''))).toBeGreaterThanOrEqual(25)
  })

  it('says that a store has failed', async () => {
    expect(document.querySelector('[data-store-failed]')).toBeNull()
    logs.stores = logs.stores.map((store) => ({ ...store, ok: false, error: { code: 'timeout', params: { seconds: '10' } } }))
    await pass(16_000)
    expect(text('[data-store-failed]')).toContain('demo')
    expect(text('[data-store-failed]')).toContain('10')
  })

  it('says that fixed times become a length in a kept view', async () => {
    await press('s')
    expect(document.querySelector('[data-view-fixed]')).toBeNull()
    one('[data-view="支付超时"]').click()
    await pass(300)
    await press('Escape')
    one('[data-nav="alerts"]').click()
    await pass(400)
    one('[data-row]').click()
    await pass(400)
    one('[data-to-logs]').click()
    await pass(400)
    await press('s')
    expect(text('[data-view-fixed]')).toContain('时长')
  })

  it('shows on the page of health how stores are and how their partitions are kept', async () => {
    const said = (key: string, params: Record<string, string>): Sentence => ({ key, params: Object.fromEntries(Object.entries(params).map(([name, value]) => [name, { kind: 'text', value }])) })
    const finding = said('pglogs.finding_default_not_empty', { lines: '7', days: '1', oldest: '2026-08-01', newest: '2026-08-01' })
    const steps = [
      { at: Date.now() - 60_000, what: said('pglogs.step_export', { day: '2026-10-20' }), error: said('pglogs.io', { path: '/cold', detail: 'no space' }) },
      { at: Date.now() - 61_000, what: said('pglogs.step_create', { day: '2026-11-25' }), error: null },
    ]
    logs.stores = [...logs.stores, { ...other('main'), keeping: { looked: Date.now() - 60_000, error: null, findings: [finding], steps } }]
    one('[data-nav="health"]').click()
    await pass(600)
    expect(document.querySelectorAll('[data-health-logs] [data-log-store]').length).toBe(2)
    const kept = one('[data-log-store="main"] [data-keeping]')
    expect(kept.dataset.keeping).toBe('findings')
    expect(kept.textContent).toContain('有 7 行日志没有分区')
    expect([...kept.querySelectorAll<HTMLElement>('[data-step]')].map((step) => step.dataset.step)).toEqual(['pglogs.step_export', 'pglogs.step_create'])
    expect(kept.textContent).toContain('no space')
    expect(document.querySelector('[data-log-store="demo"] [data-keeping]')).toBeNull()
  })
})
