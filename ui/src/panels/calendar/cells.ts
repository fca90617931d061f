import type { AnnotationView } from '../../api/wire'
import { rank } from '../../shared/severity'
import type { Zone } from '../../shared/time'
import type { QueryData } from '../../stores/query'

const HOUR = 3_600_000
const DAY = 24 * HOUR
/** Longer than this, days stand in weeks instead of hours in days. */
const LONG = 35 * DAY

/** A calendar: cells by column and row, NaN where nothing is known. */
export interface Month {
  /** Hours by days, or days by weeks. */
  kind: 'hours' | 'weeks'
  columns: number
  rows: number
  /** Row after row. */
  cells: Float64Array
  /** The first day of each row (hours) or column (weeks), `YYYY-MM-DD`. */
  days: string[]
  lo: number
  hi: number
}

/** 0 for Monday … 6 for Sunday of a civil day. */
export function weekday(day: string): number {
  return (new Date(`${day}T00:00:00Z`).getUTCDay() + 6) % 7
}

/** The civil day so many days after another. */
export function dayAfter(day: string, days: number): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) + days * DAY).toISOString().slice(0, 10)
}

/** Number of days from one civil day to another. */
const between = (from: string, to: string): number => Math.round((Date.parse(`${to}T00:00:00Z`) - Date.parse(`${from}T00:00:00Z`)) / DAY)

/**
 * The cells of a query by the zone's own hours and days. Series are joined at each time as the query's `reduce` says; the points
 * of a cell are added up for `sum`, else their greatest or smallest for `max`, `min` and `worst`, else their mean.
 */
export function calendar(query: QueryData, window: number, now: number, zone: Zone): Month {
  const weeks = window > LONG
  const today = zone.date(now)
  const oldest = zone.date(now - window + HOUR)
  const count = between(oldest, today) + 1
  const monday = dayAfter(oldest, -weekday(oldest))
  const columns = weeks ? Math.floor(between(monday, today) / 7) + 1 : 24
  const rows = weeks ? 7 : count
  const month: Month = {
    kind: weeks ? 'weeks' : 'hours',
    columns,
    rows,
    cells: new Float64Array(columns * rows).fill(NaN),
    days: Array.from({ length: weeks ? columns : rows }, (_, i) => (weeks ? dayAfter(monday, 7 * i) : dayAfter(oldest, i))),
    lo: Infinity,
    hi: -Infinity,
  }
  const first = weeks ? monday : oldest
  const seen = new Uint32Array(month.cells.length)
  const below = query.view.thresholds?.below === true
  query.times.forEach((at, i) => {
    const value = joined(query, i, below)
    if (Number.isNaN(value)) return
    const cell = placeOf(month, first, at, zone)
    if (cell < 0) return
    const n = (seen[cell] ?? 0) + 1
    seen[cell] = n
    month.cells[cell] = n === 1 ? value : merged(month.cells[cell] as number, value, n, query.view.reduce, below)
  })
  for (const v of month.cells) {
    if (v < month.lo) month.lo = v
    if (v > month.hi) month.hi = v
  }
  return month
}

function placeOf(month: Month, first: string, at: number, zone: Zone): number {
  const day = zone.date(at)
  const from = between(first, day)
  const cell = month.kind === 'weeks' ? weekday(day) * month.columns + Math.floor(from / 7) : from * 24 + Number(zone.minutes(at).slice(0, 2))
  return from < 0 || cell >= month.cells.length ? -1 : cell
}

/** Index of the cell in which a time lies; -1 when in none. */
export const cellAt = (month: Month, at: number, zone: Zone): number => placeOf(month, month.days[0] ?? '', at, zone)

/** What happened in each cell that has something. */
export function noted(month: Month, notes: readonly AnnotationView[], zone: Zone): Map<number, AnnotationView[]> {
  const out = new Map<number, AnnotationView[]>()
  for (const note of notes) {
    const cell = cellAt(month, note.at, zone)
    if (cell >= 0) out.set(cell, [...(out.get(cell) ?? []), note])
  }
  for (const [, all] of out) all.sort((a, b) => rank(b.severity) - rank(a.severity) || b.at - a.at)
  return out
}

function merged(before: number, value: number, n: number, reduce: string, below: boolean): number {
  switch (reduce) {
    case 'sum':
    case 'count':
      return before + value
    case 'max':
      return Math.max(before, value)
    case 'min':
      return Math.min(before, value)
    case 'worst':
      return below ? Math.min(before, value) : Math.max(before, value)
    default:
      return before + (value - before) / n
  }
}

/** All series at one time as one value; NaN when none has one. */
function joined(query: QueryData, i: number, below: boolean): number {
  let out = NaN
  let n = 0
  for (const column of query.values) {
    const v = column[i]
    if (v === null || v === undefined) continue
    n += 1
    if (query.view.reduce === 'count') out = n
    else out = n === 1 ? v : merged(out, v, n, query.view.reduce, below)
  }
  return out
}
