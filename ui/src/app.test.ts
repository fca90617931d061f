import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { flushSync, unmount } from 'svelte'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { encode } from './api/frame'
import { hostOver } from './api/host'
import type { AlertBand, AlertRow, BoardView, FrameHead, KioskView, PanelFrame, PanelState, PanelView, QueryView, SeverityView, Verdict } from './api/wire'
import { open as show } from './open'

const NOW = Date.UTC(2026, 10, 21, 4, 8, 41)
const KINDS = ['tile', 'timeseries', 'stat', 'gauge', 'bar_list', 'table', 'state_timeline', 'text', 'heatmap', 'histogram', 'bar_gauge', 'ring', 'topology', 'alert_list', 'log_stream', 'spark_table', 'calendar', 'slo', 'forecast', 'hologram']
const HOSTILE = '<img src=x onerror="window.hacked=1">\u202e gnp.exe'

const queryView: QueryView = { id: 'a', role: 'main', label: null, unit: 'percent', reduce: 'worst', thresholds: null }

function panelView(id: string, kind: string): PanelView {
  return {
    id,
    kind,
    title: HOSTILE,
    subtitle: HOSTILE,
    at: { x: 0, y: 0, w: 1, h: 1 },
    domain: null,
    unit: 'percent',
    thresholds: null,
    min: null,
    max: null,
    limit: 8,
    abnormal_only: false,
    text: HOSTILE,
    window: 3_600_000,
    slo: { objective: 99.9, days: 30, burns: [{ id: 'fast', long: '1h', short: '5m', rate: 14.4, page: true }] },
    forecast: { method: 'linear', ahead: 3_600_000, season: 3_600_000 },
    filter: null,
    links: [],
    queries: [kind === 'slo' ? { ...queryView, id: 'budget' } : queryView],
  }
}

function panelFrame(id: string, state: PanelState, severity: SeverityView = 'normal', full = true): PanelFrame {
  const mark = { freshness: state.kind === 'data' ? ('fresh' as const) : ('old' as const), severity }
  return {
    id,
    state,
    severity,
    demo: true,
    remarks: [],
    topology: { width: 300, height: 46, node: 46, nodes: [{ name: HOSTILE, x: 0, y: 0, width: 100, series: [[0, 0]] }], edges: [], hidden: 0 },
    queries: [
      {
        id: id === 'slo' ? 'budget' : 'a',
        epoch: 1,
        series: full ? [{ name: HOSTILE.repeat(40_000), labels: { job: HOSTILE }, source: HOSTILE, demo: true }] : null,
        start: 0,
        patch: { from: NOW - 2000, step: 1000, count: 2, offset: 2 },
        latest: 0,
        marks: [mark],
        reduced: 0,
        reduced_mark: mark,
      },
    ],
  }
}

const calm: Verdict = { severity: 'normal', warning: 0, critical: 0, emergency: 0, unknown: 0, domains: [], abnormal: [], data_at: NOW - 2000 }

function head(panels: PanelFrame[], kinds: string[], over: Partial<FrameHead> = {}): FrameHead {
  return {
    now: NOW,
    cursor: 1,
    full: true,
    settings: { locale: 'zh-CN', theme: 'dark', time_zone: 'Asia/Shanghai', kiosk: true, type_scale: 1, boards: [] },
    board: { id: 'b', title: '总览', window: 3_600_000, columns: 3, rows: 3, panels: kinds.map((kind) => panelView(kind, kind)) },
    sources: [
      { name: 'prom', kind: 'prometheus', address: '', health: 'failed', error: null, warnings: [], version: null, demo: false, last_ok: null, newest: null, latency: null, skew: null, bound: 0 },
    ],
    verdict: calm,
    alerts: null,
    kiosk: null,
    variables: null,
    annotations: null,
    coming: null,
    panels,
    ...over,
  }
}

let app: Record<string, unknown> | null = null
let answers: (FrameHead | 'silence' | 'broken')[] = []
let calls: { command: string; args: Record<string, unknown> | undefined }[] = []

