import type { AlertLook, AlertRow, LabelView, LevelView, NoticeView, Sentence, TimelineItem } from './wire'

/** An alert of the development desk: its row and what its detail shows. */
export interface FakeAlert {
  row: AlertRow
  labels: LabelView[]
  source: string
  description: string | null
  runbook: string | null
  expr: string | null
  limit: number | null
  /** Value before and after the firing. */
  from: number
  to: number
  timeline: TimelineItem[]
  notices: NoticeView[]
  ackedAt: number | null
}

const SECOND = 1000
const MINUTE = 60_000
const HOUR = 3_600_000

/** Time to respond by level. */
const RESPOND: Record<LevelView, number> = { p0: 5 * MINUTE, p1: 15 * MINUTE, p2: HOUR, p3: 4 * HOUR }
/** Time to resolve by level; none for P3. */
const RESOLVE: Record<LevelView, number | null> = { p0: 30 * MINUTE, p1: 2 * HOUR, p2: 8 * HOUR, p3: null }
/** When the next step comes, by level. */
const STEP: Record<LevelView, number> = { p0: 15 * MINUTE, p1: 30 * MINUTE, p2: 4 * HOUR, p3: 24 * HOUR }

/** Names, values and texts as an attacker would send them. */
export const HOSTILE = '<img src=x onerror="window.hacked=1"><script>window.hacked=1</scr' + 'ipt>\u202e gnp.exe\u0007'
const LONG = '订单服务在华东一区连续五分钟无法写入主库且只读副本延迟持续升高请立即检查网络与磁盘并按照应急手册第三章切换'.repeat(12)

/** A sentence with texts for placeholders. */
export const sentence = (key: string, params: Record<string, string> = {}): Sentence => ({
  key,
  params: Object.fromEntries(Object.entries(params).map(([name, value]) => [name, { kind: 'text' as const, value }])),
})

interface Seed {
  level: LevelView
  rule: string
  title: string
  labels: Record<string, string>
  /** Age in seconds. */
  age: number
  look?: AlertLook
  by?: string
  comment?: string
  until?: number
  quiet?: (now: number) => Sentence
  source?: string
  sources?: number
  flapping?: boolean
  unverified?: boolean
  demo?: boolean
  expr?: string
  limit?: number
  from?: number
  to?: number
  description?: string
  runbook?: string
  assignee?: string
  over?: number
}

