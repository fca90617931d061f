import { flushSync, unmount } from 'svelte'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { FakeDesk } from '../api/fake-desk'
import { FakeLogs } from '../api/fake-logs'
import { hostOver } from '../api/host'
import type { LogPageAsk, LogTailAsk } from '../api/wire'
import { open as show } from '../open'

const settings = { locale: 'zh-CN', theme: 'dark', time_zone: 'Asia/Shanghai', kiosk: false, type_scale: 1, boards: [] }
let app: Record<string, unknown> | null = null
let logs: FakeLogs
let refuse: ((command: string) => unknown) | null = null

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
  logs = new FakeLogs()
  const desk = new FakeDesk(new URLSearchParams(), () => settings)
  const host = hostOver(async (command, args = {}) => {
    const refused = refuse?.(command)
    if (refused != null) throw refused
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
})
