import { judge, worse } from '../shared/severity'
import { FakeDesk } from './fake-desk'
import { FakeLogs } from './fake-logs'
import { FakeTraces } from './fake-traces'
import { bench, boardOf, kinds, overview, shipped, states, type FakePanel, type Wave } from './fake-board'
import { topologyOf } from './fake-topology'
import { encode } from './frame'
import type { Call } from './host'
import type { Abnormal, AnnotationView, FrameHead, HealthView, KioskView, LogLineView, LogTailView, PanelFrame, PanelState, QueryFrame, SeverityView, SourceView, VariableView, Verdict, ViewSettings } from './wire'

const FAULT = { code: 'timeout' as const, params: { seconds: '10' } }

/** A number in -1..1 that depends on its seeds alone, so that the same moment always looks the same. */
function noise(a: number, b: number): number {
  let h = (Math.imul(a | 0, 374761393) + Math.imul(b | 0, 668265263)) | 0
  h = Math.imul(h ^ (h >>> 13), 1274126177)
  return ((h ^ (h >>> 16)) >>> 0) / 2147483648 - 1
}

/** Stands in for the program while the page is developed: the same frames, made-up numbers. Not part of the built page. */
export class Fake {
  private readonly window: number
  private readonly step: number
  private readonly panels: FakePanel[]
  private readonly began = Date.now()
  private sent = 0
  private settings: ViewSettings
  private cursor = 0
  private readonly desk: FakeDesk
  private readonly logs = new FakeLogs()
  private readonly traces = new FakeTraces()

  constructor(private readonly query: URLSearchParams) {
    const isBench = query.has('bench')
    this.step = isBench ? 1000 : 5000
    this.window = isBench ? 720_000 : 3_600_000
    this.panels = isBench ? bench(Number(query.get('bench')) || 24) : query.has('shipped') ? shipped() : query.has('kinds') ? kinds() : query.has('states') ? states() : overview()
    if (query.has('good')) this.panels.forEach((panel) => this.calm(panel))
    this.settings = {
      locale: query.get('locale') ?? 'zh-CN',
      theme: query.get('theme') ?? 'dark',
      time_zone: 'Asia/Shanghai',
      kiosk: query.has('kiosk'),
      type_scale: Number(query.get('scale')) || 1,
      boards: [
        { id: 'overview', title: '总览', problem: null },
        { id: 'hosts', title: '主机', problem: null },
      ],
    }
    this.desk = new FakeDesk(query, () => this.settings)
  }

  private calm(panel: FakePanel): void {
    delete panel.state
    for (const wave of Object.values(panel.waves)) delete wave.trouble
  }

  /** Answers a command as the program would. */
  async answer(command: string, args: Record<string, unknown>): Promise<unknown> {
    switch (command) {
      case 'pull':
        return this.pull(Number(args.cursor))
      case 'choose_variables':
        this.variables = this.variables.map((one) => ({ ...one, chosen: (args.values as Record<string, string[]>)[one.id] ?? one.chosen }))
        this.cursor = 0
        return null
      case 'panel_lines':
        return this.lines(args.mark !== null)
      case 'panel_range':
        return this.range(String(args.panel), Number(args.from), Number(args.to), Number(args.points))
      case 'health':
        return this.health()
      case 'editor_home':
        return { boards: [{ id: 'overview', title: '总览', own: false, panels: 30 }, { id: 'kitchen', title: '厨房', own: true, panels: 12 }], directory: '/etc/shouwang/boards', concepts: [], sources: ['local'] }
      case 'editor_open': {
        const board = boardOf(this.panels, this.window)
        const panels = this.panels.map(({ view }) => ({ ...view, thresholds: null, limit: null, text: view.text, queries: view.queries.map((q) => ({ ...q, expr: 'max by (instance) (${host_cpu_percent})', legend: null, source: null, thresholds: null })) }))
        return { board: { id: 'overview', title: '总览', window_seconds: 3600, refresh_seconds: 5, columns: board.columns, rows: board.rows, panels }, version: '', file: null }
      }
      case 'editor_draft':
        return []
      case 'editor_pull':
        return this.pull(Number(args.cursor))
      case 'set_locale':
        this.settings = { ...this.settings, locale: String(args.locale) }
        this.cursor = 0
        return null
      case 'set_theme':
        this.settings = { ...this.settings, theme: String(args.theme) }
        this.cursor = 0
        return null
      case 'open_window':
        window.location.hash = args.kind === 'wall' ? '' : String(args.kind)
        window.location.reload()
        return null
      default:
        return this.logs.answer(command, args) ?? this.traces.answer(command, args) ?? this.desk.answer(command, args) ?? null
    }
  }

