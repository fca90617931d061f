/** How many colours there are for people (`--person-0` …). */
export const COLOURS = 10

function hash(text: string): number {
  let h = 2166136261
  for (let i = 0; i < text.length; i += 1) h = Math.imul(h ^ text.charCodeAt(i), 16777619)
  return h >>> 0
}

/**
 * A colour for each person, the same from day to day: it hangs on the id, and moves on only when somebody before in order of
 * ids has it already. The name always stands beside it: with more people than colours some share one.
 */
export function coloursOf(ids: readonly string[]): Map<string, number> {
  const given = new Map<string, number>()
  const taken = new Set<number>()
  for (const id of [...new Set(ids)].sort()) {
    let colour = hash(id) % COLOURS
    for (let i = 0; taken.has(colour) && taken.size < COLOURS && i < COLOURS; i += 1) colour = (colour + 1) % COLOURS
    taken.add(colour)
    given.set(id, colour)
  }
  return given
}

/** The colour of somebody who is not in the list. */
export const colourOf = (colours: ReadonlyMap<string, number>, id: string): string => `var(--person-${colours.get(id) ?? hash(id) % COLOURS})`
