import { NOTHING } from '../../shared/format'

const STEPS: readonly (readonly [number, string])[] = [
  [60e9, 'min'],
  [1e9, 's'],
  [1e6, 'ms'],
  [1e3, 'µs'],
]

/** A length of time in ns as the field writes it: 840 ns, 12.4 µs, 2.34 ms, 1.2 s, 3.5 min. Negative as it is. */
export function length(ns: number): string {
  if (!Number.isFinite(ns)) return NOTHING
  const size = Math.abs(ns)
  const sign = ns < 0 ? '−' : ''
  for (const [step, unit] of STEPS) {
    if (size >= step * 0.9995) {
      const value = size / step
      const text = value.toFixed(value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2)
      return `${sign}${text.includes('.') ? text.replace(/\.?0+$/, '') : text} ${unit}`
    }
  }
  return size === 0 ? '0' : `${sign}${Math.round(size)} ns`
}

/** A difference with its sign: +2.3 ms, −14 µs, ±0. */
export const delta = (ns: number): string => (Math.round(ns) === 0 ? '±0' : `${ns > 0 ? '+' : ''}${length(ns)}`)

/** A share as percent: 12%, 0.4%, <0.1%. */
export function share(part: number): string {
  if (!Number.isFinite(part)) return NOTHING
  const percent = part * 100
  if (percent > 0 && percent < 0.1) return '<0.1%'
  return `${percent >= 9.95 || percent === 0 ? percent.toFixed(0) : percent.toFixed(1)}%`
}

/** Round places on a stretch of time (ns from the trace's begin), at most `most` of them. */
export function ticks(from: number, to: number, most: number): number[] {
  const width = to - from
  if (!(width > 0) || most < 1) return []
  const raw = width / most
  const power = 10 ** Math.floor(Math.log10(raw))
  const step = [1, 2, 5, 10].map((n) => n * power).find((n) => n >= raw * 0.9999) ?? 10 * power
  const out: number[] = []
  // Counted, not added up: a sum of small steps drifts. Never from -0.
  for (let n = Math.ceil(from / step - 1e-9) || 0; n * step <= to + step * 1e-6 && out.length <= most + 1; n += 1) out.push(n * step)
  return out
}
