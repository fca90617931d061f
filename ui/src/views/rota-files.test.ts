import { flushSync, unmount } from 'svelte'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { FakeDesk } from '../api/fake-desk'
import { hostOver } from '../api/host'
import type { ExportAsk, ImportAsk, PlanAsk, RotaEdit } from '../api/wire'
import { open as show } from '../open'

/** Files, calendars and layers of the rota's page. */
const settings = { locale: 'zh-CN', theme: 'dark', time_zone: 'Asia/Shanghai', kiosk: false, type_scale: 1, boards: [] }
let app: Record<string, unknown> | null = null
let edits: RotaEdit[] = []
let imports: ImportAsk[] = []
let exported: ExportAsk[] = []
let plans: PlanAsk[] = []
/** No address to subscribe to: nothing listens. */
let silent = false

async function pass(ms: number): Promise<void> {
  await vi.advanceTimersByTimeAsync(ms)
  flushSync()
}
async function open(tab: string): Promise<void> {
  location.hash = '#desk/rota'
  const desk = new FakeDesk(new URLSearchParams(), () => settings)
  const host = hostOver(async (command, args = {}) => {
    if (command === 'rota_edit') edits.push(args.edit as RotaEdit)
    if (command === 'rota_import') imports.push(args.ask as ImportAsk)
    if (command === 'rota_export') exported.push(args.ask as ExportAsk)
    if (command === 'rota_plan') plans.push(args.ask as PlanAsk)
    const answer = desk.answer(command, args) ?? null
    return command === 'rota_export' && silent ? { ...(answer as object), url: null } : answer
  })
  const target = document.createElement('div')
  document.body.append(target)
  app = await show(host, target)
  await pass(300)
  if (tab !== 'calendar') await click(`[data-rota-tab="${tab}"]`)
}
const all = (selector: string): HTMLElement[] => [...document.querySelectorAll<HTMLElement>(selector)]
const one = (selector: string): HTMLElement => {
  const found = document.querySelector<HTMLElement>(selector)
  if (found === null) throw new Error(`no ${selector}`)
  return found
}
async function click(selector: string): Promise<void> {
  one(selector).click()
  await pass(300)
}
async function fill(selector: string, text: string): Promise<void> {
  const field = one(selector) as HTMLInputElement
  field.value = text
  field.dispatchEvent(new Event('input', { bubbles: true }))
  field.dispatchEvent(new Event('change', { bubbles: true }))
  await pass(300)
}
async function file(text: string, name: string): Promise<void> {
  const input = one('[data-file]') as HTMLInputElement
  Object.defineProperty(input, 'files', { value: [new File([text], name)], configurable: true })
  input.dispatchEvent(new Event('change', { bubbles: true }))
  await pass(300)
}
const ready = (): boolean => !(one('[data-submit]') as HTMLButtonElement).disabled

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'performance', 'requestAnimationFrame', 'Date'] })
  vi.setSystemTime(Date.UTC(2026, 9, 9, 2, 30))
  Object.defineProperty(document, 'fonts', { value: { ready: Promise.resolve() }, configurable: true })
  vi.spyOn(HTMLElement.prototype, 'clientHeight', 'get').mockReturnValue(900)
  edits = []
  imports = []
  exported = []
  plans = []
  silent = false
})
afterEach(async () => {
  if (app !== null) await unmount(app)
  app = null
  document.body.replaceChildren()
  location.hash = ''
  vi.restoreAllMocks()
  vi.useRealTimers()
})

