import type { CadenceView, LayerView, MemberView, RotationView } from '../../api/wire'
import { t } from '../../i18n/index.svelte'
import { personName } from './words'

/** A new layer that begins today. */
export const begun = (today: string): LayerView => ({
  id: 0,
  name: '',
  role: 'primary',
  priority: 100,
  kinds: [],
  weekdays: [],
  from: '09:00',
  to: '18:00',
  rotation: { kind: 'turns', turns: [], cadence: { every: 'weeks', weeks: 1, weekday: 1 } },
  handoff: null,
  first_day: today,
  last_day: null,
  zone: null,
  calendar: null,
})

/** Layers from top to bottom with priorities that say so. */
export const reordered = (layers: readonly LayerView[]): LayerView[] => layers.map((one, i) => ({ ...one, priority: (layers.length - i) * 10 }))

/** On which days it begins, in words. */
export function whenSaid(layer: LayerView): string {
  const separator = t('list.separator')
  const kinds = layer.kinds.length === 0 ? t('rota_page.rule.all_days') : layer.kinds.map((one) => t(`rota_page.day_kind.${one}`)).join(separator)
  return layer.weekdays.length === 0 ? kinds : `${kinds} · ${layer.weekdays.map((one) => t(`rota_page.weekday.d${one}`)).join(separator)}`
}

/** When the next turn begins, in words. */
export function cadenceSaid(cadence: CadenceView): string {
  switch (cadence.every) {
    case 'days':
      return t('rota_page.rule.every.days', { n: cadence.days })
    case 'weeks':
      return t('rota_page.rule.every.weeks', { n: cadence.weeks, day: t(`rota_page.weekday.d${cadence.weekday}`) })
    case 'shifts':
      return t('rota_page.rule.every.shifts', { n: cadence.shifts })
    case 'cycle':
      return t('rota_page.rule.every.cycle', { days: cadence.days.join('/') })
  }
}

/** Who takes turns, in words. */
export function rotationSaid(layer: LayerView, people: readonly MemberView[]): string {
  const { rotation } = layer
  const names = (ids: readonly string[]): string => ids.map((id) => personName(people, id)).join('+') || '–'
  if (rotation.kind === 'planned') return t('rota_page.rule.planned', { count: rotation.days.length })
  if (rotation.kind === 'weekdays') return rotation.people.map((ids, i) => `${t(`rota_page.weekday.d${i + 1}`)} ${names(ids)}`).join(t('list.separator'))
  return `${rotation.turns.map(names).join(' → ') || '–'} · ${cadenceSaid(rotation.cadence)}`
}

/** Another kind of rotation, keeping whom it can. */
export function withKind(rotation: RotationView, kind: 'turns' | 'weekdays'): RotationView {
  if (rotation.kind === kind) return rotation
  if (kind === 'weekdays') return { kind, people: Array.from({ length: 7 }, (_, i) => (rotation.kind === 'turns' && rotation.turns.length > 0 ? (rotation.turns[i % rotation.turns.length] ?? []) : [])) }
  const turns = rotation.kind === 'weekdays' ? rotation.people.filter((one, i, all) => one.length > 0 && all.findIndex((other) => other.join() === one.join()) === i) : []
  return { kind, turns, cadence: { every: 'weeks', weeks: 1, weekday: 1 } }
}

/** Another cadence with sensible numbers. */
export function cadenceOf(every: CadenceView['every'], turns: number): CadenceView {
  if (every === 'days') return { every, days: 1 }
  if (every === 'weeks') return { every, weeks: 1, weekday: 1 }
  if (every === 'shifts') return { every, shifts: 1 }
  return { every, days: Array.from({ length: Math.max(1, turns) }, () => 1) }
}
