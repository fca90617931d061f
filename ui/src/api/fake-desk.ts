import { levelRank } from '../shared/countdown'
import { FakeReports } from './fake-reports'
import { FakeRota } from './fake-rota'
import { investigation } from './fake-investigation'
import { fewAlerts, manyAlerts, sentence, type FakeAlert } from './fake-alerts'
import type {
  AlertAct,
  AlertBand,
  AlertChart,
  AlertDetail,
  AlertItem,
  AlertPage,
  AlertQuery,
  AlertRow,
  DutyView,
  ErrorView,
  FiguresView,
  HistoryPage,
  HistoryQuery,
  Kept,
  LevelCount,
  MatcherView,
  MuteView,
  NextView,
  PreviewView,
  Spread,
  ViewSettings,
  WeekFigures,
} from './wire'

const MINUTE = 60_000
const HOUR = 3_600_000
const WEEK = 7 * 24 * HOUR
const PEOPLE = [
  { id: 'lisi', name: '李四' },
  { id: 'wangwu', name: '王五' },
  { id: 'zhaoliu', name: '赵六' },
  { id: 'zhangsan', name: '张三' },
]

type Test = (alert: FakeAlert) => boolean

const hays = new WeakMap<FakeAlert, string>()

/** What words are looked for in, made once for each alert. */
function hay(a: FakeAlert): string {
  let found = hays.get(a)
  if (found === undefined) {
    found = `${a.row.title}\n${a.row.rule}\n${a.labels.map((l) => l.value).join('\n')}`.toLowerCase()
    hays.set(a, found)
  }
  return found
}

