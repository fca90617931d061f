import type { ForecastView } from '../../api/wire'
import type { Values } from '../../stores/query'

/** What is to be expected at some times, and between which ends. */
export interface Expected {
  times: number[]
  mid: number[]
  lo: number[]
  hi: number[]
}

/** Points on a grid; null where nothing is known. */
export interface Past {
  times: readonly number[]
  values: Values
  step: number
}

const known = (past: Past): { t: number; v: number }[] =>
  past.times.flatMap((t, i) => {
    const v = past.values[i]
    return v === null || v === undefined ? [] : [{ t, v }]
  })

/** What the method expects from a season before the last point on to `ahead` after it; null when the past is too short for it. */
export function predict(past: Past, view: ForecastView): Expected | null {
  switch (view.method) {
    case 'linear':
      return linear(past, view.ahead)
    case 'holt_winters':
      return holtWinters(past, view.season, view.ahead)
    default:
      return sameTime(past, view.season, view.ahead)
  }
}

/** Most points of the future: finer says nothing. */
const FINE = 240

const stepOf = (past: Past, ahead: number): number => Math.max(past.step, ahead / FINE)

/**
 * What was at the same time of the seasons before: their median, and from the smallest to the greatest of them. It assumes that a
 * day is like the days before it; at least two of them must be known.
 */
export function sameTime(past: Past, season: number, ahead: number): Expected | null {
  const last = past.times[past.times.length - 1]
  const first = past.times[0]
  if (last === undefined || first === undefined || !(past.step > 0)) return null
  const at = (time: number): number | null => {
    const i = Math.round((time - first) / past.step)
    return past.values[i] ?? null
  }
  const out: Expected = { times: [], mid: [], lo: [], hi: [] }
  const step = stepOf(past, ahead)
  for (let t = Math.max(first, last - season); t <= last + ahead + 1; t += step) {
    const before: number[] = []
    const nearest = Math.max(1, Math.ceil((t - last) / season))
    for (let k = nearest; t - k * season >= first - past.step / 2; k += 1) {
      const v = at(t - k * season)
      if (v !== null) before.push(v)
    }
    if (before.length < 2) continue
    before.sort((a, b) => a - b)
    const middle = before.length >> 1
    out.times.push(t)
    out.mid.push(before.length % 2 === 1 ? (before[middle] as number) : ((before[middle - 1] as number) + (before[middle] as number)) / 2)
    out.lo.push(before[0] as number)
    out.hi.push(before[before.length - 1] as number)
  }
  return out.times.length > 0 && (out.times[out.times.length - 1] as number) > last ? out : null
}

/**
 * A straight line by least squares, with the interval in which 95 % of further points lie if what is left is normal and
 * independent: ŷ ± 1.96 s √(1 + 1/n + (x − x̄)²/Sxx). It assumes that the growth of the window goes on.
 */
export function linear(past: Past, ahead: number): Expected | null {
  const points = known(past)
  const last = past.times[past.times.length - 1]
  const origin = past.times[0]
  if (points.length < 8 || last === undefined || origin === undefined) return null
  const n = points.length
  let sx = 0
  let sy = 0
  for (const { t, v } of points) {
    sx += t - origin
    sy += v
  }
  const mx = sx / n
  const my = sy / n
  let sxx = 0
  let sxy = 0
  let syy = 0
  for (const { t, v } of points) {
    const dx = t - origin - mx
    sxx += dx * dx
    sxy += dx * (v - my)
    syy += (v - my) * (v - my)
  }
  if (!(sxx > 0)) return null
  const slope = sxy / sxx
  const s = Math.sqrt(Math.max(0, syy - slope * sxy) / (n - 2))
  const out: Expected = { times: [], mid: [], lo: [], hi: [] }
  const step = stepOf(past, ahead)
  for (let t = last; t <= last + ahead + 1; t += step) {
    const dx = t - origin - mx
    const mid = my + slope * dx
    const half = 1.96 * s * Math.sqrt(1 + 1 / n + (dx * dx) / sxx)
    out.times.push(t)
    out.mid.push(mid)
    out.lo.push(mid - half)
    out.hi.push(mid + half)
  }
  return out
}

const ALPHAS = [0.05, 0.15, 0.35, 0.6]
const BETAS = [0, 0.02, 0.1]
const GAMMAS = [0.05, 0.2, 0.5]
/** Points of a season that are looked at; more would only follow the noise. */
const SEASON_POINTS = 96

/**
 * Level, trend and season that each forget exponentially (Winters 1960, additive); the three weights are those of a small set with
 * the least squared error one step ahead. The band is ± 1.96 σ_h with the variance of that model h steps ahead (Hyndman, Koehler,
 * Ord, Snyder 2008, class 1). It assumes a season of one length that repeats with a slowly changing shape; two of them must be known.
 */
