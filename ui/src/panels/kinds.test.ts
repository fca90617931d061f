import { describe, expect, it } from 'vitest'
import type { AlertRow, AnnotationView, ForecastView, LinkView, QueryView, SloView, TopologyView, VariableView } from '../api/wire'
import { rgb } from '../charts/heat'
import { notesKey, notesNear } from '../charts/notes'
import { judge } from '../shared/severity'
import { Zone } from '../shared/time'
import { chosenText, withVariables } from '../stores/variables'
import { setLocale } from '../i18n/index.svelte'
import { tameSeries, withWords } from '../stores/names'
import { QueryData } from '../stores/query'
import { chosen } from './alert_list/rows'
import { zones } from './bar_gauge/zones'
import { calendar, dayAfter, weekday } from './calendar/cells'
import { holtWinters, linear, outside, predict, reaches, sameTime } from './forecast/predict'
import { bucketRows, endOf, every, grid, seriesRows, strength } from './heatmap/cells'
import { bins, place, quantile } from './histogram/bins'
import { filled, hostOf, rowLink, titleLink } from './links'
import { piece, shares } from './ring/shares'
import { objectives } from './slo/budget'
import { sparkRows } from './spark_table/rows'
import { fit, foremost, path, said, weight } from './topology/graph'

interface Given {
  name: string
  labels?: Record<string, string>
  points?: number[]
  now?: number
}

const STEP = 1000

/** A query with these series; points end at `end`. */
function query(id: string, series: Given[], over: Partial<QueryView> = {}, end = 10_000, step = STEP): QueryData {
  const view: QueryView = { id, role: 'main', label: null, unit: 'count', reduce: 'worst', thresholds: null, ...over }
  const data = new QueryData(view)
  const count = series[0]?.points?.length ?? 0
  const now = series.map((one) => one.now ?? one.points?.at(-1) ?? NaN)
  const points = series.flatMap((one) => one.points ?? [])
  data.apply(
    {
      id,
      epoch: 1,
      series: series.map(({ name, labels }) => ({ name, labels: labels ?? {}, source: 's', demo: false })),
      start: 0,
      patch: count > 0 ? { from: end - (count - 1) * step, step, count, offset: 2 * series.length + 2 } : null,
      latest: 0,
      marks: now.map((v) => ({ freshness: 'fresh', severity: judge(v, view.thresholds) })),
      reduced: 2 * series.length,
      reduced_mark: { freshness: 'fresh', severity: 'normal' },
    },
    new Float64Array([...now.flatMap((v) => [v, end]), now[0] ?? NaN, end, ...points]),
  )
  return data
}

const buckets = (counts: Record<string, number[]>): QueryData =>
  query(
    'a',
    Object.entries(counts).map(([le, points]) => ({ name: le, labels: { le }, points })),
  )

describe('heatmap', () => {
  it('reads the ends of buckets and nothing else', () => {
    expect([endOf('0.5'), endOf('+Inf'), endOf(''), endOf(undefined), endOf('x')]).toEqual([0.5, Infinity, NaN, NaN, NaN])
    expect(bucketRows(query('a', [{ name: 'x' }, { name: 'y', labels: { le: '1' } }]))).toBeNull()
  })

  it('turns counts at or below an end into counts between ends, low to high', () => {
    const data = buckets({ '+Inf': [10, 12], '1': [7, 7], '0.1': [4, 9] })
    const rows = bucketRows(data) ?? []
    expect(rows.map((row) => [row.from, row.le])).toEqual([[0, 0.1], [0.1, 1], [1, Infinity]])
    const found = grid(rows, true, 9000, STEP, 2)
    // A counter that restarted gives less below than above it: that is nothing, not a negative count.
    expect([...found.cells]).toEqual([4, 9, 3, 0, 3, 5])
    expect([found.lo, found.hi]).toEqual([0, 9])
  })

  it('adds up series with the same end', () => {
    const data = query('a', [
      { name: 'a', labels: { le: '1', service: 'x' }, points: [1, 2] },
      { name: 'b', labels: { le: '1', service: 'y' }, points: [10, 20] },
      { name: 'c', labels: { le: '+Inf' }, points: [11, 22] },
    ])
    const found = grid(bucketRows(data) ?? [], true, 9000, STEP, 2)
    expect([...found.cells]).toEqual([11, 22, 0, 0])
  })

  it('keeps the rows that are worst, in their order', () => {
    const thresholds = { warning: 80, critical: 90, emergency: null, below: false }
    const data = query('a', [{ name: 'a', now: 10 }, { name: 'b', now: 95 }, { name: 'c', now: 50 }, { name: 'd', now: 85 }], { thresholds })
    const { rows, hidden } = seriesRows([data], 3)
    expect(rows.map((row) => row.series[0])).toEqual([1, 2, 3])
    expect(hidden).toBe(1)
  })

  it('shows rare counts beside many, and no cell where there is no spread', () => {
    expect(strength(1, 0, 100, true)).toBeCloseTo(0.1)
    expect(strength(50, 0, 100, false)).toBe(0.5)
    expect(strength(0, 0, 0, true)).toBe(0)
    expect([every(20, 18), every(5, 18), every(0, 18)]).toEqual([1, 4, 1])
    expect(rgb('#56b4e9')).toEqual([0x56, 0xb4, 0xe9])
  })
})

