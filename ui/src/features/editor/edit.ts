/** A place on the grid, in cells. */
export interface Area {
  x: number
  y: number
  w: number
  h: number
}

/** Limits as a board's file writes them. */
export interface Limits {
  warning?: number | undefined
  critical?: number | undefined
  emergency?: number | undefined
  direction?: string | undefined
}

/** A query, as far as the editor knows it; other fields go through untouched. */
export interface EditQuery {
  id: string
  expr: string
  label: string | null
  legend: string | null
  role: string
  unit: string | null
  thresholds: Limits | null
  reduce: string
  source: string | null
  [other: string]: unknown
}

/** A panel, as far as the editor knows it. */
export interface EditPanel {
  id: string
  kind: string
  title: string
  subtitle: string | null
  at: Area
  domain: string | null
  unit: string
  thresholds: Limits | null
  min: number | null
  max: number | null
  limit: number | null
  text: string | null
  queries: EditQuery[]
  [other: string]: unknown
}

/** A board (`model::board::Board` as JSON). Never changed in place: every edit makes a new one. */
export interface EditBoard {
  id: string
  title: string
  window_seconds: number
  refresh_seconds: number
  columns: number
  rows: number
  panels: EditPanel[]
  [other: string]: unknown
}

/** Rows and columns of a board at most. */
export const MOST_CELLS = 96
/** Panels of a board at most. */
export const MOST_PANELS = 200

/** Names of units, domains, roles and reductions as the model writes them. */
export const UNITS = ['count', 'percent', 'ratio', 'seconds', 'milliseconds', 'bytes', 'bytes_per_second', 'bits_per_second', 'per_second', 'per_minute', 'yuan', 'yuan_per_minute', 'celsius', 'score', 'up_down'] as const
export const ROLES = ['main', 'note', 'check'] as const
export const REDUCES = ['worst', 'sum', 'mean', 'min', 'max', 'count'] as const

/** Kinds without queries of their own. */
export const QUIET_KINDS: readonly string[] = ['text', 'alert_list', 'log_stream']

const overlap = (a: Area, b: Area): boolean => a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h

/** An area that lies on a board: whole cells, at least one, not beyond the right edge. */
export function onBoard(board: EditBoard, at: Area): Area {
  const whole = (n: number): number => (Number.isFinite(n) ? Math.round(n) : 0)
  const w = Math.min(Math.max(1, whole(at.w)), board.columns)
  const h = Math.min(Math.max(1, whole(at.h)), MOST_CELLS)
  const x = Math.min(Math.max(0, whole(at.x)), board.columns - w)
  const y = Math.min(Math.max(0, whole(at.y)), MOST_CELLS - h)
  return { x, y, w, h }
}

/**
 * The board with a panel at another place. What it would cover moves down, and what that covers; the board grows for it. Where no
 * row is left the board stays as it is.
 */
export function placed(board: EditBoard, id: string, to: Area): EditBoard {
  const at = onBoard(board, to)
  const done: { id: string; at: Area }[] = [{ id, at }]
  const others = board.panels.filter((panel) => panel.id !== id).sort((a, b) => a.at.y - b.at.y || a.at.x - b.at.x)
  for (const panel of others) {
    let own = panel.at
    for (let under = done.find((one) => overlap(one.at, own)); under !== undefined; under = done.find((one) => overlap(one.at, own))) {
      own = { ...own, y: under.at.y + under.at.h }
    }
    done.push({ id: panel.id, at: own })
  }
  const rows = Math.max(board.rows, ...done.map((one) => one.at.y + one.at.h))
  if (rows > MOST_CELLS) return board
  const where = new Map(done.map((one) => [one.id, one.at]))
  const same = (a: Area, b: Area): boolean => a.x === b.x && a.y === b.y && a.w === b.w && a.h === b.h
  const panels = board.panels.map((panel) => {
    const next = where.get(panel.id) ?? panel.at
    return same(next, panel.at) ? panel : { ...panel, at: next }
  })
  if (rows === board.rows && panels.every((panel, i) => panel === board.panels[i])) return board
  return { ...board, rows, panels }
}

/** The first free place of this size, row by row; below everything where there is none. */
export function freePlace(board: EditBoard, w: number, h: number): Area {
  const size = onBoard(board, { x: 0, y: 0, w, h })
  const bottom = Math.max(0, ...board.panels.map((panel) => panel.at.y + panel.at.h))
  for (let y = 0; y + size.h <= board.rows; y += 1) {
    for (let x = 0; x + size.w <= board.columns; x += 1) {
      const at = { ...size, x, y }
      if (!board.panels.some((panel) => overlap(panel.at, at))) return at
    }
  }
  return { ...size, x: 0, y: Math.min(bottom, MOST_CELLS - size.h) }
}

/** An id that no panel of the board has. */
export function newId(board: EditBoard, base: string): string {
  const ids = new Set(board.panels.map((panel) => panel.id))
  const stem = base.replace(/_\d+$/, '')
  if (!ids.has(stem)) return stem
  let number = 2
  while (ids.has(`${stem}_${number}`)) number += 1
  return `${stem}_${number}`
}

