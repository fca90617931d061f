import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Plugin } from 'vite'
import { parse } from 'yaml'

const LANGUAGES = ['zh-CN', 'en'] as const
const ID = 'virtual:locales'

/** Texts of one language: flat, `a.b.c` → text. */
export type Texts = Record<string, string>

/** Where a language's file stands. */
export function fileOf(language: string): string {
  return join(import.meta.dirname, '..', '..', 'locales', `${language}.yml`)
}

/** Nested YAML keys as one flat table; numbers and booleans become text, `_version` is dropped. */
export function flatten(node: unknown, prefix = '', out: Texts = {}): Texts {
  if (node === null || node === undefined) return out
  if (typeof node === 'object') {
    for (const [key, value] of Object.entries(node)) {
      if (prefix === '' && key === '_version') continue
      flatten(value, prefix === '' ? key : `${prefix}.${key}`, out)
    }
  } else {
    out[prefix] = String(node)
  }
  return out
}

/** All languages as they stand in `locales/`, which the Rust side reads too. */
export function load(): Record<string, Texts> {
  const all: Record<string, Texts> = {}
  for (const language of LANGUAGES) all[language] = flatten(parse(readFileSync(fileOf(language), 'utf8')))
  return all
}

/** Texts that only the command line uses stay out of the page. */
const NOT_FOR_THE_PAGE = /^(cli|config|simulator)\./

/** `import texts from 'virtual:locales'` gives the texts of `locales/*.yml`, so that both sides share one file. */
export function locales(): Plugin {
  return {
    name: 'shouwang-locales',
    resolveId: (id) => (id === ID ? `\0${ID}` : null),
    load(id) {
      if (id !== `\0${ID}`) return null
      for (const language of LANGUAGES) this.addWatchFile(fileOf(language))
      const all = load()
      for (const texts of Object.values(all)) {
        for (const key of Object.keys(texts)) if (NOT_FOR_THE_PAGE.test(key)) delete texts[key]
      }
      return `export default JSON.parse(${JSON.stringify(JSON.stringify(all))})`
    },
  }
}