describe('histogram', () => {
  it('takes buckets as they are and drops the empty ones at the ends', () => {
    const found = bins([buckets({ '0.01': [0], '0.1': [0], '0.5': [60], '1': [90], '5': [100], '10': [100], '+Inf': [100] })])
    expect(found.measured).toBe(true)
    expect(found.total).toBe(100)
    expect(found.bins.map((bin) => bin.count)).toEqual([0, 60, 30, 10, 0])
  })

  it('finds quantiles by even spread within a class', () => {
    const { bins: all } = bins([buckets({ '1': [50], '2': [90], '+Inf': [100] })])
    expect(quantile(all, 0.5)).toBe(1)
    expect(quantile(all, 0.7)).toBeCloseTo(1.5)
    // What lies in the open bucket is at least its lower end.
    expect(quantile(all, 0.99)).toBe(2)
    expect(quantile([], 0.5)).toBeNaN()
    expect(place(all, 1.5)).toBeCloseTo(1.5 / 3)
  })

  it('makes round classes of the newest values', () => {
    const found = bins([query('a', [3, 7, 8, 12, NaN, 19].map((now, i) => ({ name: String(i), now })))])
    expect(found).toMatchObject({ measured: false, total: 5 })
    expect(found.bins.reduce((sum, bin) => sum + bin.count, 0)).toBe(5)
    expect(found.bins.every((bin) => bin.from % 5 === 0)).toBe(true)
    expect(bins([query('a', [{ name: 'x', now: 4 }])]).bins.length).toBe(1)
  })
})

describe('ring', () => {
  it('shows the greatest parts, the rest as one, each in its own colour', () => {
    const { parts, total } = shares([query('a', [5, 60, -1, 20, 10, 5].map((now, i) => ({ name: String(i), now })))], 3)
    expect(total).toBe(100)
    expect(parts.map((part) => [part.key, part.share, part.colour, part.count])).toEqual([
      ['a/1', 0.6, 1, 1],
      ['a/3', 0.2, 3, 1],
      ['rest', 0.2, null, 3],
    ])
    expect(shares([query('a', [{ name: 'x', now: 0 }])], 4).parts).toEqual([])
  })

  it('draws a whole turn as one', () => {
    expect(piece(0, 1, 48, 33)).toContain('48 48 0 1 1')
    expect(piece(0, 0.25, 48, 33)).toMatch(/^M50.000 2.000A48 48 0 0 1 98.000 50.000/)
  })
})

describe('bar gauge', () => {
  const range = { lo: 0, hi: 100 }
  it('marks the zones between limits in both directions', () => {
    const above = zones({ warning: 70, critical: 90, emergency: null, below: false }, range)
    expect(above.map((zone) => [zone.severity, zone.from, zone.to])).toEqual([['normal', 0, 0.7], ['warning', 0.7, 0.9], ['critical', 0.9, 1]])
    const below = zones({ warning: 97, critical: 95, emergency: null, below: true }, range)
    expect(below.map((zone) => [zone.severity, zone.from, zone.to])).toEqual([['critical', 0, 0.95], ['warning', 0.95, 0.97], ['normal', 0.97, 1]])
    expect(zones(null, range)).toEqual([{ severity: 'normal', from: 0, to: 1 }])
  })
})

