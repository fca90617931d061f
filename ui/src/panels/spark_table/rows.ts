import type { SeverityView } from '../../api/wire'
import { rank, worse } from '../../shared/severity'
import type { RowLabels } from '../links'
import type { QueryData } from '../../stores/query'

/** One row: a series' name, and which series of each query it is (-1 where a query has none). */
export interface SparkRow {
  name: string
  severity: SeverityView
  series: number[]
  /** Of the first query that has it. */
  labels: RowLabels
}

/** Rows by the series' name over all queries, worst first, then by the first column. */
export function sparkRows(queries: readonly QueryData[], limit: number, abnormalOnly: boolean): { shown: SparkRow[]; rest: number } {
  const byName = new Map<string, SparkRow>()
  queries.forEach((query, column) => {
    query.series.forEach((series, i) => {
      let row = byName.get(series.name)
      if (row === undefined) {
        row = { name: series.name, severity: 'normal', series: queries.map(() => -1), labels: series.labels }
        byName.set(series.name, row)
      }
      row.series[column] = i
      row.severity = worse(row.severity, query.marks[i]?.severity ?? 'normal')
    })
  })
  const first = queries[0]
  const weight = (row: SparkRow): number => {
    const v = first?.latest[row.series[0] ?? -1] ?? NaN
    return Number.isNaN(v) ? -Infinity : first?.view.thresholds?.below === true ? -v : v
  }
  const all = [...byName.values()].filter((row) => !abnormalOnly || row.severity !== 'normal')
  all.sort((a, b) => rank(b.severity) - rank(a.severity) || weight(b) - weight(a) || (a.name < b.name ? -1 : 1))
  const shown = all.slice(0, Math.max(1, limit))
  return { shown, rest: byName.size - shown.length }
}
