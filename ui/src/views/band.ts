import type { AlertRow } from '../api/wire'

/** Alerts that stand in the band at once. */
export const IN_BAND = 3
/** When there are more, the band turns after so many ms. */
export const TURN = 8000

/** Which of the urgent alerts the band shows now: the most urgent one always, the others in turn. */
export function inBand(urgent: readonly AlertRow[], now: number, room = IN_BAND): AlertRow[] {
  const [first, ...rest] = urgent
  if (first === undefined) return []
  if (urgent.length <= room) return [...urgent]
  const places = Math.max(1, room - 1)
  const turns = Math.ceil(rest.length / places)
  const turn = Math.floor(now / TURN) % turns
  // The last turn is filled from before it, so that no place stays empty.
  const begin = Math.min(turn * places, rest.length - places)
  return [first, ...rest.slice(begin, begin + places)]
}
