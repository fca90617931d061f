import type { DayView, ProblemView, ShiftView } from '../../api/wire'

/** Roles in the order in which they are told; any others follow by name. */
const ORDER = ['primary', 'secondary', 'manager']

/** Every role that is seen or required, in order. */
export function rolesOf(required: readonly string[], shifts: readonly ShiftView[], problems: readonly ProblemView[]): string[] {
  const all = new Set([...required, ...shifts.map((one) => one.role), ...problems.map((one) => one.role)])
  const rank = (role: string): number => (ORDER.includes(role) ? ORDER.indexOf(role) : ORDER.length)
  return [...all].filter((role) => role !== '').sort((a, b) => rank(a) - rank(b) || a.localeCompare(b))
}

/** Where a moment stands in a row of days: 0 at its beginning, 1 at its end. Each day is as wide as the next, also one of 23 hours. */
export function placeOf(days: readonly DayView[], at: number): number {
  const found = days.findIndex((day) => at < day.until)
  if (found < 0) return 1
  const day = days[found] as DayView
  const inside = Math.max(0, at - day.from) / Math.max(1, day.until - day.from)
  return (found + inside) / days.length
}

/** What stands in a lane. */
export interface Segment {
  key: string
  kind: 'shift' | 'gap'
  /** The shift; null for a gap. */
  shift: ShiftView | null
  role: string
  from: number
  until: number
  /** Where it begins in the row and how wide it is, of 1. */
  left: number
  width: number
  /** Of several at one time: which, and how many. */
  row: number
  rows: number
  /** It has begun before this row of days. */
  before: boolean
  /** It goes on after this row of days. */
  after: boolean
  /** The same person has the stretch right before it: the name need not be said again. */
  joined: boolean
  /** What is wrong with it. */
  problems: ProblemView[]
}

export const keyOf = (role: string, person: string, from: number): string => `${role}/${from}/${person}`

const touches = (a: { from: number; until: number }, b: { from: number; until: number }): boolean => a.from < b.until && b.from < a.until

/** What is wrong with a shift: everything said of its role and time that names nobody, or its person. */
export const problemsOf = (shift: ShiftView, problems: readonly ProblemView[]): ProblemView[] =>
  problems.filter((one) => one.kind !== 'gap' && one.role === shift.role && touches(one, shift) && (one.people.length === 0 || one.people.includes(shift.person)))

type Spot = Pick<Segment, 'left' | 'width' | 'before' | 'after'>

/** Where a stretch stands in a row of days; null when it does not touch it. */
export function spotOf(days: readonly DayView[], from: number, until: number): Spot | null {
  const first = days[0]
  const last = days.at(-1)
  if (first === undefined || last === undefined || from >= last.until || until <= first.from) return null
  const left = placeOf(days, Math.max(from, first.from))
  return { left, width: placeOf(days, Math.min(until, last.until)) - left, before: from < first.from, after: until > last.until }
}

function segmentsOf(days: readonly DayView[], shifts: ShiftView[], problems: readonly ProblemView[]): Segment[] {
  const mine = shifts.sort((a, b) => a.from - b.from || a.person.localeCompare(b.person))
  const seen = days[0]?.from ?? 0
  const segments = mine.flatMap((shift): Segment[] => {
    const spot = spotOf(days, shift.from, shift.until)
    if (spot === null) return []
    const joined = mine.some((other) => other !== shift && other.person === shift.person && other.role === shift.role && other.until === shift.from && other.until > seen)
    return [{ key: keyOf(shift.role, shift.person, shift.from), kind: 'shift', shift, role: shift.role, from: shift.from, until: shift.until, ...spot, row: 0, rows: 1, joined, problems: problemsOf(shift, problems) }]
  })
  stack(segments)
  return segments
}

/** One role's lane over some days: its shifts and gaps, those at one time beneath each other. */
export function lane(days: readonly DayView[], role: string, shifts: readonly ShiftView[], problems: readonly ProblemView[]): Segment[] {
  const segments = segmentsOf(days, shifts.filter((one) => one.role === role), problems)
  for (const gap of problems) {
    const spot = gap.kind === 'gap' && gap.role === role ? spotOf(days, gap.from, gap.until) : null
    if (spot !== null) segments.push({ key: keyOf(role, '', gap.from), kind: 'gap', shift: null, role, from: gap.from, until: gap.until, ...spot, row: 0, rows: 1, joined: false, problems: [gap] })
  }
  return told(segments)
}

/** One person's lane over some days: shifts of every role. */
export const personLane = (days: readonly DayView[], person: string, shifts: readonly ShiftView[], problems: readonly ProblemView[]): Segment[] =>
  told(segmentsOf(days, shifts.filter((one) => one.person === person), problems))

/** Two of one person, role and begin are told apart: a list needs keys that differ, whatever the host has sent. */
function told(segments: Segment[]): Segment[] {
  const seen = new Map<string, number>()
  for (const one of segments) {
    const count = seen.get(one.key) ?? 0
    seen.set(one.key, count + 1)
    if (count > 0) one.key = `${one.key}/${count}`
  }
  return segments
}

/** Those that overlap share the lane's height. */
function stack(segments: Segment[]): void {
  let group: Segment[] = []
  let until = -Infinity
  const close = (): void => {
    const rows = Math.max(1, ...group.map((one) => one.row + 1))
    for (const one of group) one.rows = rows
    group = []
  }
  for (const one of segments) {
    if (one.from >= until) close()
    const free = (row: number): boolean => !group.some((other) => other.row === row && touches(other, one))
    while (!free(one.row)) one.row += 1
    group.push(one)
    until = group.length === 1 ? one.until : Math.max(until, one.until)
  }
  close()
}

/** Days in rows of seven. */
export function weeksOf(days: readonly DayView[]): DayView[][] {
  const weeks: DayView[][] = []
  for (let i = 0; i < days.length; i += 7) weeks.push(days.slice(i, i + 7))
  return weeks
}
