import type { RemarkView } from '../api/wire'
import { locale, t } from '../i18n/index.svelte'
import { sentence } from '../shared/errors'
import { age, digits } from '../shared/format'
import { tame } from '../shared/text'

/** What a panel's head says of a remark: as few letters as can be understood. */
export function flag(remark: RemarkView, now: () => number): string {
  switch (remark.kind) {
    case 'old': {
      const many = { count: remark.series, all: remark.of }
      return remark.since === null ? t('ui.remark.unknown', many) : t('ui.remark.old', { ...many, age: age(now() - remark.since, locale()) })
    }
    case 'missing':
      return t('ui.remark.missing', { source: tame(remark.source, 30) })
    case 'warned':
      return t(remark.partial ? 'ui.remark.partial' : 'ui.remark.warned')
    case 'cut':
      return t('ui.remark.cut', { shown: digits(remark.shown), all: digits(remark.shown + remark.dropped) })
  }
}

/** The whole of it, where there is more to say than the flag does. */
export function explained(remark: RemarkView): string {
  if (remark.kind === 'missing') return `${tame(remark.source, 60)}: ${sentence(remark.error)}`
  if (remark.kind === 'warned') return `${tame(remark.source, 60)}: ${remark.texts.map((text) => tame(text, 200)).join(' · ') || t('ui.remark.partial')}`
  return ''
}
