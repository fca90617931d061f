import type { QueryData, Values } from '../stores/query'

/** From and to. */
export interface Range {
  lo: number
  hi: number
}

/**
 * The time axis of a live chart. It doesn't glide: it stands still while data grow into the room at its right and moves on by
 * `quantum` when that is full, so that most updates change no pixel of what is already drawn. `phase` (0..1) keeps the charts
 * of a wall from moving all at once.
 */
export function timeWindow(now: number, span: number, quantum: number, phase: number): Range {
  if (!(quantum > 0)) return { lo: now - span, hi: now }
  const shift = phase * quantum
  const hi = (Math.floor((now - shift) / quantum) + 1) * quantum + shift
  return { lo: hi - span, hi }
}

/** The step 1, 2, 2.5 or 5 × 10ⁿ at or above `rough`. */
export function niceStep(rough: number): number {
  if (!(rough > 0) || !Number.isFinite(rough)) return 1
  const power = 10 ** Math.floor(Math.log10(rough))
  for (const m of [1, 2, 2.5, 5]) if (rough <= m * power * 1.000001) return m * power
  return 10 * power
}

/** What one counts in when a value is so large: bytes by 1024, spans of time by minutes, hours and days. */
function base(rough: number, unit: string): number {
  if (unit.startsWith('bytes')) return 1024 ** Math.max(0, Math.floor(Math.log2(Math.max(1, rough)) / 10))
  const seconds = unit === 'milliseconds' ? 1000 : unit === 'seconds' ? 1 : 0
  if (seconds === 0) return 1
  return [86_400, 3600, 60].map((s) => s * seconds).find((s) => rough >= s / 2) ?? 1
}

/** A round step for a unit. Towards the next larger unit of bytes it doubles: 256, 512, 1024 KiB, so that marks are round in MiB too. */
export function unitStep(rough: number, unit: string): number {
  const by = base(rough, unit)
  const step = niceStep(rough / by)
  return (by >= 1024 && unit.startsWith('bytes') && step > 200 ? 2 ** Math.ceil(Math.log2(rough / by) - 1e-9) : step) * by
}

/** Ends that a board sets; null where the data decide. */
export interface Ends {
  min: number | null
  max: number | null
}

/** A round range around the data with some air; zero is included when the data lie near it. */
export function fitScale(lo: number, hi: number, ends: Ends, unit = 'count'): Range {
  if (!(lo <= hi)) return { lo: ends.min ?? 0, hi: ends.max ?? 1 }
  const width = hi - lo
  const air = width > 0 ? width * 0.1 : Math.max(Math.abs(hi) * 0.1, 1e-9)
  let low = lo - air
  let high = hi + air
  if (lo >= 0 && (low < 0 || lo < 0.45 * hi)) low = 0
  if (hi <= 0 && (high > 0 || hi > 0.45 * lo)) high = 0
  const step = unitStep((high - low) / 4, unit)
  low = Math.floor(low / step + 1e-9) * step
  high = Math.ceil(high / step - 1e-9) * step
  if (lo === 0 && hi === 0) high = 1
  // Nothing is more than all of it.
  const whole = unit === 'percent' ? 100 : unit === 'ratio' ? 1 : Infinity
  if (hi <= whole && high > whole) high = whole
  const range = { lo: ends.min ?? low, hi: ends.max ?? high }
  // Data outside the board's ends stay visible: an axis that hides the outlier hides the incident.
  if (ends.max !== null && hi > ends.max) range.hi = high
  if (ends.min !== null && lo < ends.min) range.lo = low
  if (!(range.hi > range.lo)) range.hi = range.lo + 1
  return range
}

/** Keeps the former range while the data fit and still fill a fair part of it: the axis must not jump with every point. */
export function steadyScale(former: Range | null, lo: number, hi: number, ends: Ends, unit = 'count'): Range {
  const fresh = fitScale(lo, hi, ends, unit)
  if (former === null || !(lo <= hi)) return fresh
  const fits = lo >= former.lo && hi <= former.hi
  const roomy = former.hi - former.lo > 2.2 * (fresh.hi - fresh.lo)
  return fits && !roomy ? former : fresh
}

/** Round values for the marks of a value axis. */
export function valueMarks(range: Range, most: number, unit = 'count'): number[] {
  const step = unitStep((range.hi - range.lo) / Math.max(1, most), unit)
  const marks: number[] = []
  for (let i = Math.ceil(range.lo / step - 1e-9); i * step <= range.hi + step * 1e-9; i += 1) marks.push(i * step + 0) // + 0: never -0
  return marks
}

/**
 * Makes one line of several, part by part, as the host makes one value of several series (`model::board::Reduce`). `next` is
 * joined to `sum`; `counts` says how many series had something in a part.
 */
export function reduceInto(sum: Float64Array, counts: Uint32Array, next: Float64Array, reduce: string, below: boolean): void {
  const least = reduce === 'min' || (reduce === 'worst' && below)
  for (let i = 0; i < sum.length; i += 1) {
    const v = next[i] as number
    if (Number.isNaN(v)) continue
    const n = (counts[i] as number) + 1
    counts[i] = n
    const before = sum[i] as number
    if (reduce === 'count') sum[i] = n
    else if (n === 1) sum[i] = v
    else if (reduce === 'sum') sum[i] = before + v
    else if (reduce === 'mean') sum[i] = before + (v - before) / n
    else sum[i] = least ? Math.min(before, v) : Math.max(before, v)
  }
}

/** Smallest and greatest value at or after a time, over the chosen series; lo > hi when there is none. */
export function extent(queries: readonly QueryData[], from: number): Range {
  let lo = Infinity
  let hi = -Infinity
  for (const query of queries) {
    const first = firstAt(query.times, from)
    for (const column of query.values) {
      for (let i = first; i < column.length; i += 1) {
        const v = column[i]
        if (v === null || v === undefined) continue
        if (v < lo) lo = v
        if (v > hi) hi = v
      }
    }
  }
  return { lo, hi }
}

/** Index of the first time at or after `at` (binary search). */
export function firstAt(times: readonly number[], at: number): number {
  let a = 0
  let b = times.length
  while (a < b) {
    const m = (a + b) >> 1
    if ((times[m] as number) < at) a = m + 1
    else b = m
  }
  return a
}

/**
 * Means of equal parts of the time axis, written into `out` (NaN where there is no point): a sparkline has fewer columns than
 * points, and drawing all of them would be noise. Parts are anchored at absolute times so that they don't flicker as time passes.
 */
export function buckets(times: readonly number[], values: Values, from: number, width: number, out: Float64Array): void {
  out.fill(NaN)
  let slot = -1
  let sum = 0
  let n = 0
  for (let i = firstAt(times, from); i < times.length; i += 1) {
    const here = Math.floor(((times[i] as number) - from) / width)
    if (here >= out.length) break
    if (here !== slot) {
      if (n > 0) out[slot] = sum / n
      slot = here
      sum = 0
      n = 0
    }
    const v = values[i]
    if (v !== null && v !== undefined) {
      sum += v
      n += 1
    }
  }
  if (n > 0) out[slot] = sum / n
}
