import { asErrorView, type Host } from '../../api/host'
import type { EditorHome, EditorOpened, EditorProblem, ErrorView } from '../../api/wire'
import { Live } from '../../stores/live'
import { WallStore } from '../../stores/wall.svelte'
import { History, substance, type EditBoard } from './edit'

/** A draft is sent when nobody has typed for so long, ms. */
const PAUSE = 300

/** The draft that somebody left by going to another page of the desk: it is there when they come back. */
export const left: { draft: Draft | null } = { draft: null }

/** A board being edited: its history, what is wrong with it, and its picture. */
export class Draft {
  board = $state.raw<EditBoard>() as EditBoard
  canUndo = $state(false)
  canRedo = $state(false)
  problems = $state.raw<EditorProblem[]>([])
  /** The panel that is edited. */
  selected = $state<string | null>(null)
  error = $state.raw<ErrorView | null>(null)
  /** Whether the host has seen the newest draft. */
  checked = $state(false)
  version: string
  file = $state<string | null>(null)
  readonly preview: WallStore
  private readonly history: History
  private saved = $state.raw<EditBoard | null>(null)
  private shown = ''
  private timer = 0
  private seq = 0
  private live: Live | null = null
  readonly host: Host

  /** `fresh`: the board is nowhere on the disk yet. */
  constructor(host: Host, opened: EditorOpened, fresh: boolean, private readonly monotonic: () => number, readonly home: EditorHome | null) {
    this.board = opened.board as EditBoard
    this.history = new History(this.board)
    this.saved = fresh ? null : this.board
    this.version = opened.version
    this.file = opened.file
    this.selected = this.board.panels[0]?.id ?? null
    this.preview = new WallStore(monotonic())
    // The picture is pulled like a wall's; it reports no life of its own.
    this.host = { ...host, pull: (cursor) => host.editorPull(cursor), painted: () => Promise.resolve() }
  }

  /** Whether something is not on the disk. */
  get dirty(): boolean {
    return this.board !== this.saved
  }

  /** Begins to check and to show. */
  async start(): Promise<void> {
    // The host's picture has ended if nobody has looked at it for a while.
    this.shown = ''
    this.preview.cursor = 0
    const live = new Live(this.host, this.preview, this.monotonic)
    this.live = live
    await this.send()
    if (this.live === live) live.start()
  }

  stop(): void {
    window.clearTimeout(this.timer)
    this.live?.stop()
    this.live = null
  }

  /** Takes an edit over; edits of the same `what` one after another are one step back. */
  edit(next: EditBoard, what: string | null = null): void {
    if (this.history.edit(next, what)) this.took()
  }

  settle(): void {
    this.history.settle()
  }

  undo(): void {
    if (this.history.undo()) this.took()
  }

  redo(): void {
    if (this.history.redo()) this.took()
  }

  /** The version that the file of this board has to have: under another id than it was opened with there must be none. */
  versionFor(): string {
    return this.saved === null || this.saved.id === this.board.id ? this.version : ''
  }

  /** What is on the disk is this board. */
  keep(version: string, file: string): void {
    this.saved = this.board
    this.version = version
    this.file = file
  }

  private took(): void {
    this.board = this.history.now
    this.canUndo = this.history.canUndo
    this.canRedo = this.history.canRedo
    if (this.selected !== null && !this.board.panels.some((panel) => panel.id === this.selected)) this.selected = null
    this.checked = false
    window.clearTimeout(this.timer)
    this.timer = window.setTimeout(() => void this.send(), PAUSE)
  }

  /** Sends the draft; the picture is made anew only when more than places has changed. */
  private async send(): Promise<void> {
    const { board } = this
    const mine = (this.seq += 1)
    const now = substance(board)
    try {
      const problems = await this.host.editorDraft(board, now !== this.shown)
      this.shown = now
      if (mine !== this.seq) return
      this.problems = problems
      this.error = null
      this.checked = true
    } catch (cause) {
      if (mine === this.seq) this.error = asErrorView(cause)
    }
  }
}
