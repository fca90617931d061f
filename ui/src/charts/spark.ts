import type { AnnotationView, SeverityView, ThresholdsView } from '../api/wire'
import { TOKEN } from '../shared/severity'
import type { QueryData } from '../stores/query'
import { currentLook, fitCanvas, unit } from './look'
import { notesKey, noteToken, stretches } from './notes'
import { buckets, reduceInto, steadyScale, timeWindow, type Range } from './scale'

/** How a sparkline looks. */
export interface SparkOptions {
  /** Width of the line in units. */
  line: number
  /** Width of one column in units: the picture changes when time has moved so far. */
  column: number
  /** Fills the area under the line and draws the limit. */
  rich: boolean
  /** Token of the line's colour when nothing is abnormal. */
  token: string
  /** 0..1, where in the quantum this one moves. */
  phase: number
}

/** What a sparkline shows. */
export interface SparkInput {
  query: QueryData | null
  /** Only this series; all of them as one when null. */
  series: number | null
  now: number
  span: number
  severity: SeverityView
  limits: ThresholdsView | null
  min: number | null
  max: number | null
  /** Whether the data are old: no colour then. */
  old: boolean
  /** What happened: ticks on the line's ground. */
  notes: readonly AnnotationView[]
}

/** A small line over time on a canvas of its own, drawn anew only when a column of its pixels changes. */
export class Spark {
  private width = 0
  private height = 0
  private drawn = ''
  private scale: Range | null = null
  private scaleOf = -1
  private columns = new Float64Array(0)
  private next = new Float64Array(0)
  private counts = new Uint32Array(0)
  /** The notes that were looked at last, until when, and what of them is on the picture. */
  private notes: readonly AnnotationView[] = []
  private notesHi = NaN
  private noted = ''

  constructor(
    private readonly canvas: HTMLCanvasElement,
    private readonly options: SparkOptions,
  ) {}

  /** Takes the size of its box, in CSS pixels. */
  resize(width: number, height: number): void {
    this.width = width
    this.height = height
    this.drawn = ''
  }

  /** Colours or unit changed. */
  invalidate(): void {
    this.drawn = ''
  }

  /** Draws when something that can be seen changed. */
  update(input: SparkInput): void {
    const { query } = input
    if (this.width < 4 || this.height < 4) return
    const slots = Math.max(8, Math.floor(this.width / (this.options.column * unit())))
    const part = input.span / slots
    const { lo, hi } = timeWindow(input.now, input.span, part, this.options.phase)
    // A line that lags because its data come seldom must still be redrawn when they come.
    const filled = query === null ? 0 : Math.floor(((query.times[query.times.length - 1] ?? 0) - lo) / part)
    // Looked through only when others came or the picture moves, not with every second of every small line.
    if (input.notes !== this.notes || hi !== this.notesHi) {
      this.notes = input.notes
      this.notesHi = hi
      this.noted = notesKey(input.notes, { lo, hi })
    }
    const key = `${hi}|${filled}|${slots}|${query?.generation ?? -1}.${input.series ?? ''}|${input.severity}|${input.old}|${this.noted}`
    if (key === this.drawn) return
    this.drawn = key
    if (!fitCanvas(this.canvas, this.width, this.height)) return
    const ctx = this.canvas.getContext('2d')
    if (ctx === null) return
    ctx.clearRect(0, 0, this.canvas.width, this.canvas.height)
    if (query === null || query.values[0] === undefined) return
    this.draw(ctx, input, query, lo, part, slots)
  }

  private draw(ctx: CanvasRenderingContext2D, input: SparkInput, query: QueryData, lo: number, part: number, slots: number): void {
    if (this.columns.length !== slots) {
      this.columns = new Float64Array(slots)
      this.next = new Float64Array(slots)
      this.counts = new Uint32Array(slots)
    }
    if (this.scaleOf !== query.generation) this.scale = null
    this.scaleOf = query.generation
    this.fill(query, input.series, lo, part)
    const found = extentOf(this.columns)
    const range = steadyScale(this.scale, found.lo, found.hi, this.options.rich ? input : { min: null, max: null }, query.view.unit)
    this.scale = range
    const look = currentLook()
    const px = (unit() * (window.devicePixelRatio || 1)) as number
    const { width, height } = this.canvas
    const weight = Math.max(1, this.options.line * px)
    const y = (v: number): number => height - weight - ((v - range.lo) / (range.hi - range.lo)) * (height - 2 * weight)
    const x = (i: number): number => ((i + 1) / slots) * (width - weight)
    const abnormal = input.severity !== 'normal' && !input.old
    const colour = look.colour(abnormal ? TOKEN[input.severity] : input.old ? '--calm' : this.options.token)
    if (this.options.rich) this.ground(ctx, look.colour('--hair-strong'), look.colour('--calm-fill'), x, y, px)
    if (this.options.rich && input.limits !== null) this.limit(ctx, input, range, y, px)
    this.ticks(ctx, { lo, hi: lo + part * slots }, px)
    ctx.strokeStyle = colour
    ctx.lineWidth = weight
    ctx.lineJoin = 'round'
    ctx.lineCap = 'round'
    ctx.beginPath()
    this.trace(ctx, x, y)
    ctx.stroke()
  }

