/** How many rows of a height stand whole in `room`; both in the same unit. */
export function wholeRows(room: number, row: number): number {
  // Half a pixel is what layout rounds away.
  return row > 0 && room > 0 ? Math.floor((room + 0.5) / row) : 0
}

/** Of a row's least height, how low a single one may be. */
const LOWEST = 0.55

/**
 * Rows for `count` items in `room`, each from `least` to `most` high: as many as stand whole, spread over the room; where there is room for
 * less than one, one that is lower.
 */
export function spread(room: number, least: number, most: number, count: number): { rows: number; height: number } {
  const rows = Math.max(1, Math.min(count, wholeRows(room, least)))
  return { rows, height: room > 0 ? Math.max(LOWEST * least, Math.min(most, room / rows)) : least }
}

/** How large type is in a row of this height, px, of which it takes one part in `parts`; `more`: what else bounds it. */
export const letters = (height: number, parts: number, ...more: string[]): string => `min(${['var(--fs-body)', ...more, `${height / parts}px`].join(', ')})`
