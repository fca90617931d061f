import { flushSync, unmount } from 'svelte'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { FakeDesk } from '../api/fake-desk'
import { hostOver } from '../api/host'
import type { RotaEdit, RotaQuery } from '../api/wire'
import { open as show } from '../open'

const settings = { locale: 'zh-CN', theme: 'dark', time_zone: 'Asia/Shanghai', kiosk: false, type_scale: 1, boards: [] }
let app: Record<string, unknown> | null = null
let edits: RotaEdit[] = []
let previews: RotaEdit[] = []
let pages: { query: RotaQuery; answered: boolean }[] = []
let opened: unknown[] = []
let refuse: unknown = null
/** Another person does something. */
let elsewhere: (edit: RotaEdit) => Promise<void> = async () => undefined
/** What lies beneath the pointer: there is no layout to ask. */
let beneath: Element | null = null

async function open(hash: string, query = ''): Promise<void> {
  location.hash = hash
  const desk = new FakeDesk(new URLSearchParams(query), () => settings)
  elsewhere = async (edit) => void desk.answer('rota_edit', { edit })
  const host = hostOver(async (command, args = {}) => {
    if (command === 'open_window') opened.push(args)
    if (command === 'rota_preview') previews.push(args.edit as RotaEdit)
    if (command === 'rota_edit') {
      if (refuse !== null) throw refuse
      edits.push(args.edit as RotaEdit)
    }
    const answer = desk.answer(command, args) ?? null
    if (command === 'rota_page') pages.push({ query: args.query as RotaQuery, answered: answer !== null })
    return answer
  })
  const target = document.createElement('div')
  document.body.append(target)
  app = await show(host, target)
  await pass(300)
}
async function pass(ms: number): Promise<void> {
  await vi.advanceTimersByTimeAsync(ms)
  flushSync()
}
const all = (selector: string): HTMLElement[] => [...document.querySelectorAll<HTMLElement>(selector)]
const one = (selector: string): HTMLElement => {
  const found = document.querySelector<HTMLElement>(selector)
  if (found === null) throw new Error(`no ${selector}`)
  return found
}
const click = async (selector: string): Promise<void> => {
  one(selector).click()
  await pass(300)
}
const fill = async (selector: string, text: string): Promise<void> => {
  const field = one(selector) as HTMLInputElement
  field.value = text
  field.dispatchEvent(new Event('input', { bubbles: true }))
  field.dispatchEvent(new Event('change', { bubbles: true }))
  await pass(300)
}
const press = async (key: string): Promise<void> => {
  ;(document.activeElement ?? document.body).dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true }))
  await pass(50)
}
const shown = (): string => document.body.textContent ?? ''
const pointer = (type: string, target: EventTarget, x: number, y: number): void => {
  const event = new MouseEvent(type, { bubbles: true, cancelable: true, clientX: x, clientY: y, button: 0 })
  Object.defineProperty(event, 'pointerId', { value: 1 })
  target.dispatchEvent(event)
}
/** Holds a thing over a place; lets it go on demand. */
async function drag(from: HTMLElement, to: Element, drop = true): Promise<void> {
  pointer('pointerdown', from, 10, 10)
  beneath = to
  pointer('pointermove', window, 200, 200)
  await pass(100)
  if (!drop) return
  pointer('pointerup', window, 200, 200)
  await pass(200)
}
const bars = (role: string, person: string): HTMLElement[] => all(`[data-role="${role}"] [data-person="${person}"]`)
const first = (list: HTMLElement[]): HTMLElement => {
  const [found] = list
  if (found === undefined) throw new Error('nothing found')
  return found
}
const file = async (text: string, name = 'people.csv'): Promise<void> => {
  const input = one('[data-file]') as HTMLInputElement
  Object.defineProperty(input, 'files', { value: [new File([text], name)], configurable: true })
  input.dispatchEvent(new Event('change', { bubbles: true }))
  await pass(300)
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'performance', 'requestAnimationFrame', 'Date'] })
  vi.setSystemTime(Date.UTC(2026, 9, 9, 2, 30))
  Object.defineProperty(document, 'fonts', { value: { ready: Promise.resolve() }, configurable: true })
  document.elementFromPoint = () => beneath
  vi.spyOn(HTMLElement.prototype, 'clientHeight', 'get').mockReturnValue(900)
  edits = []
  previews = []
  pages = []
  opened = []
  refuse = null
  beneath = null
})
afterEach(async () => {
  if (app !== null) await unmount(app)
  app = null
  document.body.replaceChildren()
  location.hash = ''
  vi.restoreAllMocks()
  vi.useRealTimers()
})

