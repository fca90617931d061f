import type { AreaView } from '../api/wire'

/** So many device pixels may change with every frame before the panels take turns. */
const PIXELS_AT_ONCE = 2_200_000
const MOST = 4

/**
 * Into how many horizontal bands the board is cut so that only one of them changes its numbers in a second.
 *
 * WebKitGTK without a GPU paints, for each picture, the bounding box of all that changed, into shared memory made for it: at
 * 3840×2160 a digit at the top and one at the bottom cost 33 MB and two thirds of the wall's whole budget. Up to 1080p
 * everything changes at once; at 2160p a quarter of the panels in each second. What changes its state or severity never waits.
 */
export function bandsFor(width: number, height: number): number {
  return Math.max(1, Math.min(MOST, Math.ceil((width * height) / PIXELS_AT_ONCE)))
}

/** The band in which the middle of a panel lies. */
export function bandOf(at: AreaView, rows: number, bands: number): number {
  const middle = (at.y + at.h / 2) / Math.max(1, rows)
  return Math.max(0, Math.min(bands - 1, Math.floor(middle * bands)))
}
