import { flushSync, unmount } from 'svelte'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { HOSTILE } from '../api/fake-alerts'
import { FakeDesk } from '../api/fake-desk'
import { hostOver } from '../api/host'
import type { AlertAct, AlertRow } from '../api/wire'
import { open as show } from '../open'
import { answers, DEAF } from '../features/takeover/told'
import { windowOf, placeOf } from '../window'
import { IN_BAND, inBand, TURN } from './band'

const settings = { locale: 'zh-CN', theme: 'dark', time_zone: 'Asia/Shanghai', kiosk: false, type_scale: 1, boards: [] }
let app: Record<string, unknown> | null = null
let acts: AlertAct[] = []
let opened: unknown[] = []

async function open(hash: string, query = ''): Promise<void> {
  location.hash = hash
  acts = []
  opened = []
  const desk = new FakeDesk(new URLSearchParams(query), () => settings)
  const host = hostOver(async (command, args = {}) => {
    if (command === 'alert_act') acts.push(args.act as AlertAct)
    if (command === 'open_window') opened.push(args)
    return desk.answer(command, args) ?? null
  })
  const target = document.createElement('div')
  document.body.append(target)
  app = await show(host, target)
  await pass(200)
}
async function pass(ms: number): Promise<void> {
  await vi.advanceTimersByTimeAsync(ms)
  flushSync()
}
const one = (selector: string): HTMLElement => {
  const found = document.querySelector<HTMLElement>(selector)
  if (found === null) throw new Error(`no ${selector}`)
  return found
}
const press = async (key: string, over: KeyboardEventInit = {}): Promise<void> => {
  const focus = document.activeElement ?? document.body
  focus.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true, ...over }))
  await pass(100)
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'performance', 'requestAnimationFrame', 'Date'] })
  Object.defineProperty(document, 'fonts', { value: { ready: Promise.resolve() }, configurable: true })
  // Without a layout engine boxes have no height, and a list without height paints nothing.
  vi.spyOn(HTMLElement.prototype, 'clientHeight', 'get').mockReturnValue(900)
  vi.spyOn(HTMLElement.prototype, 'clientWidth', 'get').mockReturnValue(360)
})
afterEach(async () => {
  if (app !== null) await unmount(app)
  app = null
  document.body.replaceChildren()
  location.hash = ''
  vi.restoreAllMocks()
  vi.useRealTimers()
})

describe('现场', () => {
  it('is gathered with V, keeps the buttons, and every text stays text', async () => {
    await open('#desk')
    await press('v')
    await pass(200)
    const scene = one('[data-investigation]')
    expect(scene.dataset.investigation).not.toBe('loading')
    expect(scene.querySelectorAll('[data-pattern=new]').length).toBe(2)
    expect(scene.querySelectorAll('[data-pattern=more]').length).toBe(1)
    // What is not certain stands apart, and what is missing is named, as is whose lines and traces these are.
    expect(scene.querySelectorAll('[data-pattern=unsure]').length).toBe(1)
    expect(scene.textContent).toContain('可能新出现')
    expect(scene.querySelector('[data-gap=traces]')?.textContent).toContain('未答复：edge')
    expect(scene.querySelector('[data-gap=logs]')).toBeNull()
    expect(one('[data-gap=baselines]').textContent).toContain('上周同时未及时取到')
    expect(scene.querySelector('[data-part=logs] [data-from]')?.textContent).toContain('日志库：demo')
    expect(scene.querySelector('[data-part=traces] [data-from]')?.textContent).toContain('链路数据源：demo')
    expect(scene.querySelector<HTMLElement>('[data-part=traces] [data-from]')?.title).toContain('问过的链路数据源：edge')
    expect(scene.querySelectorAll('[data-trace]').length).toBe(4)
    expect(scene.querySelectorAll('[data-other]').length).toBe(6)
    expect(scene.querySelectorAll('img, script').length).toBe(0)
    expect(scene.textContent).toContain('<img src=x onerror=')
    expect(document.querySelector('[data-do=ack]')).not.toBeNull()
    expect(scene.querySelector('[data-ghost]')?.textContent).toContain('昨天同时')
    // Another alert of the list takes its place.
    const before = one('[data-detail]').dataset.detail
    scene.querySelector<HTMLElement>('[data-other]')?.click()
    await pass(300)
    expect(one('[data-detail]').dataset.detail).not.toBe(before)
    expect(document.querySelector('[data-investigation]')).not.toBeNull()
    one('[data-do=picture]').click()
    await pass(100)
    expect(document.body.textContent).toContain('exports/alert-')
    await press('v')
    expect(document.querySelector('[data-investigation]')).toBeNull()
  })
  it('has the runbook as text that can be copied: the window never leaves its page', async () => {
    await open('#desk')
    await press('v')
    for (let n = 0; n < 40 && document.querySelector('[data-runbook] bdi') === null; n += 1) {
      await press('j')
      await pass(100)
    }
    expect(one('[data-investigation] [data-runbook] bdi').textContent).toContain('https://runbooks.example.cn/')
    const written: string[] = []
    Object.defineProperty(navigator, 'clipboard', { value: { writeText: (text: string) => (written.push(text), Promise.resolve()) }, configurable: true })
    one('[data-runbook] [data-do=copy]').click()
    await pass(50)
    expect(written[0]).toContain('https://runbooks.example.cn/')
    expect(one('[data-investigation]').querySelectorAll('a').length).toBe(0)
  })
})

