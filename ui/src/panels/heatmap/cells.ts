import { buckets } from '../../charts/scale'
import { rank } from '../../shared/severity'
import type { QueryData } from '../../stores/query'

/** A row of cells. */
export interface HeatRow {
  /** Upper end of a bucket, ∞ for the last one; NaN where rows are series. */
  le: number
  /** Lower end of a bucket. */
  from: number
  /** The series of the query that make it; for buckets all that share an end. */
  series: number[]
  query: QueryData
}

/** The upper end that a series' label `le` names; NaN when it has none. */
export function endOf(label: string | undefined): number {
  if (label === undefined) return NaN
  if (label === '+Inf' || label === 'Inf') return Infinity
  const n = Number(label)
  return label.trim() === '' ? NaN : n
}

/** The buckets of a histogram from the lowest to the highest; null when the series are none. */
export function bucketRows(query: QueryData): HeatRow[] | null {
  const byEnd = new Map<number, number[]>()
  for (const [i, series] of query.series.entries()) {
    const le = endOf(series.labels.le)
    if (Number.isNaN(le)) return null
    byEnd.set(le, [...(byEnd.get(le) ?? []), i])
  }
  if (byEnd.size < 2) return null
  const ends = [...byEnd.keys()].sort((a, b) => a - b)
  return ends.map((le, i) => ({ le, from: i === 0 ? Math.min(0, le) : (ends[i - 1] as number), series: byEnd.get(le) ?? [], query }))
}

/** One row for each series, those outside their band first to be kept, in the board's order. */
export function seriesRows(queries: readonly QueryData[], most: number): { rows: HeatRow[]; hidden: number } {
  const all = queries.flatMap((query) =>
    query.series.map((_, i): HeatRow & { severity: number; size: number } => ({
      le: NaN,
      from: NaN,
      series: [i],
      query,
      severity: rank(query.marks[i]?.severity ?? 'normal'),
      size: (query.view.thresholds?.below === true ? -1 : 1) * (query.latest[i] ?? -Infinity),
    })),
  )
  const kept = new Set([...all].sort((a, b) => b.severity - a.severity || b.size - a.size).slice(0, Math.max(1, most)))
  const rows = all.filter((row) => kept.has(row))
  return { rows, hidden: all.length - rows.length }
}

/** Cells of a grid. */
export interface Grid {
  /** Row after row, the first row first; NaN where nothing is known. */
  cells: Float64Array
  slots: number
  lo: number
  hi: number
}

/**
 * Means of equal parts of the time for each row. Buckets count what lies at or below their end, so each row is what it has more
 * than the one below it; rates of a counter that was just restarted can make that negative, which is nothing.
 */
export function grid(rows: readonly HeatRow[], cumulative: boolean, from: number, part: number, slots: number): Grid {
  const cells = new Float64Array(rows.length * slots).fill(NaN)
  const one = new Float64Array(slots)
  rows.forEach((row, r) => {
    for (const series of row.series) {
      buckets(row.query.times, row.query.values[series] ?? [], from, part, one)
      for (let i = 0; i < slots; i += 1) {
        const v = one[i] as number
        if (Number.isNaN(v)) continue
        const at = r * slots + i
        const before = cells[at] as number
        cells[at] = Number.isNaN(before) ? v : before + v
      }
    }
  })
  if (cumulative) {
    for (let r = rows.length - 1; r > 0; r -= 1) {
      for (let i = 0; i < slots; i += 1) {
        const under = cells[(r - 1) * slots + i] as number
        const at = r * slots + i
        if (!Number.isNaN(under)) cells[at] = Math.max(0, (cells[at] as number) - under)
      }
    }
  }
  let lo = Infinity
  let hi = -Infinity
  for (const v of cells) {
    if (v < lo) lo = v
    if (v > hi) hi = v
  }
  return { cells, slots, lo, hi }
}

/** How strong a cell is, 0..1. Counts are drawn by their root: what is rare beside the many must still be seen. */
export function strength(value: number, lo: number, hi: number, counts: boolean): number {
  if (!(hi > lo)) return value > 0 ? 1 : 0
  const share = Math.max(0, Math.min(1, (value - lo) / (hi - lo)))
  return counts ? Math.sqrt(share) : share
}

/** Every how many rows have a name, so that names of height `line` stand apart in rows of height `row`. */
export const every = (row: number, line: number): number => (row > 0 ? Math.max(1, Math.ceil(line / row)) : 1)
