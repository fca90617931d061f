import { seriesToken } from '../../charts/look'
import type { Line } from '../../charts/lines'
import { rank, TOKEN } from '../../shared/severity'
import type { QueryData } from '../../stores/query'

/** Lines of a panel; where there are more series than `limit`, the worst and then the greatest ones. */
export function choose(queries: readonly QueryData[], limit: number, old: boolean): { lines: Line[]; hidden: number } {
  const all: { query: QueryData; series: number; key: number }[] = []
  for (const query of queries) {
    const below = query.view.thresholds?.below === true
    query.series.forEach((_, series) => {
      const value = query.latest[series] ?? NaN
      const size = Number.isNaN(value) ? -Infinity : below ? -value : value
      all.push({ query, series, key: rank(query.marks[series]?.severity ?? 'normal') * 1e30 + Math.min(size, 1e29) })
    })
  }
  const most = Math.max(1, limit)
  const kept = all.length <= most ? all : [...all].sort((a, b) => b.key - a.key).slice(0, most)
  // In the board's order whatever their rank, so that a series keeps its colour while values change.
  const chosen = all.filter((entry) => kept.includes(entry))
  const lines = chosen.map(({ query, series }, i) => {
    const severity = query.marks[series]?.severity ?? 'normal'
    // A line alone says by its colour how it is; among others it must keep its own to be found in the legend.
    const alone = chosen.length === 1 && severity !== 'normal' && !old
    return { query, series, token: old ? '--calm' : alone ? TOKEN[severity] : seriesToken(i) }
  })
  return { lines, hidden: all.length - chosen.length }
}

/** Changes when the chart must be made anew: other series or other colours. */
export function identity(lines: readonly Line[]): string {
  return lines.map((line) => `${line.query.id}.${line.query.generation}.${line.series}${line.token}`).join(' ')
}

/**
 * What a line is called: its series' name, with the query's label before it when there are several queries. The only series of a query
 * with a label is what the label says.
 */
export function nameOf(line: Line, several: boolean, label: string): string {
  const name = line.query.series[line.series]?.name ?? ''
  if (label !== '' && line.query.series.length === 1 && several) return label
  if (!several || label === '') return name === '' ? label : name
  return name === '' || name === label ? label : `${label} ${name}`
}
