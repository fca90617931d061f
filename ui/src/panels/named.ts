import { t } from '../i18n/index.svelte'
import type { QueryData } from '../stores/query'

/**
 * What a series is called: its name, with its query's label before it when there are several queries; the label when it has none; without
 * any, all of it.
 */
export function named(query: QueryData, series: number, several: boolean): string {
  const name = query.series[series]?.name ?? ''
  const label = query.view.label === null ? '' : t(query.view.label)
  if (name === '' && label === '') return t('ui.series.all')
  if (!several || label === '') return name === '' ? label : name
  return name === '' || name === label ? label : `${label} ${name}`
}
