import type { ErrorView } from '../api/wire'
import { t } from '../i18n/index.svelte'
import { tame } from './text'

/** The sentence of an error: its code chooses the text, its values are bounded and stay text. */
export function sentence(error: ErrorView): string {
  const params: Record<string, string> = {}
  for (const [name, value] of Object.entries(error.params)) params[name] = tame(value, 240)
  return t(`error.${error.code}`, params)
}
