import uPlot from 'uplot'
import type { AnnotationView, SeverityView, ThresholdsView } from '../api/wire'
import { TOKEN } from '../shared/severity'
import { timeMarks, type Zone } from '../shared/time'
import type { QueryData, Values } from '../stores/query'
import { fillBoxes } from './boxes'
import { boxesOf, columns } from './columns'
import { axisFont, currentLook, typeScale, unit } from './look'
import { clusters, drawNotes, drawStretches, noteGap, notesNear, stretches } from './notes'
import { extent, firstAt, steadyScale, timeWindow, valueMarks, type Ends, type Range } from './scale'

/** All charts of the page share this crosshair. */
const CROSSHAIR = 'wall'
/** The time axis moves on by so many units at once. */
const QUANTUM = 8

/** Joins the points by strokes, as uPlot does by itself. */
const STROKES = uPlot.paths.linear?.()

/** One line: which series of which query, and its colour's token. */
export interface Line {
  query: QueryData
  series: number
  token: string
}

/** What a chart of lines is told when it is made. */
export interface LinesOptions {
  width: number
  height: number
  lines: Line[]
  zone: Zone
  ends: Ends
  limits: ThresholdsView | null
  /** Unit of the axis. */
  unit: string
  phase: number
  /** Whether there is room for the times below the plot. */
  clock: boolean
  /** Whether there is a pointer: a crosshair, and a stretch of time to choose. */
  pointed: boolean
  /** What happened, marked along the upper edge. */
  notes(): readonly AnnotationView[]
  /** How a value of the axis is written. */
  label(value: number): string
  /** The pointer is over the point `index` at these CSS pixels; null when it left. `own` is false when another chart has it. */
  hover(index: number | null, left: number, top: number, own: boolean): void
  /** A stretch of time was chosen with the pointer. */
  zoom(from: number, to: number): void
  /** Back to now. */
  back(): void
}

/** Lines over time by uPlot, told to draw only when pixels change. */
export class LinesChart {
  readonly plot: uPlot
  private x: Range
  private y: Range = { lo: 0, hi: 1 }
  private steady: Range | null = null
  private zoomed: Range | null = null
  private readonly generations: number[]
  /** The newest time that is on the canvas. */
  private drawnTo = -Infinity
  private data: uPlot.AlignedData
  private palette: string[] = []
  private over = false

  constructor(
    parent: HTMLElement,
    private readonly options: LinesOptions,
    now: number,
    span: number,
  ) {
    this.x = this.window(now, span)
    this.data = align(options.lines)
    const queries = this.queries()
    this.generations = queries.map((q) => q.generation)
    for (const query of queries) query.takeChanges()
    this.rescale()
    this.plot = new uPlot(this.settings(), this.data)
    this.drawnTo = this.lastTime()
    // uPlot draws in a microtask. Only when all charts that were made together are drawn they become part of the page: what each changes of
    // its own elements would have WebKit compute styles before the next one's first letter.
    queueMicrotask(() => queueMicrotask(() => this.over || parent.append(this.plot.root)))
  }

  /** Ends the chart and gives its canvas back. */
  destroy(): void {
    this.over = true
    const canvas = this.plot.ctx.canvas
    this.plot.destroy()
    canvas.width = 0
  }

  /** Times of the points that are drawn. */
  get times(): ArrayLike<number> {
    return this.data[0]
  }

  /** Value of a line at a point. */
  valueAt(line: number, index: number): number | null {
    return (this.data[line + 1] as Values | undefined)?.[index] ?? null
  }

  /** Another size of its box, CSS pixels. */
  resize(width: number, height: number): void {
    if (width < 40 || height < 30 || (width === this.plot.width && height === this.plot.height)) return
    this.options.width = width
    this.plot.setSize({ width, height })
  }

  /** Shows a fixed stretch of time with data of its own; `update` leaves it alone. */
  showRange(from: number, to: number): void {
    this.zoomed = { lo: from, hi: to }
    this.x = this.zoomed
    this.redraw()
  }

  /** Whether a fixed stretch of time is shown. */
  get isZoomed(): boolean {
    return this.zoomed !== null
  }

