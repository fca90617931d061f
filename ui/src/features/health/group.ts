import type { ConceptView } from '../../api/wire'

/** Concepts of a domain, and how many of them some source provides. */
export interface Group {
  domain: string
  all: number
  bound: number
  concepts: ConceptView[]
}

/** Whether any source provides the concept. */
export const isBound = (concept: ConceptView): boolean => Object.keys(concept.bound).length > 0

/** Concepts by domain in the order they come in; the counts are of all, whatever is shown. */
export function byDomain(concepts: readonly ConceptView[], onlyUnbound: boolean): Group[] {
  const groups = new Map<string, Group>()
  for (const concept of concepts) {
    let group = groups.get(concept.domain)
    if (group === undefined) {
      group = { domain: concept.domain, all: 0, bound: 0, concepts: [] }
      groups.set(concept.domain, group)
    }
    const bound = isBound(concept)
    group.all += 1
    if (bound) group.bound += 1
    if (!(onlyUnbound && bound)) group.concepts.push(concept)
  }
  return [...groups.values()].filter((group) => group.concepts.length > 0)
}
