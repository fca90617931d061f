import type { ThresholdsView } from '../../api/wire'
import { fitScale, type Range } from '../../charts/scale'

/** The arc begins and ends so many degrees below the horizontal. */
const DROP = 22
const SWEEP = 180 + 2 * DROP

/** SVG path of the arc between two shares of the whole, around (100, 100). */
export function arc(from: number, to: number, radius: number): string {
  const a = Math.max(0, Math.min(1, from))
  const b = Math.max(a, Math.min(1, to))
  const point = (share: number): string => {
    const angle = ((180 + DROP - share * SWEEP) * Math.PI) / 180
    return `${(100 + radius * Math.cos(angle)).toFixed(2)} ${(100 - radius * Math.sin(angle)).toFixed(2)}`
  }
  return `M${point(a)}A${radius} ${radius} 0 ${(b - a) * SWEEP > 180 ? 1 : 0} 1 ${point(b)}`
}

/** Ends of the scale: the board's, else those the unit has by nature, else around the value and its limits. */
export function gaugeRange(
  ends: { min: number | null; max: number | null },
  limits: ThresholdsView | null,
  unit: string,
  value: number,
): Range {
  const natural = unit === 'percent' ? 100 : unit === 'ratio' ? 1 : unit === 'score' ? 5 : null
  const known = [value, limits?.warning, limits?.critical, limits?.emergency].filter(
    (v): v is number => typeof v === 'number' && Number.isFinite(v),
  )
  const fitted = known.length === 0 ? { lo: 0, hi: 1 } : fitScale(Math.min(0, ...known), Math.max(...known), ends)
  const lo = ends.min ?? (natural === null ? fitted.lo : 0)
  const hi = ends.max ?? natural ?? fitted.hi
  return hi > lo ? { lo, hi } : { lo, hi: lo + 1 }
}

/** Where a value lies on the scale, 0..1; 0 when there is no value. */
export function share(value: number, range: Range): number {
  if (Number.isNaN(value)) return 0
  return Math.max(0, Math.min(1, (value - range.lo) / (range.hi - range.lo)))
}
