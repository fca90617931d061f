import { niceStep } from '../../charts/scale'
import type { QueryData } from '../../stores/query'
import { bucketRows } from '../heatmap/cells'

/** A class of values. */
export interface Bin {
  /** More than this (the first one: at least). */
  from: number
  /** At most this; ∞ for the last bucket. */
  to: number
  count: number
}

/** How values are spread, and whether the classes are those of a histogram that was measured. */
export interface Spread {
  bins: Bin[]
  total: number
  measured: boolean
}

/** Classes of the newest values: a histogram's own buckets, else as many equal ones as Sturges' rule gives (JASA 1926). */
export function bins(queries: readonly QueryData[]): Spread {
  const first = queries[0]
  const rows = first === undefined || queries.length > 1 ? null : bucketRows(first)
  if (rows !== null && first !== undefined) {
    let under = 0
    const out = rows.map((row): Bin => {
      const upTo = row.series.reduce((sum, i) => sum + (Number.isFinite(first.latest[i]) ? (first.latest[i] as number) : 0), 0)
      const count = Math.max(0, upTo - under)
      under = Math.max(under, upTo)
      return { from: row.from, to: row.le, count }
    })
    return { bins: trimmed(out), total: under, measured: true }
  }
  const values = queries.flatMap((query) => query.latest.filter((v) => Number.isFinite(v)))
  return { bins: equal(values), total: values.length, measured: false }
}

/** Without the empty classes at both ends, of which a histogram of many decades has more than can be read. */
function trimmed(all: Bin[]): Bin[] {
  const first = all.findIndex((bin) => bin.count > 0)
  if (first < 0) return all
  const last = all.findLastIndex((bin) => bin.count > 0)
  return all.slice(Math.max(0, first - 1), last + 2)
}

function equal(values: readonly number[]): Bin[] {
  if (values.length === 0) return []
  const lo = Math.min(...values)
  const hi = Math.max(...values)
  const step = niceStep((hi - lo) / Math.ceil(Math.log2(values.length) + 1) || Math.abs(hi) * 0.1 || 1)
  const begin = Math.floor(lo / step + 1e-9) * step
  const count = Math.max(1, Math.ceil((hi - begin) / step - 1e-9))
  const out = Array.from({ length: count }, (_, i): Bin => ({ from: begin + i * step, to: begin + (i + 1) * step, count: 0 }))
  for (const v of values) {
    const at = Math.min(count - 1, Math.max(0, Math.ceil((v - begin) / step - 1e-9) - 1))
    ;(out[at] as Bin).count += 1
  }
  return out
}

/**
 * The value below which a share of all lies, taking values as evenly spread in their class (as `histogram_quantile` does); in the
 * open last bucket it is its lower end. NaN without values.
 */
export function quantile(all: readonly Bin[], share: number): number {
  const total = all.reduce((sum, bin) => sum + bin.count, 0)
  if (!(total > 0)) return NaN
  const rank = share * total
  let under = 0
  for (const bin of all) {
    if (bin.count > 0 && under + bin.count >= rank) {
      return Number.isFinite(bin.to) ? bin.from + (bin.to - bin.from) * ((rank - under) / bin.count) : bin.from
    }
    under += bin.count
  }
  return all[all.length - 1]?.from ?? NaN
}

/** Where a value lies among the classes, 0..1 of their row. */
export function place(all: readonly Bin[], value: number): number {
  const at = all.findIndex((bin) => value <= bin.to)
  const bin = all[at]
  if (bin === undefined) return 1
  const part = Number.isFinite(bin.to) ? (value - bin.from) / (bin.to - bin.from) : 0
  return (at + Math.max(0, Math.min(1, part))) / all.length
}
