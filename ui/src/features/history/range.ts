import type { HistoryQuery, LevelView } from '../../api/wire'
import { TEXT_LIMIT } from '../alerts/question'

const DAY = 86_400_000
/** Lengths of time to look back. */
export const RANGES: readonly (readonly [string, number])[] = [
  ['desk.history.day', DAY],
  ['desk.history.week', 7 * DAY],
  ['desk.history.month', 30 * DAY],
  ['desk.history.quarter', 90 * DAY],
]

/** Rows of one page. */
export const PAGE = 100

/** What a person chooses on the history's page. */
export interface Wish {
  back: number
  text: string
  person: string | null
  levels: LevelView[]
  /** A moment that somebody asked about, ms; instead of `back`. */
  at: number | null
}

/** Around a moment: what fired this long before it and after it, ms. An alert that explains a line of log began before it. */
export const AROUND = { before: 2 * 3_600_000, after: 600_000 }

/** The question to the host; `before` is where the last page ended. What begins within the next minute is still of the past. */
export function historyQuery(wish: Wish, now: number, before: [number, number] | null): HistoryQuery {
  const [from, to] = wish.at === null ? [now - wish.back, now + 60_000] : [wish.at - AROUND.before, wish.at + AROUND.after]
  return { from, to, text: wish.text.slice(0, TEXT_LIMIT), person: wish.person, levels: wish.levels, before, limit: PAGE }
}