  /** The past of the one value that is shown: the series reduced at each time as the newest ones are. */
  private fill(query: QueryData, series: number | null, lo: number, part: number): void {
    const { reduce, thresholds } = query.view
    if (series !== null) return buckets(query.times, query.values[series] ?? [], lo, part, this.columns)
    this.columns.fill(NaN)
    this.counts.fill(0)
    for (const values of query.values) {
      buckets(query.times, values, lo, part, this.next)
      reduceInto(this.columns, this.counts, this.next, reduce, thresholds?.below === true)
    }
  }

  /** The line; it breaks where two neighbouring parts of the time hold nothing. */
  private trace(ctx: CanvasRenderingContext2D, x: (i: number) => number, y: (v: number) => number): void {
    let last = -9
    for (let i = 0; i < this.columns.length; i += 1) {
      const v = this.columns[i] as number
      if (Number.isNaN(v)) continue
      if (i - last > 2) ctx.moveTo(x(i) - 0.01, y(v))
      ctx.lineTo(x(i), y(v))
      last = i
    }
  }

  private ground(
    ctx: CanvasRenderingContext2D,
    base: string,
    fill: string,
    x: (i: number) => number,
    y: (v: number) => number,
    px: number,
  ): void {
    const { width, height } = this.canvas
    ctx.fillStyle = fill
    let begin = -1
    let last = -9
    const close = (end: number): void => {
      if (begin < 0) return
      ctx.lineTo(x(end), height)
      ctx.lineTo(x(begin), height)
      ctx.closePath()
      ctx.fill()
    }
    for (let i = 0; i < this.columns.length; i += 1) {
      const v = this.columns[i] as number
      if (Number.isNaN(v)) continue
      if (i - last > 2) {
        close(last)
        ctx.beginPath()
        ctx.moveTo(x(i), y(v))
        begin = i
      } else ctx.lineTo(x(i), y(v))
      last = i
    }
    close(last)
    ctx.fillStyle = base
    const thin = Math.max(1, Math.round(px))
    ctx.fillRect(0, height - thin, width, thin)
  }

  /** What happened, as ticks on the ground; what went on for a while as a line along it. */
  private ticks(ctx: CanvasRenderingContext2D, range: Range, px: number): void {
    if (this.noted === '') return
    const look = currentLook()
    const { width, height } = this.canvas
    const x = (at: number): number => ((at - range.lo) / (range.hi - range.lo)) * width
    const thick = Math.max(1, Math.round(1.6 * px))
    const high = Math.max(3, Math.round(5 * px))
    for (const { left, right, note } of stretches(this.notes, range.lo, range.hi, x)) {
      ctx.fillStyle = look.colour(noteToken(note))
      ctx.fillRect(left, height - thick, Math.max(1, right - left), thick)
    }
    for (const note of this.notes) {
      if (note.at < range.lo || note.at > range.hi) continue
      ctx.fillStyle = look.colour(noteToken(note))
      ctx.fillRect(Math.min(width - thick, Math.round(x(note.at))), height - high, thick, high)
    }
  }

  private limit(ctx: CanvasRenderingContext2D, input: SparkInput, range: Range, y: (v: number) => number, px: number): void {
    const lines: [number | null, SeverityView][] = [
      [input.limits?.warning ?? null, 'warning'],
      [input.limits?.critical ?? null, 'critical'],
    ]
    for (const [limit, severity] of lines) {
      if (limit === null || limit < range.lo || limit > range.hi) continue
      ctx.strokeStyle = currentLook().colour(TOKEN[severity])
      ctx.globalAlpha = 0.7
      ctx.lineWidth = Math.max(1, px)
      ctx.setLineDash([4 * px, 4 * px])
      ctx.beginPath()
      const at = Math.round(y(limit)) + 0.5
      ctx.moveTo(0, at)
      ctx.lineTo(this.canvas.width, at)
      ctx.stroke()
      ctx.setLineDash([])
      ctx.globalAlpha = 1
    }
  }
}

function extentOf(columns: Float64Array): Range {
  let lo = Infinity
  let hi = -Infinity
  for (const v of columns) {
    if (v < lo) lo = v
    if (v > hi) hi = v
  }
  return { lo, hi }
}
