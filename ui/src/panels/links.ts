import type { Host } from '../api/host'
import type { LinkView } from '../api/wire'

/** Longest query that a link makes; label values are hostile input. */
const LONGEST = 800

/** Labels of the row from which a way is taken. */
export type RowLabels = Readonly<Record<string, string>>

const asks = (link: LinkView): boolean => /\$[a-z_]/i.test(link.target + Object.values(link.variables).join(' '))

/** The way that a click on the title takes: the first one that needs no row. */
export const titleLink = (links: readonly LinkView[]): LinkView | null => links.find((link) => !asks(link)) ?? null

/** The way that a click on a row takes: the first one that needs a row. */
export const rowLink = (links: readonly LinkView[]): LinkView | null => links.find(asks) ?? null

/** The host of an address as exporters name it: `sw-web-01:9100`, `[fd00::1]:9100`, `https://a.cn/x`. */
export function hostOf(address: string): string {
  const bare = address.replace(/^[a-z][a-z0-9+.-]*:\/\//i, '').replace(/[/?#].*$/, '')
  const six = /^\[([^\]]*)\]/.exec(bare)
  if (six !== null) return six[1] as string
  // More than one colon without brackets is an address of IPv6 without a port.
  return /^[^:]*:\d+$/.test(bare) ? bare.slice(0, bare.indexOf(':')) : bare
}

/**
 * A link with the row's labels in the places of `$label`. In a query of the log search a value stands in quotes, so that whatever it
 * holds stays a value; a label that the row lacks leaves nothing behind. `$label.host` is the host of an address.
 */
export function filled(link: LinkView, labels: RowLabels): LinkView {
  const value = (name: string): string => (Object.hasOwn(labels, name) ? (labels[name] as string) : '')
  const quoted = (text: string): string => `"${text.replace(/[\\"]/g, (c) => `\\${c}`)}"`
  const put = (text: string, quote: boolean): string =>
    text
      .replace(/\$([a-z_][a-z0-9_]*)(\.host\b)?/gi, (_, name: string, host: string | undefined) => {
        const found = host === undefined ? value(name) : hostOf(value(name))
        return quote ? quoted(found) : found
      })
      .slice(0, LONGEST)
  const variables = Object.fromEntries(Object.entries(link.variables).map(([id, text]) => [id, put(text, false)]))
  return { to: link.to, target: put(link.target, link.to === 'logs'), variables }
}

/** Takes a way. */
export async function follow(host: Host, link: LinkView, labels: RowLabels = {}): Promise<void> {
  const { to, target, variables } = filled(link, labels)
  try {
    if (to === 'logs' || to === 'traces') await host.openPlace(to, target)
    else {
      const chosen = Object.fromEntries(Object.entries(variables).map(([id, text]) => [id, text === '' ? [] : [text]]))
      if (Object.keys(chosen).length > 0) await host.chooseVariables(target, chosen)
      await host.openBoard(target)
    }
  } catch (error) {
    console.error(error)
  }
}
