import type { LogLineView } from '../../api/wire'
import type { Wanted } from '../../stores/places.svelte'

/** Lines that are held at most; beyond that those far from the eye are let go and can be asked for again. */
export const HELD = 4000
/** Lines of one question. */
export const PAGE = 300
/** When fewer lines than this remain beyond an edge, more are asked for. */
export const NEAR = 80

/** A stretch of lines without a hole, the newest first. */
export interface Stretch {
  lines: LogLineView[]
  /** Whether there are later lines that are not held. */
  newer: boolean
  /** Whether there are earlier ones. */
  older: boolean
}

export const EMPTY: Stretch = { lines: [], newer: false, older: false }

/** The stretch with a page of earlier lines; lines at the other end are let go when it has become too long. */
export function withOlder(stretch: Stretch, page: readonly LogLineView[], more: boolean): Stretch & { droppedNewer: number } {
  const all = [...stretch.lines, ...page]
  const dropped = Math.max(0, all.length - HELD)
  return { lines: all.slice(dropped), newer: stretch.newer || dropped > 0, older: more, droppedNewer: dropped }
}

/** The stretch with a page of later lines. */
export function withNewer(stretch: Stretch, page: readonly LogLineView[], more: boolean): Stretch {
  const all = [...page, ...stretch.lines]
  return { lines: all.slice(0, HELD), newer: more, older: stretch.older || all.length > HELD }
}

/** The order of places: by time, then by number. They are too large for numbers. */
export function earlier(a: string, b: string): boolean {
  const [at, aseq] = halves(a)
  const [bt, bseq] = halves(b)
  return at === bt ? aseq < bseq : at < bt
}

function halves(place: string): [bigint, bigint] {
  const dot = place.indexOf('.')
  try {
    return [BigInt(place.slice(0, dot)), BigInt(place.slice(dot + 1))]
  } catch {
    // Not a place of ours: it comes first.
    return [0n, 0n]
  }
}

/**
 * What is shown while lines arrive: those that came go to their place among the others, since one may be late by its own clock.
 * No line twice, and never more than `most`.
 */
export function arrived(lines: readonly LogLineView[], fresh: readonly LogLineView[], most: number): LogLineView[] {
  const newest = lines[0]
  const last = fresh.at(-1)
  // The usual case: all of them are later than everything there is.
  if (newest === undefined || (last !== undefined && earlier(newest.place, last.place))) return [...fresh, ...lines].slice(0, most)
  const out: LogLineView[] = []
  let i = 0
  let j = 0
  while (out.length < most && (i < fresh.length || j < lines.length)) {
    const a = fresh[i]
    const b = lines[j]
    if (a === undefined && b !== undefined) {
      out.push(b)
      j += 1
    } else if (a !== undefined && (b === undefined || earlier(b.place, a.place))) {
      out.push(a)
      i += 1
    } else if (a !== undefined && b !== undefined && a.place === b.place) i += 1
    else if (b !== undefined) {
      out.push(b)
      j += 1
    }
  }
  return out
}

/** The trace of a line, for 链路. Some writers have only the lower half of its id; then where and when it was helps to find it. */
export function traceOf(line: LogLineView): Wanted['traces'] {
  const span = line.span_id === '' ? {} : { span: line.span_id }
  return { trace: line.trace_id, ...span, near: { service: line.service, at: line.at } }
}