/** A query that asks nothing yet. */
export function newQuery(panel: { queries: EditQuery[] }, expr = ''): EditQuery {
  const ids = new Set(panel.queries.map((query) => query.id))
  let id = 'a'
  for (let i = 0; ids.has(id); i += 1) id = i < 26 ? String.fromCharCode(97 + i) : `q${i}`
  return { id, expr, label: null, legend: null, role: 'main', unit: null, thresholds: null, reduce: 'worst', source: null }
}

/** What a kind needs to be one, when a panel becomes of it. */
export function forKind(panel: EditPanel, kind: string): Partial<EditPanel> {
  const to: Partial<EditPanel> = { kind }
  if (kind === 'slo' && panel.slo == null) to.slo = { objective: 99.9, days: 30 }
  if (kind === 'forecast' && panel.forecast == null) to.forecast = { method: 'same_time', ahead_seconds: 86_400, season_seconds: 86_400 }
  if (kind === 'text' && panel.text === null) to.text = panel.title
  return to
}

/** The board with a new panel on it, and its id. Without room for it the board stays as it is. */
export function added(board: EditBoard, kind: string, title: string): { board: EditBoard; id: string | null } {
  if (board.panels.length >= MOST_PANELS) return { board, id: null }
  const id = newId(board, kind)
  const at = freePlace(board, Math.max(2, Math.round(board.columns / 4)), Math.max(2, Math.round(board.rows / 4)))
  const panel: EditPanel = { id, kind, title, subtitle: null, at, domain: null, unit: 'count', thresholds: null, min: null, max: null, limit: null, abnormal_only: false, text: kind === 'text' ? title : null, queries: [] }
  Object.assign(panel, forKind(panel, kind))
  if (!QUIET_KINDS.includes(kind)) panel.queries = [newQuery(panel)]
  return { board: placed({ ...board, panels: [...board.panels, panel] }, id, at), id }
}

/** The board with a copy of a panel, and the copy's id. */
export function duplicated(board: EditBoard, id: string): { board: EditBoard; id: string | null } {
  const panel = board.panels.find((one) => one.id === id)
  if (panel === undefined || board.panels.length >= MOST_PANELS) return { board, id: null }
  const copy = { ...panel, id: newId(board, panel.id), at: freePlace(board, panel.at.w, panel.at.h) }
  return { board: placed({ ...board, panels: [...board.panels, copy] }, copy.id, copy.at), id: copy.id }
}

/** The board without a panel. */
export function removed(board: EditBoard, id: string): EditBoard {
  const panels = board.panels.filter((panel) => panel.id !== id)
  return panels.length === board.panels.length ? board : { ...board, panels }
}

/** The board with some fields of a panel changed. */
export function changed(board: EditBoard, id: string, to: Partial<EditPanel>): EditBoard {
  return { ...board, panels: board.panels.map((panel) => (panel.id === id ? { ...panel, ...to } : panel)) }
}

/** The panel's queries with some fields of one changed. */
export function queryChanged(queries: EditQuery[], id: string, to: Partial<EditQuery>): EditQuery[] {
  return queries.map((query) => (query.id === id ? { ...query, ...to } : query))
}

/** Limits with one changed; none at all is null, because `{}` switches a concept's limits off. */
export function limitChanged(limits: Limits | null, to: Partial<Limits>): Limits | null {
  const next: Limits = { ...limits, ...to }
  for (const key of ['warning', 'critical', 'emergency'] as const) if (next[key] == null || !Number.isFinite(next[key])) delete next[key]
  return next.warning === undefined && next.critical === undefined && next.emergency === undefined ? null : next
}

/** What of a board its data depends on: everything but the places. */
export function substance(board: EditBoard): string {
  return JSON.stringify({ ...board, rows: 0, panels: board.panels.map((panel) => ({ ...panel, at: null })) })
}

/** An empty board. */
export function emptyBoard(id: string, title: string): EditBoard {
  return { id, title, window_seconds: 3600, refresh_seconds: 5, columns: 24, rows: 20, panels: [] }
}

/** Edits that can be taken back. */
const DEPTH = 200

/** A board with what it was before. Edits of the same thing one after another (letters of a title) are one step. */
export class History {
  private past: EditBoard[] = []
  private future: EditBoard[] = []
  private last: string | null = null

  constructor(public now: EditBoard) {}

  /** Takes an edit over; `what` names the thing that is being edited, null for an edit of its own. */
  edit(next: EditBoard, what: string | null = null): boolean {
    if (next === this.now) return false
    if (what === null || what !== this.last || this.past.length === 0) {
      this.past.push(this.now)
      if (this.past.length > DEPTH) this.past.shift()
    }
    this.last = what
    this.future = []
    this.now = next
    return true
  }

  /** The next edit is a step of its own, also when it is of the same thing. */
  settle(): void {
    this.last = null
  }

  undo(): boolean {
    const before = this.past.pop()
    if (before === undefined) return false
    this.future.push(this.now)
    this.now = before
    this.last = null
    return true
  }

  redo(): boolean {
    const after = this.future.pop()
    if (after === undefined) return false
    this.past.push(this.now)
    this.now = after
    this.last = null
    return true
  }

  get canUndo(): boolean {
    return this.past.length > 0
  }

  get canRedo(): boolean {
    return this.future.length > 0
  }
}
