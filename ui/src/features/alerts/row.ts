import type { AlertRow } from '../../api/wire'
import { locale, t } from '../../i18n/index.svelte'
import { countdown, lasted, lasting } from '../../shared/countdown'
import { say, type Clock } from '../../shared/say'
import { tame } from '../../shared/text'

/** What stands at the right of a row. */
export interface Status {
  text: string
  tone: 'plain' | 'over' | 'soon' | 'quiet' | 'done'
  /** Whether the text is digits. */
  number: boolean
}

/** Longest title that is put into the page. */
export const TITLE_LIMIT = 300

/** What an alert says; never empty. */
export const titleOf = (row: AlertRow): string => tame(row.title, TITLE_LIMIT) || tame(row.rule, TITLE_LIMIT) || t('alert.untitled')

/** The countdown of an open alert, or the word for why there is none. */
export function statusOf(row: AlertRow, now: number): Status {
  if (row.look === 'resolved') return { text: t('alert.resolved'), tone: 'done', number: false }
  if (row.look === 'acked') return { text: t('alert.acked'), tone: 'quiet', number: false }
  if (row.look === 'suppressed') return { text: t('alert.suppressed'), tone: 'quiet', number: false }
  if (row.respond_by === null) return { text: '—', tone: 'quiet', number: true }
  const left = countdown(row.respond_by, now, locale())
  if (left.over) return { text: `${t('alert.over')} ${left.text}`, tone: 'over', number: true }
  return { text: left.text, tone: left.soon ? 'soon' : 'plain', number: true }
}

/** How long it holds, or held. */
export const ageOf = (row: AlertRow, now: number): string => lasting(lasted(row, now), locale())

const quoted = (row: AlertRow): string[] => {
  const comment = tame(row.ack_comment ?? '', 160)
  return comment === '' ? [] : [locale().startsWith('zh') ? `“${comment}”` : `“${comment}”`]
}

/** The second line: where it is; who has it and what they said; why it is quiet. */
export function partsOf(row: AlertRow, clock: Clock): string[] {
  const place = row.place.map((one) => tame(one, 80)).filter((one) => one !== '')
  if (row.look === 'acked' && row.acked_by !== null) return [t('alert.handling', { who: tame(row.acked_by, 40) }), ...quoted(row), ...place]
  if (row.look === 'suppressed' && row.quiet !== null) return [say(row.quiet, clock), ...place]
  const parts = [...place]
  if (row.assignee !== null) parts.unshift(t('alert.assigned_to', { who: tame(row.assignee, 40) }))
  if (row.look === 'resolved' && row.acked_by !== null) parts.push(tame(row.acked_by, 40), ...quoted(row))
  if (row.sources > 1) parts.push(t('alert.sources', { count: row.sources }))
  return parts
}