  private value(wave: Wave, panel: number, series: number, at: number): number | null {
    if (wave.base === 1 && wave.swing === 0) {
      const minute = Math.floor(at / 60_000)
      return noise(minute >> 2, series + 7 * panel) > 0.93 ? 0 : 1
    }
    // A hole in one of the charts.
    if (series === 0 && panel % 7 === 3 && at % 1_900_000 < 90_000) return null
    if (wave.ends !== undefined) return this.counts(wave.ends, series, at)
    const phase = (at / 3_600_000 / (wave.period ?? 1)) * 6.28 * 1.1 + panel * 0.7 + series * 1.3
    const grown = (wave.growth ?? 0) * (1 - (Date.now() - at) / (7 * 86_400_000))
    const late = Math.max(0, 1 - (Date.now() - at) / (this.window / 4))
    return wave.base * (1 + (series - (wave.names.length - 1) / 2) * 0.13) + wave.swing * Math.sin(phase) + wave.noise * noise(Math.floor(at / this.step), series + 31 * panel) + (wave.trouble ?? 0) * late + grown
  }

  /** Requests a second that took at most so long: log-normal, slower in the last quarter of the hour. */
  private counts(ends: readonly number[], series: number, at: number): number {
    const late = Math.max(0, 1 - (Date.now() - at) / (this.window / 4))
    const median = Math.log(0.09 + 0.05 * Math.sin(at / 400_000) ** 2 + 0.3 * late)
    const part = (Math.log(ends[series] ?? Infinity) - median) / (0.7 + 0.4 * late)
    const rate = 420 * (1 + 0.1 * Math.sin(at / 900_000) + 0.05 * noise(Math.floor(at / this.step), 5))
    return rate / (1 + Math.exp(-1.7 * part))
  }

  private queryFrame(panel: FakePanel, index: number, id: string, from: number, to: number, step: number, block: number[], first: boolean): QueryFrame {
    const wave = panel.waves[id] as Wave
    const view = panel.view.queries.find((q) => q.id === id)
    const history = !['gauge', 'bar_list', 'table', 'text', 'histogram', 'bar_gauge', 'ring', 'topology', 'alert_list', 'slo'].includes(panel.view.kind)
    const times: number[] = []
    for (let at = Math.ceil(from / step) * step; at <= to; at += step) times.push(at)
    const offset = block.length
    if (history) wave.names.forEach((_, s) => times.forEach((at) => block.push(this.value(wave, index, s, at) ?? NaN)))
    const latest = block.length
    const last = Math.floor(to / this.step) * this.step
    const values = wave.names.map((_, s) => this.value(wave, index, s, last) ?? NaN)
    values.forEach((v) => block.push(v, last))
    const below = view?.thresholds?.below === true
    const reduced = below ? Math.min(...values) : Math.max(...values)
    const at = block.push(reduced, last) - 2
    const freshness = panel.state === 'stale' || panel.state === 'failed' ? 'old' : panel.state === 'unknown' ? 'unknown' : 'fresh'
    const severity = (v: number): SeverityView => judge(v, view?.thresholds ?? null)
    return {
      id,
      epoch: 1,
      series: first ? wave.names.map((name, s) => ({ name, labels: wave.labels?.[s] ?? { instance: name }, source: 'simulator', demo: panel.demo ?? true })) : null,
      start: to - panel.view.window - step,
      patch: history && times.length > 0 ? { from: times[0] as number, step, count: times.length, offset } : null,
      latest,
      marks: values.map((v) => ({ freshness, severity: severity(v) })),
      reduced: at,
      reduced_mark: { freshness, severity: severity(reduced) },
    }
  }

