import type { AnnotationView, HappenedView } from '../api/wire'
import { t } from '../i18n/index.svelte'
import { rank, TOKEN } from '../shared/severity'
import { tame } from '../shared/text'
import { axisFont, currentLook, unit } from './look'

/** Things that happened so close to each other that they are one mark. */
export interface Cluster {
  /** Pixels from the left. */
  x: number
  /** The worst first, then the newest. */
  notes: AnnotationView[]
}

/** A stretch of time in which something went on, in pixels from the left. */
export interface Stretch {
  left: number
  right: number
  note: AnnotationView
}

/** Whether a thing is a stretch of time and not a moment. How long an alert held is told by its panels and by the list. */
const lasts = (note: AnnotationView): note is AnnotationView & { until: number } =>
  note.until !== null && note.until > note.at && note.kind !== 'alert' && note.kind !== 'acknowledged'

const within = (note: AnnotationView, lo: number, hi: number): boolean => note.at <= hi && (lasts(note) ? note.until : note.at) >= lo

/** What went on between two times, cut at them: work that began before is seen as well. */
export function stretches(notes: readonly AnnotationView[], lo: number, hi: number, x: (at: number) => number): Stretch[] {
  return notes.flatMap((note) => (lasts(note) && within(note, lo, hi) ? [{ left: x(Math.max(lo, note.at)), right: x(Math.min(hi, note.until)), note }] : []))
}

/** Marks for what happened between two times; those nearer than `gap` pixels are one. */
export function clusters(notes: readonly AnnotationView[], lo: number, hi: number, x: (at: number) => number, gap: number): Cluster[] {
  const out: Cluster[] = []
  const inside = notes.filter((note) => note.at >= lo && note.at <= hi).sort((a, b) => a.at - b.at)
  for (const note of inside) {
    const at = x(note.at)
    const last = out[out.length - 1]
    if (last !== undefined && at - last.x < gap) last.notes.push(note)
    else out.push({ x: at, notes: [note] })
  }
  for (const cluster of out) cluster.notes.sort((a, b) => rank(b.severity) - rank(a.severity) || b.at - a.at)
  return out
}

/** Changes when other marks must be drawn; with a stretch of time, when others must be within it. */
export const notesKey = (notes: readonly AnnotationView[], range: { lo: number; hi: number } = { lo: -Infinity, hi: Infinity }): string =>
  notes.flatMap((note) => (within(note, range.lo, range.hi) ? [lasts(note) ? `${note.id}@${note.at}-${note.until}` : `${note.id}@${note.at}`] : [])).join(' ')

/** Token of a mark's colour. Its shape says what it is; the colour only how bad. */
export const noteToken = (note: AnnotationView): string => (note.severity !== 'normal' ? TOKEN[note.severity] : note.kind === 'alert' ? '--calm' : '--text-2')

/** What a mark says in one line: its kind, what, where. */
export function noteLine(note: AnnotationView): string {
  const place = note.place.map((one) => tame(one, 40)).filter((one) => one !== '')
  return [t(`ui.happened.${note.kind}`), tame(note.title, 80), place.join(' · ')].filter((part) => part !== '').join(' · ')
}

/** A mark's shape around (0, 0) within ±1: nobody needs the colour to tell a deployment from an alert. */
const SHAPES: Record<HappenedView, readonly (readonly [number, number])[]> = {
  alert: [[-1, -0.85], [1, -0.85], [0, 0.95]],
  acknowledged: [[-0.95, 0], [-0.5, -0.35], [-0.2, 0.1], [0.65, -0.85], [1, -0.45], [-0.15, 0.85]],
  deployment: [[0, -1], [1, 0], [0, 1], [-1, 0]],
  configuration: [[-0.8, -0.8], [0.8, -0.8], [0.8, 0.8], [-0.8, 0.8]],
  maintenance: [[-1, -0.4], [1, -0.4], [1, 0.4], [-1, 0.4]],
  note: [[-0.7, -1], [0.9, -0.5], [-0.3, 0], [-0.3, 1], [-0.7, 1]],
}

/** Pixels that two marks are apart at least, as CSS pixels. */
export const noteGap = (): number => 9 * unit()

/** What happened within a mark's breadth of `left`, in CSS pixels from the left edge of a plot that is `width` wide. */
export function notesNear(notes: readonly AnnotationView[], range: { lo: number; hi: number }, width: number, left: number): Cluster | null {
  const x = (at: number): number => ((at - range.lo) / (range.hi - range.lo)) * width
  const mark = clusters(notes, range.lo, range.hi, x, noteGap()).find((one) => Math.abs(one.x - left) < noteGap())
  if (mark !== undefined) return mark
  const on = stretches(notes, range.lo, range.hi, x).filter((one) => left >= one.left && left <= one.right)
  return on.length === 0 ? null : { x: left, notes: on.map((one) => one.note) }
}

