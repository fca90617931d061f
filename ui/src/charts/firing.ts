import type { AlertChart } from '../api/wire'
import { show } from '../shared/format'
import { timeMarks, type Zone } from '../shared/time'
import { currentLook, fitCanvas, seriesToken, unit } from './look'
import { fitScale, valueMarks, type Range } from './scale'

/** At most so many series are drawn. */
export const MOST_SERIES = 8

/** Words that stand in the picture. */
export interface FiringWords {
  fired: string
  resolved: string
  locale: string
  zone: Zone
  /** Token of the line's colour while there is one series: the level's. */
  token: string
}

/** The same metric at another time: drawn dashed, behind. */
export interface Ghost {
  /** At the chart's times. */
  points: readonly (number | null)[]
  /** Token of its colour. */
  token: string
}

/** Smallest and greatest value of what is drawn and the limit; lo > hi when there is none. */
export function span(chart: AlertChart, ghosts: readonly Ghost[] = []): Range {
  let lo = Infinity
  let hi = -Infinity
  const take = (v: number | null): void => {
    if (v === null || !Number.isFinite(v)) return
    lo = Math.min(lo, v)
    hi = Math.max(hi, v)
  }
  for (const [, points] of chart.series.slice(0, MOST_SERIES)) points.forEach(take)
  for (const ghost of ghosts) ghost.points.forEach(take)
  if (lo <= hi) take(chart.limit)
  return { lo, hi }
}

/** The stretches of a series without gaps, as indices [from, to). */
export function runs(points: readonly (number | null)[]): [number, number][] {
  const out: [number, number][] = []
  let begin = -1
  points.forEach((v, i) => {
    const there = v !== null && Number.isFinite(v)
    if (there && begin < 0) begin = i
    if (!there && begin >= 0) {
      out.push([begin, i])
      begin = -1
    }
  })
  if (begin >= 0) out.push([begin, points.length])
  return out
}

interface Box {
  left: number
  right: number
  top: number
  bottom: number
}

/** The metric around a firing: lines with gaps as gaps, the limit dashed, marks where it fired and was over. */
export class FiringChart {
  private width = 0
  private height = 0
  private box: Box = { left: 0, right: 0, top: 0, bottom: 0 }
  private range: Range = { lo: 0, hi: 1 }

  constructor(private readonly canvas: HTMLCanvasElement) {}

  /** Takes the size of its box, CSS pixels. */
  resize(width: number, height: number): void {
    this.width = width
    this.height = height
  }

  /** Gives the pixels back. */
  destroy(): void {
    this.canvas.width = 0
  }

  /** Index of the point under a place, CSS pixels; null outside of the picture. */
  indexAt(chart: AlertChart, left: number): number | null {
    const ratio = window.devicePixelRatio || 1
    const x = left * ratio
    if (x < this.box.left || x > this.box.right) return null
    const at = chart.from + ((x - this.box.left) / (this.box.right - this.box.left)) * (chart.to - chart.from)
    return Math.max(0, Math.round((at - chart.from) / chart.step))
  }

  /** Draws all; `hover` is the point that is looked at. */
  draw(chart: AlertChart, words: FiringWords, hover: number | null, ghosts: readonly Ghost[] = []): void {
    if (!fitCanvas(this.canvas, this.width, this.height)) return
    const ctx = this.canvas.getContext('2d')
    if (ctx === null) return
    const px = unit() * (window.devicePixelRatio || 1)
    const font = `400 ${12.5 * px}px "Barlow Semi Condensed", "Noto Sans CJK SC", sans-serif`
    ctx.clearRect(0, 0, this.canvas.width, this.canvas.height)
    ctx.font = font
    const found = span(chart, ghosts)
    this.range = fitScale(found.lo, found.hi, { min: null, max: null })
    const marks = valueMarks(this.range, Math.max(2, Math.floor(this.height / (46 * unit()))))
    const labels = marks.map((v) => show(v, 'count', words.locale)).map((s) => s.text.replace(/(\.\d*?)0+$/, '$1').replace(/\.$/, '') + (s.unit === '' ? '' : ` ${s.unit}`))
    const wide = labels.reduce((most, text) => Math.max(most, ctx.measureText(text).width), 0)
    this.box = { left: wide + 10 * px, right: this.canvas.width - 8 * px, top: 22 * px, bottom: this.canvas.height - 24 * px }
    if (this.box.bottom - this.box.top < 20 || this.box.right - this.box.left < 40) return
    this.axes(ctx, chart, words, marks, labels, px)
    this.limit(ctx, chart, px)
    for (const ghost of ghosts) this.line(ctx, chart, ghost.points, ghost.token, px, [5 * px, 4 * px])
    const one = chart.series.length === 1
    chart.series.slice(0, MOST_SERIES).forEach(([, points], i) => this.line(ctx, chart, points, one ? words.token : seriesToken(i), px))
    this.mark(ctx, chart, chart.fired_at, '--s1', words.fired, px)
    if (chart.resolved_at !== null) this.mark(ctx, chart, chart.resolved_at, '--ok', words.resolved, px)
    if (hover !== null) this.cross(ctx, chart, hover, px)
  }

