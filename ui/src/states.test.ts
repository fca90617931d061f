import { flushSync, unmount } from 'svelte'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { encode } from './api/frame'
import { hostOver } from './api/host'
import type { FrameHead, Freshness, HealthView, PanelFrame, PanelState, PanelView, QueryView, RemarkView, Verdict } from './api/wire'
import { open as show } from './open'

// The chart itself is drawn on a canvas, which there is none of here; what stands around it is real.
vi.mock('./charts/lines', () => ({
  LinesChart: class {
    times: number[] = []
    constructor(...given: unknown[]) {
      const options = given[1] as { hover: (index: number, left: number, top: number, own: boolean) => void }
      this.times = [NOW]
      hover = () => options.hover(0, 100, 10, true)
    }
    update(): void {}
    resize(): void {}
    redraw(): void {}
    destroy(): void {}
    showRange(): void {}
    valueAt(): number {
      return 7
    }
    notesAt(): [] {
      return []
    }
  },
}))
let hover: () => void = () => undefined

const NOW = Date.UTC(2026, 10, 21, 4, 8, 41)
/** Every kind that asks a source for metrics. */
const KINDS = ['tile', 'timeseries', 'stat', 'gauge', 'bar_list', 'table', 'state_timeline', 'heatmap', 'histogram', 'bar_gauge', 'ring', 'topology', 'spark_table', 'calendar', 'slo', 'forecast']
const NAMES = ['api-01', 'api-02', 'api-03']

const queryView: QueryView = { id: 'a', role: 'main', label: null, unit: 'percent', reduce: 'worst', thresholds: null }

function panelView(id: string, kind: string): PanelView {
  return {
    id,
    kind,
    title: id,
    subtitle: null,
    at: { x: 0, y: 0, w: 1, h: 1 },
    domain: null,
    unit: 'percent',
    thresholds: null,
    min: null,
    max: null,
    limit: 8,
    abnormal_only: false,
    text: null,
    window: 3_600_000,
    slo: { objective: 99.9, days: 30, burns: [] },
    forecast: { method: 'linear', ahead: 3_600_000, season: 3_600_000 },
    filter: null,
    links: [],
    queries: [kind === 'slo' ? { ...queryView, id: 'budget' } : queryView],
  }
}

/** Three series of the given freshness; the block holds values and times, then two points each. */
function panelFrame(id: string, state: PanelState, freshness: Freshness[], remarks: RemarkView[] = [], empty = false): PanelFrame {
  const marks = freshness.map((one) => ({ freshness: one, severity: 'normal' as const }))
  return {
    id,
    state,
    severity: 'normal',
    demo: false,
    remarks,
    topology: { width: 300, height: 46, node: 46, nodes: [{ name: 'a', x: 0, y: 0, width: 100, series: [[0, 0]] }], edges: [], hidden: 0 },
    queries: empty
      ? []
      : [
          {
            id: id === 'slo' ? 'budget' : 'a',
            epoch: 1,
            series: NAMES.map((name) => ({ name, labels: { instance: name }, source: 'p', demo: false })),
            start: 0,
            patch: { from: NOW - 2000, step: 1000, count: 2, offset: 6 },
            latest: 0,
            marks,
            reduced: 0,
            reduced_mark: marks[0] ?? { freshness: 'fresh', severity: 'normal' },
          },
        ],
  }
}

/** Newest values with their ages: 2 s, 2 min, 20 min. */
const BLOCK = [41, NOW - 2000, 52, NOW - 120_000, 63, NOW - 1_200_000, 41, 41, 52, 52, 63, 63]
const FRESH: Freshness[] = ['fresh', 'fresh', 'fresh']
const calm: Verdict = { severity: 'normal', warning: 0, critical: 0, emergency: 0, unknown: 0, domains: [], abnormal: [], data_at: NOW - 2000 }

let app: Record<string, unknown> | null = null

async function open(panels: PanelFrame[], health: HealthView | null = null): Promise<void> {
  const head: FrameHead = {
    now: NOW,
    cursor: 1,
    full: true,
    settings: { locale: 'zh-CN', theme: 'dark', time_zone: 'Asia/Shanghai', kiosk: true, type_scale: 1, boards: [] },
    board: { id: 'b', title: 'b', window: 3_600_000, columns: 3, rows: 3, panels: panels.map((panel) => panelView(panel.id, panel.id)) },
    sources: [],
    verdict: calm,
    alerts: null,
    kiosk: null,
    variables: null,
    annotations: null,
    coming: null,
    panels,
  }
  const host = hostOver(async (command) => (command === 'pull' ? encode(head, BLOCK) : command === 'health' ? health : null))
  const target = document.createElement('div')
  document.body.append(target)
  app = await show(host, target)
  await vi.advanceTimersByTimeAsync(300)
  flushSync()
}

async function close(): Promise<void> {
  if (app !== null) await unmount(app)
  app = null
  document.body.replaceChildren()
}

