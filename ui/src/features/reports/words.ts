import type { ErrorView, ReportFile, ReportKind, ReportRow } from '../../api/wire'
import { has, locale, t } from '../../i18n/index.svelte'
import { sentence } from '../../shared/errors'
import { line } from '../../shared/format'
import { tame } from '../../shared/text'

/** Kinds, the shortest first. */
export const KINDS: readonly ReportKind[] = ['daily', 'weekly', 'monthly']

/** A day of the calendar that exists, written `YYYY-MM-DD`. */
export function isDay(text: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return false
  const at = Date.parse(`${text}T00:00:00Z`)
  return !Number.isNaN(at) && new Date(at).toISOString().slice(0, 10) === text
}

/** The period in words: 2026-11-20, 2026-11-16 至 11-22, 2026-10. */
export function span(row: Pick<ReportRow, 'kind' | 'first' | 'last'>): string {
  if (row.kind === 'daily') return row.first
  if (row.kind === 'monthly') return row.first.slice(0, 7)
  const to = row.first.slice(0, 4) === row.last.slice(0, 4) ? row.last.slice(5) : row.last
  return t('reports_page.span', { from: row.first, to })
}

/** Formats with their sizes: PDF 412 KiB · HTML 268 KiB. */
export const sizes = (files: readonly ReportFile[]): string => files.map((file) => `${file.format.toUpperCase()} ${line(file.bytes, 'bytes', locale())}`).join(' · ')

/** A drawing as an image's address: in an image nothing of it runs, whatever it says. */
export const picture = (svg: string): string => `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg)}`

/** Why something was not done: the reason alone where there is one, since what was wanted is said before it. */
export function why(error: ErrorView): string {
  const reason = error.params.reason_key
  if (error.code !== 'refused' || reason === undefined || !has(reason)) return sentence(error)
  return t(reason, Object.fromEntries(Object.entries(error.params).map(([name, value]) => [name, tame(value, 300)])))
}
