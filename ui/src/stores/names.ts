import type { SeriesView } from '../api/wire'
import { has, locale, t } from '../i18n/index.svelte'
import { LABEL_LIMIT, NAME_LIMIT, tame } from '../shared/text'

const MAX_LABELS = 60
/** Names of the system that a metric came by; they tell no series from another. */
const NO_NAMES = new Set(['__name__', 'job'])

/** `name` with words in the places of label values; only where a value stands by itself, not as a part of a word. */
export function withWords(name: string, words: readonly (readonly [value: string, word: string])[]): string {
  const part = /[\p{L}\p{N}_.-]/u
  let out = name
  for (const [value, word] of words) {
    for (let at = out.indexOf(value); at >= 0; at = out.indexOf(value, at)) {
      const end = at + value.length
      const alone = !part.test(out[at - 1] ?? ' ') && !part.test(out[end] ?? ' ')
      if (alone) out = out.slice(0, at) + word + out.slice(end)
      at = alone ? at + word.length : end
    }
  }
  return out
}

/**
 * A series' name and labels, bounded and without surprises; label values that the locales have a name for are called by it, in the
 * language in force. The host calls a series without labels by its source: where that is the only one (`alone`) it says nothing, and the
 * name is empty.
 */
export function tameSeries(series: SeriesView, alone: boolean): SeriesView {
  const labels: Record<string, string> = {}
  for (const [key, value] of Object.entries(series.labels).slice(0, MAX_LABELS)) {
    labels[tame(key, NAME_LIMIT)] = tame(value, LABEL_LIMIT)
  }
  const source = tame(series.source)
  const unnamed = alone && series.name === series.source && Object.keys(labels).every((label) => NO_NAMES.has(label))
  const name = unnamed ? '' : tame(series.name)
  const out = { name, labels, source, demo: series.demo }
  const known = Object.entries(labels).flatMap(([label, value]) => {
    const key = `ui.value.${label}.${value}`
    return value !== '' && has(key) ? [[value, key] as const] : []
  })
  if (name === '' || known.length === 0) return out
  let written = { language: '', text: name }
  return {
    ...out,
    get name() {
      const language = locale()
      if (written.language !== language) written = { language, text: withWords(name, known.map(([value, key]) => [value, t(key)] as const)) }
      return written.text
    },
  }
}
