import { HOSTILE } from './fake-alerts'
import type {
  ErrorView,
  TraceDiffRow,
  TraceDiffView,
  TraceFind,
  TraceFlameAsk,
  TraceFlameView,
  TraceFound,
  TraceFrameView,
  TraceGraphAsk,
  TraceGraphView,
  TraceHead,
  TraceItem,
  TraceListView,
  TraceOpen,
  TraceRow,
  TraceRowsAsk,
  TraceRowsView,
  TraceSearch,
  TraceSpanView,
  TraceStatisticsAsk,
  TraceStatisticsView,
} from './wire'

const MS = 1e6
const SERVICES = ['gateway', 'order', 'payment']
/** The made-up traces; the last has 64 bits only. */
export const TRACES = ['5b8aa5a2d2c872e8321cf37308d69df2', '0af7651916cd43dd8448eb211c80319c', '0000000000000000a1b2c3d4e5f60718']
/** A span that failed, and one that refers to another trace. */
const FAILED = [3, 7]
const LINKED = 2
const ERROR = 1
const ROWS = 12

/** Made-up traces while the page is developed: three of them, and a graph of their services. */
export class FakeTraces {
  /** The last questions, for tests. */
  readonly asked: { command: string; ask: unknown }[] = []
  /** Whether hosts' clocks disagree in the traces. */
  skewed = true
  /** Levels of the flame graph. */
  depth = 3

  private item(n: number): TraceItem {
    return {
      id: TRACES[n] ?? '',
      service: 'gateway',
      operation: n === 1 ? `POST ${HOSTILE}` : 'POST /api/orders',
      at: Date.now() - (n + 1) * 60_000,
      duration: (n + 1) * 300 * MS,
      spans: ROWS,
      errors: n === 0 ? FAILED.length : 0,
      orphans: 0,
      shares: SERVICES.map((name) => ({ name, spans: 4, errors: 0 })),
      services: SERVICES.length,
    }
  }

  private list(ask: TraceSearch): TraceListView {
    const failed = ask.tags.includes('error=true')
    return { source: ask.source ?? 'jaeger', demo: true, traces: TRACES.map((_, n) => this.item(n)).filter((one) => !failed || one.errors > 0), capped: ask.limit <= 20, warnings: [], took: 12 }
  }

  private head(ask: TraceOpen): TraceHead {
    const n = TRACES.findIndex((id) => id === ask.id || id.endsWith(ask.id.padStart(16, '0')))
    if (n < 0) throw { code: 'unknown_trace', params: { id: ask.id } } satisfies ErrorView
    const item = this.item(n)
    return {
      key: `${item.id}/${ask.adjusted}`,
      id: item.id,
      source: ask.source ?? 'jaeger',
      demo: true,
      service: item.service,
      operation: item.operation,
      at: item.at,
      duration: item.duration,
      spans: ROWS,
      errors: item.errors,
      depth: 4,
      roots: 1,
      services: SERVICES.map((name, i) => ({ name, spans: 4, errors: i === 2 ? 1 : 0, self_time: (i + 1) * 40 * MS })),
      notes: [],
      adjusted: ask.adjusted,
      skewed: this.skewed,
      rows: ROWS,
      critical: [100 * MS, 50 * MS, 150 * MS],
      minimap: [],
      bytes: 12_345,
      took: [3, 1],
    }
  }

  private row(n: number): TraceRow {
    return { row: n, depth: Math.min(n, 3), children: n < 3 ? 1 : 0, below: ROWS - n - 1, folded: false, errors_below: 0, service: n % 3, operation: n === 4 ? HOSTILE : `step ${n}`, kind: 'server', start: n * 10 * MS, duration: 200 * MS, self_time: 20 * MS, critical: [], marks: FAILED.includes(n) ? ERROR : 0 }
  }

  private rows(ask: TraceRowsAsk): TraceRowsView {
    const count = Math.max(0, Math.min(ask.count, ROWS - ask.first))
    return { first: ask.first, total: ROWS, revision: 1, at: ask.fold?.fold === 'reveal' ? ask.fold.row : null, rows: Array.from({ length: count }, (_, i) => this.row(ask.first + i)) }
  }

  private span(key: string, n: number): TraceSpanView {
    const tag = (name: string, value: string) => ({ key: name, value, kind: 'string', cut: false })
    const at = Date.now()
    return {
      row: this.row(n),
      id: (n + 1).toString(16).padStart(16, '0'),
      parent: n === 0 ? null : n.toString(16).padStart(16, '0'),
      path: [],
      path_cut: 0,
      at,
      shift: 0,
      tags: [tag('http.status_code', '200'), tag('note', HOSTILE)],
      process: [tag('host.name', 'sw-app-01')],
      events: n === 3 ? [{ at: 31 * MS, name: 'exception', fields: [tag('exception.message', '支付渠道没有应答')] }] : [],
      left_out: 0,
      links: n === LINKED && key.startsWith(TRACES[0] ?? '') ? [{ trace: TRACES[1] ?? '', span: '0000000000000001', row: null }] : [],
      notes: [],
      warnings: [],
    }
  }