describe('the calendar', () => {
  it('shows the month with holidays, make-up day, gaps and who is on duty', async () => {
    await open('#desk/rota')
    expect(one('[data-title]').textContent).toBe('2026 年 10 月')
    expect(one('[data-day="2026-10-01"]').textContent).toContain('休')
    expect(one('[data-day="2026-10-01"]').textContent).toContain('国庆节')
    expect(one('[data-day="2026-10-10"]').textContent).toContain('班')
    expect(one('[data-day="2026-10-10"]').dataset.kind).toBe('workday')
    expect(one('[data-day="2026-10-09"]').getAttribute('aria-current')).toBe('date')
    expect(one('[data-problem="gap"]').textContent).toContain('没有主值')
    expect(all('[data-kind="gap"]').length).toBeGreaterThan(0)
    expect(one('[data-on="primary"]').textContent).toContain('李四')
    expect(one('[data-rota-warning]').textContent).toContain('2027')
    // What is counted is the month, not the days of others beside it.
    expect(one('[data-counted]').textContent).toBe('10-01 至 10-31')
    expect(one('[data-swap-badge]').textContent).toBe('1')
  })

  it('turns by month and week, and comes back to today', async () => {
    await open('#desk/rota')
    await click('[data-span="week"]')
    expect(one('[data-calendar]').dataset.calendar).toBe('week')
    expect(all('[data-day]').map((day) => day.dataset.day)).toEqual(['2026-10-05', '2026-10-06', '2026-10-07', '2026-10-08', '2026-10-09', '2026-10-10', '2026-10-11'])
    expect(all('[data-person-lane]').length).toBe(8)
    await click('[data-next]')
    expect(all('[data-day]')[0]?.dataset.day).toBe('2026-10-12')
    await click('[data-span="month"]')
    await click('[data-prev]')
    expect(one('[data-title]').textContent).toBe('2026 年 9 月')
    await click('[data-today]')
    expect(one('[data-title]').textContent).toBe('2026 年 10 月')
  })

  it('takes days from the rota’s zone, not from the desk’s or the browser’s', async () => {
    // In Shanghai it is November 1st already, in New York still October 31st.
    vi.setSystemTime(Date.UTC(2026, 9, 31, 20))
    await open('#desk/rota', 'zone=America/New_York')
    await pass(1200)
    expect(one('[data-title]').textContent).toBe('2026 年 10 月')
    expect(one('[aria-current="date"][data-day]').dataset.day).toBe('2026-10-31')
    expect(pages.at(-1)?.query).toMatchObject({ from: '2026-09-27', days: 37 })
    bars('primary', 'qianqi')[0]?.click()
    await pass(300)
    expect(one('[data-shift]').textContent).toContain('America/New_York')
    expect(one('[data-shift]').textContent).toMatch(/ 09:00/)
  })

  it('draws nothing anew while the host has nothing new', async () => {
    await open('#desk/rota')
    await pass(1500)
    const calendar = one('[data-calendar]')
    const seen: MutationRecord[] = []
    const observer = new MutationObserver((records) => seen.push(...records))
    observer.observe(calendar, { subtree: true, childList: true, attributes: true, characterData: true })
    const before = pages.length
    await pass(5000)
    expect(pages.length - before).toBeGreaterThanOrEqual(4)
    expect(pages.slice(before).every((page) => !page.answered && page.query.have !== null)).toBe(true)
    expect(seen.concat(observer.takeRecords())).toEqual([])
    observer.disconnect()
  })

  it('keeps hostile names as text', async () => {
    await open('#desk/rota')
    for (const tab of ['calendar', 'people', 'rules', 'handover', 'notes', 'changes']) {
      await click(`[data-rota-tab="${tab}"]`)
      expect(document.querySelectorAll('img, script, iframe').length, tab).toBe(0)
      expect(shown(), tab).not.toMatch(/[\u202e\u0007]/)
    }
    await click('[data-rota-tab="people"]')
    expect(shown()).toContain('<img src=x onerror=')
    expect('hacked' in window).toBe(false)
  })
})

