import type { MemberView, ProblemView, RotaEdit, ShiftView, SlotView } from '../../api/wire'
import { has, t } from '../../i18n/index.svelte'
import { tame } from '../../shared/text'
import type { Zone } from '../../shared/time'
import { isDay } from './dates'

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

/** The name of a calendar: those that are built in have one in each language. */
export function calendarName(calendar: { id: string; name: string }): string {
  const key = `rota.calendar.${calendar.id}`
  return has(key) ? t(key) : tame(calendar.name === '' ? calendar.id : calendar.name, 40)
}

/** The host looks so far ahead for the next change; whoever is on duty longer has no end worth naming, ms. */
const FAR = 30 * 86_400_000
export const endless = (until: number, now: number): boolean => until - now > FAR

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

/** A drop in words: what it would do, and what is said when it is kept. */
export function dropSaid(edit: RotaEdit, people: readonly MemberView[], zone: Zone): { title: string; said: string } {
  const said = t(`rota_page.said.${edit.edit}`)
  if (edit.edit === 'assign') {
    const { role, person, from, until } = edit.slot
    return { said, title: t('rota_page.draft.assign', { role: roleName(role), when: stretch(from, until, zone), name: personName(people, person) }) }
  }
  if (edit.edit === 'exchange') {
    const side = ({ person, from, until }: SlotView): string => `${personName(people, person)} ${stretch(from, until, zone)}`
    return { said, title: t('rota_page.draft.exchange', { one: side(edit.one), other: side(edit.other) }) }
  }
  return { said, title: said }
}

/** The same problem, also when it is said anew. */
export const problemKey = (one: ProblemView): string => `${one.kind}/${one.role}/${one.from}/${one.until}/${one.people.join(',')}`

/** A moment as it is written in a field: 2026-10-01 09:00. The same in every language of the system, unlike the toolkit's own fields. */
export const toField = (at: number, zone: Zone): string => `${zone.date(at)} ${zone.minutes(at)}`
/** The moment that is written in a field; NaN when it is none. */
export function fromField(text: string, zone: Zone): number {
  const found = /^\s*(\d{4}-\d{2}-\d{2})[ T]+((?:[01]\d|2[0-3]):[0-5]\d)\s*$/.exec(text)
  return found === null || !isDay(found[1] ?? '') ? NaN : zone.instant(found[1] ?? '', found[2] ?? '')
}

/** A file as base64. */
export async function base64(file: Blob): Promise<string> {
  const bytes = new Uint8Array(await file.arrayBuffer())
  let text = ''
  // In parts: a call takes only so many arguments.
  for (let i = 0; i < bytes.length; i += 8192) text += String.fromCharCode(...bytes.subarray(i, i + 8192))
  return btoa(text)
}
