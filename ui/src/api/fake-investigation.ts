import { HOSTILE } from './fake-alerts'
import type { AlertChart, AlertDetail, AlertRow, InvestigationView } from './wire'

const MINUTE = 60_000

/** 现场 of a made-up alert: new errors, failed and slow traces, what else fired. */
export function investigation(alert: AlertDetail, chart: AlertChart | null, rows: readonly AlertRow[]): InvestigationView {
  const { row } = alert
  const at = row.starts_at
  const trace = (id: number, service: string, operation: string, duration: number, errors: number): InvestigationView['traces']['slow'][number] => ({
    id: id.toString(16).padStart(32, '0'),
    service,
    operation,
    start: at + id * 7000,
    duration,
    spans: 23 + id,
    errors,
  })
  const points = chart?.series[0]?.[1] ?? []
  return {
    alert,
    metric: {
      chart,
      baselines: chart === null ? [] : [['day', points.map((v, i) => (v === null ? null : (points[0] ?? 0) * (1 + 0.04 * Math.sin(i / 9))))]],
      late: chart === null ? [] : ['week'],
      error: chart === null ? { code: 'no_expression', params: {} } : null,
      took_ms: 84,
    },
    logs: {
      store: 'demo',
      asked: ['demo'],
      demo: true,
      query: 'level>=warn and service:payment',
      narrow: true,
      from: at - 10 * MINUTE,
      to: at + 20 * MINUTE,
      lines: 1284,
      exact: true,
      before_exact: false,
      unsure: [{ template: '签名校验失败 <number>', example: '签名校验失败 7', service: 'payment', count: 3, before: 0, first: at - 30_000, trace_id: '' }],
      new: [
        { template: '微信支付下单失败：渠道返回 <number>，订单 <id>，耗时 <number> ms', example: '微信支付下单失败：渠道返回 504，订单 88213，耗时 3021 ms', service: 'payment', count: 412, before: 0, first: at - 40_000, trace_id: '7'.padStart(32, '0') },
        { template: `连接池耗尽 ${HOSTILE} 等待 <number> ms`, example: HOSTILE, service: HOSTILE, count: 37, before: 0, first: at - 20_000, trace_id: '' },
      ],
      more: [{ template: '重试第 <number> 次', example: '重试第 2 次', service: 'order', count: 690, before: 44, first: at - 9 * MINUTE, trace_id: '' }],
      gaps: [],
      error: null,
      took_ms: 320,
    },
    traces: {
      source: 'demo',
      asked: [`edge ${HOSTILE}`, 'demo'],
      demo: true,
      services: ['payment'],
      narrow: true,
      from: at - 10 * MINUTE,
      to: at + 20 * MINUTE,
      looked_at: 60,
      median: 184,
      failed: [trace(1, 'gateway', 'POST /api/v1/orders', 3120, 2), trace(2, 'gateway', `POST ${HOSTILE}`, 3044, 1)],
      slow: [trace(1, 'gateway', 'POST /api/v1/orders', 3120, 2), trace(5, 'gateway', 'GET /api/v1/menu', 980, 0)],
      gaps: [{ what: `edge ${HOSTILE}`, error: { code: 'timeout', params: { seconds: '1.8' } } }],
      error: null,
      took_ms: 410,
    },
    others: rows
      .filter((one) => one.id !== row.id)
      .slice(0, 6)
      .map((one) => ({ row: one, after: one.starts_at - at, shared: one.place.filter((place) => row.place.includes(place)) })),
    others_error: null,
    on_duty: [],
    took_ms: 612,
  }
}