export function holtWinters(past: Past, season: number, ahead: number): Expected | null {
  const last = past.times[past.times.length - 1]
  if (last === undefined || !(past.step > 0)) return null
  const every = Math.max(past.step, season / SEASON_POINTS)
  const m = Math.round(season / every)
  const series = regular(past, every)
  if (m < 2 || series.length < 2 * m) return null
  let best: Fit | null = null
  for (const alpha of ALPHAS) {
    for (const beta of BETAS) {
      for (const gamma of GAMMAS) {
        const found = fit(series, m, alpha, beta, gamma)
        if (best === null || found.error < best.error) best = found
      }
    }
  }
  return best === null ? null : outlook(best, m, last, every, ahead)
}

interface Fit {
  alpha: number
  beta: number
  gamma: number
  level: number
  trend: number
  /** By place in the season. */
  seasonal: number[]
  /** Mean squared error one step ahead. */
  error: number
  /** Points that were read. */
  n: number
}

/** Means of equal parts that end with the last point, the oldest first; what is missing is what was before it. */
function regular(past: Past, every: number): number[] {
  const points = known(past)
  const last = past.times[past.times.length - 1] ?? 0
  const first = points[0]?.t ?? last
  const count = Math.floor((last - first) / every) + 1
  const sums = new Float64Array(count)
  const counts = new Uint32Array(count)
  for (const { t, v } of points) {
    const i = count - 1 - Math.floor((last - t) / every)
    if (i < 0) continue
    sums[i] = (sums[i] ?? 0) + v
    counts[i] = (counts[i] ?? 0) + 1
  }
  let before = points[0]?.v ?? 0
  return Array.from(sums, (sum, i) => {
    const n = counts[i] ?? 0
    if (n > 0) before = sum / n
    return before
  })
}

function fit(y: readonly number[], m: number, alpha: number, beta: number, gamma: number): Fit {
  const mean = (from: number): number => y.slice(from, from + m).reduce((sum, v) => sum + v, 0) / m
  let level = mean(0)
  let trend = (mean(m) - mean(0)) / m
  const seasonal = y.slice(0, m).map((v, i) => v - (level + trend * (i - (m - 1) / 2)))
  level += trend * ((m - 1) / 2)
  let squares = 0
  for (let i = m; i < y.length; i += 1) {
    const v = y[i] as number
    const place = i % m
    const s = seasonal[place] as number
    const wrong = v - (level + trend + s)
    squares += wrong * wrong
    const before = level
    level = alpha * (v - s) + (1 - alpha) * (level + trend)
    trend = beta * (level - before) + (1 - beta) * trend
    seasonal[place] = gamma * (v - level) + (1 - gamma) * s
  }
  return { alpha, beta, gamma, level, trend, seasonal, error: squares / Math.max(1, y.length - m), n: y.length }
}

function outlook(fit: Fit, m: number, last: number, every: number, ahead: number): Expected {
  const out: Expected = { times: [], mid: [], lo: [], hi: [] }
  let spread = 1
  const steps = Math.min(4000, Math.ceil(ahead / every))
  for (let h = 1; h <= steps; h += 1) {
    const mid = fit.level + h * fit.trend + (fit.seasonal[(fit.n + h - 1) % m] ?? 0)
    const half = 1.96 * Math.sqrt(fit.error * spread)
    out.times.push(last + h * every)
    out.mid.push(mid)
    out.lo.push(mid - half)
    out.hi.push(mid + half)
    const c = fit.alpha + fit.alpha * fit.beta * h + (h % m === 0 ? fit.gamma : 0)
    spread += c * c
  }
  return out
}

/** When the expected reaches a limit after `now`, and when it could at the earliest; null when not in the time that is looked at. */
export function reaches(expected: Expected, limit: number, below: boolean, now: number): { at: number | null; earliest: number | null } {
  const crossed = (v: number): boolean => (below ? v <= limit : v >= limit)
  const first = (column: readonly number[]): number | null => {
    const i = expected.times.findIndex((t, i) => t >= now && crossed(column[i] as number))
    return i < 0 ? null : (expected.times[i] as number)
  }
  return { at: first(expected.mid), earliest: first(below ? expected.lo : expected.hi) }
}

/** Whether a value lies outside of what was expected at its time: the expected point nearest to it decides. */
export function outside(expected: Expected, at: number, value: number): 'above' | 'below' | null {
  let nearest = -1
  expected.times.forEach((t, i) => {
    if (nearest < 0 || Math.abs(t - at) < Math.abs((expected.times[nearest] as number) - at)) nearest = i
  })
  if (nearest < 0 || Number.isNaN(value)) return null
  if (value > (expected.hi[nearest] as number)) return 'above'
  return value < (expected.lo[nearest] as number) ? 'below' : null
}
