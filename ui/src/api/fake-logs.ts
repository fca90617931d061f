import type {
  LogCompleteAsk,
  LogCompletion,
  LogDetailView,
  LogFacetsAsk,
  LogFacetsView,
  LogHistogramAsk,
  LogHistogramView,
  LogLevelView,
  LogLineView,
  LogNumbersView,
  LogPageAsk,
  LogPageView,
  LogPatternsView,
  LogReadingView,
  LogSavedView,
  LogScope,
  LogStoreView,
  LogsHome,
  LogTailAsk,
  LogTailView,
  LogViewEdit,
} from './wire'

const SERVICES = ['order-service', 'payment-service', 'recommendation', 'nginx', 'postgresql']
const LEVELS: LogLevelView[] = ['info', 'info', 'info', 'debug', 'warn', 'info', 'error', 'info']
const TEXTS = ['创建订单成功 order=%d 金额 %d.00 元', '调用支付渠道超时，耗时 %d 毫秒', 'GET /api/menu 200 %dms', '<img src=x onerror="document.title=1"> 备注 %d', 'connect ECONNREFUSED 10.0.0.%d:5432']
/** A line every so many ms. */
const STEP = 700

/** Made-up logs while the page is developed: the same moment always has the same lines; a query is a phrase of the message. */
export class FakeLogs {
  private views: LogSavedView[] = [{ name: '支付超时', store: null, category: null, query: '超时', columns: ['http.status'], back: 3_600_000 }]
  /** What there is to ask; tests add stores of other kinds. */
  stores: LogStoreView[] = [{ name: 'demo', kind: 'embedded', demo: true, ok: true, error: null, notes: [{ key: 'logs.health.note.refused', params: { count: { kind: 'number', value: 12 } } }], version: null, cold_of: null, newest: null, oldest: Date.now() - 86_400_000, lines: 1_204_000, bytes: 4e8, last_ok: Date.now(), latency: 1.2, keeping: null }]
  /** How far a slow store has read. */
  reading: LogReadingView | null = null
  /** Lines of each answer of a live tail that are left out. */
  leftOut = 0
  /** The last questions, for tests. */
  readonly asked: { command: string; ask: unknown }[] = []

  private line(n: number): LogLineView {
    const at = n * STEP
    const text = TEXTS[n % TEXTS.length] ?? ''
    return {
      place: `${BigInt(at) * 1_000_000n}.${n % 7}`,
      at,
      level: LEVELS[n % LEVELS.length] ?? null,
      category: n % 5 === 4 ? 'system' : 'app',
      service: SERVICES[n % SERVICES.length] ?? '',
      host: `sw-app-0${n % 3}`,
      message: text.replaceAll('%d', String(n % 997)),
      cut: false,
      trace_id: n % 3 === 0 ? n.toString(16).padStart(32, '0') : '',
      span_id: '',
      cells: [],
    }
  }

  private *all(scope: LogScope, newer: boolean, beyond: number | null): Generator<LogLineView> {
    const first = Math.ceil(scope.from / STEP)
    const last = Math.ceil(Math.min(scope.to, Date.now()) / STEP) - 1
    let n = beyond === null ? (newer ? first : last) : newer ? beyond + 1 : beyond - 1
    for (; n >= first && n <= last; n += newer ? 1 : -1) {
      const line = this.line(n)
      const wanted = scope.query === '' || line.message.includes(scope.query) || scope.query.includes(line.service)
      if (wanted && (scope.category === null || line.category === scope.category)) yield line
    }
  }

  private page(ask: LogPageAsk): LogPageView {
    const beyond = ask.beyond === null ? null : Math.round(Number(BigInt(ask.beyond.split('.')[0] ?? '0') / 1_000_000n) / STEP)
    const lines: LogLineView[] = []
    let more = false
    for (const line of this.all(ask.scope, ask.newer, beyond)) {
      if (lines.length === ask.limit) {
        more = true
        break
      }
      lines.push({ ...line, cells: ask.columns.map((name) => (name === 'http.status' ? '502' : '')) })
    }
    if (ask.newer) lines.reverse()
    return { lines, more, phrases: ask.scope.query === '' ? [] : [ask.scope.query], partial: false, warnings: [], took: 3 }
  }

  private histogram({ scope, buckets }: LogHistogramAsk): LogHistogramView {
    const step = Math.max(1000, Math.ceil((scope.to - scope.from) / buckets / 1000) * 1000)
    const start = Math.floor(scope.from / step) * step
    const counts = Array.from({ length: Math.ceil((scope.to - start) / step) }, (_, i): [number, number, number, number, number, number, number] => {
      const wave = 1 + 0.5 * Math.sin((start / step + i) / 5)
      const n = start + i * step > Date.now() ? 0 : (step / STEP) * wave
      return [0, 0, Math.round(n / 8), Math.round(n * 0.6), Math.round(n / 8), i % 17 === 3 ? Math.round(n / 4) : 0, i % 53 === 7 ? 1 : 0]
    })
    return { start, step, counts, total: counts.flat().reduce((a, b) => a + b, 0), exact: true, took: 2 }
  }

