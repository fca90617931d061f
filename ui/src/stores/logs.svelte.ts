import { untrack } from 'svelte'
import { asErrorView, type Host } from '../api/host'
import type {
  ErrorView,
  LogCategoryView,
  LogFacetsView,
  LogHistogramView,
  LogLineView,
  LogPageView,
  LogPatternsView,
  LogReadingView,
  LogSavedView,
  LogScope,
  LogStoreView,
  LogsHome,
} from '../api/wire'
import { arrived, EMPTY, PAGE, withNewer, withOlder, type Stretch } from '../features/logs/lines'
import { bounds, type Range } from '../features/logs/ranges'

/** How often a live tail asks, ms. */
export const TAIL_EVERY = 250
/** Lines of one answer of a live tail: what can be read; the rest is counted. */
export const TAIL_LINES = 300
/** Lines that a live tail holds, and that wait while it is paused. */
export const TAIL_HELD = 2000
export const TAIL_WAITING = 1000
/** How often histogram and facets are asked for anew while lines are followed, ms: they cost far more than the lines. */
export const TAIL_OVERVIEW = 10_000
/** How long after a failure the page below a live tail is asked for again, ms. */
const TAIL_AGAIN = 2_000
/** How often stores are looked at, ms. */
const HOME_EVERY = 15_000
const DAY = 86_400_000
/** About so many buckets. */
const BUCKETS = 120

/** What is asked for; the words of the person. */
export interface Question {
  store: string | null
  category: LogCategoryView | null
  query: string
  range: Range
}

/** A part of the page: what it has, what went wrong, whether an answer is under way. */
export class Part<T> {
  value = $state.raw<T | null>(null)
  error = $state.raw<ErrorView | null>(null)
  busy = $state(false)
  private seq = 0

  /** Asks; an answer that nobody waits for any more is dropped. */
  async ask(question: () => Promise<T>): Promise<T | null> {
    this.seq += 1
    const mine = this.seq
    this.busy = true
    try {
      const value = await question()
      if (mine !== this.seq) return null
      this.value = value
      this.error = null
      return value
    } catch (cause) {
      if (mine === this.seq) this.error = asErrorView(cause)
      return null
    } finally {
      if (mine === this.seq) this.busy = false
    }
  }

  /** Nothing is shown, nothing is waited for. */
  clear(): void {
    this.seq += 1
    this.value = null
    this.error = null
    this.busy = false
  }
}

/** What a live tail has come to. */
export interface Tail {
  mark: string | null
  /** Lines that came while it was paused, the newest first. */
  waiting: LogLineView[]
  /** How many came while it was paused, with those not held. */
  fresh: number
  /** Lines that came and were left out because there were too many to read. */
  leftOut: number
  /** All that came, shown or not. */
  came: number
  paused: boolean
}

/** What the page of logs shows and asks. */
export class LogsStore {
  home = $state.raw<LogsHome | null>(null)
  homeError = $state.raw<ErrorView | null>(null)
  question = $state.raw<Question>({ store: null, category: null, query: '', range: { back: 900_000 } })
  /** The scope in force, with its times fixed: pages, histogram and facets are of the same moment. */
  scope = $state.raw<LogScope | null>(null)
  columns = $state.raw<readonly string[]>([])
  stretch = $state.raw<Stretch>(EMPTY)
  /** What to mark in messages. */
  phrases = $state.raw<readonly string[]>([])
  readonly page = new Part<LogPageView>()
  readonly histogram = new Part<LogHistogramView>()
  readonly facets = new Part<LogFacetsView>()
  readonly patterns = new Part<LogPatternsView>()
  /** How far a slow store has read. */
  reading = $state.raw<LogReadingView | null>(null)
  /** Whether an answer is waited for. */
  readonly busy = $derived(this.page.busy || this.histogram.busy || this.facets.busy || this.patterns.busy)
  /** The line that is looked at. */
  chosen = $state.raw<LogLineView | null>(null)
  tail = $state.raw<Tail | null>(null)
  tailError = $state.raw<ErrorView | null>(null)
  /** Rows that were let go at the top since the list looked: it moves by as many. */
  shifted = $state(0)
  /** Whether similar lines are wanted. */
  folding = $state(false)
  private timer = 0
  private tailTimer = 0
  private generation = 0
  private extending = false
  /** Which live tail is under way: answers of an earlier one are dropped. */
  private following = 0
  /** Lines that arrived since the tail's mark, while the page that ends there is not here yet; null when it is. */
  private since: LogLineView[] | null = null
  private pageAt = 0
  private overviewAt = 0

  constructor(
    private readonly host: Host,
    private readonly now: () => number,
  ) {}

