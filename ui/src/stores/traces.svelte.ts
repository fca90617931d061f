import { asErrorView, type Host } from '../api/host'
import type { ErrorView, TraceFound, TraceHead, TraceItem, TraceListView, TraceNear, TraceSourceView, TraceSpanView } from '../api/wire'
import { Rows } from '../features/traces/rows.svelte'

/** Parts of the page. */
export const TRACE_TABS = ['search', 'graph', 'compare'] as const
/** One of them. */
export type TraceTab = (typeof TRACE_TABS)[number]
/** Ways to look at an open trace. */
export const TRACE_LOOKS = ['waterfall', 'flame', 'statistics'] as const
/** One of them. */
export type TraceLook = (typeof TRACE_LOOKS)[number]

const MINUTE = 60_000
/** Stretches of time that are offered, ms. */
export const LOOKBACKS = [5 * MINUTE, 15 * MINUTE, 60 * MINUTE, 3 * 60 * MINUTE, 12 * 60 * MINUTE, 24 * 60 * MINUTE, 48 * 60 * MINUTE] as const

/** What is searched for, as it is written in the form. */
export interface TraceForm {
  service: string
  operation: string
  tags: string
  min: string
  max: string
  errors: boolean
  /** Back from now, ms; null: `from` to `to`. */
  lookback: number | null
  from: number
  to: number
  limit: number
}

/** A trace that was chosen to be compared. */
export interface Pick {
  source: string
  item: TraceItem
}

/** Whether a text is a trace's id. */
export const isTraceId = (text: string): boolean => /^[0-9a-f]{1,32}$/i.test(text.trim()) && text.trim().length >= 8

/** What 链路 shows. Only the answer to the newest question of each kind counts. */
export class TracesStore {
  tab = $state<TraceTab>('search')
  look = $state<TraceLook>('waterfall')
  sources = $state.raw<TraceSourceView[]>([])
  /** Which store; null: the first. */
  source = $state<string | null>(null)
  form = $state<TraceForm>({ service: '', operation: '', tags: '', min: '', max: '', errors: false, lookback: 60 * MINUTE, from: 0, to: 0, limit: 100 })
  services = $state.raw<string[]>([])
  operations = $state.raw<string[]>([])
  list = $state.raw<TraceListView | null>(null)
  listError = $state.raw<ErrorView | null>(null)
  searching = $state(false)
  /** Traces chosen to be compared, at most two. */
  picks = $state.raw<Pick[]>([])

  /** The open trace. */
  head = $state.raw<TraceHead | null>(null)
  openError = $state.raw<ErrorView | null>(null)
  opening = $state(false)
  /** Ids from which one has come here by links. */
  trail = $state.raw<{ source: string | null; id: string }[]>([])
  readonly rows: Rows
  /** The part of its time that is drawn, ns. */
  view = $state.raw<[number, number]>([0, 1])
  /** The row that is looked at. */
  row = $state<number | null>(null)
  span = $state.raw<TraceSpanView | null>(null)
  /** A place that is to be brought into sight; a new object each time. */
  shown = $state.raw<{ at: number } | null>(null)
  text = $state('')
  found = $state.raw<TraceFound | null>(null)

  private searched = 0
  private opened = 0
  private named = 0
  private looked = 0
  private sought = 0

  constructor(
    readonly host: Host,
    private readonly now: () => number,
  ) {
    this.rows = new Rows(host, () => void this.reopen())
  }

  /** The store that is asked, as it is. */
  get at(): TraceSourceView | null {
    return this.sources.find((one) => one.name === this.source) ?? this.sources[0] ?? null
  }

  /** Whether stores answer. */
  async loadSources(): Promise<void> {
    try {
      this.sources = await this.host.traceSources()
    } catch (error) {
      this.listError = asErrorView(error)
    }
  }

  /** Another store. */
  async use(source: string): Promise<void> {
    this.source = source
    this.form.service = ''
    this.form.operation = ''
    this.operations = []
    this.list = null
    await this.loadServices()
  }

  /** The services to choose from; the first one is chosen when none is. */
  async loadServices(): Promise<void> {
    this.named += 1
    const mine = this.named
    try {
      const choices = await this.host.traceNames(this.source, null)
      if (mine !== this.named) return
      this.services = choices.names
      this.listError = null
    } catch (error) {
      if (mine === this.named) this.listError = asErrorView(error)
    }
  }

  /** The operations of the chosen service. */
  async loadOperations(): Promise<void> {
    const { service } = this.form
    if (service === '') {
      this.operations = []
      return
    }
    try {
      const choices = await this.host.traceNames(this.source, service)
      if (service === this.form.service) this.operations = choices.names
    } catch {
      // The search says what is wrong with the store; without a list an operation can be written.
      this.operations = []
    }
  }

  /** The time that is searched. */
  time(): [number, number] {
    const { lookback, from, to } = this.form
    return lookback === null ? [from, to] : [this.now() - lookback, this.now()]
  }

