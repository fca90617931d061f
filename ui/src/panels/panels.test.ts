import { describe, expect, it } from 'vitest'
import type { QueryView, SeverityView, ThresholdsView } from '../api/wire'
import { align } from '../charts/lines'
import { judge } from '../shared/severity'
import { timeMarks, Zone } from '../shared/time'
import { QueryData } from '../stores/query'
import { bandOf, bandsFor } from '../stores/bands'
import { apart } from './folder'
import { usableLanguage } from '../guard'
import { bars, fullBar } from './bar_list/rows'
import { gaugeRange, share } from './gauge/arc'
import { stretches } from './state_timeline/lanes'
import { rows } from './table/rows'
import { headline } from './tile/headline'
import { choose } from './timeseries/lines'
import { spread, wholeRows } from './fit'
import { around } from './timeseries/room'

const limits = (warning: number, critical: number, below = false): ThresholdsView => ({ warning, critical, emergency: null, below })

function data(id: string, values: Record<string, number>, over: Partial<QueryView> = {}): QueryData {
  const query = new QueryData({ id, role: 'main', label: null, unit: 'percent', reduce: 'worst', thresholds: null, ...over })
  const mark = (v: number) => ({ freshness: 'fresh' as const, severity: judge(v, query.view.thresholds) })
  const all = Object.values(values)
  const reduced = all[0] ?? NaN
  query.apply(
    {
      id,
      epoch: 1,
      series: Object.keys(values).map((name) => ({ name, labels: {}, source: 's', demo: false })),
      start: 0,
      patch: null,
      latest: 0,
      marks: all.map(mark),
      reduced: all.length * 2,
      reduced_mark: mark(reduced),
    },
    new Float64Array([...all.flatMap((v) => [v, 1000]), reduced, 1000]),
  )
  return query
}

describe('room', () => {
  it.each([
    [100, 25, 4],
    [99, 25, 3],
    [99.6, 25, 4],
    [-3, 25, 0],
    [100, 0, 0],
  ])('of %d holds rows of %d whole: %d', (room, row, expected) => expect(wholeRows(room, row)).toBe(expected))

  it('is spread over its rows between their least and their greatest height', () => {
    expect(spread(75, 30, 40, 5)).toEqual({ rows: 2, height: 37.5 })
    expect(spread(400, 30, 40, 5)).toEqual({ rows: 5, height: 40 })
    expect(spread(20, 30, 40, 5)).toEqual({ rows: 1, height: 20 })
    expect(spread(10, 30, 40, 5)).toEqual({ rows: 1, height: 16.5 })
    expect(spread(0, 30, 40, 5)).toEqual({ rows: 1, height: 30 })
  })

  const parts = { panel: 200, body: 160, width: 400, line: 22, clock: 22, edge: 10, item: 100 }
  it.each([
    [{}, 2, { lines: 1, clock: true, named: 2 }],
    [{}, 4, { lines: 1, clock: true, named: 4 }],
    [{ panel: 400, body: 360 }, 6, { lines: 2, clock: true, named: 3 }],
    [{}, 6, { lines: 1, clock: true, named: 4 }],
    [{ body: 130 }, 6, { lines: 1, clock: false, named: 4 }],
    [{ body: 110 }, 6, { lines: 0, clock: false, named: 0 }],
    [{ width: 50 }, 3, { lines: 1, clock: true, named: 1 }],
  ])('leaves the plot 45 %% of the panel: %j with %d series', (over, series, expected) => {
    expect(around({ ...parts, ...over }, series)).toEqual(expected)
  })
})

describe('limits', () => {
  it.each<[number, ThresholdsView, SeverityView]>([
    [80, limits(80, 90), 'normal'],
    [80.1, limits(80, 90), 'warning'],
    [91, limits(80, 90), 'critical'],
    [95, limits(95, 90, true), 'normal'],
    [94, limits(95, 90, true), 'warning'],
    [NaN, limits(80, 90), 'normal'],
  ])('%d', (value, thresholds, severity) => expect(judge(value, thresholds)).toBe(severity))
})