const SEEDS: Seed[] = [
  {
    level: 'p1',
    rule: 'PaymentSuccessLow',
    title: '微信支付成功率 91.2%，低于 95%',
    labels: { service: 'payment', channel: 'wechat', region: 'cn-east', cluster: 'prod-a' },
    age: 252,
    sources: 3,
    expr: 'sum(rate(pay_success_total{channel="wechat"}[5m])) / sum(rate(pay_total{channel="wechat"}[5m])) * 100 < 95',
    limit: 95,
    from: 98.6,
    to: 91.2,
    description: '微信支付通道成功率持续低于 95%，约 46 单/分受影响。先看通道侧公告，再看支付网关最近的变更。',
    runbook: 'https://runbooks.example.cn/payment/success-rate-low',
  },
  {
    level: 'p2',
    rule: 'PgReplicationLag',
    title: '主库复制延迟 6.4 秒',
    labels: { instance: 'pg-replica-2', region: 'cn-east', service: 'postgresql' },
    age: 1132,
    expr: 'pg_replication_lag_seconds > 5',
    limit: 5,
    from: 0.4,
    to: 6.4,
    runbook: 'https://runbooks.example.cn/postgresql/replication-lag',
  },
  {
    level: 'p2',
    rule: 'QueueBacklog',
    title: 'order-mq 队列积压 12,480 条',
    labels: { queue: 'order-mq', service: 'order' },
    age: 2490,
    look: 'acked',
    by: '赵六',
    comment: '扩容消费者',
    until: 3600,
    expr: 'rabbitmq_queue_messages{queue="order-mq"} > 10000',
    limit: 10_000,
    from: 420,
    to: 12_480,
  },
  {
    level: 'p1',
    rule: 'HostMemoryHigh',
    title: 'api-03 内存 93%',
    labels: { instance: 'api-03', service: 'order-api', region: 'cn-east' },
    age: 1030,
    source: 'prom-main',
    expr: '100 * (1 - node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes) > 90',
    limit: 90,
    from: 71,
    to: 93,
    flapping: true,
  },
  { level: 'p3', rule: 'UplinkBusy', title: 'core-sw-1 出口带宽 74%', labels: { device: 'core-sw-1', interface: 'ge-0/0/1', service: 'network' }, age: 2880, expr: 'interface_out_percent > 70', limit: 70, from: 58, to: 74 },
  {
    level: 'p3',
    rule: 'CertificateExpires',
    title: '证书 21 天后到期',
    labels: { host: 'gateway.example.cn', service: 'gateway' },
    age: 2 * 86_400 + 900,
    look: 'suppressed',
    quiet: (now) => ({ key: 'alert.quiet.silenced', params: { by: { kind: 'text', value: '王五' }, until: { kind: 'time', value: now + 15 * HOUR } } }),
  },
  { level: 'p2', rule: 'RecommendationClicks', title: '推荐点击率较上周 -12%', labels: { service: 'ai-recommend', model: 'v3' }, age: 449, demo: true, expr: 'recommendation_click_percent < 16', limit: 16, from: 18.4, to: 15.7 },
  {
    level: 'p3',
    rule: 'BackupLate',
    title: '备份任务延迟 35 分钟',
    labels: { instance: 'pg-main', job: 'nightly', service: 'postgresql' },
    age: 4789,
    look: 'suppressed',
    quiet: (now) => ({ key: 'alert.quiet.maintenance', params: { title: { kind: 'text', value: '主库例行维护' }, until: { kind: 'time', value: now + 42 * MINUTE } } }),
  },
  { level: 'p2', rule: 'SlowQueries', title: '慢查询 24 次/分', labels: { instance: 'pg-main', table: 'orders', service: 'postgresql' }, age: 1992, look: 'acked', by: '李四', comment: '已知问题', until: 14_400, expr: 'pg_slow_queries > 10', limit: 10, from: 2, to: 24 },
  { level: 'p2', rule: 'PodRestarts', title: `Pod 重启 4 次/小时 ${HOSTILE}`, labels: { pod: `consult-api-7d9${HOSTILE}`, reason: 'OOMKilled', service: 'consult' }, age: 1300, unverified: true, source: 'vm-edge', description: HOSTILE, runbook: 'https://runbooks.example.cn/pods' },
  { level: 'p3', rule: 'JvmGc', title: 'JVM GC 占比 6%', labels: { instance: 'order-api-2', service: 'order-api' }, age: 730, assignee: '李四', expr: 'jvm_gc_percent > 5', limit: 5, from: 2.1, to: 6 },
  { level: 'p2', rule: 'OrderWrites', title: LONG, labels: { service: 'order', instance: 'order-db-'.repeat(30) }, age: 95 },
  { level: 'p2', rule: 'ApiLatencyHigh', title: 'order-api P90 响应 2.4 秒', labels: { service: 'order-api', route: '/v2/orders' }, age: 5400, look: 'resolved', over: 1500, by: '李四', expr: 'api_p90_seconds > 2', limit: 2, from: 0.5, to: 2.4 },
  { level: 'p1', rule: 'RedisDown', title: 'redis-cache-2 无应答', labels: { instance: 'redis-cache-2', service: 'cache' }, age: 9000, look: 'resolved', over: 7800, by: '赵六', comment: '重启后恢复' },
]

