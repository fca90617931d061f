import type { ThresholdsView } from '../../api/wire'
import { currentLook, unit } from '../../charts/look'
import { firstAt, fitScale, type Range } from '../../charts/scale'
import { TOKEN } from '../../shared/severity'
import type { Expected, Past } from './predict'

/** What is drawn. */
export interface Picture {
  past: Past
  expected: Expected | null
  /** The last known time. */
  last: number
  /** Stretch of time, ms. */
  x: Range
  y: Range
  limits: ThresholdsView | null
  /** What must not be reached. */
  limit: number | null
  old: boolean
}

/** Time and values that are shown: as much of the past as makes the future readable. */
export function frameOf(past: Past, expected: Expected | null, ahead: number, season: number, limit: number | null, ends: { min: number | null; max: number | null }, unitName: string): { x: Range; y: Range } {
  const last = past.times[past.times.length - 1] ?? 0
  const first = past.times[0] ?? 0
  const x = { lo: Math.max(first, last - Math.max(1.6 * ahead, 1.2 * season)), hi: last + ahead }
  let lo = Infinity
  let hi = -Infinity
  const see = (v: number | null | undefined): void => {
    if (v === null || v === undefined || Number.isNaN(v)) return
    lo = Math.min(lo, v)
    hi = Math.max(hi, v)
  }
  for (let i = firstAt(past.times, x.lo); i < past.times.length; i += 1) see(past.values[i])
  expected?.times.forEach((t, i) => {
    if (t < x.lo) return
    see(expected.mid[i])
    see(expected.lo[i])
    see(expected.hi[i])
  })
  // A limit that is near belongs into the picture; one far away would press the line flat.
  if (limit !== null && Math.abs(limit - (lo + hi) / 2) < 2.5 * Math.max(hi - lo, 1e-9)) see(limit)
  return { x, y: fitScale(lo, hi, ends, unitName) }
}

/** Draws into a rectangle of the canvas, in its own pixels. */
export function paint(ctx: CanvasRenderingContext2D, picture: Picture, right: number, bottom: number): void {
  const look = currentLook()
  const px = unit() * (window.devicePixelRatio || 1)
  const { x: tx, y: ty, expected, past } = picture
  const x = (t: number): number => ((t - tx.lo) / (tx.hi - tx.lo)) * right
  const y = (v: number): number => bottom - ((v - ty.lo) / (ty.hi - ty.lo)) * bottom
  ctx.save()
  ctx.beginPath()
  ctx.rect(0, 0, right, bottom)
  ctx.clip()
  if (expected !== null) band(ctx, expected, x, y, look.colour('--calm'))
  ctx.lineJoin = 'round'
  if (expected !== null) {
    ctx.strokeStyle = look.colour('--text-2')
    ctx.lineWidth = Math.max(1, 1.6 * px)
    ctx.setLineDash([6 * px, 5 * px])
    ctx.beginPath()
    expected.times.forEach((t, i) => (i === 0 ? ctx.moveTo(x(t), y(expected.mid[i] as number)) : ctx.lineTo(x(t), y(expected.mid[i] as number))))
    ctx.stroke()
    ctx.setLineDash([])
  }
  ctx.strokeStyle = look.colour(picture.old ? '--calm' : '--s1')
  ctx.lineWidth = Math.max(1, 2 * px)
  ctx.beginPath()
  let open = false
  for (let i = Math.max(0, firstAt(past.times, tx.lo) - 1); i < past.times.length; i += 1) {
    const v = past.values[i]
    if (v === null || v === undefined) {
      open = false
      continue
    }
    if (open) ctx.lineTo(x(past.times[i] as number), y(v))
    else ctx.moveTo(x(past.times[i] as number), y(v))
    open = true
  }
  ctx.stroke()
  ctx.strokeStyle = look.colour('--text-3')
  ctx.lineWidth = Math.max(1, px)
  ctx.beginPath()
  ctx.moveTo(Math.round(x(picture.last)) + 0.5, 0)
  ctx.lineTo(Math.round(x(picture.last)) + 0.5, bottom)
  ctx.stroke()
  lines(ctx, picture, y, right, px)
  ctx.restore()
}

function band(ctx: CanvasRenderingContext2D, expected: Expected, x: (t: number) => number, y: (v: number) => number, colour: string): void {
  ctx.fillStyle = colour
  ctx.globalAlpha = 0.24
  ctx.beginPath()
  expected.times.forEach((t, i) => (i === 0 ? ctx.moveTo(x(t), y(expected.hi[i] as number)) : ctx.lineTo(x(t), y(expected.hi[i] as number))))
  for (let i = expected.times.length - 1; i >= 0; i -= 1) ctx.lineTo(x(expected.times[i] as number), y(expected.lo[i] as number))
  ctx.closePath()
  ctx.fill()
  ctx.globalAlpha = 1
}

function lines(ctx: CanvasRenderingContext2D, picture: Picture, y: (v: number) => number, right: number, px: number): void {
  const { limits } = picture
  ctx.setLineDash([5 * px, 4 * px])
  ctx.lineWidth = Math.max(1, 1.3 * px)
  for (const severity of ['warning', 'critical', 'emergency'] as const) {
    const limit = limits?.[severity] ?? null
    if (limit === null || limit < picture.y.lo || limit > picture.y.hi) continue
    ctx.strokeStyle = currentLook().colour(TOKEN[severity])
    const at = Math.round(y(limit)) + 0.5
    ctx.beginPath()
    ctx.moveTo(0, at)
    ctx.lineTo(right, at)
    ctx.stroke()
  }
  ctx.setLineDash([])
}
