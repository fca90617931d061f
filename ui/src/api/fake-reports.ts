import type { ErrorView, ReportChart, ReportKind, ReportMake, ReportRow, ReportSheet, ReportsPage } from './wire'

const DAY = 86_400_000
const KIB = 1024
/** So long a report takes here, ms. */
const TAKES = 3_000

const date = (at: number): string => new Date(at + 8 * 3_600_000).toISOString().slice(0, 10)
const refused = (reason: string, params: Record<string, string> = {}): ErrorView => ({ code: 'refused', params: { reason_key: `reports_page.reason.${reason}`, ...params } })

/** Texts as a report may have them from outside. */
export const HOSTILE_REPORT = '<img src=x onerror="hacked=1">磁盘\u202e'

function chart(title: string): ReportChart {
  const points = Array.from({ length: 60 }, (_, i) => `${i * 8 + 10},${70 - 40 * Math.sin(i / 6)}`).join(' ')
  const svg = `<svg width="500" height="140" viewBox="0 0 500 140" xmlns="http://www.w3.org/2000/svg"><script>hacked=1</script><rect width="500" height="140" fill="#fff"/><polyline points="${points}" fill="none" stroke="#0072b2"/></svg>`
  return { title, svg }
}

function sheet(row: ReportRow): ReportSheet {
  const figure = (name: string, text: string, unit: string, grade: 'normal' | 'warning' = 'normal'): ReportSheet['figures'][number] => ({ name, text, unit, note: '较上期 +6.2%', grade, course: ['0.0,20.0 30.0,4.0 60.0,14.0 100.0,6.0'] })
  const cell = (text: string, grade: 'normal' | 'critical' = 'normal'): { text: string; grade: 'normal' | 'critical' } => ({ text, grade })
  return {
    locale: 'zh-CN',
    title: `守望 ${{ daily: '日报', weekly: '周报', monthly: '月报' }[row.kind]}`,
    subtitle: row.first,
    verdict: '1 项服务质量未达标',
    grade: 'critical',
    lead: ['下单 1,070 万（较上期 +6.2%），订单金额 8.6 亿元（较上期 +4.1%）。', '未达标：支付成功率（成功占比 97.1%，目标 98.5%）。', `${HOSTILE_REPORT} 约 13 天后写满。`],
    figures: [figure('下单', '1,070', '万'), figure('订单金额', '8.6', '亿元'), figure('支付成功率', '97.1', '%', 'warning'), figure('告警', '122', '次')],
    sections: [
      { title: '业务', blocks: [{ kind: 'charts', charts: [chart('下单'), chart('订单金额')] }, { kind: 'text', text: '下单以小程序为主。' }] },
      {
        title: '服务质量与 SLA',
        blocks: [
          { kind: 'table', head: ['指标', '目标', '达标占比', '承诺', '未达标', '结论'], rows: [[cell('支付成功率'), cell('SLO 成功占比'), cell('97.1%', 'critical'), cell('98.5%'), cell('错误预算用去 193%'), cell('未达标', 'critical')]] },
          { kind: 'charts', charts: [chart('支付成功率')] },
          { kind: 'note', text: '数据点间隔 1 分钟。' },
        ],
      },
    ],
    foot: '守望 · 生成',
  }
}

/** The reports of the development host. */
export class FakeReports {
  private readonly began = Date.now()
  private readonly rows: ReportRow[]
  private making: ReportsPage['making'] = null
  private outcome: ReportsPage['outcome'] = null
  private count = 0

  constructor(private readonly query: URLSearchParams) {
    const row = (id: string, kind: ReportKind, back: number, length: number, by: ReportRow['by']): ReportRow => ({
      id,
      kind,
      first: date(this.began - back * DAY),
      last: date(this.began - (back - length + 1) * DAY),
      files: [
        { format: 'pdf', bytes: 412 * KIB },
        { format: 'html', bytes: 268 * KIB },
      ],
      made_at: this.began - (back - length) * DAY + 3_600_000,
      by,
      readable: by !== null,
      sent: by === 'schedule' ? { at: this.began - (back - length) * DAY + 3_660_000, to: ['boss@example.com', 'ops@example.com'] } : null,
      receivers: ['boss@example.com', 'ops@example.com'],
    })
    this.rows = query.has('empty') ? [] : [row('1/d1', 'daily', 1, 1, 'schedule'), row('0/w1', 'weekly', 9, 7, 'hand'), row('1/m1', 'monthly', 40, 31, null)]
  }

  /** Answers a command; undefined when it is none of the reports'. */
  answer(command: string, args: Record<string, unknown>): unknown {
    switch (command) {
      case 'reports_page':
        return this.page()
      case 'report_make':
        return this.make(args.ask as ReportMake)
      case 'report_open':
        return sheet(this.row(String(args.id)))
      case 'report_save':
        return { paths: this.row(String(args.id)).files.map((file) => `/data/shouwang/exports/report.${file.format}`) }
      case 'report_send':
        if (this.query.has('nomail')) throw refused('no_mail')
        this.row(String(args.id)).sent = { at: Date.now(), to: args.to as string[] }
        return null
      default:
        return undefined
    }
  }

  private row(id: string): ReportRow {
    const found = this.rows.find((one) => one.id === id)
    if (found === undefined) throw refused('unknown')
    return found
  }

  private make(ask: ReportMake): null {
    if (this.making !== null) throw refused('busy')
    const first = ask.day ?? date(Date.now() - DAY)
    this.making = { kind: ask.kind, first, by: 'hand', since: Date.now(), stage: 'gathering' }
    setTimeout(() => {
      this.making = null
      this.count += 1
      if (this.query.has('nodisk')) {
        this.outcome = { kind: 'failed', error: refused('not_written', { path: '/data/reports/by-hand/x.pdf', detail: 'No space left on device' }) }
        return
      }
      const id = `0/made-${this.count}`
      this.rows.unshift({ id, kind: ask.kind, first, last: first, files: [{ format: 'pdf', bytes: 400 * KIB }], made_at: Date.now(), by: 'hand', readable: true, sent: null, receivers: ['boss@example.com'] })
      this.outcome = { kind: 'made', id }
    }, TAKES)
    return null
  }

  private page(): ReportsPage {
    const now = Date.now()
    const plan = (kind: ReportKind, days: number): ReportsPage['plans'][number] => ({ kind, next: now + days * DAY, formats: ['pdf', 'html'], folder: '/data/reports', mail_to: ['boss@example.com', 'ops@example.com'], failed: null })
    const plans = this.query.has('empty') ? [] : [plan('daily', 0.6), plan('weekly', 3)]
    const [daily] = plans
    if (this.query.has('nodisk') && daily !== undefined) daily.failed = refused('not_written', { path: '/data/reports/x.pdf', detail: 'Permission denied' })
    return { now, rows: this.rows, more: false, plans, mail: !this.query.has('nomail'), making: this.making, outcome: this.outcome, count: this.count, folder: '/data/shouwang/reports/by-hand' }
  }
}