describe('dragging', () => {
  it('looks before it keeps: red for what would be wrong, then saved or given up', async () => {
    await open('#desk/rota')
    // 孙八 is the second this week: as the first too there would be two of him.
    const place = first(bars('primary', 'qianqi').filter((bar) => bar.dataset.slot?.includes(String(Date.UTC(2026, 9, 7, 1)))))
    await drag(one('[data-drag="sunba"]'), place, false)
    expect(one('[data-dragging]').dataset.dragging).toBe('true')
    expect(previews.at(-1)).toMatchObject({ edit: 'assign', slot: { rota: 'ops', role: 'primary', person: 'sunba' }, replaces: 'qianqi' })
    expect(document.querySelector('[data-save]')).toBeNull()
    pointer('pointerup', window, 200, 200)
    await pass(200)
    expect(edits).toEqual([])
    expect(one('[data-draft]').textContent).toContain('保存后会出现 2 个问题')
    expect(one('[data-verdict-of-edit="wrong"]').textContent).toContain('孙八')
    expect(first(bars('primary', 'sunba')).classList.contains('coming')).toBe(true)
    expect(one('[data-problem="double"]').textContent).toContain('同时两处')
    await click('[data-discard]')
    expect(document.querySelector('[data-draft]')).toBeNull()
    expect(bars('primary', 'sunba')).toEqual([])
    expect(edits).toEqual([])
  })

  it('fills a gap', async () => {
    await open('#desk/rota')
    const gaps = all('[data-problem="gap"]').length
    await drag(one('[data-drag="lisi"]'), one('[data-role="primary"] [data-kind="gap"]'))
    expect(one('[data-verdict-of-edit="well"]').textContent).toContain('解决 1 个')
    await click('[data-save]')
    expect(edits).toMatchObject([{ edit: 'assign', slot: { person: 'lisi', role: 'primary' }, replaces: null }])
    expect(all('[data-problem="gap"]').length).toBe(gaps - 1)
    expect(one('[data-toast="done"]').textContent).toContain('已改派')
  })

  it('has a way by the list of problems too', async () => {
    await open('#desk/rota')
    await click('[data-problem="gap"]')
    await click('[data-command="assign"]')
    await click('[data-pick="lisi"]')
    await click('[data-submit]')
    expect(edits).toMatchObject([{ edit: 'assign', slot: { person: 'lisi', role: 'primary' }, replaces: null }])
  })

  it('onto a shift at the edge of the week takes all of it', async () => {
    await open('#desk/rota')
    await click('[data-span="week"]')
    await click('[data-next]')
    // Sunday’s shift ends on Monday, beyond the week that is shown.
    const bar = one('[data-role="primary"] .after')
    await drag(one('[data-drag="sunba"]'), bar)
    expect(previews.at(-1)).toMatchObject({ edit: 'assign', slot: { from: Date.UTC(2026, 9, 18, 1), until: Date.UTC(2026, 9, 19, 1) } })
  })

  it('of a shift onto another exchanges them; the click that ends it opens nothing', async () => {
    await open('#desk/rota')
    const mine = first(bars('primary', 'wangwu'))
    const other = first(bars('primary', 'zhaoliu'))
    await drag(mine, mine, false)
    pointer('pointerup', window, 200, 200)
    mine.click()
    await pass(100)
    expect(document.querySelector('[data-dialog], [data-draft]')).toBeNull()
    await drag(mine, other)
    expect(previews.at(-1)).toMatchObject({ edit: 'exchange', one: { person: 'wangwu' }, other: { person: 'zhaoliu' } })
    await click('[data-save]')
    expect(edits.at(-1)?.edit).toBe('exchange')
    await click('[data-rota-undo]')
    expect(edits.at(-1)?.edit).toBe('undo')
  })

  it('ends with Escape and stays on the page', async () => {
    await open('#desk/rota')
    await drag(one('[data-drag="sunba"]'), first(bars('primary', 'wangwu')), false)
    document.body.dispatchEvent(new KeyboardEvent('keydown', { key: 'Escape', bubbles: true, cancelable: true }))
    await pass(100)
    expect(one('[data-dragging]').dataset.dragging).toBe('false')
    expect(document.querySelector('[data-draft]')).toBeNull()
    expect(one('[data-view="desk"]').dataset.page).toBe('rota')
    // Let go over nothing: nothing is proposed.
    await drag(one('[data-drag="sunba"]'), document.body)
    expect(document.querySelector('[data-draft]')).toBeNull()
  })

  it('looks again when somebody else has changed the rota meanwhile', async () => {
    await open('#desk/rota')
    await drag(one('[data-drag="lisi"]'), one('[data-role="primary"] [data-kind="gap"]'))
    const looked = (): number => previews.filter((edit) => edit.edit === 'assign').length
    const before = looked()
    await pass(3000)
    expect(looked()).toBe(before)
    await elsewhere({ edit: 'put_absence', absence: { id: 0, person: 'wangwu', from: Date.UTC(2026, 9, 26, 1), until: Date.UTC(2026, 9, 27, 1), stand_in: null, why: '' } })
    await pass(1500)
    expect(looked()).toBe(before + 1)
    expect(one('[data-draft]').textContent).toContain('改派给 李四')
  })

  it('says why the host refuses, and keeps the edit in hand', async () => {
    await open('#desk/rota')
    refuse = { code: 'refused', params: { reason_key: 'refused.too_many', max: '500' } }
    await drag(one('[data-drag="lisi"]'), one('[data-role="primary"] [data-kind="gap"]'))
    await click('[data-save]')
    expect(one('[data-toast="failed"]').textContent).toContain('最多 500 个')
    expect(document.querySelector('[data-draft]')).not.toBeNull()
  })
})