  private find(ask: TraceFind): TraceFound {
    const hits = Array.from({ length: ROWS }, (_, n) => n).filter((n) => (ask.errors ? FAILED.includes(n) : this.row(n).operation.includes(ask.text)))
    const from = ask.from ?? -1
    const next = ask.back ? (hits.findLast((n) => n < from) ?? hits.at(-1)) : (hits.find((n) => n > from) ?? hits[0])
    return { total: hits.length, nth: next === undefined ? 0 : hits.indexOf(next) + 1, row: next ?? null, rows: hits }
  }

  private flame(ask: TraceFlameAsk): TraceFlameView {
    const frame = (n: number, x: number, width: number): TraceFrameView => ({ frame: n, frames: 1, depth: n, x, width, service: n % 3, operation: `step ${n}`, spans: 4, errors: 0, total: 100 * MS, self_time: 20 * MS, longest: n })
    const focus = ask.focus === null ? null : { row: ask.focus, service: 0, operation: `step ${ask.focus}` }
    return { frames: [frame(0, 0, 1), frame(1, 0, 0.6), frame(2, 0, 0.3)], depth: this.depth, drawn: Math.min(this.depth, 200), total: 400 * MS, path: focus === null ? [] : [focus] }
  }

  private statistics(ask: TraceStatisticsAsk): TraceStatisticsView {
    const names = ask.by === 'tag' ? ['200', '500'] : ask.by === 'operation' ? ['step 0', 'step 1', 'step 2', 'step 3'] : SERVICES
    const group = (name: string, i: number) => ({ service: ask.by === 'tag' ? null : i % 3, name, without: false, spans: 4, errors: i, total: 100 * MS, self_time: 50 * MS, average: 25 * MS, p50: 20 * MS, p95: 90 * MS, max: 95 * MS, share: 0.3, longest: 1 })
    return { groups: names.map(group), total: names.length, tags: ['http.status_code', 'channel'] }
  }

  private compare(): TraceDiffView {
    const row = (operation: string, change: TraceDiffRow['change']): TraceDiffRow => ({ depth: 0, service: 'order', operation, change, below: false, spans: [1, 1], errors: [0, 0], total: [40 * MS, 90 * MS], self_time: [1, 1], critical: [0, 10 * MS], longest: [0, 0] })
    return { traces: [this.item(1), this.item(0)], rows: [row('POST /pay', 'slower'), row('SELECT', 'same'), row('GET /stock', 'added')], total: 3, counts: [1, 0, 1, 0, 0, 1] }
  }

  private graph(ask: TraceGraphAsk): TraceGraphView {
    const node = (name: string, x: number) => ({ name, x, y: 40, width: 90, height: 32, calls: 10, hidden: 0, own: false, inferred: false, members: 1 })
    const notes = ask.sampled ? [] : [{ key: 'traces.graph.note.some_services', params: { count: { kind: 'number' as const, value: 24 }, all: { kind: 'number' as const, value: 1238 } } }]
    return {
      source: ask.source ?? 'jaeger',
      demo: true,
      sampled: ask.sampled,
      traces: 60,
      width: 400,
      height: 80,
      nodes: [node('gateway', 60), node(HOSTILE, 220), node('payment', 360)],
      edges: [
        { from: 0, to: 1, calls: 120, errors: 0, p50: 20 * MS, p95: 80 * MS, measured: 40, queue: false, circle: false, points: [[105, 40], [175, 40]], operations: ['POST /api/orders'] },
        { from: 1, to: 2, calls: 60, errors: 0.25, p50: 30 * MS, p95: 900 * MS, measured: 20, queue: true, circle: false, points: [[265, 40], [315, 40]], operations: ['POST /pay', `GET ${HOSTILE}`] },
      ],
      services: ['gateway', HOSTILE, 'payment'],
      all_edges: 2,
      focus: ask.focus,
      notes,
      from: Date.now() - ask.lookback,
      to: Date.now(),
    }
  }

  /** Answers a command as the program would; undefined: it is about something else. */
  answer(command: string, args: Record<string, unknown>): unknown {
    if (!command.startsWith('trace_')) return undefined
    this.asked.push({ command, ask: args.ask ?? args })
    const ask = <T>(): T => args.ask as T
    switch (command) {
      case 'trace_sources':
        return [{ name: 'jaeger', kind: 'jaeger', address: '', demo: true, ok: true, error: null, api: 'v3', last_ok: Date.now(), latency: 4 }]
      case 'trace_names':
        return { source: 'jaeger', names: args.service == null ? SERVICES : ['POST /api/orders', 'POST /pay'], more: false }
      case 'trace_search':
        return this.list(ask())
      case 'trace_open':
        return this.head(ask())
      case 'trace_rows':
        return this.rows(ask())
      case 'trace_span':
        return this.span(String(args.key), Number(args.row))
      case 'trace_find':
        return this.find(ask())
      case 'trace_flame':
        return this.flame(ask())
      case 'trace_statistics':
        return this.statistics(ask())
      case 'trace_compare':
        return this.compare()
      case 'trace_graph':
        return this.graph(ask())
      default:
        return undefined
    }
  }
}
