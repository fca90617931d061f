import type { FakePanel } from './fake-board'
import type { TopologyView } from './wire'

const WIDTH = 130
const HEIGHT = 46

/** Layers by the longest way from a node that nobody calls; enough for the made-up graph, which has no rings. */
export function topologyOf(panel: FakePanel): TopologyView | null {
  if (panel.view.kind !== 'topology') return null
  const ends = panel.view.queries.map((query) => panel.waves[query.id]?.labels ?? [])
  const calls = ends[0] ?? []
  const names = [...new Set(calls.flatMap((one) => [one.client ?? '', one.server ?? '']))].sort()
  const layer = new Map(names.map((name) => [name, 0]))
  for (let round = 0; round < names.length; round += 1) {
    for (const { client = '', server = '' } of calls) layer.set(server, Math.max(layer.get(server) ?? 0, (layer.get(client) ?? 0) + 1))
  }
  const used = new Map<number, number>()
  const most = Math.max(...names.map((name) => names.filter((other) => layer.get(other) === layer.get(name)).length))
  const nodes = names.map((name) => {
    const column = layer.get(name) ?? 0
    const row = used.get(column) ?? 0
    used.set(column, row + 1)
    const own = names.filter((other) => layer.get(other) === column).length
    return { name, x: column * (WIDTH + 90), y: (row + (most - own) / 2) * (HEIGHT + 18), width: WIDTH, series: [] }
  })
  const index = (name: string | undefined): number => names.indexOf(name ?? '')
  const edges = calls.map((one, i) => {
    const from = nodes[index(one.client)]
    const to = nodes[index(one.server)]
    const points: [number, number][] = [
      [(from?.x ?? 0) + WIDTH, (from?.y ?? 0) + HEIGHT / 2],
      [to?.x ?? 0, (to?.y ?? 0) + HEIGHT / 2],
    ]
    return { from: index(one.client), to: index(one.server), points, backward: false, series: ends.map((_, q): [number, number] => [q, i]) }
  })
  const width = Math.max(...nodes.map((node) => node.x)) + WIDTH
  return { width, height: most * (HEIGHT + 18) - 18, node: HEIGHT, nodes, edges, hidden: 0 }
}