describe('without a mouse', () => {
  it('reassigns a shift by its menu, and sees first what would be wrong', async () => {
    await open('#desk/rota')
    first(bars('primary', 'wangwu')).click()
    await pass(200)
    expect(one('[data-why]').textContent).not.toBe('')
    await click('[data-command="assign"]')
    await click('[data-pick="sunba"]')
    await pass(300)
    expect(previews.at(-1)).toMatchObject({ edit: 'assign', slot: { person: 'sunba' } })
    expect(document.querySelector('[data-verdict-of-edit="wrong"], [data-verdict-of-edit="well"]')).not.toBeNull()
    await fill('[data-why]', '客户现场')
    await click('[data-submit]')
    expect(edits).toMatchObject([{ edit: 'assign', slot: { person: 'sunba' }, why: '客户现场' }])
    expect(document.querySelector('[data-dialog]')).toBeNull()
    // Given back by the menu of what it made.
    first(bars('primary', 'sunba')).click()
    await pass(200)
    expect(one('[data-shift]').textContent).toContain('王五')
    await click('[data-command="remove"]')
    await click('[data-command="remove-yes"]')
    expect(edits.at(-1)?.edit).toBe('remove_override')
  })

  it('moves from shift to shift by arrow keys; Tab leads to one of them only', async () => {
    await open('#desk/rota')
    const stops = all('[data-role] [data-slot]').filter((bar) => bar.tabIndex === 0)
    expect(stops.length).toBe(1)
    const start = first(stops)
    expect(start.dataset.person).toBe('lisi')
    start.focus()
    await press('ArrowRight')
    expect((document.activeElement as HTMLElement).dataset.person).toBe('qianqi')
    await press('ArrowLeft')
    await press('ArrowDown')
    expect(document.activeElement?.closest<HTMLElement>('[data-role]')?.dataset.role).toBe('secondary')
    // A shift over the end of a week is drawn in both, and is one place.
    const places = all('[data-role] [data-slot]').filter((bar) => bar.tabIndex === 0)
    expect(places).toContain(document.activeElement)
    expect(new Set(places.map((bar) => bar.dataset.slot)).size).toBe(1)
  })

  it('undoes with Ctrl Z, but not while somebody types', async () => {
    await open('#desk/rota')
    await drag(one('[data-drag="lisi"]'), one('[data-role="primary"] [data-kind="gap"]'))
    await click('[data-save]')
    await click('[data-rota-tab="notes"]')
    const undo = (target: EventTarget): boolean => target.dispatchEvent(new KeyboardEvent('keydown', { key: 'z', ctrlKey: true, bubbles: true, cancelable: true }))
    undo(one('[data-note-text]'))
    await pass(200)
    expect(edits.length).toBe(1)
    undo(document.body)
    await pass(200)
    expect(edits.at(-1)?.edit).toBe('undo')
  })

  it('enters an absence with times of the rota’s clock', async () => {
    await open('#desk/rota')
    await click('[data-drag="qianqi"]')
    await fill('[data-begin]', '2026-10-20 09:00')
    await fill('[data-end]', '2026-10-19 09:00')
    expect((one('[data-submit]') as HTMLButtonElement).disabled).toBe(true)
    await fill('[data-end]', '2026-10-21 09:00')
    await click('[data-submit]')
    expect(edits).toMatchObject([{ edit: 'put_absence', absence: { id: 0, person: 'qianqi', from: Date.UTC(2026, 9, 20, 1), until: Date.UTC(2026, 9, 21, 1), stand_in: null } }])
  })
})

