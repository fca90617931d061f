import { describe, expect, it } from 'vitest'
import { dayOf, problemsIn, shiftsOf } from '../../api/fake-rota-duty'
import { fakeBook } from '../../api/fake-rota-book'
import type { DayView, LayerView, ProblemView, ShiftView } from '../../api/wire'
import { Zone } from '../../shared/time'
import { colourOf, coloursOf, COLOURS } from './colour'
import { isDay, monday, nextQuarter, pageOf, plusDays, plusMonths, turned, weekday } from './dates'
import { keyOf, lane, personLane, placeOf, rolesOf, spotOf, weeksOf } from './lanes'
import { begun, cadenceOf, reordered, withKind } from './layers'
import { base64, dropped, fromField, slotOf, toField } from './words'

const HOUR = 3_600_000
const shanghai = new Zone('Asia/Shanghai')
const days = (first: string, count: number, zone = shanghai): DayView[] => Array.from({ length: count }, (_, i) => dayOf(plusDays(first, i), zone))
const shift = (person: string, from: number, until: number, role = 'primary'): ShiftView => ({ role, person, name: person, from, until, by: 'layer', why: { key: 'x', params: {} }, override: null, layer: 1, layer_name: '夜班', day: null, instead_of: [] })
const problem = (kind: string, from: number, until: number, people: string[] = [], role = 'primary'): ProblemView => ({ kind, role, people, from, until, what: { key: 'x', params: {} } })

describe('days', () => {
  it('count over months, years and leap days', () => {
    expect(plusDays('2026-12-31', 1)).toBe('2027-01-01')
    expect(plusDays('2028-02-28', 1)).toBe('2028-02-29')
    expect(plusMonths('2026-11-21', 2)).toBe('2027-01-01')
    expect(plusMonths('2026-01-31', -1)).toBe('2025-12-01')
    expect(weekday('2026-10-01')).toBe(4)
    expect(monday('2026-10-04')).toBe('2026-09-28')
    expect(monday('2026-10-05')).toBe('2026-10-05')
  })

  it('are known when they are written wrong', () => {
    expect(isDay('2026-02-29')).toBe(false)
    expect(isDay('2026-2-1')).toBe(false)
    expect(isDay('2028-02-29')).toBe(true)
  })

  it('make whole weeks around a month, and seven days for a week', () => {
    expect(pageOf('month', '2026-10-09')).toEqual({ from: '2026-09-28', days: 35 })
    expect(pageOf('month', '2026-11-30')).toEqual({ from: '2026-10-26', days: 42 })
    // A February that is exactly four weeks.
    expect(pageOf('month', '2027-02-10')).toEqual({ from: '2027-02-01', days: 28 })
    expect(pageOf('week', '2027-01-02')).toEqual({ from: '2026-12-28', days: 7 })
    expect(turned('week', '2026-10-09', 1)).toBe('2026-10-12')
    expect(turned('month', '2026-10-31', 1)).toBe('2026-11-01')
  })

  it('know the next quarter', () => {
    expect(nextQuarter('2026-11-21')).toEqual(['2027-01-01', '2027-03-31'])
    expect(nextQuarter('2026-01-01')).toEqual(['2026-04-01', '2026-06-30'])
  })
})

describe('a field with a time', () => {
  it('is of the rota’s clock, also where summer time begins', () => {
    const berlin = new Zone('Europe/Berlin')
    expect(fromField('2026-10-01 09:00', shanghai)).toBe(Date.UTC(2026, 9, 1, 1))
    expect(fromField(toField(Date.UTC(2026, 9, 1, 1), berlin), berlin)).toBe(Date.UTC(2026, 9, 1, 1))
    expect(fromField('2026-03-29 12:00', berlin)).toBe(Date.UTC(2026, 2, 29, 10))
    expect(fromField('2026-03-28 12:00', berlin)).toBe(Date.UTC(2026, 2, 28, 11))
  })

  it.each(['', '2026-02-30 09:00', '2026-10-01', '2026-10-01 24:00', '明天 9 点'])('is none when it says %j', (text) => expect(fromField(text, shanghai)).toBeNaN())
})

