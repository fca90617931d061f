import type { Zone } from '../../shared/time'

/** How far back, and its locale key. */
export const BACKS: readonly (readonly [number, string])[] = [
  [5 * 60_000, 'logs.range.m5'],
  [15 * 60_000, 'logs.range.m15'],
  [60 * 60_000, 'logs.range.h1'],
  [6 * 3_600_000, 'logs.range.h6'],
  [24 * 3_600_000, 'logs.range.d1'],
  [7 * 86_400_000, 'logs.range.d7'],
  [30 * 86_400_000, 'logs.range.d30'],
]

/** A stretch of time that lines are looked for in: up to now, or fixed. */
export type Range = { back: number } | { from: number; to: number }

/** Hosts' clocks are so much ahead now and then, ms. */
const AHEAD = 5_000

/** The range in ms since the epoch; what ends now has a little more, because hosts' clocks are ahead now and then. */
export function bounds(range: Range, now: number): { from: number; to: number } {
  return 'back' in range ? { from: now - range.back, to: now + AHEAD } : range
}

/** The wider range around the same middle, at most 90 days; one that ends now goes further back. */
export function wider(range: Range, now: number): Range {
  const MOST = 90 * 86_400_000
  if ('back' in range) return { back: BACKS.find(([back]) => back > range.back)?.[0] ?? Math.min(MOST, range.back * 2) }
  const length = Math.min(MOST, (range.to - range.from) * 2)
  const middle = (range.from + range.to) / 2
  return { from: Math.round(middle - length / 2), to: Math.min(Math.round(middle + length / 2), Math.max(now, range.to)) }
}

/** `2026-11-21T12:08:41` in the zone, as a field for times wants it. */
export const written = (at: number, zone: Zone): string => `${zone.date(at)}T${zone.seconds(at)}`

/** A field's text as a time in the zone; NaN for what is none. */
export function read(text: string, zone: Zone): number {
  const found = /^(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2})(?::(\d{2}))?/.exec(text.trim())
  if (found === null) return NaN
  return zone.instant(found[1] ?? '', found[2] ?? '') + Number(found[3] ?? 0) * 1000
}