  private x(chart: AlertChart, at: number): number {
    return this.box.left + ((at - chart.from) / Math.max(1, chart.to - chart.from)) * (this.box.right - this.box.left)
  }

  private y(v: number): number {
    return this.box.bottom - ((v - this.range.lo) / (this.range.hi - this.range.lo)) * (this.box.bottom - this.box.top)
  }

  private axes(ctx: CanvasRenderingContext2D, chart: AlertChart, words: FiringWords, marks: number[], labels: string[], px: number): void {
    const look = currentLook()
    ctx.fillStyle = look.colour('--text-3')
    ctx.strokeStyle = look.colour('--grid')
    ctx.lineWidth = Math.max(1, px)
    ctx.textBaseline = 'middle'
    ctx.textAlign = 'right'
    marks.forEach((v, i) => {
      const at = Math.round(this.y(v)) + 0.5
      ctx.beginPath()
      ctx.moveTo(this.box.left, at)
      ctx.lineTo(this.box.right, at)
      ctx.stroke()
      ctx.fillText(labels[i] as string, this.box.left - 6 * px, at)
    })
    ctx.textAlign = 'center'
    ctx.textBaseline = 'top'
    const room = (this.box.right - this.box.left) / px
    for (const at of timeMarks(chart.from, chart.to, Math.max(2, Math.floor(room / 72)), words.zone)) {
      const x = this.x(chart, at)
      if (x < this.box.left + 16 * px || x > this.box.right - 16 * px) continue
      const day = chart.to - chart.from > 172_800_000
      ctx.fillText(day ? words.zone.date(at).slice(5) : words.zone.minutes(at), x, this.box.bottom + 7 * px)
    }
  }

  private limit(ctx: CanvasRenderingContext2D, chart: AlertChart, px: number): void {
    if (chart.limit === null || chart.limit < this.range.lo || chart.limit > this.range.hi) return
    ctx.save()
    ctx.strokeStyle = currentLook().colour('--serious')
    ctx.lineWidth = Math.max(1, 1.2 * px)
    ctx.setLineDash([5 * px, 4 * px])
    const at = Math.round(this.y(chart.limit)) + 0.5
    ctx.beginPath()
    ctx.moveTo(this.box.left, at)
    ctx.lineTo(this.box.right, at)
    ctx.stroke()
    ctx.restore()
  }

  private line(ctx: CanvasRenderingContext2D, chart: AlertChart, points: readonly (number | null)[], token: string, px: number, dash: readonly number[] = []): void {
    ctx.save()
    ctx.beginPath()
    ctx.rect(this.box.left, this.box.top - 2 * px, this.box.right - this.box.left, this.box.bottom - this.box.top + 4 * px)
    ctx.clip()
    ctx.strokeStyle = currentLook().colour(token)
    ctx.lineWidth = Math.max(1, (dash.length === 0 ? 2 : 1.4) * px)
    ctx.lineJoin = 'round'
    ctx.setLineDash([...dash])
    ctx.beginPath()
    for (const [from, to] of runs(points)) {
      ctx.moveTo(this.x(chart, chart.from + from * chart.step) - (to - from === 1 ? px : 0), this.y(points[from] as number))
      for (let i = from; i < to; i += 1) ctx.lineTo(this.x(chart, chart.from + i * chart.step), this.y(points[i] as number))
    }
    ctx.stroke()
    ctx.restore()
  }

  private mark(ctx: CanvasRenderingContext2D, chart: AlertChart, at: number, token: string, word: string, px: number): void {
    if (at < chart.from || at > chart.to) return
    const x = Math.round(this.x(chart, at))
    ctx.fillStyle = currentLook().colour(token)
    ctx.fillRect(x, this.box.top - 4 * px, Math.max(1, 1.6 * px), this.box.bottom - this.box.top + 4 * px)
    const width = ctx.measureText(word).width
    ctx.textAlign = 'left'
    ctx.textBaseline = 'bottom'
    ctx.fillText(word, Math.max(this.box.left, Math.min(this.box.right - width, x - width / 2)), this.box.top - 5 * px)
  }

  private cross(ctx: CanvasRenderingContext2D, chart: AlertChart, index: number, px: number): void {
    const look = currentLook()
    const x = Math.round(this.x(chart, chart.from + index * chart.step)) + 0.5
    ctx.strokeStyle = look.colour('--text-3')
    ctx.lineWidth = Math.max(1, px)
    ctx.beginPath()
    ctx.moveTo(x, this.box.top)
    ctx.lineTo(x, this.box.bottom)
    ctx.stroke()
    for (const [, points] of chart.series.slice(0, MOST_SERIES)) {
      const v = points[index]
      if (v === null || v === undefined) continue
      ctx.fillStyle = look.colour('--text')
      ctx.beginPath()
      ctx.arc(x, this.y(v), 3.2 * px, 0, 2 * Math.PI)
      ctx.fill()
    }
  }
}
