import type { QueryData } from '../stores/query'

/** Less than this of a common beginning is not worth a sign for what was left out. */
const WORTH = 4
/** Paths and addresses; elsewhere a slash does not say that what is before it is a place. */
const PLACE = /^(?:\/|[a-z][a-z\d+.-]*:\/\/)/
const SCHEME = /^[a-z][a-z\d+.-]*:\/\//

/** The folder that all of these paths or addresses begin with, up to its slash, or their scheme; empty where there is none worth leaving out. */
export function folderOf(names: readonly string[]): string {
  const [first = '', ...others] = names
  if (others.length === 0) return ''
  if (!PLACE.test(first)) return schemeOf(names)
  let common = first.lastIndexOf('/') + 1
  for (const other of others) {
    // The folder above: what ends before the last of these slashes.
    while (common > 0 && !other.startsWith(first.slice(0, common))) common = first.slice(0, common - 1).lastIndexOf('/') + 1
  }
  if (common < WORTH || names.some((name) => name.length === common)) return schemeOf(names)
  const folder = first.slice(0, common)
  // Half a scheme is none.
  return folder.endsWith(':/') ? '' : folder
}

/** The folder of all series of these queries. */
export const folderIn = (queries: readonly QueryData[]): string => folderOf(queries.flatMap((query) => query.series.map((one) => one.name)))

/** The only scheme among several addresses, whatever else there is. */
function schemeOf(names: readonly string[]): string {
  const schemes = names.flatMap((name) => SCHEME.exec(name)?.[0] ?? [])
  return schemes.length > 1 && schemes.every((one) => one === schemes[0]) ? (schemes[0] ?? '') : ''
}

/** A name without the folder that it shares with all others, which says nothing in a list and would leave no room for the rest. */
export function inside(name: string, folder: string): string {
  if (folder === '' || !name.startsWith(folder)) return name
  const rest = name.slice(folder.length)
  return SCHEME.exec(folder)?.[0] === folder ? rest : `…/${rest}`
}

/** All names without the folder that they share. */
export function apart(names: readonly string[]): string[] {
  const folder = folderOf(names)
  return names.map((name) => inside(name, folder))
}
