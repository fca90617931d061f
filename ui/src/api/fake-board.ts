import { parse } from 'yaml'
import file from '../../../boards/overview.yaml?raw'
import type { BoardView, PanelView, QueryView, ThresholdsView } from './wire'

/** How the made-up values of a query run. */
export interface Wave {
  base: number
  swing: number
  noise: number
  /** Added over the last quarter of the window. */
  trouble?: number
  names: string[]
  /** Fraction of an hour that one swing takes. */
  period?: number
  /** Upper ends of a histogram's buckets, one a name: the values are counts at or below them. */
  ends?: number[]
  /** Labels of each series. */
  labels?: Record<string, string>[]
  /** Grows by so much over the window. */
  growth?: number
}

/** A panel with the waves of its queries, and the state it pretends to be in. */
export interface FakePanel {
  view: PanelView
  waves: Record<string, Wave>
  state?: 'loading' | 'no_data' | 'stale' | 'unknown' | 'failed' | 'failed_empty'
  demo?: boolean
}

const limits = (warning: number, critical: number, emergency: number | null = null, below = false): ThresholdsView => ({
  warning,
  critical,
  emergency,
  below,
})

interface Spec {
  unit?: string
  sub?: string
  limits?: ThresholdsView
  notes?: [string, string, Wave][]
  checks?: [string, string, Wave, ThresholdsView][]
  more?: [string, Wave, ThresholdsView?][]
  state?: FakePanel['state']
  domain?: string
  limit?: number
  abnormal?: boolean
  text?: string
  demo?: boolean
  min?: number
  max?: number
  view?: Partial<PanelView>
}

const HOUR = 3_600_000

function panel(id: string, kind: string, title: string, at: [number, number, number, number], wave: Wave | null, s: Spec = {}): FakePanel {
  const query = (qid: string, role: string, label: string | null, unit: string, thresholds: ThresholdsView | null): QueryView => ({
    id: qid,
    role,
    label,
    unit,
    reduce: 'worst',
    thresholds,
  })
  const unit = s.unit ?? 'count'
  const queries: QueryView[] = []
  const waves: Record<string, Wave> = {}
  if (wave !== null) {
    queries.push(query('a', 'main', s.more === undefined ? null : title, unit, s.limits ?? null))
    waves.a = wave
  }
  ;(s.more ?? []).forEach(([label, w, l], i) => {
    queries.push(query(`m${i}`, 'main', label, unit, l ?? s.limits ?? null))
    waves[`m${i}`] = w
  })
  ;(s.notes ?? []).forEach(([label, u, w], i) => {
    queries.push(query(`n${i}`, 'note', label, u, null))
    waves[`n${i}`] = w
  })
  ;(s.checks ?? []).forEach(([label, u, w, l], i) => {
    queries.push(query(`c${i}`, 'check', label, u, l))
    waves[`c${i}`] = w
  })
  const [x, y, w, h] = at
  return {
    view: {
      id,
      kind,
      title,
      subtitle: s.sub ?? null,
      at: { x, y, w, h },
      domain: s.domain ?? null,
      unit,
      thresholds: s.limits ?? null,
      min: s.min ?? null,
      max: s.max ?? null,
      limit: s.limit ?? 8,
      abnormal_only: s.abnormal ?? false,
      text: s.text ?? null,
      window: HOUR,
      slo: null,
      forecast: null,
      filter: null,
      links: [],
      queries,
      ...s.view,
    },
    waves,
    ...(s.state === undefined ? {} : { state: s.state }),
    demo: s.demo ?? true,
  }
}

const one = (base: number, swing: number, noise: number, trouble?: number): Wave => ({
  base,
  swing,
  noise,
  names: [''],
  ...(trouble === undefined ? {} : { trouble }),
})
const many = (names: string[], base: number, swing: number, noise: number): Wave => ({ base, swing, noise, names })

