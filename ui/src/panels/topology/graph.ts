import type { Mark, SeverityView, TopologyEdge, TopologyNode, TopologyView } from '../../api/wire'
import { rank, worse } from '../../shared/severity'
import type { QueryData } from '../../stores/query'

/** A value that is said of a node or an edge. */
export interface Said {
  query: QueryData
  value: number
  at: number
  mark: Mark
}

/** What the series of a node or an edge say now, in the board's order; and how bad the worst of it is. */
export function said(queries: readonly QueryData[], series: readonly (readonly [number, number])[]): { all: Said[]; severity: SeverityView } {
  const all: Said[] = []
  let severity: SeverityView = 'normal'
  for (const [q, s] of series) {
    const query = queries[q]
    const value = query?.latest[s] ?? NaN
    const mark = query?.marks[s]
    if (query === undefined || mark === undefined || Number.isNaN(value)) continue
    all.push({ query, value, at: query.latestAt[s] ?? NaN, mark })
    severity = worse(severity, mark.severity)
  }
  return { all, severity }
}

/** The value that is written: what is worst, else what the board names first. */
export function foremost(all: readonly Said[]): Said | null {
  return all.reduce<Said | null>((best, one) => (best === null || rank(one.mark.severity) > rank(best.mark.severity) ? one : best), null)
}

/** How the drawing's own units become pixels: each direction by itself, so that a drawing fills its panel without being torn. */
export interface Fit {
  sx: number
  sy: number
  /** Left and upper edge. */
  left: number
  top: number
}

/** Greatest distortion of one direction against the other. */
const TEAR = 1.9

/** The drawing within `width` × `height` pixels; one unit is at most `most` pixels. */
export function fit(view: TopologyView, width: number, height: number, most: number): Fit {
  const w = Math.max(1, view.width)
  const h = Math.max(1, view.height)
  let sx = Math.min(width / w, most * 1.5)
  let sy = Math.min(height / h, most * 1.5)
  sx = Math.min(sx, sy * TEAR)
  sy = Math.min(sy, sx * TEAR)
  return { sx, sy, left: (width - w * sx) / 2, top: (height - h * sy) / 2 }
}

/** Where a node's box stands, pixels. */
export function box(node: TopologyNode, view: TopologyView, at: Fit): { x: number; y: number; w: number; h: number } {
  return { x: at.left + node.x * at.sx, y: at.top + node.y * at.sy, w: node.width * at.sx, h: view.node * at.sy }
}

/** An edge as a smooth line through its points, and the place of its words. */
export function path(edge: TopologyEdge, at: Fit): { d: string; x: number; y: number; angle: number } {
  const points = edge.points.map(([x, y]): [number, number] => [at.left + x * at.sx, at.top + y * at.sy])
  const [first] = points
  if (first === undefined) return { d: '', x: 0, y: 0, angle: 0 }
  let d = `M${first[0].toFixed(1)} ${first[1].toFixed(1)}`
  for (let i = 1; i < points.length; i += 1) {
    const [ax, ay] = points[i - 1] as [number, number]
    const [bx, by] = points[i] as [number, number]
    const half = (bx - ax) / 2
    d += `C${(ax + half).toFixed(1)} ${ay.toFixed(1)} ${(bx - half).toFixed(1)} ${by.toFixed(1)} ${bx.toFixed(1)} ${by.toFixed(1)}`
  }
  // The words stand over the longest piece, where they hide least.
  let best = 1
  const length = (i: number): number => {
    const [a, b] = [points[i - 1], points[i]]
    return a === undefined || b === undefined ? -1 : Math.hypot(b[0] - a[0], b[1] - a[1])
  }
  for (let i = 2; i < points.length; i += 1) if (length(i) > length(best)) best = i
  const [ax, ay] = points[best - 1] ?? first
  const [bx, by] = points[best] ?? first
  const [px, py] = points[points.length - 2] ?? first
  const [ex, ey] = points[points.length - 1] ?? first
  // Curves arrive level unless a piece is all but upright.
  const angle = Math.abs(ex - px) < 2 ? Math.atan2(ey - py, ex - px) : ex >= px ? 0 : Math.PI
  return { d, x: (ax + bx) / 2, y: (ay + by) / 2, angle }
}

/** Width of a line for a rate, in units: tenfold traffic is one more. */
export function weight(value: number): number {
  if (!(value > 0)) return 1
  return Math.max(1, Math.min(5, 1.6 + Math.log10(value) * 0.8))
}
