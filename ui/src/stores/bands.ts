import type { AreaView } from '../api/wire'

/** So many device pixels may change with every frame before the panels take turns. */
const PIXELS_AT_ONCE = 1_300_000
const MOST = 4

/**
 * Into how many horizontal bands the board is cut so that only one of them changes its numbers in a second.
 *
 * WebKitGTK without a GPU paints, for each picture, the bounding box of all that changed, into shared memory made for it: at
 * 3840×2160 a digit at the top and one at the bottom cost 33 MB and a third of the wall's whole budget. So at 1080p
 * half of the panels change their numbers in each second, at 2160p a quarter. What changes its state or severity never waits.
 */
export function bandsFor(width: number, height: number): number {
  return Math.max(1, Math.min(MOST, Math.ceil((width * height) / PIXELS_AT_ONCE)))
}

/** The band in which the middle of a panel lies. */
export function bandOf(at: AreaView, rows: number, bands: number): number {
  const middle = (at.y + at.h / 2) / Math.max(1, rows)
  return Math.max(0, Math.min(bands - 1, Math.floor(middle * bands)))
}