describe('spark table', () => {
  it('joins queries by name, worst first', () => {
    const thresholds = { warning: 80, critical: 90, emergency: null, below: false }
    const cpu = query('cpu', [{ name: 'a', now: 10 }, { name: 'b', now: 20 }], { thresholds })
    const disk = query('disk', [{ name: 'a', now: 95 }, { name: 'c', now: 1 }], { thresholds })
    const found = sparkRows([cpu, disk], 2, false)
    expect(found.shown.map((row) => [row.name, row.severity, row.series])).toEqual([['a', 'critical', [0, 0]], ['b', 'normal', [1, -1]]])
    expect(found.rest).toBe(1)
    expect(sparkRows([cpu, disk], 9, true).shown.map((row) => row.name)).toEqual(['a'])
  })
})

describe('calendar', () => {
  const zone = new Zone('Asia/Shanghai')
  const HOUR = 3_600_000
  const end = Date.UTC(2026, 10, 21, 4)
  it('knows days and weeks', () => {
    expect([weekday('2026-11-21'), weekday('2026-11-23')]).toEqual([5, 0])
    expect(dayAfter('2026-12-31', 1)).toBe('2027-01-01')
  })

  it('puts points into the hours of the zone’s days', () => {
    const points = Array.from({ length: 48 }, (_, i) => i)
    const month = calendar(query('a', [{ name: '', points }], {}, end, HOUR), 48 * HOUR, end, zone)
    expect([month.kind, month.rows, month.columns]).toEqual(['hours', 3, 24])
    expect(month.days).toEqual(['2026-11-19', '2026-11-20', '2026-11-21'])
    // 04:00 UTC is noon in Shanghai.
    expect(month.cells[2 * 24 + 12]).toBe(47)
    expect(month.cells[2 * 24 + 13]).toBeNaN()
    expect([month.lo, month.hi]).toEqual([0, 47])
  })

  it('joins hours to days and series to one as the query says', () => {
    const hours = 40 * 24
    const points = Array.from({ length: hours }, () => 1)
    const two = [{ name: 'a', points }, { name: 'b', points: points.map(() => 2) }]
    const of = (reduce: string) => calendar(query('a', two, { reduce }, end, HOUR), hours * HOUR, end, zone)
    const at = (reduce: string, day: string): number => {
      const month = of(reduce)
      const week = month.days.findIndex((first) => dayAfter(first, 7) > day)
      return month.cells[weekday(day) * month.columns + week] ?? NaN
    }
    expect(of('sum').kind).toBe('weeks')
    expect(at('sum', '2026-11-18')).toBe(24 * 3)
    expect(at('mean', '2026-11-18')).toBe(1.5)
    expect(at('max', '2026-11-18')).toBe(2)
    expect(at('min', '2026-11-18')).toBe(1)
  })
})

