import { untrack } from 'svelte'
import { asErrorView, type Host } from '../api/host'
import type { DayView, ErrorView, RotaEdit, RotaPage, RotaPreview, RotaQuery } from '../api/wire'
import { countedOf, pageOf, plusDays, turned, type Span } from '../features/rota/dates'
import type { Clock } from '../shared/say'
import { Zone } from '../shared/time'
import type { Doing } from './doing.svelte'

/** How often the page is asked for, ms. */
export const ROTA_EVERY = 1000
/** A question that is not answered for so long is given up, ms. */
export const ROTA_GIVE_UP = 10_000

/** Days asked for on each side of those shown. */
const EDGE = 1
/** Days that the pocket looks ahead. */
const AHEAD = 35

/** An edit that is looked at before it is kept. */
export interface Draft {
  edit: RotaEdit
  /** What it would do, and what is said when it is kept. */
  title: string
  said: string
  /** Held over the place but not let go. */
  hovering: boolean
  preview: RotaPreview | null
  error: ErrorView | null
}

/** What the rota's page shows and asks. One question at a time; an answer to what nobody asks any more is dropped. */
export class RotaStore {
  page = $state.raw<RotaPage | null>(null)
  error = $state.raw<ErrorView | null>(null)
  draft = $state.raw<Draft | null>(null)
  span = $state<Span>('month')
  /** A day of the stretch shown; null: today. */
  anchor = $state<string | null>(null)
  /** Which rota; null: the first. */
  rota = $state<string | null>(null)
  /** How often an answer has brought something new. */
  revision = $state(0)
  readonly zone: Zone = $derived.by(() => new Zone(this.page?.rota?.zone ?? this.deskZone()))
  /** The days on the screen. */
  readonly days: DayView[] = $derived.by(() => (this.page?.days ?? []).slice(EDGE, -EDGE))
  /** Today, where the rota is. */
  readonly today: string = $derived.by(() => this.zone.date(this.now()))
  /** Zone and day for sentences of the rota; it does not move with every second. */
  readonly clock: Clock = $derived.by(() => {
    void this.today
    return { zone: this.zone, now: untrack(this.now), minutes: true }
  })
  /** In the pocket: the weeks to come, whatever month it is. */
  ahead = $state(false)
  /** First day on the screen, and how many there are. */
  readonly shown: { from: string; days: number } = $derived.by(() => (this.ahead ? { from: this.today, days: AHEAD } : pageOf(this.span, this.anchor ?? this.today)))

  /** What of it is counted as duty. */
  readonly counted: { from: string; days: number } = $derived.by(() => (this.ahead ? this.shown : countedOf(this.span, this.anchor ?? this.today)))

  private timer = 0
  private seq = 0
  private asked = ''
  private since = 0
  private underWay = false
  private previewSeq = 0
  private stopped = false

  constructor(
    private readonly host: Host,
    private readonly doing: Doing,
    private readonly now: () => number,
    private readonly deskZone: () => string,
    private readonly monotonic: () => number,
  ) {}

  /** Begins to ask. */
  start(): void {
    this.stopped = false
    void this.ask()
    window.clearInterval(this.timer)
    this.timer = window.setInterval(() => {
      if (!this.underWay || this.monotonic() - this.since > ROTA_GIVE_UP) void this.ask()
    }, ROTA_EVERY)
  }

  /** Ends everything. */
  stop(): void {
    this.stopped = true
    window.clearInterval(this.timer)
  }

  /** What is on the screen, as it is asked for; `have` only for the answer in hand. */
  query(have = false): RotaQuery {
    // The host cuts shifts to what is asked for. A day more on each side, so that one at the edge is whole when it is changed.
    const query = { rota: this.rota, from: plusDays(this.shown.from, -EDGE), days: this.shown.days + 2 * EDGE, count_from: this.counted.from, count_days: this.counted.days }
    return { ...query, have: have && this.asked === JSON.stringify(query) ? (this.page?.revision ?? null) : null }
  }

  /** Whether the days in hand are those asked for. */
  get current(): boolean {
    return this.days[0]?.date === this.shown.from && this.days.length === this.shown.days
  }

  /** The day whose month or week is shown. */
  get at(): string {
    return this.anchor ?? this.today
  }

  /** Asks now; the answer to a former question does not count any more. */
  async ask(): Promise<void> {
    if (this.stopped) return
    this.seq += 1
    const mine = this.seq
    const query = this.query(true)
    this.underWay = true
    this.since = this.monotonic()
    try {
      const page = await this.host.rotaPage(query)
      if (mine !== this.seq || this.stopped) return
      if (page !== null) {
        this.asked = JSON.stringify({ ...query, have: undefined })
        this.page = page
        this.revision += 1
        // The rota that was shown is gone, removed or undone: the first one is shown instead.
        if (page.rota === null && this.rota !== null) this.rota = null
        void this.relook()
      }
      if (this.error !== null) this.error = null
    } catch (cause) {
      if (mine === this.seq && !this.stopped) this.error = asErrorView(cause)
    } finally {
      if (mine === this.seq) {
        this.underWay = false
        // The rota's own zone may put today into another month or week than the desk's did.
        if (this.error === null && !this.stopped) this.again(query)
      }
    }
  }

  private again(query: RotaQuery): void {
    const wanted = this.query()
    if (wanted.from !== query.from || wanted.count_from !== query.count_from || wanted.days !== query.days || wanted.rota !== query.rota) void this.ask()
  }

  /** Another rota, another stretch. */
  show(next: { rota?: string | null; span?: Span; anchor?: string | null }): void {
    if (next.rota !== undefined) this.rota = next.rota
    if (next.span !== undefined) this.span = next.span
    if (next.anchor !== undefined) this.anchor = next.anchor
    this.discard()
    void this.ask()
  }

  /** So many months or weeks on. */
  turn(pages: number): void {
    this.show({ anchor: turned(this.span, this.at, pages) })
  }

  /** What an edit would do. */
  async look(edit: RotaEdit): Promise<RotaPreview> {
    return await this.host.rotaPreview(edit, this.query())
  }

  /** Lays an edit over the calendar without keeping it. */
  async propose(edit: RotaEdit, words: { title: string; said: string }, hovering = false): Promise<void> {
    const { draft } = this
    if (draft !== null && JSON.stringify(draft.edit) === JSON.stringify(edit)) {
      if (draft.hovering !== hovering) this.draft = { ...draft, hovering }
      return
    }
    this.draft = { edit, ...words, hovering, preview: null, error: null }
    await this.relook()
  }

  /** Looks again at what the edit in hand would do: somebody else may have changed the rota meanwhile. */
  private async relook(): Promise<void> {
    if (this.draft === null) return
    this.previewSeq += 1
    const mine = this.previewSeq
    try {
      const preview = await this.look(this.draft.edit)
      if (mine === this.previewSeq && this.draft !== null) this.draft = { ...this.draft, preview, error: null }
    } catch (cause) {
      if (mine === this.previewSeq && this.draft !== null) this.draft = { ...this.draft, preview: null, error: asErrorView(cause) }
    }
  }

  /** Forgets the edit that is looked at. */
  discard(): void {
    this.previewSeq += 1
    if (this.draft !== null) this.draft = null
  }

  /** Keeps the edit that is looked at. */
  async save(): Promise<void> {
    const draft = this.draft
    if (draft !== null && (await this.edit(draft.edit, draft.said))) this.discard()
  }

  /** Does something to the rota; true when it is kept. */
  async edit(edit: RotaEdit, said: string): Promise<boolean> {
    const kept = await this.doing.rota(edit, said)
    await this.ask()
    return kept
  }
}
