import type { Frame } from '../api/frame'
import type { Abnormal, AlertBand, AnnotationView, BoardView, KioskView, SourceView, VariableView, Verdict, ViewSettings } from '../api/wire'
import { setLocale } from '../i18n/index.svelte'
import { bandOf } from './bands'
import { Layers } from './layers.svelte'
import type { PanelModel } from './panel.svelte'

/** Without an answer for so long the wall says that it is cut off, ms. */
export const LOST_AFTER = 3000

/** Everything the wall shows. Frames are its only input; `monotonic` is a clock that never jumps, ms. */
export class WallStore {
  cursor = 0
  settings = $state.raw<ViewSettings | null>(null)
  /** The boards that are laid out, of which one is shown. */
  readonly layers = new Layers()
  sources = $state.raw<SourceView[]>([])
  verdict = $state.raw<Verdict | null>(null)
  /** What is abnormal, as it is listed. */
  abnormal = $state.raw<Abnormal[]>([])
  /** The alert desk, as far as the wall shows it. */
  alerts = $state.raw<AlertBand | null>(null)
  /** This screen of the wall. */
  kiosk = $state.raw<KioskView | null>(null)
  /** What can be chosen for the board, and what is. */
  variables = $state.raw<VariableView[]>([])
  /** What happened lately, oldest first. */
  annotations = $state.raw<AnnotationView[]>([])
  /** Into how many bands the board is cut, of which one changes between two frames (see bands.ts). */
  bands = 1
  /** False while no answer comes from the host. */
  live = $state(true)
  /** Whether the first frame has come. */
  started = $state(false)
  /** The host's clock, ms since the epoch: the last frame's plus what has passed since. */
  now = $state(0)
  /** The host's clock in the last frame. */
  lastFrame = $state(0)

  /** When the last frame came, on the monotonic clock. */
  heardAt: number
  private base = 0
  private at = 0

  constructor(monotonic: number) {
    this.heardAt = monotonic
  }

  get board(): BoardView | null {
    return this.layers.shown?.board ?? null
  }

  get panels(): PanelModel[] {
    return this.layers.shown?.panels ?? []
  }

  /** Takes over a frame. */
  apply(frame: Frame, monotonic: number): void {
    const { head, block } = frame
    const until = this.cursor
    this.cursor = head.cursor
    this.heardAt = monotonic
    this.base = head.now
    this.lastFrame = head.now
    if (head.settings !== null) {
      this.settings = head.settings
      setLocale(head.settings.locale)
    }
    if (head.kiosk !== null) this.kiosk = head.kiosk
    const next = this.kiosk?.coming ?? null
    if (head.board !== null || head.full) {
      const change = { board: head.board ?? this.board, full: head.full, until, cursor: head.cursor, turning: next !== null }
      if (!this.layers.change(change)) this.cursor = 0
    }
    this.layers.prepare(head.coming, next, this.cursor, block)
    if (head.sources !== null) this.sources = head.sources
    if (head.verdict !== null) this.judge(head.verdict)
    if (head.alerts !== null) this.alerts = head.alerts
    if (head.variables !== null) this.variables = head.variables
    if (head.annotations !== null) this.annotations = head.annotations
    this.layers.shown?.apply(head.panels, block)
    // Also what stood ready, perhaps for half a minute, must not look newer than it is.
    if (head.full || head.board !== null || this.bands === 1) this.showAll()
    this.started = true
    this.tick(monotonic)
  }

  /** Moves the clock on and judges whether the host still answers. */
  tick(monotonic: number): void {
    const silent = monotonic - this.heardAt
    if (this.started) this.now = this.base + Math.max(0, silent)
    const live = silent < LOST_AFTER
    if (live !== this.live) this.live = live
  }

  /** Shows what waits in the next band; to be called once between two frames. */
  turn(): void {
    if (this.bands === 1) return
    this.at = (this.at + 1) % this.bands
    const rows = this.board?.rows ?? 1
    for (const panel of this.panels) if (bandOf(panel.view.at, rows, this.bands) === this.at) panel.show()
    if (this.at === this.bands - 1) this.abnormal = this.verdict?.abnormal ?? []
  }

  private showAll(): void {
    this.layers.shown?.show()
    this.abnormal = this.verdict?.abnormal ?? []
  }

  /** Panels with something to show. */
  painted(): number {
    return this.panels.filter((panel) => panel.state.kind === 'data' && panel.hasData).length
  }

  /** Whether some panel still waits for its first answer. */
  get waiting(): boolean {
    return !this.started || this.panels.some((panel) => panel.state.kind === 'loading')
  }

  /** The list of what is abnormal changes at once when its length does, its numbers with the lowest band. */
  private judge(verdict: Verdict): void {
    const before = this.verdict?.abnormal
    this.verdict = verdict
    const same =
      before?.length === verdict.abnormal.length &&
      before.every((one, i) => one.panel === verdict.abnormal[i]?.panel && one.severity === verdict.abnormal[i]?.severity)
    if (!same) this.abnormal = verdict.abnormal
  }

  /** The next frame must hold everything. */
  forget(): void {
    this.cursor = 0
    this.layers.forget()
  }
}
