import { plusDays, weekday } from '../features/rota/dates'
import { Zone } from '../shared/time'
import type { AbsenceView, DayView, LayerView, LoadView, MemberView, ProblemView, RotaView, Sentence, ShiftView, SlotView, SwapView } from './wire'

/** Everything the development rota is made of. */
export interface FakeBook {
  rotas: RotaView[]
  people: MemberView[]
  contacts: Record<string, { phone: string; email: string; dingtalk: string; wecom: string }>
  absences: AbsenceView[]
  overrides: { id: number; slot: SlotView; replaces: string | null; swap: boolean }[]
  swaps: SwapView[]
}

/** A sentence in plain words: what has no key is shown as it is. */
export const plain = (text: string, params: Sentence['params'] = {}): Sentence => ({ key: text, params })
const words = (value: string): { kind: 'text'; value: string } => ({ kind: 'text', value })

/** The notice of 2026: days off, and weekend days that are worked. */
const OFF: readonly (readonly [string, string, string])[] = [
  ['元旦', '2026-01-01', '2026-01-03'],
  ['春节', '2026-02-15', '2026-02-23'],
  ['清明节', '2026-04-04', '2026-04-06'],
  ['劳动节', '2026-05-01', '2026-05-05'],
  ['端午节', '2026-06-19', '2026-06-21'],
  ['中秋节', '2026-09-25', '2026-09-27'],
  ['国庆节', '2026-10-01', '2026-10-07'],
]
const WORKED: Record<string, string> = { '2026-01-04': '元旦', '2026-02-14': '春节', '2026-02-28': '春节', '2026-05-09': '劳动节', '2026-09-20': '国庆节', '2026-10-10': '国庆节' }

/** When a clock of the zone shows a time on a day. */
export const instant = (day: string, time: string, zone: Zone): number => zone.instant(day, time)

export function dayOf(date: string, zone: Zone): DayView {
  const holiday = OFF.find(([, from, until]) => date >= from && date <= until)
  const worked = WORKED[date]
  const weekend = weekday(date) > 5
  return {
    date,
    from: instant(date, '00:00', zone),
    until: instant(plusDays(date, 1), '00:00', zone),
    kind: holiday !== undefined ? 'holiday' : weekend && worked === undefined ? 'weekend' : 'workday',
    name: holiday?.[0] ?? worked ?? null,
    make_up: worked !== undefined,
    known: date.startsWith('2026'),
  }
}

const between = (from: string, until: string): number => Math.round((Date.parse(until) - Date.parse(from)) / 86_400_000)

/** Who has a layer's shift that begins on a day. */
function turn(layer: LayerView, day: string): string[] {
  const { rotation } = layer
  if (rotation.kind === 'planned') return rotation.days.find((one) => one.day === day)?.people ?? []
  if (rotation.kind === 'weekdays') return rotation.people[weekday(day) - 1] ?? []
  const { cadence, turns } = rotation
  const step = cadence.every === 'weeks' ? 7 * cadence.weeks : cadence.every === 'cycle' ? (cadence.days[0] ?? 1) : cadence.every === 'days' ? cadence.days : cadence.shifts
  return turns[Math.floor(between(layer.first_day, day) / Math.max(1, step)) % Math.max(1, turns.length)] ?? []
}

const cut = (shifts: ShiftView[], from: number, until: number, whose: (shift: ShiftView) => boolean): ShiftView[] =>
  shifts.flatMap((shift) => {
    if (!whose(shift) || shift.until <= from || shift.from >= until) return [shift]
    return [
      ...(shift.from < from ? [{ ...shift, until: from }] : []),
      ...(shift.until > until ? [{ ...shift, from: until }] : []),
    ]
  })

