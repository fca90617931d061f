import type { Values } from '../stores/query'
import type { Boxes } from './boxes'
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
  const bottom = box.top + box.y.hi * down
  let open = false
  let beforeX = 0
  let beforeY = 0
  // The column that the line is in, and how far it goes there: most points only change that.
  let at = -1
  let high = 0
  let low = 0
  const put = (k: number): void => {
    if (k < 0 || k >= count) return
    if (!((out[2 * k] as number) <= high)) out[2 * k] = high
    if (!((out[2 * k + 1] as number) >= low)) out[2 * k + 1] = low
  }
  for (let i = 0; i < times.length; i += 1) {
    const value: number | null | undefined = values[i]
    if (value === undefined) continue
    if (value === null) {
      open = false
      continue
    }
    const x = ((times[i] as number) - box.x.lo) * across
    const y = bottom - value * down
    const k = Math.floor(x)
    if (!open) {
      put(at)
      open = true
      at = k
      high = low = y
    } else if (k !== at) {
      const rise = (y - beforeY) / (x - beforeX)
      const last = Math.min(k, count)
      for (let edge = Math.max(at + 1, 0); edge <= last; edge += 1) {
        const between = beforeY + rise * (edge - beforeX)
        if (between < high) high = between
        if (between > low) low = between
        put(edge - 1)
        high = low = between
      }
      at = k
    }
    if (y < high) high = y
    if (y > low) low = y
    beforeX = x
    beforeY = y
  }
  put(at)
  return out
}

/**
 * Such columns as boxes, for a line that is `weight` pixels strong. A stroke along many points costs WebKit many times as much, and with more
 * points than columns it looks no other. A flat piece is as wide as its column; a steep one as the line is strong, else it would look thin.
 */
export function boxesOf(found: Float64Array, left: number, weight: number, column: number): Boxes {
  const out: Boxes = []
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
    const steep = rise === 0 ? 0 : (weight * (Math.sqrt(column * column + rise * rise) - column)) / rise
    const wide = Math.max(own, own - column + steep)
    const start = left + from * column + (own - wide) / 2
    out.push(start, high - weight / 2, start + wide, low + weight / 2)
  }
  return out
}
