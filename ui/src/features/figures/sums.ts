import type { Kept, WeekFigures } from '../../api/wire'

/** Limits kept over all levels. */
export const total = (kept: readonly Kept[]): Kept => kept.reduce((sum, one) => ({ met: sum.met + one.met, of: sum.of + one.of }), { met: 0, of: 0 })

/** The share that was kept, 0 to 1; null where there was nothing to keep. */
export const share = (kept: Kept): number | null => (kept.of === 0 ? null : kept.met / kept.of)

/** Episodes of a week over all levels. */
export const firedIn = (week: WeekFigures): number => week.fired.reduce((sum, n) => sum + n, 0)

/** A bar's height, 0 to 1, of the greatest. */
export function heights(values: readonly (number | null)[]): number[] {
  const most = values.reduce<number>((top, v) => Math.max(top, v ?? 0), 0)
  return values.map((v) => (v === null || most === 0 ? 0 : v / most))
}