/** A board like 总览, with something of everything. */
export function overview(): FakePanel[] {
  const tile = (i: number, domain: string, unit: string, wave: Wave, s: Spec = {}): FakePanel =>
    panel(`tile_${domain}`, 'tile', `domain.${domain}`, [i * 2, 0, 2, 3], wave, { unit, domain, demo: i > 0, ...s })
  return [
    tile(0, 'server', 'percent', one(38, 8, 3), { limits: limits(80, 90) }),
    tile(1, 'container', 'count', one(118, 0, 0)),
    tile(2, 'network', 'percent', one(21, 5, 2)),
    tile(3, 'api', 'seconds', one(0.31, 0.06, 0.03), { limits: limits(1, 2) }),
    tile(4, 'database', 'percent', one(58, 4, 1), {
      checks: [['复制延迟', 'seconds', one(2, 0.2, 0.1, 4.4), limits(5, 30)]],
    }),
    tile(5, 'cache', 'percent', one(98.7, 0.6, 0.2), { limits: limits(90, 80, null, true) }),
    tile(6, 'queue', 'count', one(7000, 400, 200, 5600), { limits: limits(10_000, 20_000) }),
    tile(7, 'user', 'count', one(8412, 700, 40)),
    tile(8, 'order', 'per_minute', one(1204, 160, 25)),
    tile(9, 'payment', 'percent', one(99.1, 0.2, 0.1, -7), { limits: limits(97, 95, 80, true) }),
    tile(10, 'recommendation', 'seconds', one(0.42, 0.05, 0.02), { state: 'stale' }),
    tile(11, 'consultation', 'count', one(37, 6, 2), { state: 'no_data' }),
    panel('orders', 'stat', '下单', [0, 3, 6, 4], one(1204, 160, 25), {
      unit: 'per_minute',
      sub: '全部门店',
      notes: [
        ['取消', 'percent', one(0.12, 0.03, 0.02)],
        ['客单价', 'yuan', one(46.2, 2, 0.4)],
      ],
    }),
    panel('payments', 'stat', '支付成功率', [0, 7, 6, 4], one(99, 0.2, 0.2, -7), {
      unit: 'percent',
      sub: '微信 · 支付宝 · 银行卡',
      limits: limits(97, 95, 80, true),
      notes: [
        ['超时', 'percent', one(3.4, 0.3, 0.2)],
        ['金额', 'yuan_per_minute', one(86_200, 9000, 900)],
      ],
    }),
    panel('ai', 'stat', 'AI 推荐延迟', [0, 11, 6, 3], one(0.42, 0.05, 0.03), { unit: 'seconds', sub: 'P90', limits: limits(1, 3) }),
    panel('consult', 'stat', '咨询首次响应', [0, 14, 6, 3], one(48, 8, 4), { unit: 'seconds', state: 'unknown', limits: limits(60, 120) }),
    panel('mood', 'stat', '用户评分', [0, 17, 6, 3], one(4.8, 0.05, 0.02), { unit: 'score', state: 'failed' }),
    panel('latency', 'timeseries', 'API 延迟 P90', [6, 3, 6, 5], many(['/order', '/menu', '/pay/callback', '/advice'], 0.3, 0.05, 0.05), {
      unit: 'seconds',
      limits: limits(0.5, 2),
    }),
    panel('rate', 'timeseries', '请求速率', [12, 3, 6, 5], many(['200', '304', '404', '500'], 420, 60, 30), { unit: 'per_second' }),
    panel('lag', 'timeseries', '复制延迟', [6, 8, 6, 5], one(2, 0.4, 0.2, 4.4), { unit: 'seconds', limits: limits(5, 30), sub: 'pg-replica-2' }),
    panel('bytes', 'timeseries', '网络流量', [12, 8, 6, 4], many(['eth0'], 2.4e6, 8e5, 4e5), {
      unit: 'bytes_per_second',
      more: [['发送', many(['eth0'], 1.1e6, 3e5, 2e5)]],
      demo: false,
    }),
    panel('services', 'state_timeline', '服务状态', [6, 13, 6, 7], many(['gateway', 'order', 'payment', 'advice', 'consult'], 1, 0, 0), {
      unit: 'up_down',
      sub: '最近一小时',
    }),
    panel('hosts', 'table', '主机', [12, 12, 6, 5], many(['api-01', 'api-02', 'api-03', 'pg-main', 'pg-replica-2', 'order-mq'], 40, 12, 6), {
      unit: 'percent',
      limits: limits(60, 90),
      more: [
        ['内存', many(['api-01', 'api-02', 'api-03', 'pg-main', 'pg-replica-2', 'order-mq'], 62, 4, 2), limits(80, 90)],
        ['磁盘', many(['api-01', 'api-02', 'api-03', 'pg-main', 'pg-replica-2'], 71, 8, 1), limits(80, 90)],
      ],
    }),
    panel('saturation', 'bar_list', '资源饱和', [18, 3, 6, 5], many(['api-03 内存', 'pg-main 磁盘', 'order-mq 积压', 'core-sw-1 出口带宽', 'api-01 CPU', 'api-02 CPU', 'cache-01'], 70, 20, 1), {
      unit: 'percent',
      limits: limits(80, 90),
      abnormal: true,
      sub: '由重到轻，只列出离开正常带的',
    }),
    panel('slow', 'bar_list', '慢查询', [18, 8, 6, 4], many(['SELECT orders', 'UPDATE stock', 'SELECT advice', 'INSERT audit'], 7, 4, 0.5), {
      unit: 'per_minute',
    }),
    panel('cpu', 'gauge', '集群 CPU', [18, 12, 3, 4], one(46, 8, 3), { unit: 'percent', limits: limits(70, 85, 95) }),
    panel('pool', 'gauge', '连接池', [21, 12, 3, 4], one(88, 3, 1), { unit: 'percent', limits: limits(70, 85, 95) }),
    panel('pods', 'timeseries', '容器重启', [12, 17, 6, 3], one(0, 0, 0), { state: 'failed_empty' }),
    panel('wait', 'timeseries', '网络设备丢包', [18, 16, 3, 4], one(0, 0, 0), { state: 'loading' }),
    panel('note', 'text', '值班须知', [21, 16, 3, 4], null, { text: '支付失败先看渠道，再看网关。\n\n数据库切换前先停写。', demo: false }),
  ]
}

const BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, Infinity]
const latency = (): Wave => ({ base: 400, swing: 0, noise: 0, names: BUCKETS.map(String), ends: BUCKETS, labels: BUCKETS.map((le) => ({ le: le === Infinity ? '+Inf' : String(le) })) })
const CHANNELS = ['微信支付', '支付宝', '银行卡', '储值卡', '云闪付', '现金', '礼品卡']
const CALLS: [string, string][] = [
  ['gateway', 'menu-service'],
  ['gateway', 'user-service'],
  ['gateway', 'order-service'],
  ['gateway', 'payment-service'],
  ['gateway', 'recommendation'],
  ['gateway', 'consultation'],
  ['order-service', 'payment-service'],
  ['order-service', 'postgresql'],
  ['order-service', 'rabbitmq'],
  ['menu-service', 'redis'],
  ['menu-service', 'postgresql'],
  ['user-service', 'postgresql'],
  ['payment-service', 'alipay'],
  ['payment-service', 'wechat-pay'],
  ['rabbitmq', 'notification-worker'],
]
const DAY = 24 * HOUR

/** A board with the kinds that say how values are spread, shared, connected and expected; small ones among the large. */
export function kinds(): FakePanel[] {
  const calls: Wave = { base: 120, swing: 20, noise: 6, names: CALLS.map((ends) => ends.join(' → ')), labels: CALLS.map(([client, server]) => ({ client, server })) }
  const failed: Wave = { ...calls, base: 0.4, swing: 0.1, noise: 0.1 }
  const slo = { objective: 99.9, days: 30, burns: [{ id: 'fast', long: '1h', short: '5m', rate: 14.4, page: true }, { id: 'medium', long: '6h', short: '30m', rate: 6, page: true }, { id: 'slow', long: '3d', short: '6h', rate: 1, page: false }] }
  const hosts = ['api-01', 'api-02', 'api-03', 'pg-main', 'pg-replica-2', 'order-mq', 'cache-01', 'core-sw-1']
  const objective = (id: string, at: [number, number, number, number], names: string[]): FakePanel => {
    const bad = (base: number): Wave => ({ base, swing: base / 10, noise: base / 20, names })
    const made = panel(id, 'slo', names.length > 1 ? '各服务目标' : '下单成功率目标', at, null, { unit: 'ratio', view: { slo } })
    const add = (qid: string, role: string, wave: Wave, thresholds: ThresholdsView | null): void => {
      made.view.queries.push({ id: qid, role, label: null, unit: 'ratio', reduce: 'worst', thresholds })
      made.waves[qid] = wave
    }
    add('budget', 'main', bad(0.00034), limits(1, 0.001))
    add('1h', 'main', bad(0.0163), null)
    add('6h', 'main', bad(0.0031), null)
    add('3d', 'main', bad(0.0006), null)
    add('fast', 'check', bad(0.0163), { warning: null, critical: 0.0144, emergency: null, below: false })
    add('medium', 'check', { ...bad(0), names: [] }, null)
    add('slow', 'check', { ...bad(0), names: [] }, null)
    return made
  }
  return [
    panel('topology', 'topology', '服务拓扑', [0, 0, 12, 9], calls, { unit: 'per_second', more: [['失败', failed, limits(0.55, 0.8)]], sub: '请求速率与失败' }),
    panel('heat', 'heatmap', 'API 延迟分布', [12, 0, 8, 6], latency(), { unit: 'seconds', limits: limits(0.5, 2), sub: '各区间请求速率' }),
    panel('heat_hosts', 'heatmap', '主机 CPU', [12, 6, 8, 5], many(hosts, 55, 20, 8), { unit: 'percent', limits: limits(80, 90) }),
    panel('spread', 'histogram', '请求耗时', [20, 0, 4, 6], latency(), { unit: 'seconds', limits: limits(0.5, 2) }),
    panel('spread_hosts', 'histogram', '主机负载分布', [20, 6, 4, 5], many(hosts, 55, 20, 8), { unit: 'percent', limits: limits(60, 80) }),
    panel('channels', 'ring', '支付渠道', [0, 9, 5, 5], many(CHANNELS, 2000, 300, 40), { unit: 'yuan_per_minute' }),
    panel('gauges', 'bar_gauge', '连接池', [5, 9, 4, 5], many(['pg-main', 'pg-replica-2', 'order-mq', 'cache-01'], 72, 9, 2), { unit: 'percent', limits: limits(70, 85, 95) }),
    panel('alerts', 'alert_list', '未关闭告警', [9, 9, 3, 9], null, { demo: false, limit: 12 }),
    panel('spark', 'spark_table', '主机', [12, 11, 8, 6], many(hosts, 45, 12, 6), {
      unit: 'percent',
      limits: limits(60, 90),
      more: [['内存', many(hosts, 62, 4, 2), limits(80, 90)], ['出口', many(hosts, 2.4e6, 8e5, 4e5)]],
    }),
    objective('slo', [20, 11, 4, 5], ['']),
    objective('slos', [0, 14, 5, 4], ['gateway', 'order-service', 'payment-service', 'menu-service']),
    panel('hours', 'calendar', '每小时下单', [5, 14, 4, 7], { ...one(1200, 500, 60), period: 24 }, { unit: 'count', view: { window: 14 * DAY } }),
    panel('weeks', 'calendar', '每日失败率', [20, 16, 4, 5], { ...one(2, 0.8, 0.7), period: 24 }, { unit: 'percent', limits: limits(3, 4), view: { window: 150 * DAY } }),
    panel('full', 'forecast', '磁盘容量', [12, 17, 8, 4], { ...many(['pg-main /data', 'api-01 /'], 66, 1, 0.6), growth: 14 }, { unit: 'percent', max: 100, limits: limits(80, 90), view: { window: 7 * DAY, forecast: { method: 'linear', ahead: 14 * DAY, season: DAY } } }),
    panel('usual', 'forecast', '在线用户', [9, 18, 3, 3], { ...one(8400, 3000, 200), period: 24 }, { unit: 'count', view: { window: 7 * DAY, forecast: { method: 'same_time', ahead: DAY / 2, season: DAY } } }),
    panel('lines', 'log_stream', '支付与订单日志', [0, 21, 12, 4], null, { demo: true }),
    panel('line', 'timeseries', '支付成功率', [12, 21, 12, 4], one(99, 0.2, 0.2, -7), { unit: 'percent', limits: limits(97, 95, 80, true) }),
    panel('s_ring', 'ring', '渠道', [0, 18, 2, 3], many(CHANNELS, 2000, 300, 40), { unit: 'count', state: 'stale' }),
    panel('s_heat', 'heatmap', '延迟', [2, 18, 3, 3], latency(), { unit: 'seconds', state: 'failed' }),
  ]
}