  /** New points came or time went on: draws all, only the new piece, or nothing. */
  update(now: number, span: number): void {
    if (this.zoomed !== null) return
    const queries = this.queries()
    let whole = false
    let from = Infinity
    queries.forEach((query, i) => {
      if (query.generation !== this.generations[i]) whole = true
      this.generations[i] = query.generation
      from = Math.min(from, query.takeChanges())
    })
    const window = this.window(now, span)
    if (window.hi !== this.x.hi || window.lo !== this.x.lo) whole = true
    if (from === Infinity && !whole) return
    if (whole || from <= this.drawnTo || !this.appendable() || !this.append()) {
      this.x = window
      this.redraw()
    }
  }

  /** Draws everything anew. */
  redraw(): void {
    this.data = align(this.options.lines)
    this.rescale()
    this.plot.batch(() => {
      this.plot.setData(this.data, false)
      this.plot.setScale('x', { min: this.x.lo, max: this.x.hi })
      this.plot.setScale('y', { min: this.y.lo, max: this.y.hi })
    })
    this.drawnTo = this.lastTime()
  }

  private queries(): QueryData[] {
    return [...new Set(this.options.lines.map((line) => line.query))]
  }

  private lastTime(): number {
    const times = this.data[0]
    return times.length === 0 ? -Infinity : (times[times.length - 1] as number)
  }

  private window(now: number, span: number): Range {
    const pixels = Math.max(40, this.options.width - 60 * unit())
    return timeWindow(now, span, (span / pixels) * QUANTUM * unit(), this.options.phase)
  }

  private rescale(): void {
    const found = extent(this.queries(), this.x.lo)
    this.steady = steadyScale(this.steady, found.lo, found.hi, this.options.ends, this.options.unit)
    this.y = this.steady
  }

  /** Whether there are at least as many points as columns of pixels to draw them in. */
  private dense(plot: uPlot): boolean {
    const times = this.data[0] as number[]
    return times.length - firstAt(times, this.x.lo) >= plot.bbox.width
  }

  /** Dense lines, which uPlot has left to us. */
  private columns(plot: uPlot): void {
    if (!this.dense(plot)) return
    const { ctx, bbox } = plot
    const weight = this.weight() * (window.devicePixelRatio || 1)
    // Half as wide as a line is strong: narrower ones cost more and show no more.
    const column = Math.max(1, Math.floor(weight / 1.7))
    const times = this.data[0] as number[]
    const box = { ...bbox, x: this.x, y: this.y }
    const layers = this.palette.map((colour, i) => {
      const values = this.data[i + 1] as unknown as Values
      return { boxes: boxesOf(columns(times, values, box, column), bbox.left, weight, column), colour }
    })
    fillBoxes(ctx, layers, {
      left: bbox.left - weight / 2,
      top: bbox.top - weight / 2,
      right: bbox.left + bbox.width + weight / 2,
      bottom: bbox.top + bbox.height + weight / 2,
    })
  }

  /** Only when uPlot's arrays are the queries' own do new points appear in them by themselves. */
  private appendable(): boolean {
    return this.options.lines.length > 0 && this.data[0] === this.options.lines[0]?.query.times
  }