  /** As the program asks: about 720 points, whole hours for a calendar. */
  private stepOf(panel: FakePanel): number {
    if (panel.view.kind === 'calendar') return 3_600_000
    return Math.max(this.step, Math.ceil(panel.view.window / 720_000) * 1000)
  }

  private stateOf(panel: FakePanel): PanelState {
    switch (panel.state) {
      case 'loading':
        return { kind: 'loading' }
      case 'no_data':
        return { kind: 'no_data', reason: { code: 'unbound_concept', params: { concept: 'consultation_waiting' } } }
      case 'stale':
      case 'unknown':
        return { kind: 'stale', since: this.began - 190_000 }
      case 'failed':
      case 'failed_empty':
        return { kind: 'failed', since: this.began - 42_000, error: FAULT }
      default:
        return { kind: 'data' }
    }
  }

  private pull(cursor: number): ArrayBuffer {
    const now = Date.now()
    const full = cursor === 0 || cursor !== this.cursor
    const from = full ? now - this.window : this.sent + 1
    const block: number[] = []
    const silent = (panel: FakePanel): boolean =>
      panel.state === 'loading' || panel.state === 'no_data' || panel.state === 'failed_empty'
    const frozen = (panel: FakePanel): boolean => panel.state !== undefined
    const panels: PanelFrame[] = []
    this.panels.forEach((panel, i) => {
      if (!full && frozen(panel)) return
      const to = frozen(panel) ? this.began - 190_000 : now
      const queries = silent(panel)
        ? []
        : panel.view.queries.map((q) => this.queryFrame(panel, i, q.id, full ? to - panel.view.window : from, to, this.stepOf(panel), block, full))
      const severity = queries.reduce<SeverityView>((worst, q) => worse(worst, q.reduced_mark.severity), 'normal')
      panels.push({ id: panel.view.id, state: this.stateOf(panel), severity, demo: panel.demo ?? true, remarks: [], topology: full ? topologyOf(panel) : null, queries })
    })
    this.sent = now
    this.cursor = Math.max(1, cursor + 1)
    const head: FrameHead = {
      now,
      cursor: this.cursor,
      full,
      settings: full ? this.settings : null,
      board: full ? boardOf(this.panels, this.window) : null,
      sources: full ? this.sources(now) : null,
      verdict: this.verdict(panels, block, now, full),
      alerts: this.desk.band(),
      kiosk: full ? this.kiosk() : null,
      variables: full ? this.variables : null,
      annotations: full ? this.happened(now) : null,
      coming: null,
      panels,
    }
    return encode(head, block)
  }

  private lines(more: boolean): LogTailView {
    const now = Date.now()
    const said = ['订单 2026112100418 已创建，金额 86.50 元', 'GET /api/v1/dishes 200 41ms', '渠道 bankcard 连续失败 3 次，暂停 30 秒', '支付回调超时 order=2026112100391 channel=bankcard', '缓存命中 menu:store:118']
    const levels = ['info', 'info', 'warn', 'error', 'debug'] as const
    const lines = Array.from({ length: more ? 1 : 30 }, (_, i): LogLineView => {
      const k = Math.floor(now / 1000 - i) % said.length
      return { place: `${(now - i * 900) * 1_000_000}.${i}`, at: now - i * 900, level: levels[k] ?? null, category: 'app', service: k === 3 ? 'payment-service' : 'order-service', host: 'api-01', message: said[k] ?? '', cut: false, trace_id: '', span_id: '', cells: [] }
    })
    return { lines, mark: String(now), left_out: 0, phrases: [] }
  }