/** Every state of every kind that draws by itself. */
export function states(): FakePanel[] {
  const all = kinds().filter((one) => one.view.queries.length > 0)
  const looks: FakePanel['state'][] = ['loading', 'no_data', 'stale', 'unknown', 'failed', 'failed_empty']
  const once = [...new Map(all.map((one) => [one.view.kind, one])).values()]
  return once.flatMap((one, row) =>
    looks.map((state, column): FakePanel => {
      const view = { ...one.view, id: `${one.view.kind}_${state}`, at: { x: column * 3, y: row * 3, w: 3, h: 3 } }
      return { ...one, view, ...(state === undefined ? {} : { state }) }
    }),
  )
}

interface FileQuery {
  id: string
  role?: string
  label?: string
  unit?: string
}
interface FilePanel {
  id: string
  kind: string
  title: string
  subtitle?: string
  domain?: string
  at: { x: number; y: number; w: number; h: number }
  unit?: string
  min?: number
  max?: number
  limit?: number
  abnormal_only?: boolean
  queries?: FileQuery[]
}

const SIZES: Record<string, [number, number]> = { percent: [70, 25], ratio: [0.5, 0.2], seconds: [0.26, 0.1], score: [4.46, 0.2], up_down: [1, 0] }
const NAMES = ['https://admin.restaurant.example', 'order.created', '/api/v1/dishes/{id}', 'bankcard', '223.5.5.5', 'payment.callback']

