/** How many entries one question asks for. */
export const WINDOW = 200
/** Entries painted beyond both edges of what is seen. */
const OVER = 6
/** When fewer loaded entries than this remain beyond an edge, the next window is asked for. */
const MARGIN = 40

/** A thumb that has not flown for so long rests, ms. */
export const REST = 80
/** While it flies, the list is looked at this often all the same, ms. */
const GLANCE = 1_000

/**
 * Whether the thumb flies: more than a screen in one frame. What it passes is not worth asking for, only where it comes to rest;
 * `since` is the time since something was asked for, ms.
 */
export const isFlight = (moved: number, height: number, since: number): boolean => Math.abs(moved) > height && since < GLANCE

/** First and last entry (inclusive) that are painted; last < first when there is none. */
export interface Span {
  first: number
  last: number
}

/** Which entries are seen, with some beyond both edges. All in CSS pixels. */
export function painted(top: number, height: number, row: number, total: number): Span {
  if (!(row > 0) || total <= 0) return { first: 0, last: -1 }
  const first = Math.max(0, Math.floor(top / row) - OVER)
  const last = Math.min(total - 1, Math.ceil((top + height) / row) + OVER)
  return { first: Math.min(first, total - 1), last }
}

/** The offset of the window around what is seen. */
export function windowAround(span: Span, total: number, size = WINDOW): number {
  const middle = Math.floor((span.first + span.last) / 2)
  return Math.max(0, Math.min(middle - (size >> 1), Math.max(0, total - size)))
}

/** Whether what is loaded (`count` entries from `offset` on) comes near to its end on a side where there is more. */
export function needsMore(span: Span, offset: number, count: number, total: number): boolean {
  if (span.last < span.first) return false
  const before = offset > 0 && span.first < offset + MARGIN
  const after = offset + count < total && span.last > offset + count - MARGIN
  return before || after
}

/** The scroll position that makes an entry seen, or null when it is seen already. */
export function reveal(index: number, top: number, height: number, row: number): number | null {
  const begin = index * row
  if (begin < top) return begin
  if (begin + row > top + height) return begin + row - height
  return null
}

/** Which of the pool's elements shows an entry: neighbours never share one, so an element is only ever rewritten off screen. */
export const slotOf = (index: number, pool: number): number => index % Math.max(1, pool)

/** The entry that an element shows when the first of those painted is `first`: the one of its slot among the `pool` entries from there on. */
export function indexOf(slot: number, first: number, pool: number): number {
  const from = Math.max(0, first)
  return from + ((((slot - from) % pool) + pool) % pool)
}
