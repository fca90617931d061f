import type { Mark, ThresholdsView } from '../../api/wire'
import { niceStep } from '../../charts/scale'
import { rank } from '../../shared/severity'
import type { RowLabels } from '../links'
import type { QueryData } from '../../stores/query'

/** One bar. */
export interface Bar {
  key: string
  name: string
  /** Locale key of the query's label. */
  label: string | null
  value: number
  unit: string
  at: number
  mark: Mark
  limits: ThresholdsView | null
  labels: RowLabels
}

/** Bars of a panel, worst first, and how many are not among them. */
export function bars(
  queries: readonly QueryData[],
  limit: number,
  abnormalOnly: boolean,
): { shown: Bar[]; normal: number; hidden: number } {
  const all: Bar[] = []
  for (const query of queries) {
    query.series.forEach((series, i) => {
      const value = query.latest[i] ?? NaN
      const mark = query.marks[i]
      if (Number.isNaN(value) || mark === undefined) return
      const { unit, thresholds: limits, label } = query.view
      all.push({ key: `${query.id}/${i}`, name: series.name, label, value, unit, at: query.latestAt[i] ?? NaN, mark, limits, labels: series.labels })
    })
  }
  const weight = (bar: Bar): number => (bar.limits?.below === true ? -bar.value : bar.value)
  all.sort((a, b) => rank(b.mark.severity) - rank(a.mark.severity) || weight(b) - weight(a) || (a.name < b.name ? -1 : 1))
  const wanted = abnormalOnly ? all.filter((bar) => bar.mark.severity !== 'normal' || bar.mark.freshness !== 'fresh') : all
  const shown = wanted.slice(0, Math.max(1, limit))
  return { shown, normal: all.length - wanted.length, hidden: wanted.length - shown.length }
}

/** What a full bar stands for: the board's end, the unit's own, or a round number above all values and limits. */
export function fullBar(shown: readonly Bar[], max: number | null, unit: string): number {
  if (max !== null && max > 0) return max
  if (unit === 'percent') return 100
  if (unit === 'ratio') return 1
  let most = 0
  for (const bar of shown) most = Math.max(most, Math.abs(bar.value), bar.limits?.critical ?? bar.limits?.warning ?? 0)
  const step = niceStep(most / 4)
  return most > 0 ? Math.ceil(most / step) * step : 1
}