describe('a lane', () => {
  const week = days('2026-09-28', 7)
  const at = (day: string, time: string): number => shanghai.instant(day, time)

  it('gives each day the same width, also one of 23 hours', () => {
    const spring = days('2026-03-23', 7, new Zone('Europe/Berlin'))
    const sunday = spring[6] as DayView
    expect(sunday.until - sunday.from).toBe(23 * HOUR)
    expect(placeOf(spring, sunday.from)).toBeCloseTo(6 / 7)
    expect(placeOf(spring, sunday.until - 11.5 * HOUR)).toBeCloseTo(6.5 / 7)
    expect(placeOf(spring, 0)).toBe(0)
    expect(placeOf(spring, 9e15)).toBe(1)
  })

  it('draws a night across midnight as one piece, and cuts what goes beyond the week', () => {
    const night = shift('lisi', at('2026-09-29', '18:00'), at('2026-09-30', '09:00'))
    const last = shift('wangwu', at('2026-10-04', '18:00'), at('2026-10-05', '09:00'))
    const [one, other] = lane(week, 'primary', [last, night], [])
    expect(one?.left).toBeCloseTo((1 + 18 / 24) / 7)
    expect(one?.width).toBeCloseTo(15 / 24 / 7)
    expect(other).toMatchObject({ after: true, before: false })
    expect((other?.left ?? 0) + (other?.width ?? 0)).toBeCloseTo(1)
    expect(lane(days('2026-10-05', 7), 'primary', [last], [])[0]).toMatchObject({ before: true, left: 0 })
  })

  it('puts those of one time beneath each other and says a name once', () => {
    const a = at('2026-09-28', '09:00')
    const segments = lane(week, 'primary', [shift('a', a, a + 9 * HOUR), shift('b', a + HOUR, a + 2 * HOUR), shift('c', a + 3 * HOUR, a + 4 * HOUR), shift('c', a + 20 * HOUR, a + 30 * HOUR), shift('c', a + 30 * HOUR, a + 31 * HOUR)], [])
    expect(segments.map((one) => [one.shift?.person, one.row, one.rows])).toEqual([['a', 0, 2], ['b', 1, 2], ['c', 1, 2], ['c', 0, 1], ['c', 0, 1]])
    expect(segments.map((one) => one.joined)).toEqual([false, false, false, false, true])
  })

  it('shows gaps of its role, and marks those whom a problem names', () => {
    const a = at('2026-09-28', '09:00')
    const problems = [problem('gap', a, a + HOUR), problem('gap', a, a + HOUR, [], 'secondary'), problem('double', a, a + 9 * HOUR, ['b'])]
    const segments = lane(week, 'primary', [shift('a', a, a + HOUR), shift('b', a + HOUR, a + 2 * HOUR)], problems)
    expect(segments.filter((one) => one.kind === 'gap').length).toBe(1)
    expect(segments.map((one) => one.problems.length)).toEqual([0, 1, 1])
    expect(segments.find((one) => one.kind === 'gap')?.key).toBe(keyOf('primary', '', a))
  })

  it('has keys that differ, whatever the host sends', () => {
    const a = at('2026-09-28', '09:00')
    const twice = [shift('a', a, a + HOUR), shift('a', a, a + 2 * HOUR), shift('a', a, a + HOUR)]
    const keys = lane(week, 'primary', twice, [problem('gap', a, a + HOUR), problem('gap', a, a + 2 * HOUR)]).map((one) => one.key)
    expect(new Set(keys).size).toBe(5)
    expect(new Set(personLane(week, 'a', twice, []).map((one) => one.key)).size).toBe(3)
  })

  it('of a person holds every role', () => {
    const a = at('2026-09-28', '09:00')
    expect(personLane(week, 'a', [shift('a', a, a + HOUR), shift('a', a + HOUR, a + 2 * HOUR, 'secondary'), shift('b', a, a + HOUR)], []).map((one) => one.role)).toEqual(['primary', 'secondary'])
    expect(spotOf(week, a - 100 * HOUR, a - 50 * HOUR)).toBeNull()
  })

  it('comes in the order in which roles are told', () => {
    expect(rolesOf(['manager', 'primary'], [shift('a', 0, 1, '数据库')], [problem('gap', 0, 1, [], 'secondary')])).toEqual(['primary', 'secondary', 'manager', '数据库'])
    expect(weeksOf(days('2026-09-28', 35)).map((one) => one.length)).toEqual([7, 7, 7, 7, 7])
  })
})