  private variables: VariableView[] = [
    { id: 'host', label: '主机', values: ['api-01', 'api-02', 'api-03', 'pg-main', 'pg-replica-2'], chosen: [], multi: true },
    { id: 'env', label: '环境', values: ['prod', 'staging'], chosen: ['prod'], multi: false },
  ]

  private happened(now: number): AnnotationView[] {
    const one = (minutes: number, kind: AnnotationView['kind'], title: string, place: string, severity: SeverityView = 'normal'): AnnotationView => ({
      id: `${kind}${minutes}`,
      kind,
      at: now - minutes * 60_000,
      until: null,
      title,
      place: [place],
      source: 'consul',
      severity,
      demo: true,
    })
    return [
      one(52, 'configuration', 'feature/new-menu', 'etcd'),
      one(31, 'deployment', 'order-service 2.4.1', 'order-service'),
      one(9, 'alert', '支付成功率低', 'payment', 'critical'),
      one(8.6, 'alert', '复制延迟', 'pg-replica-2', 'warning'),
      one(5, 'acknowledged', '支付成功率低', '王芳'),
    ]
  }

  private lastVerdict: Verdict | null = null

  private verdict(panels: PanelFrame[], block: number[], now: number, full: boolean): Verdict {
    const kept = full ? [] : (this.lastVerdict?.abnormal.filter((one) => !panels.some((p) => p.id === one.panel)) ?? [])
    const abnormal: Abnormal[] = [...kept]
    for (const frame of panels) {
      const panel = this.panels.find((one) => one.view.id === frame.id)
      if (panel === undefined || frame.state.kind !== 'data') continue
      for (const q of frame.queries) {
        const view = panel.view.queries.find((one) => one.id === q.id)
        q.marks.forEach((mark, i) => {
          if (mark.severity === 'normal' || view?.thresholds == null) return
          const { warning, critical, emergency, below } = view.thresholds
          const limit = mark.severity === 'emergency' ? emergency : mark.severity === 'critical' ? critical : warning
          abnormal.push({
            panel: frame.id,
            title: panel.view.title,
            check: view.label === panel.view.title ? null : view.label,
            series: panel.waves[q.id]?.names[i] ?? '',
            severity: mark.severity,
            value: block[q.latest + 2 * i] ?? 0,
            unit: view.unit,
            limit: limit ?? 0,
            below,
            since: this.began - 252_000,
            demo: panel.demo ?? true,
          })
        })
      }
    }
    const order: SeverityView[] = ['emergency', 'critical', 'warning']
    abnormal.sort((a, b) => order.indexOf(a.severity) - order.indexOf(b.severity))
    const count = (severity: SeverityView): number => abnormal.filter((one) => one.severity === severity).length
    const domains = new Set(abnormal.flatMap((one) => this.panels.find((p) => p.view.id === one.panel)?.view.domain ?? []))
    this.lastVerdict = {
      severity: abnormal[0]?.severity ?? 'normal',
      warning: count('warning'),
      critical: count('critical'),
      emergency: count('emergency'),
      unknown: this.panels.filter((one) => one.state !== undefined && one.state !== 'loading').length,
      domains: [...domains],
      abnormal,
      data_at: Math.floor(now / this.step) * this.step,
    }
    return this.lastVerdict
  }

  private range(id: string, from: number, to: number, points: number): ArrayBuffer {
    const index = this.panels.findIndex((one) => one.view.id === id)
    const panel = this.panels[index]
    const block: number[] = []
    const step = Math.max(100, Math.round((to - from) / points / 100) * 100)
    const queries = panel === undefined ? [] : panel.view.queries.filter((q) => q.role === 'main').map((q) => this.queryFrame(panel, index, q.id, from, to, step, block, true))
    for (const q of queries) q.start = from
    const head: FrameHead = {
      now: Date.now(),
      cursor: 0,
      full: false,
      settings: null,
      board: null,
      sources: null,
      verdict: null,
      alerts: null,
      kiosk: null,
      variables: null,
      annotations: null,
      coming: null,
      panels: [{ id, state: { kind: 'data' }, severity: 'normal', demo: true, remarks: [], topology: null, queries }],
    }
    return encode(head, block)
  }