/** Reads a search as the host does; throws an ErrorView. */
function search(text: string): Test {
  const terms = text.match(/(?:[^\s"]|"(?:[^"\\]|\\.)*")+/g) ?? []
  const tests = terms.map((term): Test => {
    const level = /^level(<=|>=|=)[pP]([0-3])$/.exec(term)
    if (level !== null) {
      const wanted = Number(level[2])
      return (a) => (level[1] === '<=' ? levelRank(a.row.level) <= wanted : level[1] === '>=' ? levelRank(a.row.level) >= wanted : levelRank(a.row.level) === wanted)
    }
    const found = /^([A-Za-z_]\w*)(=~|!~|!=|=)(.*)$/s.exec(term)
    if (found !== null) {
      const [, name, op, raw] = found
      const value = (raw as string).replace(/^"|"$/g, '').replace(/\\(.)/g, '$1')
      let regex: RegExp | null = null
      try {
        if (op === '=~' || op === '!~') regex = new RegExp(`^(?:${value})$`)
      } catch {
        throw { code: 'query', params: { detail: `${term}：不是正则表达式` } } satisfies ErrorView
      }
      return (a) => {
        const held = a.labels.find((l) => l.name === name)?.value ?? ''
        const equal = regex === null ? held === value : regex.test(held)
        return equal === (op === '=' || op === '=~')
      }
    }
    const word = term.toLowerCase()
    return (a) => hay(a).includes(word)
  })
  return (a) => tests.every((test) => test(a))
}

const matches = (alert: FakeAlert, matchers: MatcherView[]): boolean =>
  matchers.every((m) => {
    const value = alert.labels.find((l) => l.name === m.name)?.value ?? ''
    return (m.is_regex ? new RegExp(`^(?:${m.value})$`).test(value) : value === m.value) === m.is_equal
  })

/** The alert desk of the development host: the answers are made here from made-up alerts. */
export class FakeDesk {
  private readonly began: number
  private readonly all: FakeAlert[]
  private readonly rota: FakeRota
  private readonly reports: FakeReports
  private muteList: MuteView[]
  private revision = 1
  private me = PEOPLE[0] as { id: string; name: string }
  private mutedUntil: number | null = null
  private cache: { key: string; list: FakeAlert[]; items: AlertItem[] } | null = null

  constructor(
    private readonly query: URLSearchParams,
    private readonly settings: () => ViewSettings,
  ) {
    this.began = Date.now()
    this.rota = new FakeRota(query, () => this.me)
    this.reports = new FakeReports(query)
    const many = Number(query.get('many')) || 0
    const calm = query.has('empty') || query.has('good')
    this.all = many > 0 ? manyAlerts(this.began, many) : calm ? [] : fewAlerts(this.began, query.has('p0'))
    if (query.get('p0') === '1') this.all.splice(1, 2)
    this.muteList = calm
      ? []
      : [
          { id: 7, maintenance: false, matchers: [{ name: 'alertname', value: 'CertificateExpires', is_regex: false, is_equal: true }], from: this.began - 2 * HOUR, until: this.began + 15 * HOUR, by: '王五', comment: '证书下周一统一更换', holds: 1 },
          { id: 8, maintenance: true, matchers: [{ name: 'instance', value: 'pg-(main|replica-1)', is_regex: true, is_equal: true }, { name: 'severity', value: 'critical', is_regex: false, is_equal: false }], from: this.began - 18 * MINUTE, until: this.began + 42 * MINUTE, by: '李四', comment: '主库例行维护', holds: 1 },
          { id: 0, maintenance: true, matchers: [{ name: 'region', value: 'cn-north', is_regex: false, is_equal: true }], from: this.began + 9 * HOUR, until: this.began + 11 * HOUR, by: '配置', comment: '华北机房网络割接', holds: 0 },
        ]
  }

  /** Answers a command; undefined when it is none of the desk's. */
  answer(command: string, args: Record<string, unknown>): unknown {
    switch (command) {
      case 'alerts':
        return this.page(args.query as AlertQuery)
      case 'alerts_changed':
        return new Promise((done) => setTimeout(() => done(this.revision), 5000))
      case 'alert_detail':
        return this.detail(Number(args.id))
      case 'alert_chart':
        return this.chart(Number(args.id))
      case 'investigate':
        return investigation(this.detail(Number(args.id)), this.chartOrNone(Number(args.id)), this.all.map((a) => a.row))
      case 'investigation_picture':
        return { path: `shouwang/exports/alert-${Number(args.id)}.png`, url: null }
      case 'alert_act':
        return this.act(args.act as AlertAct)
      case 'alert_preview':
        return this.preview(args.matchers as MatcherView[])
      case 'mutes':
        return this.muteList
      case 'alert_history':
        return this.history(args.query as HistoryQuery)
      case 'alert_figures':
        return this.figures(Number(args.weeks))
      default:
        return this.reports.answer(command, args) ?? this.rota.answer(command, args)
    }
  }

  private inTab(alert: FakeAlert, tab: AlertQuery['tab']): boolean {
    const { look } = alert.row
    switch (tab) {
      case 'open':
        return look === 'open' || look === 'acked'
      case 'unacked':
        return look === 'open'
      case 'mine':
        return look !== 'resolved' && (alert.row.acked_by === this.me.name || alert.row.assignee === this.me.name)
      case 'suppressed':
        return look === 'suppressed'
      case 'resolved':
        return look === 'resolved'
    }
  }

  private list(q: AlertQuery): { list: FakeAlert[]; items: AlertItem[] } {
    const key = JSON.stringify([this.revision, q.tab, q.text, q.levels, q.group, q.order, q.unfolded])
    if (this.cache?.key === key) return this.cache
    const test = search(q.text)
    const list = this.sorted(q.order).filter((a) => this.inTab(a, q.tab) && (q.levels.length === 0 || q.levels.includes(a.row.level)) && test(a))
    const items = q.group === 'none' ? list.map((a): AlertItem => ({ kind: 'alert', row: a.row })) : this.grouped(list, q)
    this.cache = { key, list, items }
    return this.cache
  }

  private order: { key: string; list: FakeAlert[] } | null = null

  private sorted(order: AlertQuery['order']): FakeAlert[] {
    const key = `${this.revision}/${order}`
    if (this.order?.key === key) return this.order.list
    const open = (a: FakeAlert): number => (a.row.look === 'open' ? 0 : 1)
    const list = [...this.all].sort((a, b) => {
      switch (order) {
        case 'newest':
          return b.row.starts_at - a.row.starts_at
        case 'oldest':
          return a.row.starts_at - b.row.starts_at
        case 'title':
          return a.row.title.localeCompare(b.row.title, 'zh-CN')
        default:
          return open(a) - open(b) || levelRank(a.row.level) - levelRank(b.row.level) || a.row.starts_at - b.row.starts_at
      }
    })
    this.order = { key, list }
    return list
  }

  private grouped(list: FakeAlert[], q: AlertQuery): AlertItem[] {
    const keyOf = (a: FakeAlert): string => {
      if (q.group === 'level') return a.row.level
      if (q.group === 'source') return a.source
      return q.group === 'service' ? (a.labels.find((l) => l.name === 'service')?.value ?? '') : a.row.rule
    }
    const groups = new Map<string, FakeAlert[]>()
    for (const a of list) groups.set(keyOf(a), [...(groups.get(keyOf(a)) ?? []), a])
    return [...groups].flatMap(([key, inside]): AlertItem[] => {
      const unfolded = q.unfolded.includes(key)
      const level = inside.map((a) => a.row.level).sort((a, b) => levelRank(a) - levelRank(b))[0] ?? 'p3'
      const head: AlertItem = { kind: 'group', key, title: key.toUpperCase() === level.toUpperCase() ? key.toUpperCase() : key, level, count: inside.length, open: inside.filter((a) => a.row.look === 'open').length, unfolded }
      return unfolded ? [head, ...inside.map((a): AlertItem => ({ kind: 'alert', row: a.row }))] : [head]
    })
  }

  private page(q: AlertQuery): AlertPage {
    const now = Date.now()
    const answer = {
      now,
      cursor: this.revision,
      offset: q.offset,
      tabs: this.counted().tabs,
      duty: this.duty(now),
      settings: this.settings(),
      wanted: null,
      place: null,
    }
    try {
      const { list, items } = this.list(q)
      return { ...answer, total: items.length, alerts: list.length, items: q.cursor === this.revision ? null : items.slice(q.offset, q.offset + q.limit), error: null }
    } catch (error) {
      return { ...answer, total: 0, alerts: 0, items: [], error: error as ErrorView }
    }
  }

  private counts: { revision: number; tabs: AlertPage['tabs']; levels: DutyView['levels']; suppressed: number; next: NextView | null } | null = null

  /** What is counted over all alerts, once for each state of the desk. */
  private counted(): NonNullable<FakeDesk['counts']> {
    if (this.counts?.revision === this.revision) return this.counts
    const count = (tab: AlertQuery['tab']): number => this.all.filter((a) => this.inTab(a, tab)).length
    const tabs = { open: count('open'), unacked: count('unacked'), mine: count('mine'), suppressed: count('suppressed'), resolved: count('resolved') }
    this.counts = { revision: this.revision, tabs, levels: this.levels(), suppressed: tabs.suppressed, next: this.next() }
    return this.counts
  }

  private levels(): [LevelCount, LevelCount, LevelCount, LevelCount] {
    const all: [LevelCount, LevelCount, LevelCount, LevelCount] = [
      { open: 0, unacked: 0 },
      { open: 0, unacked: 0 },
      { open: 0, unacked: 0 },
      { open: 0, unacked: 0 },
    ]
    for (const { row } of this.all) {
      const at = all[levelRank(row.level)] as LevelCount
      if (row.look === 'open' || row.look === 'acked') at.open += 1
      if (row.look === 'open') at.unacked += 1
    }
    return all
  }

  private next(): NextView | null {
    return this.all.map((a) => a.row.next).filter((n): n is NextView => n !== null && n.at > Date.now()).sort((a, b) => a.at - b.at)[0] ?? null
  }

  private duty(now: number): DutyView {
    const bad = !this.query.has('good') && !this.query.has('empty')
    const source = (name: string, kind: string, alerts: number, ok = true): DutyView['sources'][number] => ({
      name,
      kind,
      ok,
      error: ok ? null : { code: 'timeout', params: { seconds: '10' } },
      last_ok: now - (ok ? 2300 : 74_000),
      alerts,
      silences: kind === 'alertmanager',
    })
    return {
      levels: this.counted().levels,
      suppressed: this.counted().suppressed,
      next: this.counted().next,
      me: this.me,
      people: PEOPLE,
      on_duty: PEOPLE.slice(0, 1),
      rota: this.rota.onDuty(),
      sources: [source('alertmanager-main', 'alertmanager', 9), source('prom-main', 'prometheus', 3), source('vm-edge', 'prometheus', 1, !bad), source('内置规则', 'rules', 2)],
      channels: [
        { kind: 'popup', ok: true, detail: null },
        { kind: 'sound', ok: true, detail: null },
        { kind: 'webhook', ok: bad ? false : true, detail: null },
      ],
      muted_until: this.mutedUntil !== null && this.mutedUntil > now ? this.mutedUntil : null,
      store_error: this.query.has('nostore') ? { code: 'internal', params: { detail: 'disk full' } } : null,
      rota_warnings: this.rota.warnings(),
      caught_up: this.query.has('away') ? [25 * MINUTE, this.began] : null,
    }
  }

  /** What the wall is told. */
  band(): AlertBand {
    const open = this.all.filter((a) => a.row.look === 'open' || a.row.look === 'acked').map((a) => a.row)
    const order = (a: AlertRow, b: AlertRow): number => (a.look === 'open' ? 0 : 1) - (b.look === 'open' ? 0 : 1) || levelRank(a.level) - levelRank(b.level) || a.starts_at - b.starts_at
    open.sort(order)
    return {
      levels: this.levels(),
      urgent: open.filter((row) => row.look === 'open' && levelRank(row.level) < 2).slice(0, 6),
      ticker: open.slice(0, 30),
      on_duty: ['李四'],
      rota: this.rota.onDuty(),
      next: this.next(),
      lost: this.query.has('good') || this.query.has('empty') ? [] : ['vm-edge'],
      failing: [],
    }
  }

  private find(id: number): FakeAlert {
    const found = this.all.find((a) => a.row.id === id)
    if (found === undefined) throw { code: 'internal', params: { detail: `no alert ${id}` } } satisfies ErrorView
    return found
  }

  private detail(id: number): AlertDetail {
    const a = this.find(id)
    const { row } = a
    const told = a.notices.some((n) => n.to === this.me.name)
    return {
      now: Date.now(),
      row,
      description: a.description,
      runbook: a.runbook,
      annotations: a.description === null ? [] : [{ name: 'dashboard', value: 'https://grafana.example.cn/d/pay' }],
      labels: a.labels,
      level_reason: sentence('alert.level_reason.mapping', { label: 'severity', value: a.labels.at(-1)?.value ?? '' }),
      expr: a.expr,
      sights: [
        { source: a.source, state: row.look === 'resolved' ? 'resolved' : 'firing', seen_at: Date.now() - 2300, url: 'https://alertmanager.example.cn/#/alerts' },
        ...(row.sources > 1 ? [{ source: '内置规则', state: 'firing', seen_at: Date.now() - 4100, url: null }] : []),
      ],
      quiet: row.quiet === null ? [] : [row.quiet],
      steps: row.next === null ? [] : [row.next, { at: row.next.at + 30 * MINUTE, what: sentence('alert.next.escalate', { to: '张三', channels: '弹窗' }) }],
      timeline: a.timeline,
      notices: a.notices,
      findings: [
        { stage: 'source', verdict: 'for', at: row.starts_at, what: sentence('alert.finding.source', { source: a.source }) },
        { stage: 'level', verdict: 'neither', at: null, what: sentence('alert.level_reason.mapping', { label: 'severity', value: a.labels.at(-1)?.value ?? '' }) },
        row.quiet === null ? { stage: 'quiet', verdict: 'for', at: null, what: sentence('alert.finding.not_quiet') } : { stage: 'quiet', verdict: 'against', at: null, what: row.quiet },
        { stage: 'policy', verdict: 'for', at: row.starts_at, what: sentence('alert.finding.policy', { policy: '默认升级' }) },
        { stage: 'you', verdict: told ? 'for' : 'against', at: null, what: sentence(told ? 'alert.finding.you_told' : 'alert.finding.you_not_target') },
      ],
    }
  }

  private chartOrNone(id: number): AlertChart | null {
    return this.find(id).expr === null ? null : this.chart(id)
  }

  private chart(id: number): AlertChart {
    const a = this.find(id)
    if (a.expr === null) throw { code: 'query', params: { detail: 'no expression' } } satisfies ErrorView
    const step = 15_000
    const to = Math.min(Date.now(), (a.row.resolved_at ?? Infinity) + 20 * MINUTE)
    const from = Math.min(to - HOUR, a.row.starts_at - 20 * MINUTE)
    const noise = (i: number): number => Math.sin(i * 12.9898 + id) * 43758.5453 % 1
    const points = Array.from({ length: Math.floor((to - from) / step) }, (_, i): number | null => {
      const at = from + i * step
      if (i > 60 && i < 66) return null
      const since = (at - a.row.starts_at) / (6 * MINUTE) + 0.6
      const over = a.row.resolved_at !== null && at > a.row.resolved_at ? 0 : Math.max(0, Math.min(1, since))
      return a.from + (a.to - a.from) * over + noise(i) * 0.03 * Math.abs(a.to - a.from)
    })
    return {
      from,
      to,
      step,
      series: [[{ name: a.row.place[0] ?? '', labels: {}, source: a.source, demo: false }, points]],
      limit: a.limit,
      expr: a.expr.replace(/ [<>]=? [\d.]+$/, ''),
      fired_at: a.row.starts_at,
      resolved_at: a.row.resolved_at,
    }
  }

  private preview(matchers: MatcherView[]): PreviewView {
    const found = this.all.filter((a) => a.row.look !== 'resolved' && matches(a, matchers))
    return { total: found.length, rows: found.slice(0, 50).map((a) => a.row) }
  }

  private write(id: number, change: (row: AlertRow) => Partial<AlertRow>, key: string, tone: string, comment: string | null, params: Record<string, string> = {}): void {
    const a = this.find(id)
    a.row = { ...a.row, ...change(a.row) }
    a.timeline = [...a.timeline, { at: Date.now(), tone, what: sentence(key, { by: this.me.name, ...params }), comment: comment === '' ? null : comment }]
  }

  private act(act: AlertAct): null {
    const now = Date.now()
    this.revision += 1
    switch (act.do) {
      case 'ack':
        for (const id of act.alerts) this.write(id, () => ({ look: 'acked', acked_by: this.me.name, ack_comment: act.comment === '' ? null : act.comment, ack_until: act.for_ms === null ? null : now + act.for_ms, respond_by: null, next: null }), 'timeline.acked', 'acted', act.comment)
        break
      case 'unack':
        for (const id of act.alerts) this.write(id, (row) => ({ look: 'open', acked_by: null, ack_comment: null, ack_until: null, respond_by: row.starts_at + 15 * MINUTE, next: { at: now + 15 * MINUTE, what: sentence('alert.next.escalate', { to: '王五', channels: '弹窗' }) } }), 'timeline.unacked', 'acted', null)
        break
      case 'assign': {
        const name = PEOPLE.find((p) => p.id === act.to)?.name ?? null
        for (const id of act.alerts) this.write(id, () => ({ assignee: name }), name === null ? 'timeline.unassigned' : 'timeline.assigned', 'acted', act.comment, { to: name ?? '' })
        break
      }
      case 'snooze':
        for (const id of act.alerts) this.write(id, () => (act.for_ms > 0 ? { look: 'suppressed', quiet: { key: 'alert.quiet.snoozed', params: { by: { kind: 'text', value: this.me.name }, until: { kind: 'time', value: now + act.for_ms } } } } : { look: 'open', quiet: null }), 'timeline.unsnoozed', 'acted', null)
        break
      case 'resolve':
        for (const id of act.alerts) this.write(id, () => ({ look: 'resolved', resolved_at: now, next: null, respond_by: null, acked_by: this.me.name }), 'timeline.resolved_by_hand', 'resolved', act.comment)
        break
      case 'comment':
        for (const id of act.alerts) this.write(id, () => ({}), 'timeline.commented', 'note', act.comment)
        break
      case 'mute': {
        const held = this.all.filter((a) => a.row.look !== 'resolved' && matches(a, act.matchers))
        const quiet = { key: 'alert.quiet.silenced', params: { by: { kind: 'text' as const, value: this.me.name }, until: { kind: 'time' as const, value: act.until } } }
        for (const a of held) a.row = { ...a.row, look: 'suppressed', quiet }
        this.muteList = [...this.muteList, { id: now, maintenance: act.maintenance, matchers: act.matchers, from: act.from ?? now, until: act.until, by: this.me.name, comment: act.comment, holds: held.length }]
        break
      }
      case 'unmute':
        this.muteList = this.muteList.filter((m) => m.id !== act.id)
        break
      case 'hush':
        this.mutedUntil = act.for_ms > 0 ? now + act.for_ms : null
        break
      case 'me':
        this.me = PEOPLE.find((p) => p.id === act.person) ?? this.me
        break
    }
    return null
  }

  private history(q: HistoryQuery): HistoryPage {
    const test = search(q.text)
    const past = Array.from({ length: 90 }, (_, i): FakeAlert => {
      const base = this.all[(i * 5) % Math.max(1, this.all.length)] ?? (fewAlerts(this.began, false)[i % 12] as FakeAlert)
      const at = this.began - (i + 1) * 5.3 * HOUR
      const row: AlertRow = { ...base.row, id: 100_000 + i, look: 'resolved', starts_at: at, resolved_at: at + (3 + ((i * 37) % 170)) * MINUTE, acked_by: i % 4 === 3 ? null : (PEOPLE[i % 4]?.name ?? null), quiet: null, next: null, respond_by: null }
      return { ...base, row }
    })
    const person = PEOPLE.find((p) => p.id === q.person)?.name
    const rows = [...this.all, ...past]
      .filter((a) => a.row.starts_at >= q.from && a.row.starts_at < q.to && test(a) && (q.levels.length === 0 || q.levels.includes(a.row.level)) && (person === undefined || a.row.acked_by === person))
      .map((a) => a.row)
      .sort((a, b) => b.starts_at - a.starts_at || b.id - a.id)
    const before = q.before
    const rest = before === null ? rows : rows.filter((r) => r.starts_at < before[0] || (r.starts_at === before[0] && r.id < before[1]))
    const part = rest.slice(0, q.limit)
    const last = part.at(-1)
    return { rows: part, before: rest.length > part.length && last !== undefined ? [last.starts_at, last.id] : null }
  }

  private figures(weeks: number): FiguresView {
    const monday = this.began - ((this.began + 8 * HOUR - 4 * 24 * HOUR) % WEEK)
    const spread = (count: number, mean: number): Spread => ({ count, mean, median: mean * 0.7, p95: mean * 3.1 })
    const kept = (of: number, miss: number): Kept => ({ met: Math.max(0, of - miss), of })
    const all = Array.from({ length: weeks }, (_, i): WeekFigures => {
      const back = weeks - 1 - i
      const wave = 1 + 0.4 * Math.sin(back * 1.7)
      const fired: [number, number, number, number] = [Math.round(2 * wave), Math.round(11 * wave), Math.round(46 * wave), Math.round(70 * wave)]
      return {
        from: monday - back * WEEK,
        fired,
        response: spread(fired[0] + fired[1] + fired[2], (3 + 2.5 * wave) * MINUTE),
        resolution: spread(fired[1] + fired[2], (24 + 20 * wave) * MINUTE),
        unanswered: Math.round(3 * wave),
        open: back === 0 ? 9 : 0,
        response_kept: [kept(fired[0], 0), kept(fired[1], 1), kept(fired[2], 4), kept(fired[3], 9)],
        resolution_kept: [kept(fired[0], 1), kept(fired[1], 2), kept(fired[2], 3), kept(0, 0)],
      }
    })
    return { weeks: all, noisy: [['PgReplicationLag', 61], ['HostMemoryHigh', 48], ['ApiLatencyHigh', 37], ['UplinkBusy', 22], ['<b>CertificateExpires</b>', 14]], acks: [['李四', 58], ['赵六', 31], ['王五', 12]] }
  }
}