const panel = (id: string): HTMLElement => {
  const found = document.querySelector<HTMLElement>(`[data-panel="${id}"]`)
  if (found === null) throw new Error(`no panel ${id}`)
  return found
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'performance', 'requestAnimationFrame', 'Date'] })
  Object.defineProperty(document, 'fonts', { value: { ready: Promise.resolve() }, configurable: true })
  for (const [name, size] of [['clientWidth', 800], ['clientHeight', 400], ['offsetHeight', 20]] as const) {
    vi.spyOn(HTMLElement.prototype, name, 'get').mockReturnValue(size)
  }
})

afterEach(async () => {
  await close()
  delete document.body.dataset.ready
  vi.restoreAllMocks()
  vi.useRealTimers()
})

describe('every kind of panel in every state', () => {
  const states: { name: string; state: PanelState; freshness: Freshness[]; empty: boolean; says: string }[] = [
    { name: 'loading', state: { kind: 'loading' }, freshness: [], empty: true, says: '等待首次数据' },
    { name: 'no data', state: { kind: 'no_data', reason: { code: 'unbound_concept', params: { concept: 'lag' } } }, freshness: [], empty: true, says: '没有来源提供 lag' },
    { name: 'old', state: { kind: 'stale', since: NOW - 190_000 }, freshness: ['old', 'old', 'old'], empty: false, says: '旧 3 分' },
    { name: 'unknown', state: { kind: 'stale', since: NOW - 1_200_000 }, freshness: ['unknown', 'unknown', 'unknown'], empty: false, says: '未知 20 分' },
    { name: 'failed', state: { kind: 'failed', since: NOW - 42_000, error: { code: 'timeout', params: { seconds: '10', advice: 'timeout' } } }, freshness: [], empty: true, says: '10 秒内没有应答' },
    { name: 'failed with what was known', state: { kind: 'failed', since: NOW - 42_000, error: { code: 'timeout', params: { seconds: '10' } } }, freshness: FRESH, empty: false, says: '失败 42 秒' },
    { name: 'data', state: { kind: 'data' }, freshness: FRESH, empty: false, says: '' },
  ]

  /** What is left of a panel without its words: elements, classes, the shapes of its signs. Its data and its name do not count. */
  function look(section: HTMLElement): string {
    const bare = section.cloneNode(true) as HTMLElement
    for (const name of ['data-state', 'data-panel', 'aria-label']) {
      bare.removeAttribute(name)
      bare.querySelectorAll(`[${name}]`).forEach((one) => one.removeAttribute(name))
    }
    const walk = (node: Element): string => {
      const own = node.classList.contains('picture') ? '' : [...node.children].map(walk).join('')
      const shape = node.getAttribute('d') ?? ''
      return `<${node.tagName}.${[...node.classList].sort().join('.')}${shape}>${own}`
    }
    return walk(bare)
  }

  it.each(KINDS)('%s', async (kind) => {
    const looks = new Map<string, string>()
    for (const { name, state, freshness, empty, says } of states) {
      await open([panelFrame(kind, state, freshness, [], empty)])
      const section = panel(kind)
      expect(section.dataset.state, name).toBe(state.kind)
      expect(section.textContent, name).toContain(says)
      const same = looks.get(look(section))
      expect(same, `${name} looks like ${same} but for words`).toBeUndefined()
      looks.set(look(section), name)
      await close()
    }
  })

  it('says what to do about a failure', async () => {
    await open([panelFrame('stat', { kind: 'failed', since: NOW - 1000, error: { code: 'tls', params: { detail: 'x', advice: 'tls_untrusted' } } }, [], [], true)])
    expect(panel('stat').querySelector('[data-advice]')?.textContent).toContain('ca_file')
  })
})

describe('one series that is old among fresh ones', () => {
  const some: Freshness[] = ['fresh', 'old', 'unknown']
  const behind: RemarkView = { kind: 'old', series: 2, of: 3, since: NOW - 1_200_000 }

  it('bears its age in the legend and in the tip of a chart', async () => {
    await open([panelFrame('timeseries', { kind: 'data' }, some)])
    const items = [...document.querySelectorAll('.legend .item')].map((item) => item.textContent?.replace(/\s+/g, ' ') ?? '')
    const of = (name: string): string => items.find((item) => item.includes(name)) ?? ''
    expect(of('api-01')).not.toMatch(/旧|未知/)
    expect(of('api-02')).toContain('旧 2 分')
    expect(of('api-03')).toContain('未知 20 分')
    hover()
    flushSync()
    const tip = [...document.querySelectorAll('.tip .row')].map((row) => row.textContent ?? '')
    expect(tip.find((row) => row.includes('api-02'))).toContain('旧 2 分')
    expect(tip.find((row) => row.includes('api-01'))).not.toMatch(/旧|未知/)
  })

  it('bears its age on its lane', async () => {
    await open([panelFrame('state_timeline', { kind: 'data' }, some)])
    const lanes = [...document.querySelectorAll('.names .name')].map((lane) => lane.textContent?.replace(/\s+/g, ' ') ?? '')
    expect(lanes.find((lane) => lane.includes('api-01'))).not.toMatch(/旧|未知/)
    expect(lanes.find((lane) => lane.includes('api-02'))).toContain('旧 2 分')
    expect(lanes.find((lane) => lane.includes('api-03'))).toContain('未知 20 分')
  })

  it.each(KINDS)('is counted in the head of a panel of kind %s, which stays as bright as it was', async (kind) => {
    await open([panelFrame(kind, { kind: 'data' }, some, [behind])])
    expect(panel(kind).querySelector('[data-remark="old"]')?.textContent).toBe('2/3 旧 20 分')
    expect(panel(kind).classList.contains('old')).toBe(false)
  })
})