  /** Begins to look at the stores. */
  start(): void {
    void this.look()
    window.clearInterval(this.timer)
    this.timer = window.setInterval(() => void this.look(), HOME_EVERY)
  }

  /** Ends everything; what is shown stays for the next visit. */
  stop(): void {
    window.clearInterval(this.timer)
    this.follow(false)
  }

  private async look(): Promise<void> {
    try {
      this.home = await this.host.logsHome()
      this.homeError = null
    } catch (cause) {
      this.homeError = asErrorView(cause)
    }
  }

  /** Looks how far a slow store has read. */
  async read(): Promise<void> {
    try {
      this.reading = await this.host.logsReading(this.question.store)
    } catch {
      // The answer to the question itself says what is wrong.
      this.reading = null
    }
  }

  /** Ends what is under way; what has come stays. */
  giveUp(): void {
    for (const lane of ['page', 'histogram', 'facets', 'patterns']) void this.host.logsCancel(lane)
  }

  /** Another store: one of old lines is asked for the newest day that it has, because it has nothing of today. */
  turnTo(store: LogStoreView): void {
    this.follow(false)
    const { newest } = store
    const range = store.cold_of !== null && newest !== null ? { from: newest - DAY, to: Math.floor(newest) + 1 } : this.question.range
    this.change({ store: store.name, range })
  }

  /** The host's clock, ms, without following it. */
  moment(): number {
    return untrack(this.now)
  }

  /** Asks something else; nothing is kept of the former answer but what is still true. */
  change(next: Partial<Question>): void {
    this.question = { ...this.question, ...next }
    this.run()
  }

  /** Asks anew, up to now. */
  run(): void {
    const { store, category, query, range } = this.question
    const { from, to } = bounds(range, this.moment())
    this.scope = { store, category, query, terms: [], from, to }
    this.generation += 1
    this.chosen = null
    this.stretch = EMPTY
    this.page.clear()
    this.patterns.clear()
    void this.overview()
    if (this.folding) void this.fold()
    // What is looked at ends in the past: nothing that arrives belongs to it.
    if ('to' in range) this.follow(false)
    if (this.tail === null) void this.first()
    else this.follow(true)
  }

  /** Histogram and facets of the scope in force. */
  private async overview(): Promise<void> {
    const scope = this.scope
    if (scope === null) return
    this.overviewAt = this.moment()
    await Promise.all([
      this.histogram.ask(() => this.host.logsHistogram({ lane: 'histogram', scope, buckets: BUCKETS })),
      this.facets.ask(() => this.host.logsFacets({ lane: 'facets', scope, fields: [], limit: 8 })),
    ])
  }

  private async first(): Promise<LogPageView | null> {
    const scope = this.scope
    if (scope === null) return null
    const page = await this.page.ask(() => this.host.logsPage({ lane: 'page', scope, beyond: null, newer: false, limit: PAGE, columns: [...this.columns] }))
    if (page === null) return null
    this.stretch = { lines: page.lines, newer: false, older: page.more }
    this.phrases = page.phrases
    return page
  }

  /** Similar lines of the scope in force. */
  async fold(): Promise<void> {
    const scope = this.scope
    if (scope === null) return
    await this.patterns.ask(() => this.host.logsPatterns({ lane: 'patterns', scope, limit: 200 }))
  }

  /** Goes on at one end of what is held. */
  async extend(newer: boolean): Promise<void> {
    const { stretch } = this
    // Lines that were shown as they arrived are later than the page that was there when it began.
    const scope = newer && this.tail !== null ? this.upToNow() : this.scope
    const edge = newer ? stretch.lines[0] : stretch.lines.at(-1)
    if (scope === null || edge === undefined || this.extending || !(newer ? stretch.newer : stretch.older)) return
    this.extending = true
    const mine = this.generation
    try {
      const page = await this.host.logsPage({ lane: 'page', scope, beyond: edge.place, newer, limit: PAGE, columns: [...this.columns] })
      if (mine !== this.generation) return
      if (newer) {
        this.stretch = withNewer(this.stretch, page.lines, page.more)
        this.shifted += page.lines.length
      } else {
        const next = withOlder(this.stretch, page.lines, page.more)
        this.stretch = next
        this.shifted -= next.droppedNewer
      }
      this.page.error = null
    } catch (cause) {
      const error = asErrorView(cause)
      if (mine === this.generation && error.code !== 'cancelled') this.page.error = error
    } finally {
      this.extending = false
    }
  }

  /** Other columns: cells come with lines, so they are asked for again. */
  setColumns(columns: readonly string[]): void {
    this.columns = columns
    // Lines that wait have the cells of the former columns.
    if (this.tail !== null) this.follow(true, this.tail.paused)
    else void this.first()
  }

