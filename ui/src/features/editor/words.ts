import type { EditorProblem, EditorReason } from '../../api/wire'
import { t } from '../../i18n/index.svelte'
import { tame } from '../../shared/text'

/** A sentence's values, bounded. */
function tamed(params: Record<string, string | undefined>): Record<string, string> {
  return Object.fromEntries(Object.entries(params).map(([name, value]) => [name, tame(value ?? '', 240)]))
}

/** What is wrong, as a sentence. */
export const problemText = (problem: EditorProblem): string => t(`problem.${problem.key}`, tamed(problem.params))

/** What is wrong at a field; null when nothing is. `panel` null: the board. */
export function problemOf(problems: EditorProblem[], panel: string | null, query: string | null, field: string): string | null {
  const found = problems.find((one) => one.field === field && (one.panel ?? null) === panel && (query === null || one.query === query))
  return found === undefined ? null : problemText(found)
}

/** Why a dashboard, or a part of it, was not taken. */
export const reasonText = (group: 'loss' | 'refused', reason: EditorReason): string => t(`grafana.${group}.${reason.code}`, tamed(reason.params))
