import type { SeverityView, SloView } from '../../api/wire'
import { rank, worse } from '../../shared/severity'
import type { QueryData } from '../../stores/query'

/** How fast the budget burns over one window. */
export interface Rate {
  /** The window, `1h`. */
  window: string
  /** Times what uses the budget up exactly; NaN when not known. */
  rate: number
  /** From where on somebody is told. */
  limit: number
  /** Both windows of the pair burn. */
  severity: SeverityView
}

/** One objective. */
export interface Objective {
  name: string
  /** Share of good events over all days, percent; NaN when not known. */
  good: number
  /** Share of the budget that is left, 1 to -∞; NaN when not known. */
  left: number
  severity: SeverityView
  rates: Rate[]
  /** Days until nothing is left at the pace of the last six hours; ∞ when it does not shrink, NaN when not known. */
  days: number
}

const of = (queries: readonly QueryData[], id: string): QueryData | null => queries.find((query) => query.id === id) ?? null

/** Index of the series of that name; -1 when the query has none. */
const at = (query: QueryData | null, name: string): number => query?.series.findIndex((series) => series.name === name) ?? -1

/**
 * What is left of each objective's budget, least first. The budget is the share of bad events that the objective allows; a burn rate
 * is the share of bad events over a window divided by it ("The Site Reliability Workbook", chapter 5).
 */
export function objectives(queries: readonly QueryData[], slo: SloView): Objective[] {
  const allowed = 1 - slo.objective / 100
  const budget = of(queries, 'budget')
  if (budget === null) return []
  const all = budget.series.map(({ name }, i): Objective => {
    const bad = budget.latest[i] ?? NaN
    const rates = slo.burns.map((burn): Rate => {
      const long = of(queries, burn.long)
      const judging = of(queries, burn.id)
      // The query answers only while both windows burn too fast.
      const burning = judging?.marks[at(judging, name)]?.severity ?? 'normal'
      return { window: burn.long, rate: (long?.latest[at(long, name)] ?? NaN) / allowed, limit: burn.rate, severity: burning }
    })
    const left = 1 - bad / allowed
    const spent = Number.isNaN(left) || left > 0 ? 'normal' : (budget.marks[i]?.severity ?? 'normal')
    const severity = rates.reduce<SeverityView>((worst, rate) => worse(worst, rate.severity), spent)
    const pace = rates[1]?.rate ?? NaN
    const days = Number.isNaN(pace) || Number.isNaN(left) ? NaN : left <= 0 ? 0 : pace <= 0 ? Infinity : (left * slo.days) / pace
    return { name, good: 100 * (1 - bad), left, severity, rates, days }
  })
  return all.sort((a, b) => rank(b.severity) - rank(a.severity) || (a.left < b.left ? -1 : a.left > b.left ? 1 : 0))
}