  private facets(ask: LogFacetsAsk): LogFacetsView {
    const fields = ask.fields.length > 0 ? ask.fields : ['level', 'service', 'host']
    const values = (field: string): string[] => (field === 'level' ? ['info', 'warn', 'error', 'debug'] : field === 'service' ? SERVICES : ['sw-app-00', 'sw-app-01', 'sw-app-02'])
    return {
      facets: fields.map((field) => ({ field, values: values(field).map((value, i) => ({ value, lines: Math.round(9000 / (i + 1)) })), exact: field !== 'host', estimated: field === 'host' })),
      fields: ['level', 'service', 'host', 'http.status', 'http.route', 'duration_ms', 'user_id'],
    }
  }

  private tail(ask: LogTailAsk): LogTailView {
    const now = Math.floor(Date.now() / STEP)
    const from = ask.mark === null ? now : Number(ask.mark)
    const lines = [...this.all({ ...ask.scope, from: from * STEP, to: Date.now() + 1 }, false, now + 1)].slice(0, Math.max(0, now - from))
    return { lines, mark: String(now), left_out: ask.mark === null ? 0 : this.leftOut, phrases: [] }
  }

  private patterns(): LogPatternsView {
    const pattern = (i: number): LogPatternsView['patterns'][number] => ({
      id: String(i),
      parts: (TEXTS[i] ?? '').split('%d').flatMap((text, n) => (n === 0 ? [{ text, any: false }] : [{ text: 'number', any: true }, { text, any: false }])),
      lines: 4200 / (i + 1),
      share: 0.4 / (i + 1),
      level: LEVELS[i + 2] ?? null,
      services: [SERVICES[i] ?? ''],
      spark: Array.from({ length: 24 }, (_, n) => (n * (i + 3)) % 11),
      first: Date.now() - 900_000,
      last: Date.now() - 2000,
      example: (TEXTS[i] ?? '').replaceAll('%d', '17'),
      query: '超时',
    })
    return { patterns: TEXTS.map((_, i) => pattern(i)), looked_at: 12_000, whole: false, since: Date.now() - 900_000, left_out: 3 }
  }

  private complete(ask: LogCompleteAsk): LogCompletion {
    const typed = ask.scope.query.slice(0, ask.caret)
    const word = /[^\s:()]*$/.exec(typed)?.[0] ?? ''
    const broken = typed.includes('(') && !typed.includes(')')
    return {
      from: ask.caret - word.length,
      to: ask.caret,
      proposals: /[\u4e00-\u9fff]$/.test(word) ? TEXTS.flatMap((text) => /[\u4e00-\u9fff]{2,8}/.exec(text.slice(Math.max(0, text.indexOf(word))))?.[0] ?? []).filter((text) => text.startsWith(word)).map((insert) => ({ insert, kind: 'phrase', lines: 40 }))
        : typed.endsWith(' ') ? ['and ', 'or ', 'not '].map((insert) => ({ insert, kind: 'operator', lines: null }))
        : typed.endsWith(':') ? SERVICES.map((insert, i) => ({ insert, kind: 'value', lines: 900 - i })) : [{ insert: 'service:', kind: 'field', lines: null }, { insert: 'level:', kind: 'field', lines: null }],
      fault: broken ? { from: typed.indexOf('('), to: typed.indexOf('(') + 1, error: { code: 'log_query', params: { reason_key: 'log_query.fault.paren_open', expected_key: 'log_query.expected.close', found: '(' } } } : null,
    }
  }

  private detail(place: string): LogDetailView {
    const line = this.line(Math.round(Number(BigInt(place.split('.')[0] ?? '0') / 1_000_000n) / STEP))
    const attrs = { http: { method: 'POST', route: '/api/orders', status: 502 }, duration_ms: 1240, demo: true, tags: ['a', 'b'] }
    return { line, time: `${new Date(line.at).toISOString().slice(0, 23)}456789Z`, message: line.message, left_out: 0, fields: [['http.status', '502'], ['http.route', '/api/orders'], ['duration_ms', '1240']], attrs, raw: JSON.stringify({ message: line.message, attrs }) }
  }

  private home(): LogsHome {
    return {
      stores: this.stores,
      boards: [],
      views: this.views,
      problems: [],
    }
  }

  private edit(edit: LogViewEdit): LogSavedView[] {
    this.views = edit.do === 'keep' ? [...this.views.filter((one) => one.name !== edit.view.name), edit.view] : this.views.filter((one) => one.name !== edit.name)
    return this.views
  }

  /** Answers a command about logs; undefined for any other. */
  answer(command: string, args: Record<string, unknown>): unknown {
    if (!command.startsWith('logs_')) return undefined
    const { ask } = args
    this.asked.push({ command, ask })
    switch (command) {
      case 'logs_home':
        return this.home()
      case 'logs_page':
        return this.page(ask as LogPageAsk)
      case 'logs_reading':
        return this.reading
      case 'logs_cancel':
        return null
      case 'logs_line':
        return this.detail(String(args.place))
      case 'logs_histogram':
        return this.histogram(ask as LogHistogramAsk)
      case 'logs_facets':
        return this.facets(ask as LogFacetsAsk)
      case 'logs_tail':
        return this.tail(ask as LogTailAsk)
      case 'logs_patterns':
        return this.patterns()
      case 'logs_numbers':
        return { rows: [], looked_at: 0, whole: true } satisfies LogNumbersView
      case 'logs_complete':
        return this.complete(ask as LogCompleteAsk)
      case 'logs_export':
        return { path: '/data/exports/logs.csv', lines: 812, whole: true }
      case 'logs_view':
        return this.edit(args.edit as LogViewEdit)
      default:
        return null
    }
  }
}