const P0: Seed[] = [
  { level: 'p0', rule: 'OrderApiDown', title: '下单接口全部失败，5xx 100%', labels: { service: 'order-api', region: 'cn-east', cluster: 'prod-a' }, age: 134, sources: 2, expr: 'api_5xx_percent{service="order-api"} > 50', limit: 50, from: 0.1, to: 100, description: '华东一区下单接口全部返回 503。', runbook: 'https://runbooks.example.cn/order/api-down' },
  { level: 'p0', rule: 'PgPrimaryDown', title: 'PostgreSQL 主库不可用', labels: { instance: 'pg-main', service: 'postgresql', region: 'cn-east' }, age: 71, expr: 'pg_up == 0', from: 1, to: 0 },
  { level: 'p0', rule: 'PaymentDown', title: LONG, labels: { service: 'payment', channel: HOSTILE }, age: 25 },
]

let nextId = 1

/** FNV-like, only to look like a fingerprint. */
const fingerprint = (text: string): string => {
  let h = 0x811c9dc5
  for (let i = 0; i < text.length; i += 1) h = Math.imul(h ^ text.charCodeAt(i), 16777619)
  return ((h >>> 0).toString(16).padStart(8, '0') + (Math.imul(h, 2654435761) >>> 0).toString(16).padStart(8, '0')).slice(0, 16)
}

function make(seed: Seed, now: number): FakeAlert {
  const at = now - seed.age * SECOND
  const look = seed.look ?? 'open'
  const source = seed.source ?? 'alertmanager-main'
  const labels = [{ name: 'alertname', value: seed.rule }, ...Object.entries(seed.labels).map(([name, value]) => ({ name, value })), { name: 'severity', value: ({ p0: 'critical', p1: 'high', p2: 'warning', p3: 'info' } as const)[seed.level] }]
  const resolve = RESOLVE[seed.level]
  const open = look === 'open'
  const resolvedAt = look === 'resolved' ? at + (seed.age - (seed.over ?? 60)) * SECOND : null
  const text = (value: string): { kind: 'text'; value: string } => ({ kind: 'text', value })
  const timeline: TimelineItem[] = [
    { at, tone: 'fired', what: sentence('timeline.fired', { source }), comment: null },
    { at: at + 20, tone: 'note', what: sentence('timeline.leveled_mapping', { level: seed.level.toUpperCase(), label: 'severity', value: labels.at(-1)?.value ?? '' }), comment: null },
  ]
  const notices: NoticeView[] = []
  if (look !== 'suppressed') {
    timeline.push({ at: at + SECOND, tone: 'told', what: sentence('timeline.notice_sent', { to: '李四', channel: '弹窗' }), comment: null })
    notices.push({ id: fingerprint(`${seed.rule}p`), to: '李四', channel: 'popup', created_at: at + 900, why: sentence('alert.why.first'), state: 'sent', at: at + SECOND, outcome: sentence('alert.outcome.sent') })
    if (seed.level === 'p0' || seed.level === 'p1') {
      const failed = seed.rule === 'HostMemoryHigh'
      const retry: Sentence = { key: 'timeline.notice_retry', params: { to: text('值班群'), channel: text('Webhook'), code: text('HTTP 502'), next_at: { kind: 'time', value: at + 32 * SECOND } } }
      timeline.push({ at: at + 2 * SECOND, tone: failed ? 'failed' : 'told', what: failed ? retry : sentence('timeline.notice_sent', { to: '值班群', channel: 'Webhook' }), comment: null })
      notices.push({ id: fingerprint(`${seed.rule}w`), to: '值班群', channel: 'webhook', created_at: at + 900, why: sentence('alert.why.first'), state: failed ? 'failed' : 'sent', at: at + 2 * SECOND, outcome: failed ? sentence('alert.outcome.failed', { reason: 'HTTP 502' }) : sentence('alert.outcome.sent_receipt', { receipt: 'msg-20b1f6' }) })
    }
  } else if (seed.quiet !== undefined) {
    timeline.push({ at: at + 30, tone: 'held', what: seed.quiet(now), comment: null })
  }
  if (look === 'acked' && seed.by !== undefined) {
    timeline.push({ at: at + 95 * SECOND, tone: 'acted', what: { key: 'timeline.acked_until', params: { by: text(seed.by), until: { kind: 'time', value: now + (seed.until ?? 3600) * SECOND } } }, comment: seed.comment ?? null })
  }
  if (resolvedAt !== null) timeline.push({ at: resolvedAt, tone: 'resolved', what: sentence('timeline.resolved_source', { source }), comment: null })
  nextId += 1
  return {
    row: {
      id: nextId,
      fingerprint: fingerprint(seed.rule + JSON.stringify(seed.labels)),
      level: seed.level,
      look,
      title: seed.title,
      rule: seed.rule,
      place: Object.values(seed.labels).slice(0, 3),
      sources: seed.sources ?? 1,
      starts_at: at,
      respond_by: open ? at + RESPOND[seed.level] : null,
      resolve_by: resolve === null || resolvedAt !== null ? null : at + resolve,
      resolved_at: resolvedAt,
      acked_by: look === 'acked' || resolvedAt !== null ? (seed.by ?? null) : null,
      ack_comment: seed.comment ?? null,
      ack_until: look === 'acked' ? now + (seed.until ?? 3600) * SECOND : null,
      assignee: seed.assignee ?? null,
      quiet: look === 'suppressed' ? (seed.quiet?.(now) ?? null) : null,
      next: open ? { at: at + STEP[seed.level], what: sentence('alert.next.escalate', { to: '王五', channels: '弹窗' }) } : null,
      flapping: seed.flapping ?? false,
      unverified: seed.unverified ?? false,
      demo: seed.demo ?? false,
    },
    labels,
    source,
    description: seed.description ?? null,
    runbook: seed.runbook ?? null,
    expr: seed.expr ?? null,
    limit: seed.limit ?? null,
    from: seed.from ?? 1,
    to: seed.to ?? 1,
    timeline,
    notices,
    ackedAt: look === 'acked' ? at + 95 * SECOND : null,
  }
}