describe('what is said beside the look', () => {
  it('of a source that is missing, of a part, of what was left out', async () => {
    const remarks: RemarkView[] = [
      { kind: 'missing', source: 'prom-b', since: NOW - 5000, error: { code: 'connect', params: { detail: 'refused' } } },
      { kind: 'warned', source: 'vm', partial: true, texts: ['<img src=x> storage node 3 is away'] },
      { kind: 'cut', shown: 200, dropped: 31 },
    ]
    await open([panelFrame('timeseries', { kind: 'data' }, FRESH, remarks), panelFrame('tile', { kind: 'data' }, FRESH, remarks.slice(1))])
    const text = panel('timeseries').textContent ?? ''
    expect(text).toContain('缺 prom-b')
    expect(text).toContain('数据不完整')
    expect(text).toContain('+1')
    expect(panel('timeseries').querySelector('[data-remarks]')?.textContent).toContain('prom-b: 连不上：refused')
    expect(panel('tile').querySelector('[data-remark="cut"]')?.textContent).toBe('仅 200/231 条')
    expect(document.querySelectorAll('img').length).toBe(0)
  })

  it('tells a source’s own words where nothing is missing', async () => {
    await open([panelFrame('ring', { kind: 'data' }, FRESH, [{ kind: 'warned', source: 'vm', partial: false, texts: ['<b>slow</b>'] }])])
    expect(panel('ring').querySelector('[data-remarks]')?.textContent).toBe('vm: <b>slow</b>')
  })

  it('nothing while all is well', async () => {
    await open(KINDS.map((kind) => panelFrame(kind, { kind: 'data' }, FRESH)))
    expect(document.querySelectorAll('[data-remark], [data-remarks], .flag').length).toBe(0)
  })
})

describe('the health page', () => {
  const source = { name: 'vm', kind: 'prometheus', address: '', version: null, demo: false, last_ok: NOW, newest: NOW, latency: 4, skew: null, bound: 1 }
  const health: HealthView = {
    version: '1',
    config: null,
    data: null,
    secrets: 'none',
    secrets_reason: null,
    secrets_error: { code: 'secret_unreadable', params: { name: '*', reason_key: 'error.secrets.wrong_key', path: '/x/secrets.vault' } },
    sources: [
      { ...source, health: 'degraded', error: { code: 'partial', params: { detail: 'node 3' } }, warnings: ['<b>node 3</b> is away'] },
      { ...source, name: 'tls', health: 'failed', error: { code: 'tls', params: { detail: 'expired', advice: 'tls_expired' } }, warnings: [] },
      { ...source, name: 'local', health: 'degraded', error: { code: 'targets', params: { failed: '1', all: '2', url: 'http://h/metrics', reason_key: 'scrape.error.status', status: '500' } }, warnings: [] },
    ],
    targets: [
      { job: 'bad', instance: 'h', url: 'http://h/metrics', health: 'failed', error: { code: 'scrape', params: { reason_key: 'scrape.error.status', status: '500' } }, last: NOW - 3000, samples: 0 },
      { job: 'good', instance: 'g', url: 'http://g/metrics', health: 'ok', error: null, last: NOW - 3000, samples: 12 },
    ],
    concepts: [],
    registries: [],
    problems: [],
  }

  it('tells parts, warnings, pages that cannot be scraped, what to do, and why secrets cannot be read', async () => {
    await open([panelFrame('stat', { kind: 'data' }, FRESH)], health)
    document.querySelector<HTMLElement>('.sources')?.click()
    await vi.advanceTimersByTimeAsync(500)
    flushSync()
    const of = (name: string): string => document.querySelector(`[data-view="health"] [data-source="${name}"]`)?.textContent ?? ''
    expect(of('vm')).toContain('应答不完整')
    expect(of('vm')).toContain('<b>node 3</b> is away')
    expect(of('tls')).toContain('校准本机时钟')
    expect(of('local')).toContain('1/2 个抓取目标失败，其中 http://h/metrics：应答状态 500')
    const bad = document.querySelector('[data-target="http://h/metrics"]')
    expect(bad?.textContent).toContain('抓取失败：应答状态 500')
    expect(document.querySelector('[data-target="http://g/metrics"]')?.textContent).toContain('12')
    expect(document.querySelector('[data-secrets-error]')?.textContent).toContain('保险库 /x/secrets.vault 是用别的口令')
    expect(document.querySelectorAll('[data-view="health"] dd b, [data-warning] b').length).toBe(0)
  })
})
