import type { Frame } from '../api/frame'
import type { Abnormal, AlertBand, AnnotationView, BoardView, ComingBoard, KioskView, PanelFrame, ReadyBoard, SourceView, VariableView, Verdict, ViewSettings } from '../api/wire'
import { setLocale } from '../i18n/index.svelte'
import { bandOf } from './bands'
import { PanelModel } from './panel.svelte'

/** Without an answer for so long the wall says that it is cut off, ms. */
export const LOST_AFTER = 3000

/** A board with its panels: the one that is shown, the one that comes, or for a moment still the one before. */
export class Laid {
  readonly panels: PanelModel[]
  private readonly byId: Map<string, PanelModel>

  constructor(
    readonly board: BoardView,
    /** The cursor of the last frame that it has. */
    public cursor: number,
  ) {
    this.panels = board.panels.map((view) => new PanelModel(view, board.id))
    this.byId = new Map(this.panels.map((panel) => [panel.id, panel]))
  }

  /** Takes over what a frame says about its panels. */
  apply(panels: PanelFrame[], block: Float64Array): void {
    for (const panel of panels) this.byId.get(panel.id)?.apply(panel, block)
  }

  /** Lets all panels show what frames have brought. */
  show(): void {
    for (const panel of this.panels) panel.show()
  }
}

/** Everything the wall shows. Frames are its only input; `monotonic` is a clock that never jumps, ms. */
export class WallStore {
  cursor = 0
  settings = $state.raw<ViewSettings | null>(null)
  /** The board that is shown. */
  shown = $state.raw<Laid | null>(null)
  /** All boards that are laid out. The one that is shown is among them; what else there is nobody sees. */
  layers = $state.raw<Laid[]>([])
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
  private coming: Laid | null = null
  /** What was shown before, as long as somebody may turn back to it. */
  private before: Laid | null = null
  /** Boards that go in a moment. */
  private readonly left = new Set<Laid>()

  constructor(monotonic: number) {
    this.heardAt = monotonic
  }

  get board(): BoardView | null {
    return this.shown?.board ?? null
  }

  get panels(): PanelModel[] {
    return this.shown?.panels ?? []
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
    if (head.board !== null || head.full) this.lay(head.board ?? this.board, head.full, until)
    this.prepare(head.coming, block)
    if (head.sources !== null) this.sources = head.sources
    if (head.verdict !== null) this.judge(head.verdict)
    if (head.alerts !== null) this.alerts = head.alerts
    if (head.variables !== null) this.variables = head.variables
    if (head.annotations !== null) this.annotations = head.annotations
    this.shown?.apply(head.panels, block)
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
    this.shown?.show()
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
    for (const one of this.standing()) this.giveUp(one)
    this.coming = null
    this.before = null
  }

  /** Boards that are not to be shown again go, once the one that is shown is painted. */
  leave(): void {
    if (this.left.size === 0) return
    this.layers = this.layers.filter((one) => !this.left.has(one))
    this.left.clear()
  }

  /** What stands ready, for the host. */
  get ready(): ReadyBoard[] {
    return this.standing().map((one) => ({ board: one.board.id, cursor: one.cursor }))
  }

  private standing(): Laid[] {
    return [this.coming, this.before].filter((one) => one !== null)
  }

  /** Another board, or the same one laid out anew (`full`); one that stands ready has only to be shown. `until`: what was shown has all up to then. */
  private lay(board: BoardView | null, full: boolean, until: number): void {
    this.leave()
    const found = full ? undefined : this.standing().find((one) => one.board.id === board?.id)
    // What was shown goes a moment later: to take it away costs time too.
    for (const one of this.standing()) if (one !== found) this.left.add(one)
    this.coming = null
    this.before = null
    if (this.shown !== null) {
      this.shown.cursor = until
      // Who turns by hand may turn back: as long as that is so, a board comes.
      if (!full && this.kiosk?.coming != null) this.before = this.shown
      else this.left.add(this.shown)
    }
    // The same board laid out anew: nothing of the old one is worth keeping.
    if (this.shown?.board.id === board?.id) this.leave()
    if (found !== undefined) {
      this.shown = found
      return
    }
    // What is new was meant for a board that is not here: everything, then.
    if (!full) this.cursor = 0
    this.shown = board === null ? null : new Laid(board, this.cursor)
    if (this.shown !== null) this.layers = [...this.layers, this.shown]
  }

  /** Lays out the board that comes, where nobody sees it; gives up what stands ready for nothing. */
  private prepare(coming: ComingBoard | null, block: Float64Array): void {
    const next = this.kiosk?.coming ?? null
    if (this.coming !== null && (coming !== null || this.coming.board.id !== next)) this.coming = this.giveUp(this.coming)
    if (this.before !== null && next === null) this.before = this.giveUp(this.before)
    if (coming === null) return
    const laid = new Laid(coming.board, this.cursor)
    this.coming = laid
    this.layers = [...this.layers, laid]
    laid.apply(coming.panels, block)
    laid.show()
  }

  private giveUp(one: Laid): null {
    this.left.add(one)
    this.leave()
    return null
  }
}