describe('texts of alerts', () => {
  it.each([['#desk', ''], ['#pocket', ''], ['#takeover', 'p0']])('stay text in %s', async (hash, query) => {
    await open(hash, query)
    // The parser of the page would have made elements of it; the page's own pictures are SVG.
    expect(document.querySelectorAll('img, script, iframe, b > img').length).toBe(0)
    expect('hacked' in window).toBe(false)
    expect(document.body.textContent).toContain('<img src=x onerror=')
    expect(document.body.textContent).not.toMatch(/[\u202e\u0007]/)
    expect(HOSTILE).toContain('\u202e')
  })

  it('stay text in the detail, in its labels and in dialogs', async () => {
    await open('#desk')
    const row = [...document.querySelectorAll<HTMLElement>('[data-row]')].find((found) => found.textContent?.includes('<img src=x'))
    row?.click()
    await pass(300)
    expect(one('[data-labels]').textContent).toContain('<script>')
    await press('s')
    expect(one('[data-dialog]').querySelectorAll('input').length).toBeGreaterThan(2)
    expect(document.querySelectorAll('img, script').length).toBe(0)
  })
})

describe('the desk', () => {
  it('shows rows with level, place, countdown, owner and reason', async () => {
    await open('#desk')
    const text = one('[data-list]').textContent ?? ''
    expect(text).toContain('微信支付成功率 91.2%，低于 95%')
    expect(text).toContain('超时')
    expect(text).toContain('赵六 处理中')
    expect(text).toContain('“扩容消费者”')
    expect(one('[data-tab="unacked"]').textContent).toContain('8')
    one('[data-tab="suppressed"]').click()
    await pass(200)
    expect(one('[data-list]').textContent).toContain('王五 静默至')
  })

  it('moves, acknowledges and takes back by key', async () => {
    await open('#desk')
    expect(one('[data-detail]').textContent).toContain('api-03 内存 93%')
    await press('j')
    await pass(200)
    expect(one('[data-detail]').textContent).toContain('微信支付成功率')
    await press('a')
    expect(acts.at(-1)).toMatchObject({ do: 'ack', for_ms: null, mirror: null })
    expect(one('[data-acked]').textContent).toContain('李四 已确认')
    await press('u')
    expect(acts.at(-1)?.do).toBe('unack')
    expect(document.querySelector('[data-acked]')).toBeNull()
  })

  it('acts on many', async () => {
    await open('#desk')
    await press('x')
    await press('j')
    await press('x')
    expect(one('[data-bulk]').textContent).toContain('已选 2 条')
    await press('a')
    expect(acts.at(-1)).toMatchObject({ do: 'ack' })
    expect((acts.at(-1) as { alerts: number[] }).alerts.length).toBe(2)
    expect(document.querySelector('[data-bulk]')).toBeNull()
    // Taken back together while the message stands.
    one('[data-undo]').click()
    await pass(100)
    expect((acts.at(-1) as { alerts: number[] }).alerts.length).toBe(2)
  })

  it('chooses all that fit the filter with Ctrl A, at most a thousand', async () => {
    await open('#desk', 'many=2000')
    await press('a', { ctrlKey: true })
    await pass(400)
    expect(one('[data-bulk]').textContent).toContain('1000')
  })

  it('holds few rows of very many in the page', async () => {
    await open('#desk', 'many=3000')
    expect(one('[data-list]').dataset.total).toMatch(/^2\d\d\d$/)
    expect(document.querySelectorAll('[data-row]').length).toBeLessThan(60)
  })

  it('letters typed into the search are no commands', async () => {
    await open('#desk')
    await press('/')
    const field = one('[data-search]') as HTMLInputElement
    expect(document.activeElement).toBe(field)
    await press('a')
    expect(acts).toEqual([])
    field.value = 'service=payment'
    field.dispatchEvent(new Event('input', { bubbles: true }))
    await pass(100)
    expect(one('[data-list]').dataset.total).toBe('1')
    field.value = 'x=~('
    field.dispatchEvent(new Event('input', { bubbles: true }))
    await pass(100)
    expect(one('[role="alert"]').textContent).toContain('不是正则表达式')
  })

  it('acknowledges with time, words and a silence at the Alertmanager', async () => {
    await open('#desk')
    await pass(300)
    await press('A', { shiftKey: true })
    const dialog = one('[data-dialog]')
    ;[...dialog.querySelectorAll('button')].find((b) => b.textContent === '1 小时')?.click()
    ;(one('[data-mirror]') as HTMLInputElement).click()
    await pass(400)
    expect(one('[data-preview]').dataset.preview).toBe('1')
    one('[data-submit]').click()
    await pass(100)
    expect(acts.at(-1)).toMatchObject({ do: 'ack', for_ms: 3_600_000 })
    expect((acts.at(-1) as { mirror: string[] }).mirror).toContain('alertname')
    expect((acts.at(-1) as { mirror: string[] }).mirror).not.toContain('severity')
  })

  it('says that all is well only when all sources answer', async () => {
    await open('#desk', 'good')
    expect(one('[data-empty]').textContent).toContain('一切正常')
    expect(one('[data-empty]').textContent).toContain('4 个来源都在应答')
  })

  it('says that nothing is told while the database cannot be written, and what was caught up', async () => {
    await open('#desk', 'nostore&away')
    expect(one('[data-store-error]').textContent).toContain('暂不发出任何通知')
    expect(one('[data-caught-up]').textContent).toContain('25 分')
  })

  it.each(['mutes', 'history', 'figures', 'health'])('opens %s from the address', async (place) => {
    await open(`#desk/${place}`)
    expect(one('[data-view="desk"]').dataset.page).toBe(place)
  })

  it('explains why, and what comes next', async () => {
    await open('#desk')
    await pass(300)
    expect(one('[data-next]').textContent).toContain('升级给 王五')
    one('[data-why]').click()
    await pass(50)
    expect(one('[data-findings]').textContent).toContain('你已收到通知')
  })
})