describe('a file', () => {
  it('with another country’s holidays goes into a new calendar unless another one is chosen, and never into China’s', async () => {
    await open('rules')
    await click('[data-import-year]')
    expect((one('[data-calendar]') as HTMLSelectElement).value).toBe('cn')
    await click('[data-kind="holidays_ical"]')
    const choice = one('[data-calendar]') as HTMLSelectElement
    expect(choice.value).toBe('')
    expect([...choice.options].map((option) => option.value)).toEqual(['', 'de'])
    await file('BEGIN:VCALENDAR\nEND:VCALENDAR\n', 'Feiertage.ics')
    expect(imports.at(-1)).toMatchObject({ kind: 'holidays_ical', target: null, dry_run: true })
    expect(one('[data-import-notes]').textContent).toContain('新建日历“Feiertage”，编号 feiertage')
    await fill('[data-calendar-id]', 'at')
    expect(imports.at(-1)).toMatchObject({ target: 'at', dry_run: true })
    // China's by its id is refused, in words.
    await fill('[data-calendar-id]', 'cn')
    expect(one('[role="alert"]').textContent).toContain('内置')
    expect(ready()).toBe(false)
    await fill('[data-calendar]', 'de')
    expect(document.querySelector('[data-calendar-id]')).toBeNull()
    expect(one('[data-import-notes]').textContent).toContain('并入已有的日历')
    await click('[data-submit]')
    expect(imports.at(-1)).toMatchObject({ kind: 'holidays_ical', target: 'de', dry_run: false })
    expect(document.querySelector('[data-dialog]')).toBeNull()
  })

  it('with a notice goes into China’s calendar, whichever kind was looked at before', async () => {
    await open('rules')
    await click('[data-import-year]')
    await click('[data-kind="holidays_ical"]')
    await click('[data-kind="holidays"]')
    await file('{"year": 2027, "days": []}', '2027.json')
    expect(imports.at(-1)).toMatchObject({ kind: 'holidays', target: 'cn', dry_run: true })
    await file('[]', '2027.json')
    expect(one('[data-import-errors]').textContent).toContain('holiday-cn')
    expect(ready()).toBe(false)
  })

  it.each([
    ['overrides', '替班.csv'],
    ['overrides_ical', '替班.ics'],
  ])('with %s is about the rota shown; what it would break is red before it is kept', async (kind, name) => {
    await open('rules')
    await click('[data-import-year]')
    await click(`[data-kind="${kind}"]`)
    expect(document.querySelector('[data-calendar]')).toBeNull()
    await file('角色,值班人,开始,结束,加班费\n主值,李四,2026-10-12 09:00,2026-10-12 18:00,空缺\n', name)
    expect(imports.at(-1)).toMatchObject({ kind, target: 'ops', dry_run: true })
    expect(one('[data-import-notes]').textContent).toContain('没有读这些列：加班费')
    expect(one('[data-verdict-of-edit="wrong"]').textContent).toContain('没有主值')
    await file('角色,值班人,开始,结束\n主值,李四,2026-10-12 09:00,2026-10-12 18:00\n', name)
    expect(document.querySelector('[data-verdict-of-edit="well"]')).not.toBeNull()
    await click('[data-submit]')
    expect(imports.at(-1)).toMatchObject({ kind, target: 'ops', dry_run: false })
  })

  it('says to which rota overrides without a column belong', async () => {
    await open('rules')
    await click('[data-import-year]')
    await click('[data-kind="overrides"]')
    const rota = (one('[data-rules] input') as HTMLInputElement).value
    expect(rota).not.toBe('')
    expect(one('[data-dialog]').textContent).toContain(`都算“${rota}”的`)
  })
})

describe('what goes out', () => {
  it('is a calendar with its address, of the rota or of a person', async () => {
    await open('calendar')
    await click('[data-share]')
    await click('[data-submit]')
    expect(exported).toEqual([{ what: 'rota', rota: 'ops' }])
    expect(one('[data-exported]').textContent).toContain('http://127.0.0.1:')
    await fill('[data-dialog] select', 'lisi')
    expect(document.querySelector('[data-exported]')).toBeNull()
    await click('[data-submit]')
    expect(exported.at(-1)).toEqual({ what: 'person', person: 'lisi' })
  })

  it('has no address while nothing listens, and says which key to write', async () => {
    silent = true
    await open('calendar')
    await click('[data-share]')
    await click('[data-submit]')
    expect(one('[data-no-url]').textContent).toContain('duty.calendar_listen')
  })

  it('is a table of shifts that can be taken in again, of the month shown', async () => {
    await open('calendar')
    await click('[data-share]')
    await click('[data-format="csv"]')
    expect((one('[data-from]') as HTMLInputElement).value).toBe('2026-10-01')
    expect((one('[data-until]') as HTMLInputElement).value).toBe('2026-10-31')
    await fill('[data-until]', '2026-09-01')
    expect(ready()).toBe(false)
    await fill('[data-until]', '2026-10-15')
    await click('[data-submit]')
    expect(exported).toEqual([{ what: 'shifts', rota: 'ops', from: '2026-10-01', until: '2026-10-15' }])
    expect(one('[data-exported]').textContent).toContain('shifts-ops.csv')
    expect(document.querySelector('[data-no-url]')).toBeNull()
  })
})

describe('a calendar of holidays', () => {
  it('says which years it knows and lets its weekend be set', async () => {
    await open('rules')
    await click('[data-calendars]')
    expect(one('[data-years]').textContent).toContain('2025、2026')
    expect(ready()).toBe(false)
    await click('[data-calendar="de"]')
    expect(all('[data-weekend][aria-pressed="true"]').map((day) => day.dataset.weekend)).toEqual(['6', '7'])
    await click('[data-weekend="7"]')
    await click('[data-weekend="5"]')
    await click('[data-submit]')
    expect(edits).toEqual([{ edit: 'set_weekend', calendar: 'de', weekend: [5, 6] }])
    await click('[data-calendars]')
    await click('[data-calendar="de"]')
    expect(all('[data-weekend][aria-pressed="true"]').map((day) => day.dataset.weekend)).toEqual(['5', '6'])
  })
})