describe('a tile', () => {
  it('shows its main value until a check is worse', () => {
    const main = data('a', { x: 10 }, { thresholds: limits(80, 90) })
    const fine = data('c', { x: 10 }, { role: 'check', thresholds: limits(80, 90) })
    const bad = data('d', { x: 95 }, { role: 'check', thresholds: limits(80, 90) })
    expect(headline([main, fine])).toBe(main)
    expect(headline([main, fine, bad])).toBe(bad)
    expect(headline([])).toBeNull()
  })
})

describe('a bar list', () => {
  const query = data('a', { a: 50, b: 95, c: 85, d: NaN }, { thresholds: limits(80, 90) })
  it('is worst first and leaves out what has no value', () => {
    expect(bars([query], 8, false).shown.map((bar) => bar.name)).toEqual(['b', 'c', 'a'])
  })
  it('counts what it does not show', () => {
    expect(bars([query], 1, true)).toMatchObject({ normal: 1, hidden: 1 })
  })
  it('has a full length that fits unit, limits and values', () => {
    expect(fullBar(bars([query], 8, false).shown, null, 'percent')).toBe(100)
    expect(fullBar(bars([query], 8, false).shown, null, 'count')).toBeGreaterThanOrEqual(95)
    expect(fullBar([], null, 'count')).toBe(1)
    expect(fullBar([], 7, 'count')).toBe(7)
  })
})

describe('a table', () => {
  it('joins queries by the series’ name; a missing value is a hole', () => {
    const found = rows([data('a', { x: 1, y: 2 }), data('b', { y: 95 }, { thresholds: limits(80, 90) })], 8, false)
    expect(found.shown.map((row) => [row.name, row.severity, row.cells.map((cell) => cell?.value ?? null)])).toEqual([
      ['y', 'critical', [2, 95]],
      ['x', 'normal', [1, null]],
    ])
    expect(rows([data('a', { x: 1, y: 2, z: 3 })], 2, false).rest).toBe(1)
  })
})

describe('a gauge', () => {
  it('has the unit’s natural ends and keeps the value on the arc', () => {
    expect(gaugeRange({ min: null, max: null }, null, 'percent', 20)).toEqual({ lo: 0, hi: 100 })
    expect(gaugeRange({ min: 10, max: 20 }, null, 'count', 5)).toEqual({ lo: 10, hi: 20 })
    const range = gaugeRange({ min: null, max: null }, limits(100, 200), 'count', 250)
    expect(range.hi).toBeGreaterThanOrEqual(250)
    expect([share(-5, { lo: 0, hi: 10 }), share(20, { lo: 0, hi: 10 }), share(NaN, { lo: 0, hi: 10 })]).toEqual([0, 1, 0])
  })
})

describe('a state timeline', () => {
  it('joins equal neighbours and leaves the unknown open', () => {
    const found = stretches([0, 10, 20, 30, 40], [1, 1, 0, null, 1], null, 0, 100, 10, 'up_down')
    expect(found.map((one) => [one.from, one.to, one.severity])).toEqual([
      [0, 20, 'normal'],
      [20, 30, 'critical'],
      [30, 40, null],
      [40, 50, 'normal'],
    ])
  })
})

describe('names in a list', () => {
  it('leave out the folders that all begin with', () => {
    expect(apart(['/api/v1/dishes/{id}', '/api/v1/menus', '/api/v1/orders'])).toEqual(['…/dishes/{id}', '…/menus', '…/orders'])
    expect(apart(['/api/v1/orders/a', '/api/v1/orders/b', '/api/v2/orders'])).toEqual(['…/v1/orders/a', '…/v1/orders/b', '…/v2/orders'])
    for (const whole of [['/api/v1/menus'], ['/a/b', '/a/c'], ['/api/v1/', '/api/v1/menus'], ['h1', 'h2'], ['/x/y', 'z'], ['', ''], [], ['node1 /data/a', 'node1 /data/b'], ['https://a', 'http://a'], ['https://a', 'https:/b'], ['10.0.0.1', 'https://a']]) expect(apart(whole)).toEqual(whole)
  })
  it('have no scheme where all have the same, and no host where there is only one', () => {
    expect(apart(['https://www.demo/health', 'https://api.demo/'])).toEqual(['www.demo/health', 'api.demo/'])
    expect(apart(['10.0.0.1', 'https://www.demo/', 'https://www.demo/menu', '/'])).toEqual(['10.0.0.1', 'www.demo/', 'www.demo/menu', '/'])
    expect(apart(['https://www.demo/', 'https://www.demo/menu'])).toEqual(['www.demo/', 'www.demo/menu'])
    expect(apart(['https://www.demo/health', 'https://www.demo/menu'])).toEqual(['…/health', '…/menu'])
  })
})

