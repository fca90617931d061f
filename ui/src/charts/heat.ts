import type { Look } from './look'

const STOPS = ['--heat-0', '--heat-1', '--heat-2', '--heat-3', '--heat-4'] as const
/** Shades that are told apart. */
const SHADES = 64

/** The colour from little (0) to much (1); lightness rises or falls all the way, so that it reads without colour too. */
export class Ramp {
  private readonly shades: string[] = []

  constructor(look: Look) {
    const stops = STOPS.map((token) => rgb(look.colour(token)))
    for (let i = 0; i < SHADES; i += 1) {
      const at = (i / (SHADES - 1)) * (stops.length - 1)
      const a = stops[Math.floor(at)] ?? [0, 0, 0]
      const b = stops[Math.min(stops.length - 1, Math.floor(at) + 1)] ?? a
      const part = at - Math.floor(at)
      const mix = (k: number): number => Math.round((a[k] ?? 0) + ((b[k] ?? 0) - (a[k] ?? 0)) * part)
      this.shades.push(`rgb(${mix(0)} ${mix(1)} ${mix(2)})`)
    }
  }

  /** Colour of a share, 0..1. */
  of(share: number): string {
    const at = Math.round(Math.max(0, Math.min(1, share)) * (SHADES - 1))
    return this.shades[at] ?? 'transparent'
  }
}

/** Red, green, blue of `#rrggbb`. */
export function rgb(hex: string): [number, number, number] {
  const n = Number.parseInt(hex.replace('#', '').slice(0, 6), 16)
  return Number.isNaN(n) ? [0, 0, 0] : [(n >> 16) & 255, (n >> 8) & 255, n & 255]
}
