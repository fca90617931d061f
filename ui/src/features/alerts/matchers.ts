import type { LabelView, MatcherView } from '../../api/wire'

/** The operators of a condition, as PromQL writes them. */
export const OPERATORS = ['=', '!=', '=~', '!~'] as const
/** One of them. */
export type Operator = (typeof OPERATORS)[number]

/** Which operator a condition has. */
export const operatorOf = (m: MatcherView): Operator => (m.is_equal ? (m.is_regex ? '=~' : '=') : m.is_regex ? '!~' : '!=')

/** The condition with another operator. */
export const withOperator = (m: MatcherView, op: string): MatcherView => ({ ...m, is_equal: op === '=' || op === '=~', is_regex: op === '=~' || op === '!~' })

/** `name = value`. */
export const equal = (name: string, value: string): MatcherView => ({ name, value, is_regex: false, is_equal: true })

/** As PromQL writes it, for people. */
export const written = (m: MatcherView): string => `${m.name}${operatorOf(m)}${m.value}`

/** Labels that tell one replica of a thing from another: a silence over them ends when the thing is started anew. */
const FLEETING = new Set(['pod', 'pod_ip', 'container_id', 'uid', 'endpoint', 'replica', 'prometheus', 'prometheus_replica', 'receive', 'severity', 'priority'])

/** Which labels a silence over an alert takes to begin with: the rule and where it is, but nothing that changes by itself. */
export const startLabels = (labels: readonly LabelView[]): string[] => labels.filter((l) => !FLEETING.has(l.name) && l.value !== '' && l.value.length <= 200).map((l) => l.name)

/** Conditions that hold for an alert, to begin with. */
export function startMatchers(labels: readonly LabelView[]): MatcherView[] {
  const names = new Set(startLabels(labels))
  return labels.filter((l) => names.has(l.name)).map((l) => equal(l.name, l.value))
}

/** Conditions without the lines that are still empty. */
export const complete = (all: readonly MatcherView[]): MatcherView[] => all.map((m) => ({ ...m, name: m.name.trim() })).filter((m) => m.name !== '')

/** Whether they may be sent: at least one must not match what has no labels at all. */
export const isNarrow = (all: readonly MatcherView[]): boolean => complete(all).some((m) => (m.is_equal ? m.value !== '' && m.value !== '.*' : m.value === ''))