const SERVICES = ['payment', 'order', 'order-api', 'consult', 'ai-recommend', 'gateway', 'postgresql', 'cache']
const RULES: [string, LevelView, string][] = [
  ['ApiLatencyHigh', 'p2', 'P90 响应 2.6 秒，高于 2 秒'],
  ['HostCpuHigh', 'p2', 'CPU 91%，高于 90%'],
  ['DiskFillsSoon', 'p3', '磁盘 14 天后写满'],
  ['ErrorRateHigh', 'p1', '5xx 错误率 3.1%，高于 1%'],
  ['PodRestarts', 'p2', 'Pod 重启 4 次/小时'],
  ['TargetMissing', 'p3', '采集目标不见了'],
  ['ServiceDown', 'p0', '服务全部实例无应答'],
]

/** Twelve alerts that hold, two that are over; with `p0` also three emergencies. */
export function fewAlerts(now: number, p0: boolean): FakeAlert[] {
  return [...(p0 ? P0 : []), ...SEEDS].map((seed) => make(seed, now))
}

/** So many alerts, spread over services and hosts. */
export function manyAlerts(now: number, count: number): FakeAlert[] {
  const all: FakeAlert[] = []
  for (let i = 0; i < count; i += 1) {
    // Emergencies are rare also among fifty thousand.
    const [rule, level, text] = RULES[i % 997 === 5 ? 6 : i % 6] as [string, LevelView, string]
    const instance = `${SERVICES[i % 8]}-${String(i).padStart(5, '0')}`
    const acked = i % 11 === 3
    const quiet = (): Sentence => sentence('alert.quiet.inhibited', { name: 'ServiceDown' })
    const look: AlertLook = acked ? 'acked' : i % 23 === 4 ? 'suppressed' : 'open'
    const seed: Seed = { level, rule, title: `${instance} ${text}`, labels: { service: SERVICES[i % 8] as string, instance, region: i % 3 === 0 ? 'cn-north' : 'cn-east' }, age: 30 + ((i * 7919) % 30_000), look, expr: 'up == 0', from: 1, to: 0 }
    if (acked) seed.by = '赵六'
    if (look === 'suppressed') seed.quiet = quiet
    all.push(make(seed, now))
  }
  return all
}
