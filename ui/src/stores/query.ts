import type { Frame } from '../api/frame'
import type { Mark, Patch, QueryFrame, QueryView, SeriesView } from '../api/wire'
import { tameSeries } from './names'

/** The page never keeps more points of a series than this, whatever the host sends. */
export const MAX_POINTS = 4000
/** Nor more series of a query. */
export const MAX_SERIES = 500

/** One series' values on its query's times; null is a gap. */
export type Values = (number | null)[]

const FRESH: Mark = { freshness: 'unknown', severity: 'normal' }

/** What the page holds of one query: filled by patches, in place, without an allocation for each frame. */
export class QueryData {
  readonly id: string
  view: QueryView
  epoch = -1
  series: SeriesView[] = []
  /** Times of the points, ms, rising. */
  times: number[] = []
  /** For each series, as long as `times`. */
  values: Values[] = []
  /** Distance of two points, ms; 0 until the first patch. */
  step = 0
  /** Newest value of each series; NaN when there is none. */
  latest: number[] = []
  /** Its data time, ms; NaN when not known. */
  latestAt: number[] = []
  marks: Mark[] = []
  reduced = NaN
  reducedAt = NaN
  reducedMark: Mark = FRESH
  /** Rises when the points are others than before: what was drawn is worth nothing. */
  generation = 0
  private dirtyFrom = -Infinity

  constructor(view: QueryView) {
    this.id = view.id
    this.view = view
  }

  /** Takes over what a frame says about this query. */
  apply(frame: QueryFrame, block: Float64Array): void {
    if (frame.series !== null || frame.epoch !== this.epoch) {
      this.epoch = frame.epoch
      const found = (frame.series ?? []).slice(0, MAX_SERIES)
      const alone = new Set(found.map((one) => one.source)).size < 2
      this.series = found.map((one) => tameSeries(one, alone))
      this.reset(this.series.length)
    }
    const count = Math.min(frame.marks.length, this.series.length)
    if (frame.patch !== null && frame.marks.length >= this.series.length) this.patch(frame.patch, block)
    this.dropBefore(frame.start)
    this.latest.length = count
    this.latestAt.length = count
    for (let i = 0; i < count; i += 1) {
      this.latest[i] = block[frame.latest + 2 * i] ?? NaN
      this.latestAt[i] = block[frame.latest + 2 * i + 1] ?? NaN
    }
    this.marks = frame.marks
    this.reduced = block[frame.reduced] ?? NaN
    this.reducedAt = block[frame.reduced + 1] ?? NaN
    this.reducedMark = frame.reduced_mark
  }

  /** Takes over which series there are from another, without points: an answer need not repeat what the page knows. */
  adopt(other: QueryData): void {
    this.epoch = other.epoch
    this.series = other.series
    this.reset(other.series.length)
  }

  private reset(series: number): void {
    this.times = []
    this.values = Array.from({ length: series }, () => [])
    this.step = 0
    this.changed(-Infinity)
    this.generation += 1
  }

  private changed(from: number): void {
    this.dirtyFrom = Math.min(this.dirtyFrom, from)
  }

  /** Points at or after the answered time changed since the last call; +∞ when none did. For the one chart that draws them. */
  takeChanges(): number {
    const from = this.dirtyFrom
    this.dirtyFrom = Infinity
    return from
  }

  private patch(patch: Patch, block: Float64Array): void {
    if (patch.count === 0) return
    if (this.step !== 0 && patch.step !== this.step) this.reset(this.values.length)
    this.step = patch.step
    const { times, values } = this
    let keep = times.length
    while (keep > 0 && (times[keep - 1] as number) >= patch.from) keep -= 1
    const first = Math.max(0, patch.count - MAX_POINTS)
    const last = keep > 0 ? (times[keep - 1] as number) : null
    // Nothing is known between the last point and a patch that does not follow it: the line must break there.
    const hole = last !== null && patch.from - last > 1.5 * patch.step
    const at = keep + (hole ? 1 : 0)
    times.length = at
    if (hole) times[keep] = last + patch.step
    for (let i = first; i < patch.count; i += 1) times[at + i - first] = patch.from + i * patch.step
    for (let s = 0; s < values.length; s += 1) {
      const column = values[s] as Values
      column.length = at
      if (hole) column[keep] = null
      const from = patch.offset + s * patch.count
      for (let i = first; i < patch.count; i += 1) {
        const v = block[from + i] as number
        column[at + i - first] = Number.isFinite(v) ? v : null
      }
    }
    this.changed(hole ? (last as number) + patch.step : patch.from)
    if (times.length > MAX_POINTS) this.dropFirst(times.length - MAX_POINTS)
  }

  private dropBefore(start: number): void {
    let n = 0
    while (n < this.times.length && (this.times[n] as number) < start) n += 1
    if (n > 0) this.dropFirst(n)
  }

  private dropFirst(n: number): void {
    this.times.splice(0, n)
    for (const column of this.values) column.splice(0, n)
  }
}

/** All queries of a frame's panels, put where they belong; shared by the live wall and a zoomed panel. */
export function applyQueries(into: Map<string, QueryData>, frames: QueryFrame[], block: Frame['block']): void {
  for (const frame of frames) into.get(frame.id)?.apply(frame, block)
}