describe('objectives', () => {
  const slo: SloView = {
    objective: 99.9,
    days: 30,
    burns: [
      { id: 'fast', long: '1h', short: '5m', rate: 14.4, page: true },
      { id: 'medium', long: '6h', short: '30m', rate: 6, page: true },
    ],
  }
  const burning = { warning: null, critical: 0.0144, emergency: null, below: false }
  const queries = (fast: Given[]): QueryData[] => [
    query('budget', [{ name: 'a', now: 0.0004 }, { name: 'b', now: 0.0009 }], { thresholds: { ...burning, critical: 0.001 } }),
    query('1h', [{ name: 'a', now: 0.02 }, { name: 'b', now: 0.0001 }]),
    query('6h', [{ name: 'a', now: 0.006 }, { name: 'b', now: 0 }]),
    query('fast', fast, { thresholds: burning, role: 'check' }),
    query('medium', [], { thresholds: burning, role: 'check' }),
  ]

  it('burn only when both windows say so, and that one is first', () => {
    const [first, second] = objectives(queries([{ name: 'a', now: 0.02 }]), slo)
    expect(first).toMatchObject({ name: 'a', severity: 'critical' })
    expect(first?.left).toBeCloseTo(0.6)
    expect(first?.rates.map((rate) => [Math.round(rate.rate), rate.severity])).toEqual([[20, 'critical'], [6, 'normal']])
    expect(first?.days).toBeCloseTo(3)
    expect(second?.days).toBe(Infinity)
    // Without the confirming window nothing burns, and what has least left is first.
    expect(objectives(queries([]), slo).map((one) => [one.name, one.severity])).toEqual([['b', 'normal'], ['a', 'normal']])
  })

  it('with a budget that is spent', () => {
    const spent = objectives([query('budget', [{ name: 'a', now: 0.002 }], { thresholds: { ...burning, critical: 0.001 } })], slo)
    expect(spent[0]).toMatchObject({ severity: 'critical' })
    expect(spent[0]?.left).toBeCloseTo(-1)
    expect(spent[0]?.days).toBeNaN()
  })
})

describe('forecast', () => {
  const days = (n: number, f: (i: number) => number): { times: number[]; values: number[]; step: number } => ({
    times: Array.from({ length: n * 24 }, (_, i) => i * 3_600_000),
    values: Array.from({ length: n * 24 }, (_, i) => f(i)),
    step: 3_600_000,
  })
  const DAY = 86_400_000
  const wave = (i: number): number => 100 + 40 * Math.sin((i / 24) * 2 * Math.PI)

  it('of a straight line goes on, and says when it reaches a limit', () => {
    const past = days(7, (i) => 50 + i * 0.1)
    const found = linear(past, 14 * DAY)
    expect(found).not.toBeNull()
    const last = past.times.at(-1) ?? 0
    const meets = reaches(found as NonNullable<typeof found>, 80, false, last)
    // 66.7 now, 0.1 an hour: 80 is 133 hours away.
    expect(((meets.at ?? 0) - last) / 3_600_000).toBeGreaterThan(131)
    expect(((meets.at ?? 0) - last) / 3_600_000).toBeLessThan(137)
    expect(reaches(found as NonNullable<typeof found>, 500, false, last)).toEqual({ at: null, earliest: null })
    expect(linear(days(1, (i) => i).times.length > 8 ? { times: [0, 1], values: [1, 2], step: 1 } : past, DAY)).toBeNull()
  })

  it('of the same time is the middle and the ends of the days before', () => {
    const past = days(4, (i) => wave(i) + 10 * Math.floor(i / 24))
    const found = sameTime(past, DAY, DAY)
    const last = past.times.at(-1) ?? 0
    const i = found?.times.findIndex((t) => t >= last + 6 * 3_600_000) ?? -1
    const hour = Math.round(((found?.times[i] ?? 0) % DAY) / 3_600_000)
    expect(found?.lo[i]).toBeCloseTo(wave(hour))
    expect(found?.hi[i]).toBeCloseTo(wave(hour) + 30)
    expect(found?.mid[i]).toBeCloseTo(wave(hour) + 15)
    expect(sameTime(days(1, wave), DAY, DAY)).toBeNull()
    expect(outside(found as NonNullable<typeof found>, last, 500)).toBe('above')
    expect(outside(found as NonNullable<typeof found>, last, -500)).toBe('below')
  })

  it('of Holt and Winters follows season and trend', () => {
    const past = days(7, (i) => wave(i) + i * 0.2)
    const found = holtWinters(past, DAY, DAY)
    const n = past.times.length
    found?.times.forEach((t, h) => {
      const truth = wave(Math.round(t / 3_600_000)) + (t / 3_600_000) * 0.2
      expect(Math.abs((found.mid[h] ?? 0) - truth), String(h)).toBeLessThan(6)
    })
    expect(found?.times.length).toBe(24)
    expect(found?.times[0]).toBe((past.times[n - 1] ?? 0) + 3_600_000)
    expect((found?.hi[23] ?? 0) - (found?.lo[23] ?? 0)).toBeGreaterThan((found?.hi[0] ?? 0) - (found?.lo[0] ?? 0))
    expect(holtWinters(days(1, wave), DAY, DAY)).toBeNull()
  })

  it('bears gaps and nothing at all', () => {
    const holes = { ...days(4, wave), values: days(4, wave).values.map((v, i) => (i % 5 === 0 ? null : v)) }
    const views: ForecastView[] = ['same_time', 'linear', 'holt_winters'].map((method) => ({ method, ahead: DAY, season: DAY }))
    for (const view of views) {
      expect(predict(holes, view)?.mid.every(Number.isFinite), view.method).toBe(true)
      expect(predict({ times: [], values: [], step: 0 }, view), view.method).toBeNull()
    }
  })
})

