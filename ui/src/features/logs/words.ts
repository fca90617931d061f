import type { LogLevelView } from '../../api/wire'
import { has, t } from '../../i18n/index.svelte'

/** Levels as a histogram's columns have them: none first. */
export const COLUMNS: readonly (LogLevelView | null)[] = [null, 'trace', 'debug', 'info', 'warn', 'error', 'fatal']

/** As a list shows it: five letters at most. */
export const levelName = (level: LogLevelView | null): string => (level === null ? '–' : level.toUpperCase())

/** The name of a field, where there is one; else the name in queries. */
export function fieldName(field: string): string {
  const key = `logs.field.${field.replaceAll('.', '_')}`
  return has(key) ? t(key) : field
}

/** A locale key's text, or the text itself: boards of the customer's own carry plain words. */
export const titled = (title: string): string => (has(title) ? t(title) : title)
