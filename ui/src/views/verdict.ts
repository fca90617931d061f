import type { SeverityView, Verdict } from '../api/wire'

/** A part of the verdict's sentence: how many of which severity, or how many are not known. */
export type Part = { kind: Exclude<SeverityView, 'normal'> | 'unknown'; count: number }

/**
 * What can honestly be said: the abnormal by severity, worst first, then what is not known. An empty answer means that all is
 * well; null that nothing is known yet.
 */
export function parts(verdict: Verdict | null): Part[] | null {
  if (verdict === null) return null
  const all: Part[] = [
    { kind: 'emergency', count: verdict.emergency },
    { kind: 'critical', count: verdict.critical },
    { kind: 'warning', count: verdict.warning },
    { kind: 'unknown', count: verdict.unknown },
  ]
  return all.filter((part) => part.count > 0)
}