describe('alert list', () => {
  const row = (title: string, level: AlertRow['level'], place: string[] = []): AlertRow => ({ title, rule: '', level, place }) as unknown as AlertRow
  const rows = [row('CPU 高', 'p0', ['api-01']), row('磁盘将满', 'p2', ['pg-main']), row('CPU 高', 'p3', ['api-02'])]
  it.each<[string | null, number[]]>([
    [null, [0, 1, 2]],
    ['cpu', [0, 2]],
    ['cpu !api-02', [0]],
    ['level<=p1', [0]],
    ['level>=P2 pg', [1]],
    ['level=p3', [2]],
  ])('keeps what the words of %j let through', (filter, kept) => expect(chosen(rows, filter)).toEqual(kept.map((i) => rows[i])))
})

describe('topology', () => {
  const view: TopologyView = {
    width: 300,
    height: 100,
    node: 40,
    nodes: [{ name: 'a', x: 0, y: 30, width: 100, series: [] }, { name: 'b', x: 200, y: 30, width: 100, series: [] }],
    edges: [{ from: 0, to: 1, points: [[100, 50], [150, 50], [200, 50]], backward: false, series: [[0, 0], [1, 0]] }],
    hidden: 0,
  }

  it('writes what is worst, else what comes first', () => {
    const thresholds = { warning: 1, critical: 5, emergency: null, below: false }
    const calls = query('a', [{ name: 'x', now: 120 }])
    const failed = (now: number) => query('b', [{ name: 'x', now }], { thresholds })
    const series = view.edges[0]?.series ?? []
    const good = said([calls, failed(0.1)], series)
    expect([foremost(good.all)?.value, good.severity]).toEqual([120, 'normal'])
    const bad = said([calls, failed(7)], series)
    expect([foremost(bad.all)?.value, bad.severity]).toEqual([7, 'critical'])
    expect(said([calls], [[4, 9]])).toEqual({ all: [], severity: 'normal' })
  })

  it('fills its panel without being torn', () => {
    expect(fit(view, 600, 400, 1)).toEqual({ sx: 1.5, sy: 1.5, left: 75, top: 125 })
    const flat = fit(view, 3000, 50, 10)
    expect(flat.sx / flat.sy).toBeCloseTo(1.9)
    expect(path(view.edges[0] as TopologyView['edges'][0], { sx: 1, sy: 1, left: 0, top: 0 })).toMatchObject({ y: 50, angle: 0 })
  })

  it('draws more traffic thicker, within bounds', () => {
    expect(weight(0)).toBe(1)
    expect(weight(100)).toBeGreaterThan(weight(10))
    expect(weight(1e30)).toBe(5)
  })
})