/** The board that is shipped, with its places and titles; the numbers are made up. */
export function shipped(): FakePanel[] {
  const board = parse(file) as { panels: FilePanel[] }
  return board.panels.map((one, i) => {
    const limited = one.unit === 'percent' ? limits(80, 90, 95) : one.unit === 'seconds' ? limits(2, 5) : null
    const single = ['tile', 'stat', 'gauge'].includes(one.kind)
    const waves: Record<string, Wave> = {}
    const queries = (one.queries ?? []).map((q): QueryView => {
      const unit = q.unit ?? one.unit ?? 'count'
      const [base, swing] = SIZES[unit] ?? [4622, 300]
      const hot = i % 17 === 0 && q.id === 'a' ? base / 3 : 0
      waves[q.id] = { base: base + hot, swing: swing / 8, noise: swing / 12, names: single ? [''] : NAMES }
      return { id: q.id, role: q.role ?? 'main', label: q.label ?? null, unit, reduce: 'worst', thresholds: q.role === undefined ? limited : null }
    })
    const { id, kind, title, at } = one
    const ends = { min: one.min ?? null, max: one.max ?? null, limit: one.limit ?? 8, abnormal_only: one.abnormal_only ?? false }
    const plain = { text: null, window: HOUR, slo: null, forecast: null, filter: null, links: [] }
    const view: PanelView = { id, kind, title, subtitle: one.subtitle ?? null, at, domain: one.domain ?? null, unit: one.unit ?? 'count', thresholds: limited, ...ends, ...plain, queries }
    return { view, waves }
  })
}

/** The bench: so many charts of four lines. */
export function bench(panels: number): FakePanel[] {
  return Array.from({ length: panels }, (_, i) =>
    panel(`chart_${i}`, 'timeseries', `图 ${i + 1}`, [(i % 6) * 4, Math.floor(i / 6) * 5, 4, 5], many(['a', 'b', 'c', 'd'], 50, 20, 6), {
      unit: 'percent',
      demo: false,
    }),
  )
}

const size = (panels: FakePanel[], from: 'x' | 'y', length: 'w' | 'h'): number =>
  Math.max(1, ...panels.map(({ view }) => view.at[from] + view.at[length]))

/** The board around the panels. */
export function boardOf(panels: FakePanel[], window: number): BoardView {
  return { id: 'overview', title: '总览', window, columns: size(panels, 'x', 'w'), rows: size(panels, 'y', 'h'), panels: panels.map((one) => one.view) }
}