  private sources(now: number): SourceView[] {
    const source = (name: string, kind: string, health: SourceView['health'], s: Partial<SourceView> = {}): SourceView => ({
      name,
      kind,
      address: '',
      health,
      error: null,
      warnings: [],
      version: null,
      demo: false,
      last_ok: now - 800,
      newest: now - 2000,
      latency: 4,
      skew: 12,
      bound: 31,
      ...s,
    })
    const bad = !this.query.has('good')
    return [
      source('本机', 'embedded', 'ok'),
      source('演示平台', 'simulator', 'ok', { demo: true, bound: 48 }),
      source('prom-main', 'prometheus', 'ok', { address: 'https://prometheus.example.cn:9090', version: 'Prometheus 2.42.0', latency: 23 }),
      source('vm-edge', 'prometheus', bad ? 'failed' : 'ok', {
        address: 'http://10.20.0.7:8428',
        version: 'VictoriaMetrics 1.79.5',
        ...(bad ? { error: FAULT, last_ok: now - 42_000, latency: null, skew: null } : {}),
      }),
    ]
  }

  private kiosk(): KioskView {
    const of = Number(this.query.get('rotation')) || 1
    return {
      screen: '',
      index: 0,
      of,
      mode: of > 1 ? 'rotating' : 'single',
      until: null,
      coming: null,
      why: null,
      part: { columns: 1, rows: 1, column: 0, row: 0 },
      brightness: Number(this.query.get('brightness')) || 1,
      off: this.query.has('off'),
      shift: [0, 0],
      shift_room: 0,
      locked: this.query.has('locked'),
    }
  }

  private health(): HealthView {
    const domains = ['server', 'container', 'network', 'api', 'database', 'cache', 'queue', 'user', 'order', 'payment']
    return {
      version: '0.1.0',
      config: null,
      data: '/var/lib/shouwang',
      secrets: 'vault',
      secrets_reason: null,
      sources: this.sources(Date.now()),
      concepts: domains.flatMap((domain) =>
        ['usage', 'errors', 'latency', 'saturation', 'rate'].map((what, i) => ({
          id: `${domain}_${what}`,
          title: `domain.${domain}`,
          domain,
          bound: (i + domain.length) % 7 === 0 ? {} : { 'prom-main': 'node_exporter', 演示平台: 'shouwang' },
        })),
      ) as HealthView['concepts'],
      secrets_error: null,
      targets: [],
      registries: [
        {
          name: 'etcd-生产',
          kind: 'etcd',
          address: 'https://etcd.example.com:2379',
          health: 'ok',
          error: null,
          last_ok: Date.now() - 4000,
          services: [
            { name: 'payment', instances: 3, healthy: 2 },
            { name: '<img src=x onerror=alert(1)>', instances: 1, healthy: 1 },
            { name: 'order', instances: 4, healthy: 4 },
          ],
          targets: 8,
          changes: 2,
        },
      ],
      problems: [{ file: 'boards/hosts.yaml', line: 14, key: 'unknown_concept', params: { concept: 'cpu_usge', panel: 'cpu', near: 'cpu_usage' } }],
    }
  }
}

/** The commands, answered here. `?bench=24`, `?shipped`, `?kinds`, `?states`, `?good`, `?theme=calm`, `?locale=en`, `?kiosk`, `?scale=1.4`, `?lost`,
 * and for the alert desk `?many=50000`, `?p0`, `?p0=1`, `?empty`, `?nostore`, `?away`. */
export function fakeCall(): Call {
  const query = new URLSearchParams(window.location.search)
  const fake = new Fake(query)
  const began = performance.now()
  return async (command, args = {}) => {
    if (query.has('lost') && (command === 'pull' || command === 'alerts') && performance.now() - began > 1500) await new Promise(() => undefined)
    return fake.answer(command, args)
  }
}
