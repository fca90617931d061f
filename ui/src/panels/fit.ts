/** How many rows of a height stand whole in `room`; both in the same unit. */
export function wholeRows(room: number, row: number): number {
  // Half a pixel is what layout rounds away.
  return row > 0 && room > 0 ? Math.floor((room + 0.5) / row) : 0
}

/**
 * Rows for `count` items in `room`, each from `least` to `most` high: as many as stand whole, at least one, spread over the room.
 */
export function spread(room: number, least: number, most: number, count: number): { rows: number; height: number } {
  const rows = Math.max(1, Math.min(count, wholeRows(room, least)))
  return { rows, height: Math.max(least, Math.min(most, room / rows)) }
}

/** How large type is in a row of this height, px, of which it takes one part in `parts`; `more`: what else bounds it. */
export const letters = (height: number, parts: number, ...more: string[]): string => `min(${['var(--fs-body)', ...more, `${height / parts}px`].join(', ')})`