/** Who is on duty from one time to another. */
export function shiftsOf(book: FakeBook, rota: RotaView, from: number, until: number): ShiftView[] {
  const zone = new Zone(rota.zone)
  const name = (id: string): string => book.people.find((one) => one.id === id)?.name ?? id
  let all: ShiftView[] = []
  const layers = [...rota.layers].sort((a, b) => a.priority - b.priority)
  for (let date = plusDays(zone.date(from), -2); instant(date, '00:00', zone) < until; date = plusDays(date, 1)) {
    const day = dayOf(date, zone)
    for (const layer of layers) {
      if (date < layer.first_day || (layer.last_day !== null && date > layer.last_day)) continue
      if (layer.kinds.length > 0 && !layer.kinds.includes(day.kind)) continue
      if (layer.weekdays.length > 0 && !layer.weekdays.includes(weekday(date))) continue
      const begin = instant(date, layer.from, zone)
      const end = instant(layer.to <= layer.from ? plusDays(date, 1) : date, layer.to, zone)
      all = cut(all, begin, end, (one) => one.role === layer.role)
      for (const person of turn(layer, date)) {
        all.push({ role: layer.role, person, name: name(person), from: begin, until: end, by: day.kind === 'holiday' ? 'holiday' : 'layer', why: plain(day.kind === 'holiday' ? `${day.name ?? ''}按节假日班，轮到%{who}` : '按“%{layer}”轮到%{who}', { layer: words(layer.name), who: words(name(person)) }), override: null, layer: layer.id, layer_name: layer.name, day: date, instead_of: [] })
      }
    }
  }
  for (const absence of book.absences) {
    const away = all.filter((one) => one.person === absence.person && one.from < absence.until && one.until > absence.from)
    all = cut(all, absence.from, absence.until, (one) => one.person === absence.person)
    const stand = absence.stand_in
    if (stand !== null) for (const one of away) all.push({ ...one, from: Math.max(one.from, absence.from), until: Math.min(one.until, absence.until), person: stand, name: name(stand), by: 'stand_in', why: plain('%{of}请假，由%{who}顶班', { of: words(one.name), who: words(name(stand)) }), instead_of: [one.name] })
  }
  for (const { id, slot, replaces, swap } of book.overrides.filter((one) => one.slot.rota === rota.id)) {
    const mine = (one: ShiftView): boolean => one.role === slot.role && (replaces === null || one.person === replaces)
    const old = all.filter((one) => mine(one) && one.from < slot.until && one.until > slot.from)
    all = cut(all, slot.from, slot.until, mine)
    const base = old[0]
    all.push({ role: slot.role, person: slot.person, name: name(slot.person), from: slot.from, until: slot.until, by: swap ? 'swap' : 'override', why: plain(swap ? '换班，经对方同意' : '李四手工改派'), override: swap ? null : id, layer: base?.layer ?? null, layer_name: base?.layer_name ?? null, day: base?.day ?? null, instead_of: [...new Set(old.map((one) => one.name))] })
  }
  return all.filter((one) => one.until > from && one.from < until).sort((a, b) => a.from - b.from || a.role.localeCompare(b.role) || a.person.localeCompare(b.person))
}

const ROLE_NAMES: Record<string, string> = { primary: '主值', secondary: '备值', manager: '主管' }

/** Gaps of required roles, and people in two places at once. */
export function problemsIn(rota: RotaView, shifts: ShiftView[], from: number, until: number): ProblemView[] {
  const problems: ProblemView[] = []
  for (const role of rota.required) {
    let covered = from
    const gap = (to: number): void => {
      if (to > covered) problems.push({ kind: 'gap', role, people: [], from: covered, until: to, what: plain('%{from} 至 %{until} 没有%{role}', { from: { kind: 'time', value: covered }, until: { kind: 'time', value: to }, role: words(ROLE_NAMES[role] ?? role) }) })
    }
    for (const shift of shifts.filter((one) => one.role === role)) {
      gap(Math.min(shift.from, until))
      covered = Math.max(covered, shift.until)
    }
    gap(until)
  }
  shifts.forEach((one, i) => {
    for (const other of shifts.slice(i + 1)) {
      if (other.from >= one.until) break
      if (other.person !== one.person || other.role === one.role) continue
      const begin = Math.max(one.from, other.from)
      const end = Math.min(one.until, other.until)
      for (const role of [one.role, other.role]) problems.push({ kind: 'double', role, people: [one.person], from: begin, until: end, what: plain('%{who} %{from} 起同时是%{a}和%{b}', { who: words(one.name), from: { kind: 'time', value: begin }, a: words(ROLE_NAMES[one.role] ?? one.role), b: words(ROLE_NAMES[other.role] ?? other.role) }) })
    }
  })
  return problems.sort((a, b) => a.from - b.from)
}

/** How duty is spread. */
export function loadsOf(people: MemberView[], shifts: ShiftView[], zone: Zone): LoadView[] {
  return people
    .map((person): LoadView => {
      const mine = shifts.filter((one) => one.person === person.id && one.role !== 'manager')
      const hours = (one: ShiftView): number => (one.until - one.from) / 3_600_000
      const kind = (one: ShiftView): string => dayOf(one.day ?? zone.date(one.from), zone).kind
      const night = (one: ShiftView): boolean => zone.date(one.from) !== zone.date(one.until - 1)
      const weight = (one: ShiftView): number => (kind(one) === 'holiday' ? 3 : kind(one) === 'weekend' ? 2 : night(one) ? 1.5 : 1) * (one.role === 'secondary' ? 0.5 : 1)
      return {
        person: person.id,
        name: person.name,
        hours: mine.reduce((sum, one) => sum + hours(one), 0),
        nights: mine.filter(night).length,
        weekends: mine.filter((one) => kind(one) === 'weekend').length,
        holidays: mine.filter((one) => kind(one) === 'holiday').length,
        score: mine.reduce((sum, one) => sum + hours(one) * weight(one), 0),
      }
    })
    .filter((one) => one.hours > 0)
    .sort((a, b) => b.score - a.score)
}

/** Largest score less the smallest. */
export const spreadOf = (loads: LoadView[]): number => (loads.length === 0 ? 0 : Math.max(...loads.map((one) => one.score)) - Math.min(...loads.map((one) => one.score)))
