import type { MemberView, ProblemView, RotaEdit, ShiftView, SlotView } from '../../api/wire'
import { has, t } from '../../i18n/index.svelte'
import { tame } from '../../shared/text'
import type { Zone } from '../../shared/time'

/** The name of a role. */
export function roleName(role: string): string {
  const key = `rota_page.role.${role}`
  return has(key) ? t(key) : tame(role, 20)
}

/** 10-01 09:00 – 18:00, with the second day when it is another one. */
export function stretch(from: number, until: number, zone: Zone): string {
  const [first, last] = [zone.date(from), zone.date(until)]
  return `${first.slice(5)} ${zone.minutes(from)} – ${first === last ? '' : `${last.slice(5)} `}${zone.minutes(until)}`
}

/** A person's name by id; the id itself for somebody who is not there any more. */
export const personName = (people: readonly MemberView[], id: string): string => tame(people.find((one) => one.id === id)?.name ?? id, 60)

/** What is dragged. */
export type Dragged = { kind: 'person'; person: string } | { kind: 'shift'; shift: ShiftView }

/** Where it is dropped: a shift, or a gap of a role. */
export type Target = { role: string; from: number; until: number; shift: ShiftView | null }

/** The place of a shift. */
export const slotOf = (rota: string, shift: ShiftView): SlotView => ({ rota, role: shift.role, person: shift.person, from: shift.from, until: shift.until })

/** What a drop means: a person takes the place, two shifts are exchanged; null where nothing would change. */
export function dropped(rota: string, dragged: Dragged, target: Target, why = ''): RotaEdit | null {
  const person = dragged.kind === 'person' ? dragged.person : dragged.shift.person
  if (target.shift?.person === person) return null
  if (dragged.kind === 'shift' && target.shift !== null) {
    return { edit: 'exchange', one: slotOf(rota, dragged.shift), other: slotOf(rota, target.shift), why }
  }
  return { edit: 'assign', slot: { rota, role: target.role, person, from: target.from, until: target.until }, replaces: target.shift?.person ?? null, why }
}

/** The same problem, also when it is said anew. */
export const problemKey = (one: ProblemView): string => `${one.kind}/${one.role}/${one.from}/${one.until}/${one.people.join(',')}`

/** Times of a `datetime-local` field, in a zone. */
export const toField = (at: number, zone: Zone): string => `${zone.date(at)}T${zone.minutes(at)}`
/** The moment of a `datetime-local` field in a zone; NaN when it is none. */
export const fromField = (text: string, zone: Zone): number => {
  const [day = '', time = ''] = text.split('T')
  return zone.instant(day, time.slice(0, 5))
}

/** A file as base64. */
export async function base64(file: Blob): Promise<string> {
  const bytes = new Uint8Array(await file.arrayBuffer())
  let text = ''
  // In parts: a call takes only so many arguments.
  for (let i = 0; i < bytes.length; i += 8192) text += String.fromCharCode(...bytes.subarray(i, i + 8192))
  return btoa(text)
}
