import type { BoardView, ComingBoard, PanelFrame, ReadyBoard } from '../api/wire'
import { PanelModel } from './panel.svelte'

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

/** What a frame says about the board that is shown. */
export interface Change {
  board: BoardView | null
  /** The same board laid out anew, or everything once more: nothing that stands here is worth keeping. */
  full: boolean
  /** What was shown has all up to this cursor. */
  until: number
  /** The frame's own cursor. */
  cursor: number
  /** Whether a board is expected to follow: who turns by hand may then turn back as well. */
  turning: boolean
}

/** The boards that are laid out: one is shown, others stand ready where nobody sees them, or go in a moment. */
export class Layers {
  /** The board that is shown. */
  shown = $state.raw<Laid | null>(null)
  /** All that are laid out, the one that is shown among them. */
  all = $state.raw<Laid[]>([])

  private coming: Laid | null = null
  /** What was shown before, as long as somebody may turn back to it. */
  private before: Laid | null = null
  /** Boards that go in a moment. */
  private readonly left = new Set<Laid>()

  /** What stands ready, for the host. */
  get ready(): ReadyBoard[] {
    return this.standing().map((one) => ({ board: one.board.id, cursor: one.cursor }))
  }

  /** Another board, or the same one laid out anew; one that stands ready has only to be shown. Answers whether the frame's panels fit what is shown now. */
  change({ board, full, until, cursor, turning }: Change): boolean {
    this.leave()
    const found = full ? undefined : this.standing().find((one) => one.board.id === board?.id)
    // What was shown goes a moment later: to take it away costs time too.
    for (const one of this.standing()) if (one !== found) this.left.add(one)
    this.coming = null
    this.before = null
    if (this.shown !== null) {
      this.shown.cursor = until
      if (!full && turning) this.before = this.shown
      else this.left.add(this.shown)
    }
    // The same board laid out anew: nothing of the old one is worth keeping.
    if (this.shown?.board.id === board?.id) this.leave()
    if (found !== undefined) {
      this.shown = found
      return true
    }
    this.shown = board === null ? null : new Laid(board, full ? cursor : 0)
    if (this.shown !== null) this.all = [...this.all, this.shown]
    // What is new was meant for a board that is not here.
    return full
  }

  /** Lays out the board that comes, where nobody sees it; gives up what stands ready for nothing. `next`: the board that is expected to follow. */
  prepare(coming: ComingBoard | null, next: string | null, cursor: number, block: Float64Array): void {
    if (this.coming !== null && (coming !== null || this.coming.board.id !== next)) this.coming = this.giveUp(this.coming)
    if (this.before !== null && next === null) this.before = this.giveUp(this.before)
    if (coming === null) return
    const laid = new Laid(coming.board, cursor)
    this.coming = laid
    this.all = [...this.all, laid]
    laid.apply(coming.panels, block)
    laid.show()
  }

  /** Boards that are not to be shown again go, once the one that is shown is painted. */
  leave(): void {
    if (this.left.size === 0) return
    this.all = this.all.filter((one) => !this.left.has(one))
    this.left.clear()
  }

  /** Nothing stands ready any more. */
  forget(): void {
    for (const one of this.standing()) this.giveUp(one)
    this.coming = null
    this.before = null
  }

  private standing(): Laid[] {
    return [this.coming, this.before].filter((one) => one !== null)
  }

  private giveUp(one: Laid): null {
    this.left.add(one)
    this.leave()
    return null
  }
}
