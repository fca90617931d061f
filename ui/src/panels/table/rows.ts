import type { Mark, SeverityView } from '../../api/wire'
import { rank, worse } from '../../shared/severity'
import type { RowLabels } from '../links'
import type { QueryData } from '../../stores/query'

/** A value of a table. */
export interface Cell {
  value: number
  at: number
  mark: Mark | undefined
}

/** One row: a series' name and a value of each query. */
export interface Row {
  name: string
  severity: SeverityView
  cells: (Cell | null)[]
  /** Of the first query that has it. */
  labels: RowLabels
}

/** Rows by the series' name over all queries, worst first, then by the first column. */
export function rows(queries: readonly QueryData[], limit: number, abnormalOnly: boolean): { shown: Row[]; rest: number } {
  const byName = new Map<string, Row>()
  queries.forEach((query, column) => {
    query.series.forEach((series, i) => {
      const mark = query.marks[i]
      let row = byName.get(series.name)
      if (row === undefined) {
        row = { name: series.name, severity: 'normal', cells: queries.map(() => null), labels: series.labels }
        byName.set(series.name, row)
      }
      row.cells[column] = { value: query.latest[i] ?? NaN, at: query.latestAt[i] ?? NaN, mark }
      row.severity = worse(row.severity, mark?.severity ?? 'normal')
    })
  })
  const below = queries[0]?.view.thresholds?.below === true
  const weight = (row: Row): number => {
    const v = row.cells[0]?.value ?? NaN
    return Number.isNaN(v) ? -Infinity : below ? -v : v
  }
  const all = [...byName.values()].filter((row) => !abnormalOnly || row.severity !== 'normal')
  all.sort((a, b) => rank(b.severity) - rank(a.severity) || weight(b) - weight(a) || (a.name < b.name ? -1 : 1))
  const shown = all.slice(0, Math.max(1, limit))
  return { shown, rest: byName.size - shown.length }
}