  /** A kept view. */
  open(view: LogSavedView): void {
    this.columns = view.columns
    this.change({ store: view.store, category: view.category, query: view.query, range: { back: view.back > 0 ? view.back : 900_000 } })
  }

  // ---- live tail ---------------------------------------------------------------------------------------------------------

  /** The scope in force, with a range that ends now brought up to now. */
  private upToNow(): LogScope | null {
    return this.scope === null ? null : { ...this.scope, ...bounds(this.question.range, this.moment()) }
  }

  /** Begins to follow what arrives, or ends it. */
  follow(on: boolean, paused = false): void {
    window.clearTimeout(this.tailTimer)
    this.tailError = null
    this.following += 1
    this.since = null
    if (!on) {
      this.tail = null
      return
    }
    this.tail = { mark: null, waiting: [], fresh: 0, leftOut: 0, came: 0, paused }
    void this.pull(this.following)
  }

  private async pull(following: number): Promise<void> {
    const { tail, scope } = this
    if (tail === null || scope === null || following !== this.following) return
    try {
      const answer = await this.host.logsTail({ lane: 'tail', scope, mark: tail.mark, limit: TAIL_LINES, columns: [...this.columns] })
      if (this.tail === null || following !== this.following) return
      this.tailError = null
      // The mark first, then a page up to now: what arrives between the two is in both and stands once, and nothing is in neither.
      if (tail.mark === null) this.since = []
      this.came(answer.lines, answer.left_out, answer.mark)
      if (tail.mark === null) void this.catchUp()
      else this.keepUp()
    } catch (cause) {
      const error = asErrorView(cause)
      // Something newer was asked for from here: its own answers follow.
      if (this.tail === null || following !== this.following || error.code === 'cancelled') return
      this.tailError = error
      // Without a mark there is still what was there before; it is asked for again when there is one.
      if (tail.mark === null && this.page.value === null && !this.page.busy) void this.first()
    }
    this.tailTimer = window.setTimeout(() => void this.pull(following), TAIL_EVERY)
  }

  /** The page that ends where the live tail began, and what has arrived since on top of it. */
  private async catchUp(): Promise<void> {
    const { following } = this
    this.scope = this.upToNow()
    this.pageAt = this.moment()
    // What is asked for at an end of the former lines does not belong to these.
    this.generation += 1
    void this.overview()
    const page = await this.first()
    if (page === null || following !== this.following || this.since === null) return
    const lines = arrived(page.lines, this.since, TAIL_HELD)
    this.since = null
    this.stretch = { lines, newer: false, older: page.more || lines.length === TAIL_HELD }
  }

  /** What else changes while lines arrive. */
  private keepUp(): void {
    const now = this.moment()
    if (this.since !== null && !this.page.busy && now - this.pageAt >= TAIL_AGAIN) void this.catchUp()
    else if (now - this.overviewAt >= TAIL_OVERVIEW) {
      this.scope = this.upToNow()
      void this.overview()
    }
  }

  private came(lines: readonly LogLineView[], leftOut: number, mark: string): void {
    if (this.tail === null) return
    const tail = { ...this.tail, mark, came: this.tail.came + lines.length + leftOut, leftOut: this.tail.leftOut + leftOut }
    if (!tail.paused) {
      if (lines.length > 0) this.show(lines)
      this.tail = tail
      return
    }
    const all = lines.length === 0 ? tail.waiting : arrived(tail.waiting, lines, Infinity)
    const dropped = Math.max(0, all.length - TAIL_WAITING)
    this.tail = { ...tail, waiting: dropped > 0 ? all.slice(0, TAIL_WAITING) : all, fresh: tail.fresh + lines.length + leftOut, leftOut: tail.leftOut + dropped }
  }

  private show(lines: readonly LogLineView[]): void {
    // Whoever scrolled far down has let go of the newest: on top of what is left these would hide that.
    const apart = this.stretch.newer
    if (apart) this.since = []
    if (this.since !== null) this.since = arrived(this.since, lines, TAIL_HELD)
    const all = arrived(this.stretch.lines, lines, TAIL_HELD)
    this.stretch = { lines: all, newer: false, older: this.stretch.older || all.length === TAIL_HELD }
    if (apart) void this.catchUp()
  }

  /** Scrolled away from the top: what arrives waits. Back at the top it is shown. */
  pause(paused: boolean): void {
    const { tail } = this
    if (tail === null || tail.paused === paused) return
    if (!paused && tail.waiting.length > 0) this.show(tail.waiting)
    this.tail = paused ? { ...tail, paused } : { ...tail, paused, waiting: [], fresh: 0 }
  }
}
