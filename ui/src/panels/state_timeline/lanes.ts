import type { SeverityView, ThresholdsView } from '../../api/wire'
import { firstAt } from '../../charts/scale'
import { judge } from '../../shared/severity'
import type { Values } from '../../stores/query'

/** A stretch of one state; null where nothing is known. */
export interface Stretch {
  from: number
  to: number
  severity: SeverityView | null
}

/**
 * Neighbouring points of the same state joined to stretches. A point holds until the next one; past `step` after the last
 * point nothing is known.
 */
export function stretches(
  times: readonly number[],
  values: Values,
  limits: ThresholdsView | null,
  from: number,
  to: number,
  step: number,
  unit: string,
): Stretch[] {
  const out: Stretch[] = []
  // Up or down needs no limits to be understood.
  const rules = limits ?? (unit === 'up_down' ? { warning: 1, critical: 0.5, emergency: null, below: true } : null)
  for (let i = Math.max(0, firstAt(times, from) - 1); i < times.length; i += 1) {
    const at = times[i] as number
    const begin = Math.max(from, at)
    const end = Math.min(to, times[i + 1] ?? at + step)
    if (end <= begin) continue
    const v = values[i] ?? null
    const severity = v === null ? null : judge(v, rules)
    const last = out[out.length - 1]
    if (last !== undefined && last.severity === severity && last.to >= begin) last.to = end
    else out.push({ from: begin, to: end, severity })
  }
  return out
}