describe('a swap', () => {
  it('is accepted by the one who is asked', async () => {
    await open('#desk/rota')
    await click('[data-swap="21"] [data-accept]')
    expect(edits).toEqual([{ edit: 'answer_swap', swap: 21, accept: true, answer: '' }])
    expect(document.querySelector('[data-accept]')).toBeNull()
    expect(one('[data-swap="21"]').dataset.state).toBe('accepted')
    expect(document.querySelector('[data-swap-badge]')).toBeNull()
  })

  it('is asked for my own shift only, and taken back', async () => {
    await open('#desk/rota')
    first(bars('primary', 'wangwu')).click()
    await pass(200)
    expect(document.querySelector('[data-command="swap"]')).toBeNull()
    await click('[data-dialog] .x')
    first(bars('primary', 'lisi')).click()
    await pass(200)
    // A shift that is over can no longer be given away.
    expect(document.querySelector('[data-command="swap"]')).toBeNull()
    await click('[data-dialog] .x')
    first(bars('primary', 'lisi').slice(-1)).click()
    await pass(200)
    await click('[data-command="swap"]')
    await click('[data-pick="qianqi"]')
    await click('[data-submit]')
    expect(edits).toMatchObject([{ edit: 'request_swap', give: { person: 'lisi' }, with: 'qianqi', take: null }])
    await click('[data-withdraw]')
    expect(edits.at(-1)?.edit).toBe('withdraw_swap')
  })
})