async function open(first: FrameHead): Promise<void> {
  answers = [first]
  calls = []
  const host = hostOver(async (command, args) => {
    calls.push({ command, args })
    if (command === 'panel_lines') return { lines: [{ place: '1.1', at: NOW, level: 'error', category: 'application', service: HOSTILE, host: HOSTILE, message: HOSTILE, cut: false, trace_id: '', span_id: '', cells: [] }], mark: 'm', left_out: 0, phrases: [] }
    if (command !== 'pull') return null
    const answer = answers.length > 1 ? answers.shift() : answers[0]
    if (answer === undefined || answer === 'silence') return new Promise(() => undefined)
    if (answer === 'broken') return new ArrayBuffer(3)
    return encode(answer, [41.5, NOW - 2000, 40, 41.5, 77.5, NOW - 1000])
  })
  const target = document.createElement('div')
  document.body.append(target)
  app = await show(host, target)
  await vi.advanceTimersByTimeAsync(100)
  flushSync()
}

const one = (selector: string): HTMLElement => {
  const found = document.querySelector<HTMLElement>(selector)
  if (found === null) throw new Error(`no ${selector}`)
  return found
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'performance', 'requestAnimationFrame', 'Date'] })
  Object.defineProperty(document, 'fonts', { value: { ready: Promise.resolve() }, configurable: true })
})

afterEach(async () => {
  if (app !== null) await unmount(app)
  app = null
  document.body.replaceChildren()
  delete document.body.dataset.ready
  vi.unstubAllGlobals()
  vi.useRealTimers()
})