  /** Draws the piece from the last drawn point to the newest; false when it doesn't fit the axis. */
  private append(): boolean {
    const { plot } = this
    const times = this.data[0] as number[]
    const begin = Math.max(0, firstAt(times, this.drawnTo))
    for (let s = 1; s < this.data.length; s += 1) {
      const column = this.data[s] as Values
      for (let i = begin; i < column.length; i += 1) {
        const v = column[i]
        if (v !== null && v !== undefined && (v < this.y.lo || v > this.y.hi)) return false
      }
    }
    const { ctx, bbox } = plot
    ctx.save()
    ctx.beginPath()
    ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height)
    ctx.clip()
    ctx.lineWidth = this.weight() * (window.devicePixelRatio || 1)
    ctx.lineJoin = 'round'
    for (let s = 1; s < this.data.length; s += 1) {
      const column = this.data[s] as Values
      ctx.strokeStyle = this.palette[s - 1] as string
      ctx.beginPath()
      let open = false
      for (let i = begin; i < times.length; i += 1) {
        const v = column[i]
        if (v === null || v === undefined) {
          open = false
          continue
        }
        const px = Math.round(plot.valToPos(times[i] as number, 'x', true))
        const py = Math.round(plot.valToPos(v, 'y', true))
        if (open) ctx.lineTo(px, py)
        else ctx.moveTo(px, py)
        open = true
      }
      ctx.stroke()
    }
    ctx.restore()
    this.drawnTo = this.lastTime()
    return true
  }

  private weight(): number {
    return Math.max(1, (this.options.lines.length > 1 ? 1.7 : 2) * unit())
  }

  private settings(): uPlot.Options {
    const look = currentLook()
    const u = unit()
    const { options } = this
    const font = `400 ${axisFont()}px "Barlow Semi Condensed", "Noto Sans CJK SC", sans-serif`
    this.palette = options.lines.map((line) => look.colour(line.token))
    const axis = { stroke: look.colour('--text-3'), font, ticks: { show: false }, border: { show: false } }
    return {
      width: options.width,
      height: options.height,
      ms: 1,
      padding: [0.56 * axisFont(), 6 * u, options.clock ? 0 : 2 * u, 0],
      legend: { show: false },
      series: [
        {},
        ...options.lines.map((_, i) => ({
          scale: 'y',
          stroke: this.palette[i] as string,
          width: this.weight(),
          spanGaps: false,
          points: { show: false },
          paths: (plot: uPlot, series: number, from: number, to: number) => (this.dense(plot) ? null : (STROKES?.(plot, series, from, to) ?? null)),
        })),
      ],
      scales: {
        x: { time: false, auto: false, range: () => [this.x.lo, this.x.hi] },
        y: { auto: false, range: () => [this.y.lo, this.y.hi] },
      },
      axes: [
        {
          ...axis,
          show: options.clock,
          size: 22 * u * typeScale(),
          gap: 3 * u,
          grid: { show: false },
          splits: (plot) => {
            const marks = timeMarks(this.x.lo, this.x.hi, Math.max(2, Math.floor(plot.width / (74 * u * typeScale()))), options.zone)
            // A label too near an edge would be cut or run into the other axis'.
            const edge = ((this.x.hi - this.x.lo) / Math.max(1, plot.width)) * 18 * u * typeScale()
            return marks.filter((at) => at >= this.x.lo + edge && at <= this.x.hi - edge)
          },
          values: (_, marks) => marks.map((at) => clockLabel(at, this.x, options.zone)),
        },
        {
          ...axis,
          scale: 'y',
          size: (_plot, values) => widest(values ?? [], font) + 8 * u,
          gap: 6 * u,
          grid: { stroke: look.colour('--grid'), width: Math.max(1, u) },
          splits: (plot) => valueMarks(this.y, Math.max(1, Math.floor((plot.height - (options.clock ? 30 : 8) * u) / (26 * u * typeScale()))), options.unit),
          values: (plot, marks) => marks.map((v) => (this.whole(plot, v) ? options.label(v) : '')),
        },
      ],
      cursor: {
        show: options.pointed,
        sync: { key: CROSSHAIR, scales: ['x', null] },
        drag: { x: true, y: false, setScale: false, dist: 8 },
        points: { size: 7 * u, width: 1 },
        // What uPlot does on a double click is to show all data; here it is the way back.
        bind: {
          dblclick: () => () => {
            options.back()
            return null
          },
        },
      },
      select: { show: true, left: 0, top: 0, width: 0, height: 0 },
      hooks: {
        draw: [(plot) => this.columns(plot), (plot) => this.limits(plot), (plot) => this.marks(plot)],
        setCursor: [
          (plot) =>
            options.hover(plot.cursor.idx ?? null, plot.cursor.left ?? -1, plot.cursor.top ?? -1, plot.cursor.event != null),
        ],
        setSelect: [(plot) => this.selected(plot)],
      },
    }
  }

  /** Whether a label at this value stands whole on the canvas; without times below, the lowest one does not. */
  private whole(plot: uPlot, value: number): boolean {
    if (this.options.clock) return true
    return (plot.height * (value - this.y.lo)) / Math.max(Number.MIN_VALUE, this.y.hi - this.y.lo) >= 0.5 * axisFont()
  }

  private selected(plot: uPlot): void {
    const { left, width } = plot.select
    if (width < 4) return
    const from = plot.posToVal(left, 'x')
    const to = plot.posToVal(left + width, 'x')
    plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false)
    // Other charts hear of the selection too; only the one under the pointer zooms.
    if (plot.cursor.event != null) this.options.zoom(from, to)
  }

  private marks(plot: uPlot): void {
    const { bbox } = plot
    const x = (at: number): number => plot.valToPos(at, 'x', true)
    drawStretches(plot.ctx, stretches(this.options.notes(), this.x.lo, this.x.hi, x), bbox)
    drawNotes(plot.ctx, clusters(this.options.notes(), this.x.lo, this.x.hi, x, noteGap() * (window.devicePixelRatio || 1)), bbox)
  }

  /** What happened near a point of the axis, in CSS pixels from the plot's left edge. */
  notesAt(left: number): AnnotationView[] {
    return notesNear(this.options.notes(), this.x, this.plot.over.clientWidth, left)?.notes ?? []
  }

  private limits(plot: uPlot): void {
    const { limits } = this.options
    if (limits === null) return
    const all: [number | null, SeverityView][] = [
      [limits.warning, 'warning'],
      [limits.critical, 'critical'],
      [limits.emergency, 'emergency'],
    ]
    const { ctx, bbox } = plot
    const px = unit() * (window.devicePixelRatio || 1)
    ctx.save()
    ctx.setLineDash([5 * px, 4 * px])
    ctx.lineWidth = Math.max(1, 1.2 * px)
    ctx.globalAlpha = 0.75
    for (const [limit, severity] of all) {
      if (limit === null || limit < this.y.lo || limit > this.y.hi) continue
      ctx.strokeStyle = currentLook().colour(TOKEN[severity])
      const at = Math.round(plot.valToPos(limit, 'y', true)) + 0.5
      ctx.beginPath()
      ctx.moveTo(bbox.left, at)
      ctx.lineTo(bbox.left + bbox.width, at)
      ctx.stroke()
    }
    ctx.restore()
  }
}

