import { rank } from '../../shared/severity'
import type { QueryData } from '../../stores/query'

/** The query whose value a tile shows: its main one, unless a further check is worse; null when there is none. */
export function headline(queries: readonly QueryData[]): QueryData | null {
  let best = queries.find((query) => query.view.role === 'main') ?? null
  for (const query of queries) {
    if (query.view.role !== 'check' || Number.isNaN(query.reduced)) continue
    if (best === null || rank(query.reducedMark.severity) > rank(best.reducedMark.severity)) best = query
  }
  return best
}
