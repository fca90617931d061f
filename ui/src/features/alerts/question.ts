import type { AlertGrouping, AlertOrder, AlertQuery, AlertTab, LevelView } from '../../api/wire'
import { levelRank } from '../../shared/countdown'

/** What of a query a person chooses; window and cursor come from the list. */
export interface Question {
  tab: AlertTab
  text: string
  levels: LevelView[]
  group: AlertGrouping
  order: AlertOrder
  unfolded: string[]
}

/** What the host reads of a search at most. */
export const TEXT_LIMIT = 1000

/** Tabs in their order. */
export const TABS: readonly AlertTab[] = ['open', 'unacked', 'mine', 'suppressed', 'resolved']
/** Groupings in their order; G goes round. */
export const GROUPINGS: readonly AlertGrouping[] = ['none', 'rule', 'level', 'source', 'service']
/** Orders in their order. */
export const ORDERS: readonly AlertOrder[] = ['urgency', 'newest', 'oldest', 'title']

/** The desk as it opens: all that is open, most urgent first. */
export const opening = (): Question => ({ tab: 'open', text: '', levels: [], group: 'none', order: 'urgency', unfolded: [] })

/** The question with its window, as it is sent. */
export function queryOf(question: Question, offset: number, limit: number, cursor: number): AlertQuery {
  return { ...question, text: question.text.slice(0, TEXT_LIMIT), offset, limit, cursor }
}

/** Two questions with the same text have the same answer: only then the cursor may be sent along. */
export const sameness = (question: Question): string =>
  JSON.stringify([question.tab, question.text, question.levels, question.group, question.order, question.unfolded])

/** One condition of a search for a label; the value is quoted where it would fall apart. */
export function term(name: string, value: string): string {
  const plain = value !== '' && /^[^\s"\\]+$/.test(value)
  return `${name}=${plain ? value : `"${value.replace(/["\\]/g, (c) => `\\${c}`)}"`}`
}

/** The search with one more condition, once. */
export function withTerm(text: string, added: string): string {
  const now = text.trim()
  if (now === '') return added
  return ` ${now} `.includes(` ${added} `) ? now : `${now} ${added}`
}

/** A level in or out of the filter; all four are the same as none. */
export function toggled(levels: readonly LevelView[], level: LevelView): LevelView[] {
  const next = levels.includes(level) ? levels.filter((one) => one !== level) : [...levels, level]
  next.sort((a, b) => levelRank(a) - levelRank(b))
  return next.length === 4 ? [] : next
}

/** The next grouping; going round. */
export const nextGrouping = (group: AlertGrouping): AlertGrouping =>
  GROUPINGS[(GROUPINGS.indexOf(group) + 1) % GROUPINGS.length] as AlertGrouping

/** Whether something narrows the list beyond its tab. */
export const isNarrowed = (question: Question): boolean => question.text.trim() !== '' || question.levels.length > 0
