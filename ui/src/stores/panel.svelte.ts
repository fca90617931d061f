import type { PanelFrame, PanelState, PanelView, RemarkView, SeverityView, TopologyView } from '../api/wire'
import { applyQueries, QueryData } from './query'

function sameState(a: PanelState, b: PanelState): boolean {
  if (a.kind === 'stale' && b.kind === 'stale') return a.since === b.since
  if (a.kind === 'failed' && b.kind === 'failed') return a.since === b.since && a.error.code === b.error.code && a.error.params.advice === b.error.params.advice
  return a.kind === b.kind && a.kind !== 'no_data'
}

/** One panel: what the board says of it, which look it has, and its data. */
export class PanelModel {
  readonly id: string
  /** The board that it is on. */
  readonly board: string
  readonly view: PanelView
  /** In the board's order. */
  readonly queries: QueryData[]
  readonly byId: Map<string, QueryData>
  state = $state.raw<PanelState>({ kind: 'loading' })
  severity = $state<SeverityView>('normal')
  demo = $state(false)
  /** What is to be said beside its look. */
  remarks = $state.raw<RemarkView[]>([])
  /** Where a topology's nodes and edges stand. */
  topology = $state.raw<TopologyView | null>(null)
  /** Rises when the panel is to show what frames have brought. What reads the plain arrays of `queries` depends on it. */
  version = $state(0)
  private pending = false

  constructor(view: PanelView, board: string) {
    this.id = view.id
    this.board = board
    this.view = view
    this.queries = view.queries.map((query) => new QueryData(query))
    this.byId = new Map(this.queries.map((query) => [query.id, query]))
  }

  /** Takes over what a frame says about this panel. */
  apply(frame: PanelFrame, block: Float64Array): void {
    applyQueries(this.byId, frame.queries, block)
    const urgent = this.state.kind !== frame.state.kind || this.severity !== frame.severity || this.demo !== frame.demo
    if (!sameState(this.state, frame.state)) this.state = frame.state
    this.severity = frame.severity
    this.demo = frame.demo
    // As a rule there are none, and then nothing is compared.
    if (frame.remarks.length + this.remarks.length > 0 && JSON.stringify(frame.remarks) !== JSON.stringify(this.remarks)) this.remarks = frame.remarks
    if (frame.topology !== null) this.topology = frame.topology
    this.pending = true
    if (urgent) this.show()
  }

  /** Lets the panel show what frames have brought since the last time. */
  show(): void {
    if (!this.pending) return
    this.pending = false
    this.version += 1
  }

  /** Queries of a role, in the board's order. */
  of(role: 'main' | 'note' | 'check'): QueryData[] {
    return this.queries.filter((query) => query.view.role === role)
  }

  /** Whether there is anything to show, be it old. */
  get hasData(): boolean {
    return this.version >= 0 && this.queries.some((query) => query.latest.length > 0 || query.times.length > 0)
  }
}