  /** Searches. */
  async search(): Promise<void> {
    this.searched += 1
    const mine = this.searched
    this.searching = true
    const { form } = this
    const [from, to] = this.time()
    const tags = form.errors && !/(^|\s)error=/.test(form.tags) ? `error=true ${form.tags}` : form.tags
    try {
      const list = await this.host.traceSearch({
        lane: 'search',
        source: this.source,
        service: form.service,
        operation: form.operation === '' ? null : form.operation,
        tags,
        min_duration: form.min,
        max_duration: form.max,
        from,
        to,
        limit: form.limit,
      })
      if (mine !== this.searched) return
      this.list = list
      this.listError = null
    } catch (error) {
      const view = asErrorView(error)
      if (mine === this.searched && view.code !== 'cancelled') this.listError = view
    } finally {
      if (mine === this.searched) this.searching = false
    }
  }

  /** Opens a trace; true when it is open. */
  async open(id: string, source: string | null = null, how: { adjusted?: boolean; again?: boolean; row?: number | null; near?: TraceNear } = {}): Promise<boolean> {
    this.opened += 1
    const mine = this.opened
    this.opening = true
    this.openError = null
    try {
      const head = await this.host.traceOpen({ lane: 'open', source, id: id.trim(), adjusted: how.adjusted === true, again: how.again === true, near: how.near ?? null })
      if (mine !== this.opened) return false
      const same = this.head?.id === head.id
      this.head = head
      if (!same) {
        this.view = [0, Math.max(1, head.duration)]
        this.look = 'waterfall'
        this.found = null
        this.text = ''
      }
      this.rows.begin(head.key, head.rows, this.view)
      this.choose(how.row ?? null)
      return true
    } catch (error) {
      const view = asErrorView(error)
      if (mine === this.opened && view.code !== 'cancelled') this.openError = view
      return false
    } finally {
      if (mine === this.opened) this.opening = false
    }
  }

  /** Opens what was put away meanwhile. */
  private async reopen(): Promise<void> {
    const { head } = this
    if (head !== null && !this.opening) await this.open(head.id, head.source, { adjusted: head.adjusted, row: this.row })
  }

  /** Opens a trace that a span refers to; one can go back. */
  async follow(id: string): Promise<void> {
    const { head } = this
    if (head === null) return
    const from = { source: head.source, id: head.id }
    if (await this.open(id)) this.trail = [...this.trail, from].slice(-20)
  }

  /** Back along the links, or to the list. */
  async back(): Promise<void> {
    const last = this.trail.at(-1)
    if (last !== undefined) {
      this.trail = this.trail.slice(0, -1)
      await this.open(last.id, last.source)
    } else this.close()
  }

  /** Puts the trace away. */
  close(): void {
    this.opened += 1
    this.opening = false
    this.head = null
    this.openError = null
    this.trail = []
    this.choose(null)
  }

  /** Another part of its time, at least a hundred-thousandth of it wide. */
  zoom(from: number, to: number): void {
    const all = Math.max(1, this.head?.duration ?? 1)
    const least = Math.max(all / 1e5, 1)
    let [a, b] = [Math.max(0, Math.min(from, to)), Math.min(all, Math.max(from, to))]
    if (b - a < least) {
      const middle = (a + b) / 2
      a = Math.max(0, middle - least / 2)
      b = Math.min(all, a + least)
    }
    this.view = [a, b]
    this.rows.look(this.view)
  }

  /** Looks at a row. */
  choose(row: number | null): void {
    this.row = row
    this.looked += 1
    if (row === null) this.span = null
    else void this.loadSpan(row)
  }

  private async loadSpan(row: number): Promise<void> {
    const mine = this.looked
    const key = this.head?.key
    if (key === undefined) return
    try {
      const span = await this.host.traceSpan(key, row)
      if (mine === this.looked) this.span = span
    } catch (error) {
      if (mine === this.looked) this.span = null
      if (asErrorView(error).code === 'trace_closed') void this.reopen()
    }
  }

  /** Unfolds what hides a row, brings it into sight and looks at it. */
  async reveal(row: number): Promise<void> {
    const at = await this.rows.fold({ fold: 'reveal', row }, this.rows.seen)
    if (at !== null) this.shown = { at }
    this.choose(row)
  }

  /** Finds the next row with `text`, or the next failed one; it is unfolded and looked at. */
  async find(what: { errors?: boolean; back?: boolean; fresh?: boolean }): Promise<void> {
    const { head } = this
    if (head === null) return
    this.sought += 1
    const mine = this.sought
    const errors = what.errors === true
    if (!errors && this.text.trim() === '') {
      this.found = null
      return
    }
    try {
      const ask = { key: head.key, text: errors ? '' : this.text.trim(), errors, service: null, from: what.fresh === true ? null : this.row, back: what.back === true }
      const found = await this.host.traceFind(ask)
      if (mine !== this.sought) return
      if (!errors) this.found = found
      if (found.row !== null) {
        await this.reveal(found.row)
      }
    } catch (error) {
      if (asErrorView(error).code === 'trace_closed') void this.reopen()
    }
  }

  /** Looks at the span with this id, if the trace has it. */
  async seek(span: string): Promise<void> {
    const { head } = this
    if (head === null) return
    const found = await this.host.traceFind({ key: head.key, text: span.toLowerCase(), errors: false, service: null, from: null, back: false })
    if (found.row !== null) await this.reveal(found.row)
  }

  /** Chooses a trace to be compared, or no longer; of three the oldest goes. */
  pick(source: string, item: TraceItem): void {
    const others = this.picks.filter((one) => one.item.id !== item.id)
    this.picks = others.length < this.picks.length ? others : [...others, { source, item }].slice(-2)
  }
}