describe('a chart of lines', () => {
  it('draws the worst when there are too many, in their own order', () => {
    const query = data('a', { a: 1, b: 95, c: 3, d: 50 }, { thresholds: limits(80, 90) })
    const { lines, hidden } = choose([query], 2, false)
    expect(lines.map((one) => query.series[one.series]?.name)).toEqual(['b', 'd'])
    expect(hidden).toBe(2)
  })
  it('copies nothing for one query, and merges the times of several', () => {
    const a = data('a', { x: 1 })
    const b = data('b', { x: 1 })
    a.times = [0, 10, 20]
    a.values = [[1, 2, 3]]
    b.times = [10, 15]
    b.values = [[7, 8]]
    const line = (query: QueryData) => ({ query, series: 0, token: '--s1' })
    expect(align([line(a)])[0]).toBe(a.times)
    expect(align([line(a), line(b)])).toEqual([
      [0, 10, 15, 20],
      [1, 2, undefined, 3],
      [null, 7, 8, null],
    ])
  })
})

describe('bands', () => {
  it('are two at 1080p and four at 2160p', () => {
    expect([bandsFor(1280, 720), bandsFor(1920, 1080), bandsFor(2560, 1080), bandsFor(3840, 2160), bandsFor(0, 0)]).toEqual([
      1, 2, 3, 4, 1,
    ])
  })
  it('hold every panel of the board', () => {
    for (let y = 0; y < 20; y += 1) {
      const band = bandOf({ x: 0, y, w: 1, h: 1 }, 20, 4)
      expect(band).toBe(Math.floor((y + 0.5) / 5))
    }
    expect(bandOf({ x: 0, y: 999, w: 1, h: 999 }, 20, 4)).toBe(3)
  })
})

describe('time', () => {
  const shanghai = new Zone('Asia/Shanghai')
  const at = Date.UTC(2026, 10, 21, 4, 8, 41)
  it('is the zone’s', () => {
    expect(shanghai.seconds(at)).toBe('12:08:41')
    expect(new Zone('America/New_York').minutes(at)).toBe('23:08')
    expect(shanghai.short(at, at + 172_800_000)).toBe('11-21 12:08')
  })
  it('is UTC when the zone is unknown, and a dash when the time is', () => {
    expect(new Zone('Mars/Olympus').seconds(at)).toBe('04:08:41')
    expect(shanghai.seconds(NaN)).toBe('--:--:--')
    expect(shanghai.seconds(9e15)).toBe('--:--:--')
  })
  it('follows summer time', () => {
    const berlin = new Zone('Europe/Berlin')
    expect(berlin.minutes(Date.UTC(2026, 2, 29, 0, 59))).toBe('01:59')
    expect(berlin.minutes(Date.UTC(2026, 2, 29, 1, 0))).toBe('03:00')
  })
  it('marks round local times', () => {
    const marks = timeMarks(at - 3_600_000, at, 5, shanghai)
    expect(marks.map((mark) => shanghai.minutes(mark))).toEqual(['11:15', '11:30', '11:45', '12:00'])
    expect(timeMarks(5, 5, 4, shanghai)).toEqual([])
  })
})

describe('the language', () => {
  it('of LANG=C is replaced before Intl chokes on it', () => {
    expect(usableLanguage('C')).toBe('zh-CN')
    expect(usableLanguage('zh-CN')).toBeNull()
  })
})
