import type { TraceItem } from '../../api/wire'

/** A trace as a point. All in CSS pixels. */
export interface Dot {
  id: string
  x: number
  y: number
  r: number
  failed: boolean
}

/** Where everything stands. */
export interface Plot {
  dots: Dot[]
  left: number
  from: number
  to: number
  x: (at: number) => number
  /** Lengths of time, ns, and their height. */
  levels: [number, number][]
}

const DECADE = Math.LN10

/**
 * Lays traces out by their begin and, logarithmically, their duration: a slow one is ten or a thousand times slower than the others, and
 * on a straight scale those would lie on one line.
 */
export function layScatter(items: readonly TraceItem[], width: number, height: number, u: number): Plot {
  const left = 64 * u
  const [top, foot, right] = [14 * u, 24 * u, 14 * u]
  let [from, to, least, most] = [Infinity, -Infinity, Infinity, 1]
  for (const one of items) {
    from = Math.min(from, one.at)
    to = Math.max(to, one.at)
    least = Math.min(least, Math.max(1000, one.duration))
    most = Math.max(most, one.duration)
  }
  if (!Number.isFinite(from)) [from, to, least, most] = [0, 1, 1e6, 1e9]
  if (to - from < 1000) [from, to] = [from - 500, to + 500]
  const low = Math.floor(Math.log(least) / DECADE)
  const high = Math.max(low + 1, Math.ceil(Math.log(Math.max(most, least)) / DECADE - 1e-9))
  const x = (at: number): number => left + ((at - from) / (to - from)) * Math.max(1, width - left - right)
  const y = (duration: number): number => {
    const level = (Math.log(Math.max(10 ** low, duration)) / DECADE - low) / (high - low)
    return height - foot - Math.min(1, Math.max(0, level)) * Math.max(1, height - foot - top)
  }
  const levels: [number, number][] = []
  for (let n = low; n <= high; n += 1) levels.push([10 ** n, y(10 ** n)])
  const dots = items.map((one) => ({ id: one.id, x: x(one.at), y: y(one.duration), r: u * Math.min(9, 3 + Math.log10(1 + one.spans) * 1.6), failed: one.errors > 0 }))
  // Failed ones are drawn last: what is looked for must not lie under the others.
  dots.sort((a, b) => Number(a.failed) - Number(b.failed))
  return { dots, left, from, to, x, levels }
}

/** The point under the pointer, the uppermost of several that are as near. */
export function nearest(dots: readonly Dot[], x: number, y: number, within: number): Dot | null {
  let best: Dot | null = null
  let least = within
  for (const dot of dots) {
    const distance = Math.hypot(dot.x - x, dot.y - y) - dot.r * 0.5
    if (distance <= least) {
      least = distance
      best = dot
    }
  }
  return best
}