describe('people', () => {
  it('are masked; contacts are shown on purpose and hide again by themselves', async () => {
    await open('#desk/rota')
    await click('[data-rota-tab="people"]')
    expect(shown()).toContain('138****1234')
    expect(shown()).not.toContain('13812341234')
    await click('[data-member="lisi"] [data-reveal]')
    expect(one('[data-member="lisi"] [data-contact="phone"]').textContent).toBe('13812341234')
    await pass(28_000)
    expect(shown()).toContain('13812341234')
    await pass(2500)
    expect(shown()).not.toContain('13812341234')
    // Another one's hides the first; leaving the part hides all.
    await click('[data-member="lisi"] [data-reveal]')
    await click('[data-member="wangwu"] [data-reveal]')
    expect(shown()).not.toContain('13812341234')
    await click('[data-rota-tab="rules"]')
    await click('[data-rota-tab="people"]')
    expect(shown()).not.toContain('13900008888')
  })

  it('of the configuration are entered at once', async () => {
    await open('#desk/rota', 'nopeople')
    await click('[data-rota-tab="people"]')
    expect(one('[data-missing]').textContent).toContain('李四、王五')
    await click('[data-enter-missing]')
    await pass(500)
    expect(edits.map((edit) => (edit.edit === 'put_member' ? edit.member.id : ''))).toEqual(['lisi', 'wangwu', 'zhaoliu', 'zhangsan'])
    expect(document.querySelector('[data-missing]')).toBeNull()
    expect(all('[data-member]').length).toBe(4)
  })

  it('keep the contacts nobody writes over', async () => {
    await open('#desk/rota')
    await click('[data-rota-tab="people"]')
    await click('[data-member="lisi"] [data-edit]')
    await fill('[data-member-contact="email"]', 'new@example.cn')
    await click('[data-submit]')
    expect(edits).toMatchObject([{ edit: 'put_member', member: { id: 'lisi', name: '李四', phone: null, email: 'new@example.cn', dingtalk: null, wecom: null } }])
  })

  it('are imported whole or not at all: faults by line and column', async () => {
    await open('#desk/rota')
    await click('[data-rota-tab="people"]')
    await click('[data-import]')
    expect((one('[data-submit]') as HTMLButtonElement).disabled).toBe(true)
    await file('id,name,phone\na,甲,13800001234\nb,乙,<b>十三</b>\n')
    const row = one('[data-import-errors] tbody tr')
    expect([...row.children].map((cell) => cell.textContent)).toEqual(['3', '3', '“<b>十三</b>” 不是电话号码；写成 13800001234'])
    expect((one('[data-submit]') as HTMLButtonElement).disabled).toBe(true)
    await file('id,name,phone\na,甲,13800001234\n')
    expect(one('[data-import-well]').textContent).toContain('1')
    await click('[data-submit]')
    expect(one('[data-toast="done"]').textContent).toContain('已导入 1 条')
    expect(document.querySelector('[data-dialog]')).toBeNull()
  })
})

