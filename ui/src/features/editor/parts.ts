import { changed, type EditBoard, type EditPanel } from './edit'

/** Something that can be chosen for the board (`model::board::Variable`). */
export interface EditVariable {
  id: string
  label: string | null
  query: string | null
  values: string[]
  multi: boolean
  default: string[]
  [other: string]: unknown
}

/** A question whose values are times (`model::board::Mark`). */
export interface EditMark {
  id: string
  kind: string
  expr: string
  legend: string | null
  [other: string]: unknown
}

/** A way from a panel to where more is known (`model::board::Link`). */
export interface EditLink {
  to: string
  target: string
  variables: Record<string, string>
  [other: string]: unknown
}

/** An objective, a look ahead, the labels of edges (`model::board::{Slo, Forecast, Ends}`). */
export interface EditSlo {
  objective: number
  days: number
}
export interface EditForecast {
  method: string
  ahead_seconds: number
  season_seconds: number
}
export interface EditEnds {
  from: string
  to: string
}

/** Names as the model writes them. */
export const HAPPENED = ['deployment', 'configuration', 'maintenance', 'note', 'alert', 'acknowledged'] as const
export const METHODS = ['same_time', 'linear', 'holt_winters'] as const
export const LINKS = ['board', 'logs', 'traces'] as const
export const LANGS = ['promql', 'influxql', 'flux', 'sql'] as const

export const variablesOf = (board: EditBoard): EditVariable[] => (board.variables ?? []) as EditVariable[]
export const marksOf = (board: EditBoard): EditMark[] => (board.marks ?? []) as EditMark[]
export const linksOf = (panel: EditPanel): EditLink[] => (panel.links ?? []) as EditLink[]

/** The list with some fields of one part changed. */
export const partChanged = <T>(all: readonly T[], at: number, to: Partial<T>): T[] => all.map((one, i) => (i === at ? { ...one, ...to } : one))

/** The list without one part. */
export const partRemoved = <T>(all: readonly T[], at: number): T[] => all.filter((_, i) => i !== at)

/** An id that none of `taken` is: `stem`, `stem_2`, …. */
export function freeName(taken: readonly { id: string }[], stem: string): string {
  const ids = new Set(taken.map((one) => one.id))
  let id = stem
  for (let i = 2; ids.has(id); i += 1) id = `${stem}_${i}`
  return id
}

/** The board with a variable that asks nothing yet. */
export function variableAdded(board: EditBoard): EditBoard {
  const all = variablesOf(board)
  return { ...board, variables: [...all, { id: freeName(all, 'host'), label: null, query: '', values: [], multi: true, default: [] }] }
}

/** The board with a mark that asks nothing yet. */
export function markAdded(board: EditBoard): EditBoard {
  const all = marksOf(board)
  return { ...board, marks: [...all, { id: freeName(all, 'started'), kind: 'deployment', expr: '', legend: null }] }
}

/**
 * The board with a variable under another id, also where it is used: in questions, marks and titles. A name that is taken, or none, is
 * only written down: it is said at its field, and nothing else may come to mean another variable.
 */
export function variableRenamed(board: EditBoard, at: number, to: string): EditBoard {
  const all = variablesOf(board)
  const from = all[at]?.id
  if (from === undefined || from === to) return board
  const variables = partChanged(all, at, { id: to })
  const free = /^[a-z_][a-z0-9_]*$/i.test(to) && !all.some((one) => one.id === to)
  if (!free || from === '' || all.filter((one) => one.id === from).length > 1) return { ...board, variables }
  const used = new RegExp(`\\$${from.replace(/[^a-z0-9_]/gi, (c) => `\\${c}`)}(?![A-Za-z0-9_])`, 'g')
  const put = (text: string): string => text.replace(used, () => `$${to}`)
  const panels = board.panels.map((panel) => ({ ...panel, title: put(panel.title), queries: panel.queries.map((query) => ({ ...query, expr: put(query.expr) })) }))
  return { ...board, variables, panels, marks: marksOf(board).map((mark) => ({ ...mark, expr: put(mark.expr) })) }
}

/** The board with a panel under another id. One that is taken or empty changes nothing: panels are told apart by it. */
export function panelRenamed(board: EditBoard, id: string, to: string): EditBoard {
  if (to === '' || board.panels.some((panel) => panel.id === to)) return board
  return changed(board, id, { id: to })
}

/** Texts of a list written with commas; empty parts are none. */
export const listed = (text: string): string[] =>
  text
    .split(/[,，]/)
    .map((one) => one.trim())
    .filter((one) => one !== '')

/** What a link gives to a board's variables, as it is written in one line: `host=$instance, os=linux`. */
export const givenText = (variables: Record<string, string>): string => Object.entries(variables).map(([id, value]) => `${id}=${value}`).join(', ')

/** The same, read; a part without `=` gives everything. */
export function given(text: string): Record<string, string> {
  const out: Record<string, string> = {}
  for (const part of listed(text)) {
    const at = part.indexOf('=')
    const id = (at < 0 ? part : part.slice(0, at)).trim()
    if (id !== '') out[id] = at < 0 ? '' : part.slice(at + 1).trim()
  }
  return out
}

/** A whole number of a field, not below `least`; null when the field is empty or says no number. */
export function wholeNumber(text: string, least: number): number | null {
  if (text.trim() === '') return null
  const value = Math.round(Number(text))
  return Number.isFinite(value) ? Math.min(4_294_967_295, Math.max(least, value)) : null
}
