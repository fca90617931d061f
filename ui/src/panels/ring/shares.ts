import type { QueryData } from '../../stores/query'

/** One part of a whole. */
export interface Part {
  key: string
  query: QueryData | null
  series: number
  value: number
  /** 0..1 of the whole. */
  share: number
  /** Place of its colour; null for what is left. */
  colour: number | null
  /** Series that it stands for. */
  count: number
}

/**
 * Parts of a whole: the greatest first, at most `most` of them, the rest joined. Colours go by the board's order, so that a channel
 * keeps its own while shares change. What is not positive is no part.
 */
export function shares(queries: readonly QueryData[], most: number): { parts: Part[]; total: number } {
  const all: Part[] = []
  let colour = 0
  for (const query of queries) {
    query.series.forEach((_, series) => {
      const value = query.latest[series] ?? NaN
      const place = colour
      colour += 1
      if (!(value > 0) || !Number.isFinite(value)) return
      all.push({ key: `${query.id}/${series}`, query, series, value, share: 0, colour: place, count: 1 })
    })
  }
  all.sort((a, b) => b.value - a.value || (a.key < b.key ? -1 : 1))
  const total = all.reduce((sum, part) => sum + part.value, 0)
  const keep = all.length <= Math.max(1, most) ? all.length : Math.max(1, most - 1)
  const parts = all.slice(0, keep)
  const rest = all.slice(keep)
  if (rest.length > 0) {
    const value = rest.reduce((sum, part) => sum + part.value, 0)
    parts.push({ key: 'rest', query: null, series: 0, value, share: 0, colour: null, count: rest.length })
  }
  for (const part of parts) part.share = part.value / total
  return { parts, total }
}

/** SVG path of a ring's piece between two shares of the whole, from the top clockwise, around (50, 50). */
export function piece(from: number, to: number, outer: number, inner: number): string {
  // A whole turn has the same begin and end: an arc could not tell it from none.
  const b = Math.min(to, from + 0.99999)
  const point = (share: number, radius: number): string => {
    const angle = (share - 0.25) * 2 * Math.PI
    return `${(50 + radius * Math.cos(angle)).toFixed(3)} ${(50 + radius * Math.sin(angle)).toFixed(3)}`
  }
  const large = b - from > 0.5 ? 1 : 0
  return `M${point(from, outer)}A${outer} ${outer} 0 ${large} 1 ${point(b, outer)}L${point(b, inner)}A${inner} ${inner} 0 ${large} 0 ${point(from, inner)}Z`
}