describe('links', () => {
  const board: LinkView = { to: 'board', target: 'server', variables: {} }
  const host: LinkView = { to: 'board', target: 'server', variables: { host: '$instance' } }
  const logs: LinkView = { to: 'logs', target: 'service:$service level>=error', variables: {} }

  it('of a title need no row, those of a row do', () => {
    expect(titleLink([logs, board])).toBe(board)
    expect(rowLink([board, host])).toBe(host)
    expect(rowLink([board])).toBeNull()
    expect(titleLink([logs])).toBeNull()
  })

  it('keep a hostile value a value', () => {
    expect(filled(logs, { service: 'a" or level:debug \\' }).target).toBe('service:"a\\" or level:debug \\\\" level>=error')
    expect(filled(host, { instance: 'api-01:9100' }).variables).toEqual({ host: 'api-01:9100' })
    expect(filled(host, {}).variables).toEqual({ host: '' })
    expect(filled(logs, { service: 'x'.repeat(5000) }).target.length).toBeLessThanOrEqual(800)
  })

  it('name a host without its port', () => {
    const link: LinkView = { to: 'logs', target: 'host:$instance.host level>=warn', variables: {} }
    expect(filled(link, { instance: 'sw-web-01:9100' }).target).toBe('host:"sw-web-01" level>=warn')
    expect(filled(link, { instance: 'a" or *:9100' }).target).toBe('host:"a\\" or *" level>=warn')
    expect(filled(link, {}).target).toBe('host:"" level>=warn')
    expect(['sw-web-01', '[fd00::1]:9100', 'fd00::1', 'https://a.cn:8443/x?y', '10.0.0.1:80', ''].map(hostOf)).toEqual(['sw-web-01', 'fd00::1', 'fd00::1', 'a.cn', '10.0.0.1', ''])
  })
})

describe('variables', () => {
  const one = (over: Partial<VariableView>): VariableView => ({ id: 'host', label: 'host', values: [], chosen: [], multi: true, ...over })
  it('stand in titles as what is chosen', () => {
    const all = [one({ chosen: ['a', 'b'] }), one({ id: 'hostname' })]
    expect(withVariables('$host · $hostname · $other · 5$', all, '全部')).toBe('a, b · 全部 · $other · 5$')
    expect(chosenText(one({ chosen: ['a', 'b', 'c', 'd'] }), '全部')).toBe('a +3')
    expect(withVariables('$host', [], '全部')).toBe('$host')
  })
})

describe('names of series', () => {
  const series = (name: string, labels: Record<string, string>) => tameSeries({ name, labels, source: 'demo', demo: true }, true)
  it('say a known value by its word, in the language in force', () => {
    const pay = series('alipay 失败', { channel: 'alipay' })
    expect(pay.name).toBe('支付宝 失败')
    setLocale('en')
    expect(pay.name).toBe('Alipay 失败')
    setLocale('zh-CN')
    expect(pay.name).toBe('支付宝 失败')
    expect(pay.labels.channel).toBe('alipay')
    expect(series('order.created', { queue: 'order.created' }).name).toBe('订单创建')
  })

  it('leave what is not known, and parts of words, as they are', () => {
    expect(series('stripe', { channel: 'stripe' }).name).toBe('stripe')
    expect(series('app-01', { channel: 'app' }).name).toBe('app-01')
    expect(series('toString', { channel: 'toString' }).name).toBe('toString')
    expect(withWords('a b a-b a', [['a', 'x']])).toBe('x b a-b x')
    expect(withWords('aa', [['a', 'aa']])).toBe('aa')
  })

  it('do not name the only source', () => {
    expect(series('demo', {}).name).toBe('')
    expect(series('demo', { __name__: 'up', job: 'a' }).name).toBe('')
    expect(series('demo', { instance: 'demo' }).name).toBe('demo')
    expect(tameSeries({ name: 'demo', labels: {}, source: 'demo', demo: true }, false).name).toBe('demo')
  })
})

describe('marks over a canvas', () => {
  const at = (time: number, id: string): AnnotationView => ({ id, kind: 'deployment', at: time, until: null, title: id, place: [], source: '', severity: 'normal', demo: false })
  const notes = [at(10, 'a'), at(51, 'b'), at(50, 'c'), at(200, 'd')]
  it('are found near the pointer, those close together at once', () => {
    const range = { lo: 0, hi: 100 }
    expect(notesNear(notes, range, 1000, 102)?.notes.map((note) => note.id)).toEqual(['a'])
    expect(notesNear(notes, range, 300, 151)?.notes.map((note) => note.id)).toEqual(['b', 'c'])
    expect(notesNear(notes, range, 1000, 300)).toBeNull()
    expect(notesKey(notes, range)).toBe('a@10 b@51 c@50')
  })
})