describe('names from outside', () => {
  it('stay text in every kind of panel, and stay short', async () => {
    const verdict: Verdict = {
      ...calm,
      severity: 'critical',
      critical: 1,
      abnormal: [
        { panel: 'tile', title: HOSTILE, check: HOSTILE, series: HOSTILE.repeat(40_000), severity: 'critical', value: 9, unit: 'percent', limit: 5, below: false, since: NOW - 5000, demo: true },
      ],
    }
    await open(head(KINDS.map((kind) => panelFrame(kind, { kind: 'data' })), KINDS, { verdict }))
    expect(document.querySelectorAll('[data-panel]').length).toBe(KINDS.length)
    expect(document.querySelectorAll('img, script, iframe').length).toBe(0)
    expect('hacked' in window).toBe(false)
    expect(document.body.textContent).toContain('<img src=x')
    expect(one('[data-kind="bar_list"] bdi').textContent?.length).toBeLessThanOrEqual(120)
    expect(one('[data-kind="bar_list"] bdi').textContent).not.toContain('\u202e')
    expect(one('[data-abnormal] bdi').textContent?.length).toBeLessThanOrEqual(120)
  })

  it('are never written as markup anywhere in the page’s source', () => {
    for (const name of readdirSync(join(process.cwd(), 'src'), { recursive: true }) as string[]) {
      if (!/\.(ts|svelte)$/.test(name) || /\.test\.ts$/.test(name)) continue
      const text = readFileSync(join(process.cwd(), 'src', name), 'utf8')
      expect(text, name).not.toMatch(/\{@html|innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(/)
    }
  })
})

describe('what is shown and goes again', () => {
  // They are inherited: WebKit keeps the styles of all that is below each new set of them. A wall that shows boards in turn grows, and so does
  // a list that is scrolled.
  it('leaves no custom property in the style of an element', () => {
    // The page's own size, on its root: set when the screen changes, and nothing else.
    const allowed = ['views/WallApp.svelte']
    for (const name of readdirSync(join(process.cwd(), 'src'), { recursive: true }) as string[]) {
      if (!/\.(svelte|ts)$/.test(name) || /\.test\.ts$/.test(name) || allowed.includes(name)) continue
      const text = readFileSync(join(process.cwd(), 'src', name), 'utf8')
      expect(text, name).not.toMatch(/style:--|style=["'{][^"'>]*(?<![\w(])--[a-z-]+:|setProperty\(\s*['"`]--/)
    }
  })
})

describe('the states of a panel', () => {
  const states: Record<string, PanelState> = {
    tile: { kind: 'loading' },
    stat: { kind: 'no_data', reason: { code: 'unbound_concept', params: { concept: 'lag' } } },
    gauge: { kind: 'stale', since: NOW - 190_000 },
    table: { kind: 'failed', since: NOW - 42_000, error: { code: 'timeout', params: { seconds: '10' } } },
    bar_list: { kind: 'data' },
  }

  it('are said in words, with reason and age', async () => {
    const kinds = Object.keys(states)
    await open(head(kinds.map((kind) => panelFrame(kind, states[kind] as PanelState)), kinds))
    for (const kind of kinds) expect(one(`[data-panel="${kind}"]`).dataset.state).toBe(states[kind]?.kind)
    expect(one('[data-panel="tile"]').textContent).toContain('等待首次数据')
    expect(one('[data-panel="stat"]').textContent).toContain('没有来源提供 lag')
    expect(one('[data-panel="gauge"]').textContent).toContain('旧 3 分')
    expect(one('[data-panel="table"]').textContent).toContain('失败 42 秒')
    expect(one('[data-panel="table"]').textContent).toContain('10 秒内没有应答')
    expect(one('[data-panel="table"]').textContent).toContain('41.5')
    expect(one('[data-panel="bar_list"]').textContent).toContain('演示')
    expect(one('[data-panel="bar_list"]').dataset.demo).toBe('true')
    expect(one('.brand').textContent).toContain('含演示数据')
  })

  it('change at once', async () => {
    await open(head([panelFrame('stat', { kind: 'data' })], ['stat']))
    answers = [head([panelFrame('stat', { kind: 'stale', since: NOW - 60_000 }, 'critical', false)], [], { full: false, board: null, settings: null, sources: null, verdict: null })]
    await vi.advanceTimersByTimeAsync(1100)
    flushSync()
    expect(one('[data-panel="stat"]').dataset.state).toBe('stale')
    expect(one('[data-panel="stat"]').dataset.severity).toBe('critical')
  })
})

describe('the verdict', () => {
  const say = async (verdict: Verdict): Promise<string> => {
    await open(head([panelFrame('stat', { kind: 'data' })], ['stat'], { verdict }))
    return one('[data-verdict]').textContent?.replace(/\s+/g, ' ').trim() ?? ''
  }

  it('is a word when all is well', async () => expect(await say(calm)).toBe('全部正常'))

  it('never claims that with unknown data', async () => {
    const text = await say({ ...calm, unknown: 2 })
    expect(text).toBe('2 项未知')
    expect(one('footer').textContent).toContain('不能断言正常')
  })

  it('counts by severity, worst first, with the domains concerned', async () => {
    const text = await say({ ...calm, severity: 'critical', critical: 1, warning: 2, domains: ['payment', 'database'] })
    expect(text.replaceAll(' ', '')).toBe('1项严重·2项警告支付·数据库')
    expect(one('[data-verdict]').dataset.verdict).toBe('critical')
  })

  it('names the source that fails', async () => {
    await say(calm)
    expect(one('.sources').textContent).toContain('来源 0/1 正常')
    expect(one('[data-source="prom"]').dataset.health).toBe('failed')
  })
})

describe('the board that comes', () => {
  const kiosk = (coming: string | null): KioskView => ({ screen: '', index: 0, of: 2, mode: 'rotating', until: NOW + 2000, coming, why: null, part: { columns: 1, rows: 1, column: 0, row: 0 }, brightness: 1, off: false, shift: [0, 0], shift_room: 0, locked: false })
  const board = (id: string, kind: string): BoardView => ({ id, title: id, window: 3_600_000, columns: 1, rows: 1, panels: [panelView(kind, kind)] })
  const nothing = { full: false, board: null, settings: null, sources: null, verdict: null }
  const next = async (over: Partial<FrameHead>, panels: PanelFrame[] = []): Promise<void> => {
    answers = [head(panels, [], { ...nothing, ...over }), head([], [], { ...nothing, cursor: over.cursor ?? 1 })]
    await vi.advanceTimersByTimeAsync(1100)
    flushSync()
  }
  const layers = (): string[] => [...document.querySelectorAll<HTMLElement>('main')].map((layer) => `${layer.querySelector('[data-panel]')?.getAttribute('data-panel')}${layer.dataset.aside === 'true' ? ' unseen' : ''}`)
  const asked = (): unknown => calls.filter((call) => call.command === 'pull').at(-1)?.args?.ready

  const start = async (): Promise<HTMLElement> => {
    await open(head([panelFrame('stat', { kind: 'data' })], ['stat'], { kiosk: kiosk(null) }))
    expect(asked()).toEqual([])
    await next({ cursor: 5, kiosk: kiosk('two'), coming: { board: board('two', 'gauge'), panels: [panelFrame('gauge', { kind: 'data' })] } })
    expect(layers()).toEqual(['stat', 'gauge unseen'])
    expect(one('[data-view="wall"]').dataset.board).toBe('b')
    return one('[data-panel="gauge"]')
  }

  it('is laid out where nobody sees it, has only to be shown, and takes what is new', async () => {
    const laid = await start()
    expect(laid.dataset.state).toBe('data')
    // A frame later the host is told that it need not be sent again.
    await next({ cursor: 6 })
    expect(asked()).toEqual([{ board: 'two', cursor: 5 }])
    await next({ cursor: 7, kiosk: kiosk(null), board: board('two', 'gauge') }, [panelFrame('gauge', { kind: 'stale', since: NOW - 60_000 }, 'critical', false)])
    expect(one('[data-view="wall"]').dataset.board).toBe('two')
    expect(one('[data-panel="gauge"]')).toBe(laid)
    expect(laid.dataset.state).toBe('stale')
    expect(asked()).toEqual([{ board: 'two', cursor: 5 }])
    await vi.advanceTimersByTimeAsync(500)
    flushSync()
    expect(layers(), 'what was shown before has gone').toEqual(['gauge'])
    await next({ cursor: 8 })
    expect(asked()).toEqual([])
  })

  it('shows its newest numbers at once, also on a large screen where panels take turns', async () => {
    vi.stubGlobal('innerWidth', 3840)
    vi.stubGlobal('innerHeight', 2160)
    const shows = (kind: string): string | null => one(`[data-panel="${kind}"]`).textContent
    /** The same panel with the block's newer number. */
    const newer = (kind: string): PanelFrame => {
      const panel = panelFrame(kind, { kind: 'data' }, 'normal', false)
      return { ...panel, queries: panel.queries.map((query) => ({ ...query, latest: 4, reduced: 4 })) }
    }
    await start()
    await next({ cursor: 6 }, [newer('stat')])
    expect(shows('stat'), 'a panel of the shown board waits for its turn').toContain('41.5')
    await next({ cursor: 7, kiosk: kiosk(null), board: board('two', 'gauge') }, [newer('gauge')])
    expect(shows('gauge')).toContain('77.5')
  })

  it('leaves the one before ready for who turns by hand and may turn back', async () => {
    const stat = await start().then(() => one('[data-panel="stat"]'))
    await next({ cursor: 7, kiosk: kiosk('three'), board: board('two', 'gauge') })
    await vi.advanceTimersByTimeAsync(500)
    flushSync()
    expect(layers()).toEqual(['stat unseen', 'gauge'])
    await next({ cursor: 8, coming: { board: board('three', 'tile'), panels: [panelFrame('tile', { kind: 'data' })] } })
    await next({ cursor: 9 })
    // The board before has all that came until it went.
    expect(asked()).toEqual([{ board: 'three', cursor: 8 }, { board: 'b', cursor: 5 }])
    await next({ cursor: 10, kiosk: kiosk('two'), board: board('b', 'stat') }, [panelFrame('stat', { kind: 'stale', since: NOW - 60_000 }, 'normal', false)])
    expect(one('[data-panel="stat"]')).toBe(stat)
    expect(stat.dataset.state).toBe('stale')
    await vi.advanceTimersByTimeAsync(500)
    flushSync()
    expect(layers()).toEqual(['stat', 'gauge unseen'])
    // Nobody has turned for a while.
    await next({ cursor: 11, kiosk: kiosk(null) })
    expect(layers()).toEqual(['stat'])
  })

  it('is given up when it does not come, or is another by then', async () => {
    await start()
    await next({ cursor: 6, kiosk: kiosk(null) })
    expect(layers()).toEqual(['stat'])

    await next({ cursor: 7, kiosk: kiosk('two'), coming: { board: board('two', 'gauge'), panels: [panelFrame('gauge', { kind: 'data' })] } })
    await next({ cursor: 8, coming: { board: board('two', 'tile'), panels: [panelFrame('tile', { kind: 'data' })] } })
    expect(layers()).toEqual(['stat', 'tile unseen'])
    // All of it once more: what stands ready is worth nothing.
    await next({ cursor: 9, full: true, kiosk: kiosk(null), board: board('two', 'tile') }, [panelFrame('tile', { kind: 'data' })])
    expect(layers()).toEqual(['tile'])
    await next({ cursor: 10 })
    expect(asked()).toEqual([])
  })

  it('is forgotten with everything else when an answer is lost', async () => {
    await start()
    const said = vi.spyOn(console, 'error').mockImplementation(() => undefined)
    answers = ['broken']
    await vi.advanceTimersByTimeAsync(2200)
    flushSync()
    expect(layers()).toEqual(['stat'])
    expect(calls.filter((call) => call.command === 'pull').at(-1)?.args).toMatchObject({ cursor: 0, ready: [] })
    expect(said).toHaveBeenCalled()
    said.mockRestore()
  })
})

describe('the alert desk on the wall', () => {
  const row = (id: number, level: AlertRow['level'], over: Partial<AlertRow> = {}): AlertRow => ({
    id,
    fingerprint: '0000000000000001',
    level,
    look: 'open',
    title: `告警 ${id}`,
    rule: 'Rule',
    place: ['order-api'],
    sources: 1,
    starts_at: NOW - 120_000,
    respond_by: NOW + 180_500,
    resolve_by: null,
    resolved_at: null,
    acked_by: null,
    ack_comment: null,
    ack_until: null,
    assignee: null,
    quiet: null,
    next: { at: NOW + 600_000, what: { key: 'alert.next.escalate', params: { to: { kind: 'text', value: '王五' } } } },
    flapping: false,
    unverified: false,
    demo: false,
    ...over,
  })
  const band = (over: Partial<AlertBand> = {}): AlertBand => {
    const none = { open: 0, unacked: 0 }
    return { levels: [none, none, none, none], urgent: [], ticker: [], on_duty: ['李四'], rota: [], next: null, lost: [], failing: [], ...over }
  }

  it('shows P0 and P1 that nobody has, and says that all is not well', async () => {
    const urgent = [1, 2, 3, 4, 5].map((id) => row(id, id === 1 ? 'p0' : 'p1', id === 1 ? { title: HOSTILE } : {}))
    const levels: AlertBand['levels'] = [{ open: 1, unacked: 1 }, { open: 6, unacked: 6 }, { open: 0, unacked: 0 }, { open: 9, unacked: 9 }]
    await open(head([panelFrame('stat', { kind: 'data' })], ['stat'], { alerts: band({ levels, urgent, ticker: urgent }) }))
    expect(document.querySelectorAll('[data-urgent]').length).toBe(3)
    expect(one('[data-urgent="1"]').textContent).toContain('<img src=x')
    // Which of the P1 have their turn depends on the time; the P0 always stays.
    const second = document.querySelectorAll('[data-urgent]')[1]?.textContent
    expect(second).toContain('升级给 王五')
    expect(second).toContain('03:0')
    expect(one('[data-band]').textContent).toContain('还有 4 项')
    expect(one('[data-verdict]').textContent).toContain('7 项告警待确认')
    expect(one('[data-on-duty]').textContent).toContain('李四')
    expect(document.querySelectorAll('img').length).toBe(0)
    // The wall only tells: nothing on it can acknowledge.
    expect(document.querySelectorAll('[data-do], [data-band] button').length).toBe(0)
  })

  it('says who is on duty, since when and who is next, for each of two, and which source is lost besides', async () => {
    const on = (role: string, name: string, from: number, until: number, next: string[]): AlertBand['rota'][number] => ({ rota: 'ops', role, person: name, name, from, until, why: { key: 'x', params: {} }, next })
    const rota = [on('primary', '李四', NOW - 3_600_000, NOW + 7_200_000, ['王五']), on('secondary', HOSTILE, NOW - 86_400_000, NOW + 7_200_000, []), on('manager', '张三', 0, NOW + 1, [])]
    await open(head([panelFrame('stat', { kind: 'data' })], ['stat'], { alerts: band({ rota, lost: ['am-1'] }) }))
    const posts = [...document.querySelectorAll<HTMLElement>('[data-post]')]
    expect(posts.map((post) => post.dataset.post)).toEqual(['primary', 'secondary'])
    expect(posts[0]?.textContent).toMatch(/主值.*李四.*起，.*交 王五/s)
    expect(posts[1]?.textContent).toMatch(/备值.*<img src=x.*起，.*交 无人值班/s)
    expect(document.querySelectorAll('[data-next-shift]').length).toBe(2)
    expect(one('[data-lost-sources]').textContent).toContain('am-1 失联')
    expect(document.querySelectorAll('img').length).toBe(0)
  })

  it('lists the others with owner and age, and keeps what it knows while nothing changes', async () => {
    const ticker = [row(7, 'p2', { look: 'acked', acked_by: '赵六', respond_by: null }), row(8, 'p2', { respond_by: NOW - 60_000 })]
    const first = head([panelFrame('stat', { kind: 'data' })], ['stat'], { alerts: band({ ticker, lost: ['am-1'] }) })
    await open(first)
    expect(document.querySelector('[data-band]')).toBeNull()
    expect(one('[data-ticker="7"]').textContent).toContain('赵六 处理中')
    expect(one('[data-on-duty]').textContent).toContain('am-1 失联')
    answers = [head([], [], { full: false, board: null, settings: null, sources: null, verdict: null, alerts: null })]
    await vi.advanceTimersByTimeAsync(1100)
    flushSync()
    expect(one('[data-ticker="7"]').dataset.look).toBe('acked')
  })
})

describe('the pull', () => {
  it('asks once a second with the cursor, never twice at a time, and reports what it painted', async () => {
    await open(head([panelFrame('stat', { kind: 'data' })], ['stat']))
    const pulls = (): number => calls.filter((call) => call.command === 'pull').length
    await vi.advanceTimersByTimeAsync(200)
    const before = pulls()
    await vi.advanceTimersByTimeAsync(5000)
    expect(pulls() - before).toBeGreaterThanOrEqual(4)
    expect(pulls() - before).toBeLessThanOrEqual(6)
    expect(calls.filter((call) => call.command === 'pull').at(-1)?.args).toMatchObject({ cursor: 1, hidden: false })
    expect(document.body.dataset.ready).toBe('1')
    expect(calls.find((call) => call.command === 'painted')?.args).toEqual({ panels: 1, pictures: 1, hidden: false })
    await vi.advanceTimersByTimeAsync(30_000)
    expect(calls.filter((call) => call.command === 'painted').length).toBeGreaterThanOrEqual(2)
  })

  it('says that the wall is cut off when no answer comes, with the time of the last data, and recovers', async () => {
    const first = head([panelFrame('stat', { kind: 'data' })], ['stat'])
    await open(first)
    answers = ['silence']
    await vi.advanceTimersByTimeAsync(5200)
    flushSync()
    expect(one('[data-live]').dataset.live).toBe('false')
    expect(one('[role="alert"]').textContent).toContain('画面与主机失联')
    expect(one('[role="alert"]').textContent).toContain('最后数据 12:08:41')
    answers = [first]
    await vi.advanceTimersByTimeAsync(12_000)
    flushSync()
    expect(one('[data-live]').dataset.live).toBe('true')
  })

  it('shows the host’s clock in the configured zone', async () => {
    await open(head([], []))
    expect(one('[data-clock]').textContent).toMatch(/^12:08:4\d$/)
  })

  it('asks for the PIN before full screen is left', async () => {
    await open(head([panelFrame('stat', { kind: 'data' })], ['stat']))
    const escape = new KeyboardEvent('keydown', { key: 'Escape', bubbles: true, cancelable: true })
    document.body.dispatchEvent(escape)
    flushSync()
    expect(document.querySelector('.leave [data-dialog]')).not.toBeNull()
    // What the key does by itself is to close the dialog that is open by then.
    expect(escape.defaultPrevented).toBe(true)
  })
})