describe('a layer', () => {
  const layer = () => {
    const last = edits.at(-1)
    return last?.edit === 'put_layer' ? last.layer : null
  }

  it('follows the sun: its own zone, its own holidays, its own time of handing over', async () => {
    await open('rules')
    await click('[data-new-layer]')
    await fill('[data-layer-name]', '柏林白班')
    await fill('[data-add-person]', 'sunba')
    await fill('[data-layer-zone]', 'Europe/Berlin')
    await fill('[data-layer-calendar]', 'de')
    await fill('[data-handoff]', '25:00')
    expect(ready()).toBe(false)
    await fill('[data-handoff]', '08:30')
    await click('[data-weekday="3"]')
    await click('[data-weekday="1"]')
    await click('[data-submit]')
    expect(layer()).toMatchObject({ name: '柏林白班', zone: 'Europe/Berlin', calendar: 'de', handoff: '08:30', weekdays: [1, 3] })
    // The rota's own again.
    await click(`[data-layer="${all('[data-layer]').find((row) => row.textContent.includes('柏林白班'))?.dataset.layer ?? ''}"] [data-edit-layer]`)
    expect((one('[data-layer-calendar]') as HTMLSelectElement).value).toBe('de')
    await fill('[data-layer-calendar]', '')
    await fill('[data-layer-zone]', '')
    await fill('[data-handoff]', '')
    await click('[data-submit]')
    expect(layer()).toMatchObject({ zone: null, calendar: null, handoff: null })
  })

  it('can have people for each day of the week', async () => {
    await open('rules')
    await click('[data-new-layer]')
    await fill('[data-layer-name]', '按星期')
    await click('[data-rotation-kind="weekdays"]')
    await fill('[data-weekday-turn="1"] [data-add-person]', 'lisi')
    await fill('[data-weekday-turn="7"] [data-add-person]', 'sunba')
    await fill('[data-weekday-turn="7"] [data-add-person]', 'wangwu')
    await click('[data-submit]')
    expect(layer()?.rotation).toEqual({ kind: 'weekdays', people: [['lisi'], [], [], [], [], [], ['sunba', 'wangwu']] })
  })

  it('can have turns of different lengths', async () => {
    await open('rules')
    await click('[data-new-layer]')
    await fill('[data-layer-name]', '轮换')
    // The last place is the one for another turn.
    const add = async (person: string): Promise<void> => {
      const places = all('[data-rotation] [data-add-person]')
      const place = places.at(-1) as HTMLSelectElement
      place.value = person
      place.dispatchEvent(new Event('change', { bubbles: true }))
      await pass(300)
    }
    await add('lisi')
    await add('wangwu')
    await fill('[data-cadence]', 'cycle')
    const days = (): HTMLInputElement[] => all('[data-cycle-days]') as HTMLInputElement[]
    expect(days().map((field) => field.value)).toEqual(['1', '1'])
    const [, second] = days()
    if (second === undefined) throw new Error('no second turn')
    second.value = '4'
    second.dispatchEvent(new Event('change', { bubbles: true }))
    await pass(300)
    // A third turn begins with one day; the others stay as they are.
    await add('sunba')
    await click('[data-submit]')
    expect(layer()?.rotation).toEqual({ kind: 'turns', turns: [['lisi'], ['wangwu'], ['sunba']], cadence: { every: 'cycle', days: [1, 4, 1] } })
  })
})

describe('a plan', () => {
  it('counts by the weights and the past that somebody wants, today’s at first', async () => {
    await open('calendar')
    await click('[data-plan]')
    expect(all('[data-weight]').map((field) => (field as HTMLInputElement).value)).toEqual(['1.5', '2', '3', '0.5'])
    expect((one('[data-plan-history]') as HTMLInputElement).value).toBe('90')
    await fill('[data-weight="holiday"]', '-1')
    expect(ready()).toBe(false)
    await fill('[data-weight="holiday"]', '4')
    await fill('[data-plan-history]', '0')
    await click('[data-submit]')
    expect(plans).toMatchObject([{ weights: { night: 1.5, weekend: 2, holiday: 4, standby: 0.5 }, history_days: 0 }])
  })
})

describe('a year that is not known', () => {
  it('is told on every page of the desk, with a way to where it is imported', async () => {
    await open('people')
    expect(one('[data-rota-warning]').textContent).toContain('2027')
    await click('[data-nav="history"]')
    expect(one('[data-rota-warning]').textContent).toContain('2027')
    await click('[data-rota-warning] button')
    expect(one('[data-feature="rota"]').dataset.tab).toBe('rules')
    expect(document.querySelector('[data-import-year]')).not.toBeNull()
  })
})

describe('who is on now', () => {
  it('is shown with since and next beside the calendar and at the foot', async () => {
    await open('calendar')
    for (const place of ['[data-on="primary"]', '[data-on-duty="primary"]']) {
      expect(one(place).textContent).toContain('李四')
      expect(one(`${place} [data-since]`).textContent).toContain('10-08 09:00 起')
      expect(one(place).textContent).toContain('钱七')
    }
  })
})
