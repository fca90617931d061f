import type { ErrorView } from '../api/wire'
import { has, t } from '../i18n/index.svelte'
import { tame } from './text'

/** What to do about it, where the error says it more finely than its code; empty otherwise. */
export function advice(error: ErrorView): string {
  const key = `error.source.${error.params.advice ?? ''}`
  return error.params.advice !== undefined && has(key) ? t(key) : ''
}

/** The sentence of an error: its code chooses the text, its values are bounded and stay text. A `reason_key` is said in its place. */
export function sentence(error: ErrorView): string {
  const params: Record<string, string> = {}
  for (const [name, value] of Object.entries(error.params)) params[name] = tame(value, 240)
  const reason = params.reason_key
  if (reason !== undefined && params.reason === undefined) params.reason = has(reason) ? t(reason, params) : reason
  return t(`error.${error.code}`, params)
}
