import type { SeverityView, ThresholdsView } from '../../api/wire'
import type { Range } from '../../charts/scale'

/** A stretch of a bar's ground. */
export interface Zone {
  severity: SeverityView
  /** 0..1. */
  from: number
  to: number
}

/** Where the limits lie on a scale, from its left to its right end; without limits one normal zone. */
export function zones(limits: ThresholdsView | null, range: Range): Zone[] {
  const at = (value: number): number => Math.max(0, Math.min(1, (value - range.lo) / (range.hi - range.lo)))
  const marks = (
    [
      ['warning', limits?.warning ?? null],
      ['critical', limits?.critical ?? null],
      ['emergency', limits?.emergency ?? null],
    ] as [SeverityView, number | null][]
  ).flatMap(([severity, limit]) => (limit === null ? [] : [{ severity, at: at(limit) }]))
  const below = limits?.below === true
  const out: Zone[] = []
  let edge = below ? 1 : 0
  let severity: SeverityView = 'normal'
  for (const mark of [...marks, { severity: 'normal' as const, at: below ? 0 : 1 }]) {
    const [from, to] = below ? [mark.at, edge] : [edge, mark.at]
    if (to > from) out.push({ severity, from, to })
    edge = mark.at
    severity = mark.severity
  }
  return out.sort((a, b) => a.from - b.from)
}