describe('rules', () => {
  it('are reordered by key and saved after a look', async () => {
    await open('#desk/rota')
    await click('[data-rota-tab="rules"]')
    const order = (): (string | undefined)[] => all('[data-layer]').map((layer) => layer.dataset.layer)
    expect(order()).toEqual(['6', '5', '4', '3', '2', '1'])
    one('[data-layer="4"] .grip').dispatchEvent(new KeyboardEvent('keydown', { key: 'ArrowUp', bubbles: true, cancelable: true }))
    await pass(400)
    expect(order()).toEqual(['6', '4', '5', '3', '2', '1'])
    expect(previews.at(-1)?.edit).toBe('put_rota')
    await click('[data-save-rules]')
    const kept = edits.at(-1)
    expect(kept?.edit === 'put_rota' ? kept.rota.layers.map((layer) => [layer.id, layer.priority]) : []).toEqual([[6, 60], [4, 50], [5, 40], [3, 30], [2, 20], [1, 10]])
  })

  it('are removed with their rota only after it is said who will be missing, and not those of another', async () => {
    await open('#desk/rota')
    await click('[data-rota-tab="rules"]')
    await click('[data-begin-removal]')
    await pass(400)
    expect(previews.at(-1)?.edit).toBe('remove_rota')
    expect(one('[data-verdict-of-edit="wrong"]').textContent).toMatch(/移除后会出现 \d+ 个问题.*没有主值/)
    expect(edits.some((edit) => edit.edit === 'remove_rota')).toBe(false)
    await click('[data-remove-rota]')
    expect(edits.at(-1)?.edit).toBe('remove_rota')
    expect(document.querySelector('[data-remove-rota]')).toBeNull()
  })

  it('make a layer, and refuse a time that is none', async () => {
    await open('#desk/rota')
    await click('[data-rota-tab="rules"]')
    await click('[data-new-layer]')
    await fill('[data-layer-name]', '早班')
    await fill('[data-add-person]', 'sunba')
    expect((one('[data-submit]') as HTMLButtonElement).disabled).toBe(false)
    await click('[data-submit]')
    expect(edits).toMatchObject([{ edit: 'put_layer', rota: 'ops', layer: { id: 0, name: '早班', rotation: { kind: 'turns', turns: [['sunba']] } } }])
  })

  it('begin with a new rota where there is none', async () => {
    await open('#desk/rota', 'norota')
    expect(document.querySelector('[data-no-rota]')).not.toBeNull()
    await click('[data-new-rota]')
    await fill('[data-rota-name]', '夜间')
    await fill('[data-rota-id]', '夜间')
    await click('[data-new-people] [data-pick="lisi"]')
    expect((one('[data-submit]') as HTMLButtonElement).disabled).toBe(true)
    await fill('[data-rota-id]', 'night')
    await click('[data-new-people] [data-pick="wangwu"]')
    await click('[data-new-managers] [data-pick="zhangsan"]')
    await click('[data-submit]')
    expect(edits).toEqual([{ edit: 'begin_rota', id: 'night', name: '夜间', people: ['lisi', 'wangwu'], managers: ['zhangsan'] }])
    await pass(1200)
    expect(bars('primary', 'lisi').length).toBeGreaterThan(0)
    // Taken back, there is none again; what is left would be shown.
    await click('[data-rota-undo]')
    await pass(1200)
    expect(document.querySelector('[data-no-rota]')).not.toBeNull()
    expect(pages.at(-1)?.query.rota).toBeNull()
  })

  it('are reordered by dragging', async () => {
    await open('#desk/rota')
    await click('[data-rota-tab="rules"]')
    pointer('pointerdown', one('[data-layer="1"] .grip'), 10, 300)
    beneath = one('[data-layer="6"]')
    pointer('pointermove', window, 10, 100)
    pointer('pointerup', window, 10, 100)
    // Let go: what is beneath the pointer now moves nothing.
    beneath = one('[data-layer="2"]')
    pointer('pointermove', window, 10, 280)
    await pass(400)
    expect(all('[data-layer]').map((layer) => layer.dataset.layer)).toEqual(['1', '6', '5', '4', '3', '2'])
  })

  it('make a plan that is adopted only as it was shown', async () => {
    await open('#desk/rota')
    await click('[data-plan]')
    await click('[data-submit]')
    expect(all('[data-plan-result] [data-load]').length).toBeGreaterThan(4)
    expect(one('[data-plan-total]').textContent).toMatch(/^连同之前 90 天一起排平：相差 \d+ 分 → \d+ 分$/)
    expect(edits).toEqual([])
    // Another question: what was shown is not adopted, but asked anew.
    await click('[data-pick="lisi"]')
    expect(one('[data-submit]').textContent).toBe('生成')
    await click('[data-submit]')
    expect(edits).toEqual([])
    await click('[data-submit]')
    expect(edits).toMatchObject([{ edit: 'adopt_plan', plan: { rota: 'ops', from: '2027-01-01', until: '2027-03-31', people: ['lisi'] } }])
  })
})

