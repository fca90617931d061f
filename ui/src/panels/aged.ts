import { locale, t } from '../i18n/index.svelte'
import { age } from '../shared/format'
import type { QueryData } from '../stores/query'

/**
 * The age of a series' newest value in words, for panels that write values as plain text; empty while it is fresh. `now` is asked for
 * only when it is needed, so that a panel whose values are fresh does not follow the clock.
 */
export function aged(query: QueryData, series: number, now: () => number): string {
  const freshness = query.marks[series]?.freshness ?? 'fresh'
  if (freshness === 'fresh' || Number.isNaN(query.latest[series] ?? NaN)) return ''
  const at = query.latestAt[series] ?? NaN
  const said = Number.isFinite(at) ? age(now() - at, locale()) : ''
  if (freshness === 'unknown') return `${t('ui.state.unknown')} ${said}`.trim()
  return `${t('ui.state.stale')} ${said}`.trim()
}
