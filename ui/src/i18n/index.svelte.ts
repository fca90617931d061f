import texts from 'virtual:locales'

/** Placeholders of a sentence. */
export type Params = Record<string, string | number>

const CANONICAL = 'zh-CN'

let current = $state(CANONICAL)

/** Language in force: `zh-CN` or `en`. */
export function locale(): string {
  return current
}

/** Changes the language at run time; an unknown one is ignored. */
export function setLocale(next: string): void {
  if (!Object.hasOwn(texts, next)) return
  current = next
  if (typeof document !== 'undefined') document.documentElement.lang = next
}

/** Languages there are texts for. */
export function languages(): string[] {
  return Object.keys(texts)
}

/** Replaces `%{name}`; a placeholder without a value stays visible, so that the mistake is seen. */
export function fill(text: string, params: Params): string {
  return text.replace(/%\{(\w+)\}/g, (whole, name: string) => (Object.hasOwn(params, name) ? String(params[name]) : whole))
}

/**
 * The text of a key in the language in force. Falls back to Chinese, then to the key itself: a board of the customer's may
 * carry plain words where ours carry keys.
 */
export function t(key: string, params?: Params): string {
  const text = texts[current]?.[key] ?? texts[CANONICAL]?.[key] ?? key
  return params === undefined ? text : fill(text, params)
}

/** Whether a key has a text of its own. */
export function has(key: string): boolean {
  return texts[CANONICAL]?.[key] !== undefined
}