/** The shape of a kind about a point, filled with what `ctx` has. */
export function drawShape(ctx: CanvasRenderingContext2D, kind: HappenedView, x: number, y: number, size: number): void {
  ctx.beginPath()
  SHAPES[kind].forEach(([dx, dy], k) => (k === 0 ? ctx.moveTo(x + dx * size, y + dy * size) : ctx.lineTo(x + dx * size, y + dy * size)))
  ctx.closePath()
  ctx.fill()
}

/** Stretches as veils with a line above, under the marks. */
export function drawStretches(ctx: CanvasRenderingContext2D, all: readonly Stretch[], plot: { top: number; height: number }): void {
  if (all.length === 0) return
  const look = currentLook()
  const px = unit() * (window.devicePixelRatio || 1)
  ctx.save()
  for (const { left, right, note } of all) {
    const width = Math.max(1, right - left)
    ctx.fillStyle = look.colour(noteToken(note))
    ctx.globalAlpha = 0.1
    ctx.fillRect(left, plot.top, width, plot.height)
    ctx.globalAlpha = 0.8
    ctx.fillRect(left, plot.top, width, Math.max(1, 2 * px))
  }
  ctx.restore()
}

/** Draws the marks of a stretch of time that fills a canvas' width, down to `height` of its own pixels. */
export function drawNotesAcross(ctx: CanvasRenderingContext2D, notes: readonly AnnotationView[], range: { lo: number; hi: number }, height: number): void {
  const { width } = ctx.canvas
  const x = (at: number): number => ((at - range.lo) / (range.hi - range.lo)) * width
  const ratio = window.devicePixelRatio || 1
  drawStretches(ctx, stretches(notes, range.lo, range.hi, x), { top: 0, height })
  drawNotes(ctx, clusters(notes, range.lo, range.hi, x, noteGap() * ratio), { left: 0, top: 0, width, height })
}

/** Draws the marks along the upper edge of a plot; all measures in the canvas' own pixels. */
export function drawNotes(ctx: CanvasRenderingContext2D, all: readonly Cluster[], plot: { left: number; top: number; width: number; height: number }): void {
  const look = currentLook()
  const ratio = window.devicePixelRatio || 1
  const px = unit() * ratio
  const size = 5 * px
  const font = 0.86 * axisFont() * ratio
  ctx.save()
  ctx.font = `400 ${font}px "Barlow Semi Condensed", "Noto Sans CJK SC", sans-serif`
  ctx.textBaseline = 'middle'
  ctx.textAlign = 'left'
  all.forEach((cluster, i) => {
    const [first] = cluster.notes
    if (first === undefined) return
    const colour = look.colour(noteToken(first))
    ctx.strokeStyle = colour
    ctx.fillStyle = colour
    ctx.lineWidth = Math.max(1, px)
    ctx.globalAlpha = 0.55
    ctx.setLineDash([2 * px, 3 * px])
    ctx.beginPath()
    ctx.moveTo(Math.round(cluster.x) + 0.5, plot.top + 2 * size)
    ctx.lineTo(Math.round(cluster.x) + 0.5, plot.top + plot.height)
    ctx.stroke()
    ctx.setLineDash([])
    ctx.globalAlpha = 1
    const y = plot.top + size
    drawShape(ctx, first.kind, cluster.x, y, size)
    label(ctx, cluster, (all[i + 1]?.x ?? plot.left + plot.width) - cluster.x - 3 * size, cluster.x + 1.6 * size, y)
  })
  ctx.restore()
}

/** The words beside a mark, as far as there is room before the next one; how many there are when there is room for no more. */
function label(ctx: CanvasRenderingContext2D, cluster: Cluster, room: number, x: number, y: number): void {
  const [first] = cluster.notes
  if (first === undefined) return
  const ratio = window.devicePixelRatio || 1
  const count = cluster.notes.length > 1 ? `${cluster.notes.length}× ` : ''
  const words = `${count}${tame(first.title, 24)}`
  const said = ctx.measureText(words).width <= room ? words : count.trim()
  const width = ctx.measureText(said).width
  if (said === '' || width > room) return
  // On a ground of its own, because lines run there too.
  ctx.fillStyle = currentLook().colour('--panel')
  ctx.globalAlpha = 0.82
  ctx.fillRect(x - 2, y - 0.5 * axisFont() * ratio, width + 4, axisFont() * ratio)
  ctx.globalAlpha = 1
  ctx.fillStyle = currentLook().colour('--text-2')
  ctx.fillText(said, x, y)
}