/** Hours and minutes; with seconds when the whole axis is shorter than five minutes, the date when it is longer than two days. */
function clockLabel(at: number, range: Range, zone: Zone): string {
  const width = range.hi - range.lo
  if (width < 300_000) return zone.seconds(at)
  return width > 172_800_000 ? zone.date(at).slice(5) : zone.minutes(at)
}

let ruler: CanvasRenderingContext2D | null = null
/** Widths by font and text: WebKit computes the styles of all that has changed before it takes a canvas' font. */
const widths = new Map<string, number>()
const MOST_WIDTHS = 2000

function widest(texts: readonly string[], font: string): number {
  return Math.ceil(texts.reduce((most, text) => Math.max(most, widthOf(text, font)), 0))
}

function widthOf(text: string, font: string): number {
  const key = `${font}|${text}`
  let found = widths.get(key)
  if (found === undefined) {
    ruler ??= document.createElement('canvas').getContext('2d')
    if (ruler === null) return 40
    ruler.font = font
    found = ruler.measureText(text).width
    // Until the face has come another stands in for it.
    if (document.fonts.check(font)) {
      if (widths.size >= MOST_WIDTHS) widths.clear()
      widths.set(key, found)
    }
  }
  return found
}

/**
 * uPlot's table: one column of times, one of values for each line. When all lines share the times of one query these are the
 * query's own arrays and nothing is copied; otherwise the times are merged.
 */
export function align(lines: readonly Line[]): uPlot.AlignedData {
  const first = lines[0]
  if (first === undefined) return [[]]
  const column = (line: Line): Values => line.query.values[line.series] ?? []
  if (lines.every((line) => line.query === first.query)) return [first.query.times, ...lines.map(column)]
  const times = [...new Set(lines.flatMap((line) => line.query.times))].sort((a, b) => a - b)
  const merged = lines.map((line) => {
    const out: Values = new Array<number | null>(times.length).fill(null)
    const own = column(line)
    let at = 0
    for (let i = 0; i < times.length; i += 1) {
      if (line.query.times[at] === times[i]) {
        out[i] = own[at] ?? null
        at += 1
      } else if (at > 0 && at < own.length && own[at - 1] !== null && own[at] !== null) {
        // Between two points of its own a line has none here, but no gap either: undefined is joined over.
        ;(out as unknown as (number | null | undefined)[])[i] = undefined
      }
    }
    return out
  })
  return [times, ...merged]
}
