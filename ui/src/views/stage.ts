import type { KioskView } from '../api/wire'

const finite = (value: number, least: number, most: number): number =>
  Number.isFinite(value) ? Math.min(most, Math.max(least, value)) : most

/** 1: as it is; never so dark that nothing can be read. */
export const brightness = (kiosk: KioskView | null): number => (kiosk === null ? 1 : finite(kiosk.brightness, 0.05, 1))

/**
 * Where the board stands in the window, as a style: the whole window; its part of a board that is spread over several screens; moved by
 * a step against burning in, within a margin that is kept free for that.
 */
export function stage(kiosk: KioskView | null): string {
  if (kiosk === null) return 'inset: 0'
  const { columns, rows, column, row } = kiosk.part
  const pixel = 1 / Math.max(1, window.devicePixelRatio)
  const room = kiosk.shift_room * pixel
  const [x, y] = kiosk.shift.map((step) => finite(step * pixel, -room, room)) as [number, number]
  return [
    `left: calc(${String(-100 * column)}vw + ${String(room + x)}px)`,
    `top: calc(${String(-100 * row)}vh + ${String(room + y)}px)`,
    `width: calc(${String(100 * Math.max(1, columns))}vw - ${String(2 * room)}px)`,
    `height: calc(${String(100 * Math.max(1, rows))}vh - ${String(2 * room)}px)`,
  ].join('; ')
}

/** The unit of a board that is spread over several screens; null where the window is the whole. */
export function unit(kiosk: KioskView | null): string | null {
  if (kiosk === null || (kiosk.part.columns <= 1 && kiosk.part.rows <= 1)) return null
  const { columns, rows } = kiosk.part
  return `min(${String(100 * columns)}vw / 1920, ${String(100 * rows)}vh / 1080)`
}
