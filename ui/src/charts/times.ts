import { timeMarks, type Zone } from '../shared/time'
import { axisFont, currentLook } from './look'
import type { Range } from './scale'

/** Height of a line of times in CSS pixels. */
export const timesHeight = (): number => 1.5 * axisFont()

/** Writes the times of an axis along the lower edge of a canvas, between two of its columns (in its own pixels). */
export function drawTimes(ctx: CanvasRenderingContext2D, range: Range, left: number, right: number, zone: Zone): void {
  const ratio = window.devicePixelRatio || 1
  const font = axisFont() * ratio
  const days = range.hi - range.lo > 172_800_000
  ctx.fillStyle = currentLook().colour('--text-3')
  ctx.font = `400 ${font}px "Barlow Semi Condensed", "Noto Sans CJK SC", sans-serif`
  ctx.textBaseline = 'bottom'
  ctx.textAlign = 'center'
  const edge = 1.4 * font
  for (const at of timeMarks(range.lo, range.hi, Math.max(2, Math.floor((right - left) / (5 * font))), zone)) {
    const x = left + ((at - range.lo) / (range.hi - range.lo)) * (right - left)
    if (x > left + edge && x < right - edge) ctx.fillText(days ? zone.date(at).slice(5) : zone.minutes(at), x, ctx.canvas.height)
  }
}
