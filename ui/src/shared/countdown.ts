import type { AlertRow, LevelView } from '../api/wire'
import { age, stopwatch } from './format'

const DAY = 86_400_000

/** A length of time beside a row: counted to the second below a day, in words above it. */
export const lasting = (ms: number, locale: string): string => (ms < DAY ? stopwatch(ms) : age(ms, locale))

/** What is left to a limit, or how long it is past. */
export interface Countdown {
  over: boolean
  text: string
  /** Less than a fifth of the time, or two minutes, are left. */
  soon: boolean
}

/** Counts down to a limit; the second in which it falls due is still in time. */
export function countdown(by: number, now: number, locale: string): Countdown {
  const left = by - now
  // Rounded up, so that 00:00 is shown when nothing is left and not a second before.
  const text = left >= 0 ? lasting(Math.ceil(left / 1000) * 1000, locale) : lasting(-left, locale)
  return { over: left < 0, text, soon: left >= 0 && left <= 120_000 }
}

/** Since when, or how long, an alert holds. */
export const lasted = (row: AlertRow, now: number): number => (row.resolved_at ?? now) - row.starts_at

const RANK: Record<LevelView, number> = { p0: 0, p1: 1, p2: 2, p3: 3 }

/** All levels, most urgent first. */
export const LEVELS: readonly LevelView[] = ['p0', 'p1', 'p2', 'p3']

/** 0 for the most urgent. */
export const levelRank = (level: LevelView): number => RANK[level]

/** `P0` to `P3`, as it is written. */
export const levelName = (level: LevelView): string => level.toUpperCase()