describe('the handover', () => {
  it('is overdue until it is signed, and leads to its alerts', async () => {
    await open('#desk/rota')
    await click('[data-rota-tab="handover"]')
    expect(one('[data-due]').textContent).toContain('超时')
    await click('[data-pack-alert="1001"]')
    expect(opened).toEqual([{ kind: 'desk', alert: 1001 }])
    expect(document.querySelector('[data-sign="giving"]')).toBeNull()
    await click('[data-sign="taking"]')
    expect(edits).toEqual([{ edit: 'sign_handover', handover: 51, side: 'taking' }])
    expect(one('[data-handover]').dataset.handover).toBe('signed')
    expect(document.querySelector('[data-due]')).toBeNull()
  })
})

describe('the duty record', () => {
  it('is written, searched and corrected', async () => {
    await open('#desk/rota')
    await click('[data-rota-tab="notes"]')
    await pass(400)
    await fill('[data-note-text]', '切换了备用通道')
    await click('[data-add-note]')
    expect(edits).toEqual([{ edit: 'add_note', rota: 'ops', text: '切换了备用通道', alerts: [], tags: [] }])
    await pass(400)
    expect(first(all('[data-note]')).textContent).toContain('切换了备用通道')
    await fill('[data-note-search]', '运营商 88213')
    await pass(400)
    expect(all('[data-note]').length).toBe(1)
    expect(all('[data-alter]').length).toBe(1)
    await fill('[data-note-search]', '巡检')
    await pass(400)
    expect(all('[data-note]').length).toBe(1)
    // Another one's note.
    expect(document.querySelector('[data-alter], [data-remove-note]')).toBeNull()
  })
})

describe('in the pocket', () => {
  it('shows who is on, my next shifts, and what waits for me', async () => {
    await open('#pocket')
    expect(one('[data-pocket-tab="duty"] [data-asked]').textContent).toBe('2')
    await click('[data-pocket-tab="duty"]')
    expect(one('[data-on="primary"]').textContent).toContain('李四')
    expect(one('[data-pocket-duty]').textContent).toContain('我的班次')
    expect(pages.at(-1)?.query).toMatchObject({ from: '2026-10-08', days: 37 })
    await click('[data-swap="21"] [data-decline]')
    expect(edits.at(-1)).toEqual({ edit: 'answer_swap', swap: 21, accept: false, answer: '' })
    expect(document.querySelector('[data-swaps]')).toBeNull()
    await click('[data-sign="taking"]')
    expect(edits.at(-1)?.edit).toBe('sign_handover')
    expect(document.querySelector('[data-sign], [data-asked]')).toBeNull()
  })
})

describe('everywhere', () => {
  it('the foot of the desk says who is on, as what and until when', async () => {
    await open('#desk')
    expect(all('[data-on-duty]').map((line) => line.dataset.onDuty)).toEqual(['primary', 'secondary', 'manager'])
    expect(one('[data-on-duty="primary"]').textContent).toMatch(/主值.*李四.*10-08 09:00 起.*10-10 09:00 交 钱七/s)
  })

  it('who is never relieved is not said to be followed by nobody', async () => {
    await open('#desk/rota', 'ahead=40')
    expect(one('[data-on="manager"]').textContent).toContain('一个月内不换人')
    expect(one('[data-on="manager"]').textContent).not.toContain('没有人')
    expect(one('[data-on-duty="manager"]').textContent).not.toContain('交')
  })

  it('without a rota it says who is told first', async () => {
    await open('#desk', 'norota')
    expect(one('[data-on-duty]').textContent).toContain('李四')
  })

  it('the page asks for nothing once it is left', async () => {
    await open('#desk/rota')
    await click('[data-nav="alerts"]')
    const before = pages.length
    await pass(5000)
    expect(pages.length).toBe(before)
  })
})

