import type { Values } from '../stores/query'
import type { Range } from './scale'

/** Where a plot stands on its canvas, in pixels of the canvas, and which times and values it shows. */
export interface PlotBox {
  left: number
  top: number
  width: number
  height: number
  x: Range
  y: Range
}

/**
 * How far up and down a line goes in each column, `column` pixels wide: `[highest, lowest]` for each column from the left, pixels of the
 * canvas from its top; NaN where the line is not. A null in `values` breaks the line, an undefined is joined over.
 */
export function columns(times: ArrayLike<number>, values: Values, box: PlotBox, column: number): Float64Array {
  const count = Math.ceil(box.width / column)
  const out = new Float64Array(2 * count).fill(NaN)
  const across = box.width / column / (box.x.hi - box.x.lo)
  const down = box.height / (box.y.hi - box.y.lo)
  const reach = (k: number, y: number): void => {
    if (k < 0 || k >= count) return
    const at = 2 * k
    if (!((out[at] as number) <= y)) out[at] = y
    if (!((out[at + 1] as number) >= y)) out[at + 1] = y
  }
  let open = false
  let beforeX = 0
  let beforeY = 0
  for (let i = 0; i < times.length; i += 1) {
    const value: number | null | undefined = values[i]
    if (value === undefined) continue
    if (value === null) {
      open = false
      continue
    }
    const x = ((times[i] as number) - box.x.lo) * across
    const y = box.top + (box.y.hi - value) * down
    if (open) {
      const last = Math.min(Math.floor(x), count)
      for (let edge = Math.max(Math.floor(beforeX) + 1, 0); edge <= last; edge += 1) {
        const between = beforeY + ((y - beforeY) * (edge - beforeX)) / (x - beforeX)
        reach(edge - 1, between)
        reach(edge, between)
      }
    }
    reach(Math.floor(x), y)
    open = true
    beforeX = x
    beforeY = y
  }
  return out
}

/**
 * Draws such columns, `weight` pixels strong. A stroke along many points costs WebKit five to eight times as much, and with more points than
 * columns it looks no other. A flat piece is as wide as its column; a steep one as the line is strong, else it would look thin.
 */
export function drawColumns(ctx: CanvasRenderingContext2D, found: Float64Array, left: number, weight: number, column: number): void {
  const count = found.length / 2
  for (let k = 0; k < count; ) {
    const from = k
    const high = found[2 * k] as number
    const low = found[2 * k + 1] as number
    k += 1
    if (Number.isNaN(high)) continue
    while (k < count && found[2 * k] === high && found[2 * k + 1] === low) k += 1
    const rise = low - high
    const own = (k - from) * column
    const steep = rise === 0 ? 0 : (weight * (Math.hypot(column, rise) - column)) / rise
    const wide = Math.max(own, own - column + steep)
    ctx.fillRect(left + from * column + (own - wide) / 2, high - weight / 2, wide, rise + weight)
  }
}
