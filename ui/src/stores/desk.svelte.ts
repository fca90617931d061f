import type { AlertItem, AlertPage, AlertRow, DutyView, ErrorView, TabCounts, ViewSettings, WantedPlace, WantedView } from '../api/wire'
import { opening, type Question } from '../features/alerts/question'
import { setLocale } from '../i18n/index.svelte'

/** Without an answer for so long the desk says that it is cut off, ms. */
export const DESK_LOST_AFTER = 3500
/** A window needs a while to open: what was asked for within this time before its first answer is what it was opened for, ms. */
const WANTED_FOR = 15_000

/** What a window of the alert desk shows. Pages are its only input; `monotonic` is a clock that never jumps, ms. */
export class DeskStore {
  /** What is asked. */
  question = $state.raw<Question>(opening())
  /** First entry asked for. */
  wantOffset = 0
  cursor = 0

  items = $state.raw<AlertItem[]>([])
  /** Number of the first of `items`. */
  offset = $state(0)
  total = $state(0)
  /** Alerts among them, also those in folded groups. */
  alerts = $state(0)
  tabs = $state.raw<TabCounts>({ open: 0, unacked: 0, mine: 0, suppressed: 0, resolved: 0 })
  duty = $state.raw<DutyView | null>(null)
  /** Why the search cannot be understood. */
  error = $state.raw<ErrorView | null>(null)
  settings = $state.raw<ViewSettings | null>(null)
  wanted = $state.raw<WantedView | null>(null)
  started = $state(false)
  live = $state(true)
  /** The host's clock, ms, moved on once a second. */
  now = $state(0)
  /** Rises with each answer that changed something: what depends on more than the list is asked anew. */
  revision = $state(0)

  heardAt: number
  private base = 0
  private settingsKey = ''
  /** A page that another window asked for. */
  place = $state.raw<WantedPlace | null>(null)
  private wantedAt = NaN
  private placeAt = NaN

  constructor(monotonic: number) {
    this.heardAt = monotonic
  }

  /** Takes over an answer to the present question. */
  apply(page: AlertPage, monotonic: number): void {
    if (page.cursor !== this.cursor || page.items !== null) this.revision += 1
    this.cursor = page.cursor
    this.heardAt = monotonic
    this.base = page.now
    if (page.items !== null) {
      this.items = page.items
      this.offset = page.offset
    }
    this.total = page.total
    this.alerts = page.alerts
    this.tabs = page.tabs
    this.duty = page.duty
    this.error = page.error
    this.want(page)
    const key = JSON.stringify(page.settings)
    if (key !== this.settingsKey) {
      this.settingsKey = key
      this.settings = page.settings
      setLocale(page.settings.locale)
    }
    this.started = true
    this.tick(monotonic)
  }

  /** What was asked for from outside is shown once; what was asked for long before this window opened is not. */
  private want(page: AlertPage): void {
    const { wanted, place } = page
    if (place !== null && place.at !== this.placeAt) {
      this.placeAt = place.at
      if (this.started || page.now - place.at < WANTED_FOR) this.place = place
    }
    if (wanted === null || wanted.at === this.wantedAt) return
    this.wantedAt = wanted.at
    if (this.started || page.now - wanted.at < WANTED_FOR) this.wanted = wanted
  }

  /** Moves the clock on and judges whether the host still answers. */
  tick(monotonic: number): void {
    const silent = Math.max(0, monotonic - this.heardAt)
    if (this.started) this.now = this.base + silent
    const live = silent < DESK_LOST_AFTER
    if (live !== this.live) this.live = live
  }

  /** The host's clock at this moment of the monotonic clock. */
  at(monotonic: number): number {
    return this.base + Math.max(0, monotonic - this.heardAt)
  }

  /** The entry with this number, if it is loaded. */
  item(index: number): AlertItem | undefined {
    return this.items[index - this.offset]
  }

  /** Number of an alert in the list, if it is loaded. */
  indexOf(id: number): number | null {
    const found = this.items.findIndex((item) => item.kind === 'alert' && item.row.id === id)
    return found < 0 ? null : found + this.offset
  }

  /** The row of an alert, if it is loaded. */
  row(id: number): AlertRow | null {
    for (const item of this.items) if (item.kind === 'alert' && item.row.id === id) return item.row
    return null
  }
}