describe('what is dropped', () => {
  const one = shift('lisi', 0, HOUR)
  const other = shift('wangwu', 5 * HOUR, 6 * HOUR)
  it('assigns a person, exchanges two shifts, fills a gap with the shift’s person', () => {
    expect(dropped('ops', { kind: 'person', person: 'sunba' }, { ...one, shift: one })).toEqual({ edit: 'assign', slot: { rota: 'ops', role: 'primary', person: 'sunba', from: 0, until: HOUR }, replaces: 'lisi', why: '' })
    expect(dropped('ops', { kind: 'shift', shift: one }, { ...other, shift: other })).toEqual({ edit: 'exchange', one: slotOf('ops', one), other: slotOf('ops', other), why: '' })
    expect(dropped('ops', { kind: 'shift', shift: one }, { role: 'primary', from: 9, until: 10, shift: null })).toMatchObject({ edit: 'assign', replaces: null, slot: { person: 'lisi', from: 9 } })
  })

  it('is nothing where the same person is already', () => {
    expect(dropped('ops', { kind: 'person', person: 'lisi' }, { ...one, shift: one })).toBeNull()
    expect(dropped('ops', { kind: 'shift', shift: one }, { ...one, shift: one })).toBeNull()
  })
})

describe('colours of people', () => {
  it('stay when somebody is added, differ while there are enough, and exist for everybody', () => {
    const ids = ['lisi', 'wangwu', 'zhaoliu', 'qianqi', 'sunba']
    const before = coloursOf(ids)
    expect(new Set(before.values()).size).toBe(ids.length)
    const after = coloursOf([...ids, 'zz-new'])
    for (const id of ids) expect(after.get(id)).toBe(before.get(id))
    const many = coloursOf(Array.from({ length: 60 }, (_, i) => `p${i}`))
    expect(new Set(many.values()).size).toBe(COLOURS)
    expect(colourOf(new Map(), 'gone')).toMatch(/^var\(--person-\d\)$/)
  })
})

describe('layers', () => {
  const layer = (id: number): LayerView => ({ ...begun('2026-10-01'), id })
  it('get priorities from their order', () => expect(reordered([layer(3), layer(1), layer(2)]).map((one) => [one.id, one.priority])).toEqual([[3, 30], [1, 20], [2, 10]]))

  it('keep their people when the rotation becomes another kind', () => {
    const weekdays = withKind({ kind: 'turns', turns: [['a'], ['b', 'c']], cadence: cadenceOf('days', 2) }, 'weekdays')
    expect(weekdays).toMatchObject({ people: [['a'], ['b', 'c'], ['a'], ['b', 'c'], ['a'], ['b', 'c'], ['a']] })
    expect(withKind(weekdays, 'turns')).toMatchObject({ turns: [['a'], ['b', 'c']] })
    expect(cadenceOf('cycle', 3)).toEqual({ every: 'cycle', days: [1, 1, 1] })
  })
})

describe('a file', () => {
  it('is sent as it is, byte by byte', async () => {
    const bytes = Uint8Array.from({ length: 20_000 }, (_, i) => (i * 7) % 256)
    const sent = Uint8Array.from(atob(await base64(new Blob([bytes]))), (one) => one.charCodeAt(0))
    expect(sent).toEqual(bytes)
  })
})

describe('the development rota', () => {
  it('has a holiday, a make-up day and a gap in October 2026, so that the page can be looked at', () => {
    const book = fakeBook(Date.UTC(2026, 9, 9, 2), 'Asia/Shanghai')
    const rota = book.rotas[0]
    if (rota === undefined) throw new Error('no rota')
    const from = shanghai.instant('2026-10-01', '00:00')
    const until = shanghai.instant('2026-11-01', '00:00')
    const shifts = shiftsOf(book, rota, from, until)
    expect(dayOf('2026-10-10', shanghai)).toMatchObject({ kind: 'workday', make_up: true })
    expect(shifts.find((one) => one.day === '2026-10-07' && one.role === 'primary')?.by).toBe('holiday')
    expect(problemsIn(rota, shifts, from, until).some((one) => one.kind === 'gap')).toBe(true)
  })
})
