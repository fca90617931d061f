import type { TraceGraphView } from '../../api/wire'
import type { Camera } from './camera'

/** A graph with more services than this is painted as a whole and not made of elements. */
export const MANY = 150
/** Names that are written at once. */
const NAMES = 140

/** A name and where its middle stands, in pixels of the box. */
export interface Label {
  node: number
  x: number
  y: number
}

/** Where a point of the drawing is seen. */
export const seen = (camera: Camera, x: number, y: number): [number, number] => [camera.x + x * camera.k, camera.y + y * camera.k]

/** The node at a place of the box; small ones are met within `slack` pixels. */
export function nodeAt(graph: TraceGraphView, camera: Camera, px: number, py: number, slack = 4): number | null {
  const [x, y] = [(px - camera.x) / camera.k, (py - camera.y) / camera.k]
  const over = slack / camera.k
  let best: number | null = null
  let nearest = Infinity
  graph.nodes.forEach((node, n) => {
    const dx = Math.max(0, Math.abs(x - node.x) - node.width / 2)
    const dy = Math.max(0, Math.abs(y - node.y) - node.height / 2)
    const far = Math.hypot(dx, dy)
    if (far <= over && far < nearest) {
      nearest = far
      best = n
    }
  })
  return best
}

/** The nodes in the order in which their names matter: first those that are looked for, then by how much they are called. */
export function byWeight(graph: TraceGraphView, first: ReadonlySet<number>): number[] {
  const order = graph.nodes.map((_, n) => n)
  const calls = (n: number): number => graph.nodes[n]?.calls ?? 0
  return order.sort((a, b) => Number(first.has(b)) - Number(first.has(a)) || calls(b) - calls(a) || a - b)
}

/**
 * The names that find room: each takes its place if nothing was written there before, the weightiest first. Closer in there are fewer nodes
 * in sight, so more of them have their name. `wide` tells how many pixels a name takes.
 */
export function labels(graph: TraceGraphView, order: readonly number[], camera: Camera, width: number, height: number, size: number, wide: (n: number) => number): Label[] {
  const out: Label[] = []
  const taken: [number, number, number, number][] = []
  for (const n of order) {
    if (out.length >= NAMES) break
    const node = graph.nodes[n]
    if (node === undefined) continue
    const [x, y] = seen(camera, node.x, node.y)
    if (x < 0 || y < 0 || x > width || y > height) continue
    const half = wide(n) / 2 + 3
    // A name that is larger than its node stands below it.
    const inside = node.height * camera.k >= size * 1.2 && node.width * camera.k >= half * 2
    const at = inside ? y : y + (node.height * camera.k) / 2 + size * 0.75
    const box: [number, number, number, number] = [x - half, at - size * 0.65, x + half, at + size * 0.65]
    if (taken.some((t) => box[0] < t[2] && box[2] > t[0] && box[1] < t[3] && box[3] > t[1])) continue
    taken.push(box)
    out.push({ node: n, x, y: at })
  }
  return out
}

/** A node's neighbours and the calls between. */
export function around(graph: TraceGraphView, node: number): { nodes: Set<number>; edges: number[] } {
  const nodes = new Set([node])
  const edges: number[] = []
  graph.edges.forEach((edge, i) => {
    if (edge.from !== node && edge.to !== node) return
    edges.push(i)
    nodes.add(edge.from)
    nodes.add(edge.to)
  })
  return { nodes, edges }
}
