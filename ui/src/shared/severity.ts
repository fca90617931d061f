import type { SeverityView, ThresholdsView } from '../api/wire'

const ORDER: readonly SeverityView[] = ['normal', 'warning', 'critical', 'emergency']

/** 0 normal … 3 emergency. */
export const rank = (severity: SeverityView): number => ORDER.indexOf(severity)

/** The worse of two. */
export const worse = (a: SeverityView, b: SeverityView): SeverityView => (rank(a) >= rank(b) ? a : b)

/** Severity of a past value, by the limits in force now; the newest value's comes from the host. */
export function judge(value: number | null, limits: ThresholdsView | null): SeverityView {
  if (value === null || limits === null || Number.isNaN(value)) return 'normal'
  const over = (limit: number | null): boolean => limit !== null && (limits.below ? value < limit : value > limit)
  if (over(limits.emergency)) return 'emergency'
  if (over(limits.critical)) return 'critical'
  return over(limits.warning) ? 'warning' : 'normal'
}

/** CSS colour of a severity, as a token. */
export const TOKEN: Record<SeverityView, string> = {
  normal: '--calm',
  warning: '--warn',
  critical: '--serious',
  emergency: '--emergency',
}
