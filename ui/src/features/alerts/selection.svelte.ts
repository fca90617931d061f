import type { Host } from '../../api/host'
import { queryOf, type Question } from './question'
import { WINDOW } from './window'

/** At most so many alerts are acted on at once. */
export const MOST_SELECTED = 1000

/** Numbers of the alerts of a list, from one entry to another; groups are passed over. Asks in windows, at most [`MOST_SELECTED`]. */
export async function collect(host: Host, question: Question, from: number, to: number): Promise<number[]> {
  const ids: number[] = []
  let offset = from
  while (offset <= to && ids.length < MOST_SELECTED) {
    const page = await host.alerts(queryOf(question, offset, Math.min(WINDOW, to - offset + 1), 0))
    const items = page.items ?? []
    if (items.length === 0) break
    for (const item of items) if (item.kind === 'alert') ids.push(item.row.id)
    offset += items.length
  }
  return ids.slice(0, MOST_SELECTED)
}

/** Which alert is looked at, and which are chosen to be acted on together. */
export class Selection {
  /** Number of the entry that has the cursor; -1 before there is one. */
  index = $state(-1)
  /** The alert that is looked at. */
  active = $state<number | null>(null)
  chosen = $state.raw<ReadonlySet<number>>(new Set())
  /** Where a range begins. */
  anchor = -1

  /** One alert in or out. */
  toggle(id: number, index: number): void {
    const next = new Set(this.chosen)
    if (!next.delete(id) && next.size < MOST_SELECTED) next.add(id)
    this.chosen = next
    this.anchor = index
  }

  /** These too. */
  add(ids: readonly number[]): void {
    const next = new Set(this.chosen)
    for (const id of ids) if (next.size < MOST_SELECTED) next.add(id)
    this.chosen = next
  }

  /** None any more. */
  clear(): void {
    if (this.chosen.size > 0) this.chosen = new Set()
    this.anchor = -1
  }

  /** What an action is about: the chosen ones, or the one looked at. */
  targets(): number[] {
    if (this.chosen.size > 0) return [...this.chosen]
    return this.active === null ? [] : [this.active]
  }
}
