import type { Tab } from '../features/rota/tabs'

/** Pages of the desk, in the order of its navigation. */
export const PAGES = ['alerts', 'logs', 'traces', 'rota', 'mutes', 'history', 'figures', 'reports', 'boards', 'health'] as const
/** A page of the desk. */
export type Page = (typeof PAGES)[number]

/** What a page is asked to show, by another page. Times are ms since the epoch. */
export interface Wanted {
  /** For the list of alerts: its search. */
  alerts: { search: string }
  /** For 历史: its search, and the moment it is about. */
  history: { search: string; at: number }
  /** For 日志: a query in its language, the time it is about, and the store that was asked; without one the preferred store. */
  logs: { query: string; from?: number; to?: number; store?: string }
  /** For 值班: the part of it. */
  rota: { tab: Tab }
  /** For 链路: a trace, or a search. Ids are hexadecimal; a trace's may be its lower half, which is found near a service's time (ms). */
  traces: { trace: string; span?: string; near?: { service: string; at: number } } | { service: string; operation?: string; from?: number; to?: number; errors?: boolean }
}

/** Where the desk is, and what the page there has been asked to show. One page sends to another without knowing it. */
export class Places {
  page = $state<Page>('alerts')
  private asked = $state.raw<{ page: string; what: unknown } | null>(null)

  /** Goes to a page and asks it to show something. */
  go<P extends keyof Wanted>(page: P, what: Wanted[P]): void {
    if (!(PAGES as readonly string[]).includes(page)) return
    this.asked = { page, what }
    this.page = page as Page
  }

  /** What `page` has been asked to show and has not taken yet; taken once. To be called in an effect. */
  take<P extends keyof Wanted>(page: P): Wanted[P] | null {
    const { asked } = this
    if (asked?.page !== page) return null
    this.asked = null
    return asked.what as Wanted[P]
  }
}