describe('the pocket', () => {
  it('counts what waits, acknowledges with a button and with a swipe', async () => {
    await open('#pocket')
    expect(one('[data-waiting]').textContent).toBe('8 项待确认')
    one('[data-card] [data-do="ack"]').click()
    await pass(100)
    expect(acts.at(-1)?.do).toBe('ack')
    const card = [...document.querySelectorAll<HTMLElement>('[data-card][data-look="open"]')].at(-1) as HTMLElement
    card.setPointerCapture = () => undefined
    const move = (type: string, x: number): boolean => card.dispatchEvent(new PointerEvent(type, { clientX: x, clientY: 300, button: 0, pointerId: 1, bubbles: true }))
    move('pointerdown', 340)
    move('pointermove', 300)
    move('pointermove', 150)
    move('pointerup', 150)
    await pass(100)
    expect(acts.length).toBe(2)
    expect((acts[1] as { alerts: number[] }).alerts).toEqual([Number(card.dataset.card)])
    expect(one('[data-undo]').textContent).toBe('撤回')
  })
})

describe('the takeover', () => {
  it('shows one emergency with who was told and what comes next', async () => {
    await open('#takeover', 'p0=1')
    await pass(300)
    expect(one('h1').textContent).toContain('下单接口全部失败')
    expect(one('[data-told]').textContent).toContain('李四')
    expect(one('[data-next]').textContent).toContain('升级给 王五')
    one('[data-do="ack"]').click()
    await pass(100)
    expect(acts[0]?.do).toBe('ack')
    expect(one('[data-view="takeover"]').dataset.count).toBe('0')
  })

  it('takes several together', async () => {
    await open('#takeover', 'p0')
    expect(document.querySelectorAll('article [data-do="ack"]').length).toBe(3)
    one('[data-do="ack_all"]').click()
    await pass(100)
    expect((acts[0] as { alerts: number[] }).alerts.length).toBe(3)
  })

  it('does not take a key that was meant for another window', async () => {
    await open('#takeover', 'p0=1')
    await press('Enter')
    expect(acts).toEqual([])
    await pass(DEAF + 100)
    await press('Enter', { repeat: true })
    expect(acts).toEqual([])
    await press('Enter')
    expect(acts.length).toBe(1)
    const space = { key: ' ', repeat: false, ctrlKey: false, altKey: false, metaKey: false }
    expect(answers(space, DEAF)).toBe(true)
    expect(answers(space, DEAF - 1)).toBe(false)
    expect(answers({ ...space, ctrlKey: true }, DEAF)).toBe(false)
  })
})

describe('windows and the wall’s band', () => {
  it('are told by the address', () => {
    expect(windowOf('')).toBe('wall')
    expect(windowOf('#desk')).toBe('desk')
    expect(windowOf('#/pocket')).toBe('pocket')
    expect(windowOf('#takeover/2')).toBe('takeover')
    expect(windowOf('#<script>')).toBe('wall')
    expect(placeOf('#desk/history')).toBe('history')
  })

  it('shows the most urgent always and the others in turn', () => {
    const rows = [1, 2, 3, 4, 5, 6].map((id) => ({ id }) as AlertRow)
    const ids = (now: number, count: number): number[] => inBand(rows.slice(0, count), now).map((row) => row.id)
    expect(ids(0, 0)).toEqual([])
    expect(ids(0, 3)).toEqual([1, 2, 3])
    expect(ids(0, 6)).toEqual([1, 2, 3])
    expect(ids(TURN, 6)).toEqual([1, 4, 5])
    // Every place is used in the last turn too, and everyone has a turn.
    expect(ids(2 * TURN, 6)).toEqual([1, 5, 6])
    expect(ids(3 * TURN, 6)).toEqual([1, 2, 3])
    for (let t = 0; t < 10; t += 1) expect(ids(t * TURN, 5).length).toBe(IN_BAND)
  })
})
