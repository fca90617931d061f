/** The windows that show this page. */
export type Window = 'wall' | 'desk' | 'pocket' | 'takeover'

const OTHERS: readonly Window[] = ['desk', 'pocket', 'takeover']

/** Which window this is, by the address: `#desk`, `#pocket`, `#takeover`, anything else the wall. */
export function windowOf(hash: string): Window {
  const name = /^#\/?([a-z]+)/.exec(hash)?.[1]
  return OTHERS.find((one) => one === name) ?? 'wall'
}

/** What follows the window in the address: `#desk/history` opens the history; empty when nothing does. */
export const placeOf = (hash: string): string => /^#\/?[a-z]+\/([a-z]+)/.exec(hash)?.[1] ?? ''
