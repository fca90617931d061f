import type { ErrorView } from '../../api/wire'
import { has, t } from '../../i18n/index.svelte'
import { sentence } from '../../shared/errors'
import { tame } from '../../shared/text'

/** What is wrong with a query, what was expected, what was probably meant; any other error as everywhere. */
export function sentenceOf(error: ErrorView): string {
  if (error.code !== 'log_query') return sentence(error)
  const { reason_key = '', expected_key = '', meant } = error.params
  const params = Object.fromEntries(Object.entries(error.params).map(([name, value]) => [name, tame(value, 60)]))
  const said = [has(reason_key) ? t(reason_key, params) : t('logs.query.broken')]
  if (meant !== undefined) said.push(t('logs.query.meant', { meant: tame(meant, 60) }))
  else if (has(expected_key)) said.push(t('logs.query.expected', { expected: t(expected_key) }))
  return said.join(t('logs.query.join'))
}
