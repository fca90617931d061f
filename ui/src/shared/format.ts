import type { ThresholdsView } from '../api/wire'

/** A number as it is shown: the digits, and what stands small beside them. */
export interface Shown {
  /** Digits with sign and grouping, or a word. */
  text: string
  /** Unit with a multiplier before it (`万元`, `ms`); empty when there is none. */
  unit: string
}

/** Shown where there is no number. */
export const NOTHING = '–'

const chinese = (locale: string): boolean => locale.startsWith('zh')

/** Groups digits by thousands without asking `Intl`, which is slow and depends on the machine's language. */
function grouped(digits: string): string {
  const [whole = '', fraction] = digits.split('.')
  const sign = whole.startsWith('-') ? '-' : ''
  const body = sign === '' ? whole : whole.slice(1)
  const out = body.replace(/\B(?=(\d{3})+$)/g, ',')
  return sign + (fraction === undefined ? out : `${out}.${fraction}`)
}

/** About three significant digits; an integer stays one. */
export function digits(value: number): string {
  const size = Math.abs(value)
  if (Number.isInteger(value) && size < 1e15) return grouped(String(value === 0 ? 0 : value))
  // The number decides by what it rounds to, so that 9.996 is 10.0 and not 10.00.
  const places = size >= 99.95 ? 0 : size >= 9.995 ? 1 : size >= 0.0995 ? 2 : size >= 0.00995 ? 3 : size > 0 ? 4 : 0
  const text = value.toFixed(places)
  return grouped(/^-0(\.0*)?$/.test(text) ? text.slice(1) : text)
}

/** Three significant digits of a number that carries a multiplier, without zeros at its end: 1.25, 12.5, 125, 1,250. */
function scaled(value: number): string {
  const size = Math.abs(value)
  const places = size >= 99.95 ? 0 : size >= 9.995 ? 1 : 2
  const text = value.toFixed(places)
  return grouped(places === 0 ? text : text.replace(/\.?0+$/, ''))
}

type Steps = readonly (readonly [number, string])[]

const HAN: Steps = [
  [1e12, '万亿'],
  [1e8, '亿'],
  [1e4, '万'],
]
const LATIN: Steps = [
  [1e12, 'T'],
  [1e9, 'B'],
  [1e6, 'M'],
  [1e4, 'K'],
]
const BINARY: Steps = [
  [1024 ** 5, 'Pi'],
  [1024 ** 4, 'Ti'],
  [1024 ** 3, 'Gi'],
  [1024 ** 2, 'Mi'],
  [1024, 'Ki'],
]
const DECIMAL: Steps = [
  [1e12, 'T'],
  [1e9, 'G'],
  [1e6, 'M'],
  [1e3, 'k'],
]

/** Divides by the greatest step that the number reaches once it is rounded. */
function stepped(value: number, steps: Steps, round: number): { value: number; prefix: string } | null {
  const size = Math.abs(value)
  for (const [step, prefix] of steps) {
    if (size >= step - round * step) {
      const divisor = prefix === 'K' ? 1e3 : step
      return { value: value / divisor, prefix }
    }
  }
  return null
}

/** 8,412 · 1.25 万 · 3.4 亿; 8,412 · 12.5K · 3.4M. */
function counted(value: number, locale: string, unit: string): Shown {
  const found = stepped(value, chinese(locale) ? HAN : LATIN, 0.00005)
  if (found === null) return { text: digits(value), unit }
  return { text: scaled(found.value), unit: found.prefix + unit }
}

function prefixed(value: number, steps: Steps, unit: string): Shown {
  const found = stepped(value, steps, 0.0005)
  if (found === null) return { text: digits(Math.abs(value) < 1 ? value : Number(value.toFixed(1))), unit }
  return { text: scaled(found.value), unit: found.prefix + unit }
}

/**
 * A percentage. 99.97 must not read 100, nor 0.004 read 0: near both ends it has more places, and what is not quite an end never
 * rounds to it.
 */
function percent(value: number): Shown {
  const size = Math.abs(value)
  let places = size >= 999.5 ? 0 : 1
  if (Number.isInteger(value)) places = 0
  else if ((size > 99 && size < 100) || size < 1) places = 2
  let text = value.toFixed(places)
  if (size < 100 && Math.abs(Number(text)) >= 100) text = value < 0 ? '-99.99' : '99.99'
  if (size > 0 && Number(text) === 0) return { text: value < 0 ? '-0' : '<0.01', unit: '%' }
  return { text: grouped(text), unit: '%' }
}

const TIME: readonly (readonly [number, string, string])[] = [
  [86400, '天', 'd'],
  [3600, '小时', 'h'],
  [60, '分', 'min'],
  [1, 's', 's'],
  [1e-3, 'ms', 'ms'],
  [1e-6, 'µs', 'µs'],
]

/** A span of time with the unit that fits it; minutes begin at 120 s, hours at 120 min, days at 48 h. */
function span(seconds: number, locale: string): Shown {
  const size = Math.abs(seconds)
  if (size === 0) return { text: '0', unit: 's' }
  for (const [step, han, latin] of TIME) {
    const begin = step === 86400 ? 2 * step : step >= 60 ? 2 * step : step
    if (size >= begin * 0.9995 || step === 1e-6) {
      const v = seconds / step
      const text = step < 1 && Math.abs(v) >= 9.995 ? grouped(v.toFixed(0)) : scaled(v)
      return { text, unit: chinese(locale) ? han : latin }
    }
  }
  return { text: digits(seconds), unit: 's' }
}

/**
 * A value of a unit (`model::board::Unit` in snake_case) as people read it in a language. Not a number: –. Infinite: ∞.
 */
export function show(value: number, unit: string, locale: string): Shown {
  if (Number.isNaN(value)) return { text: NOTHING, unit: '' }
  if (!Number.isFinite(value)) return { text: value > 0 ? '∞' : '-∞', unit: '' }
  const han = chinese(locale)
  switch (unit) {
    case 'percent':
      return percent(value)
    case 'ratio':
      return percent(Number((value * 100).toPrecision(12)))
    case 'seconds':
      return span(value, locale)
    case 'milliseconds':
      return span(value / 1000, locale)
    case 'bytes':
      return prefixed(value, BINARY, 'B')
    case 'bytes_per_second':
      return prefixed(value, BINARY, 'B/s')
    case 'bits_per_second':
      return prefixed(value, DECIMAL, 'bit/s')
    case 'per_second':
      return counted(value, locale, han ? '/秒' : '/s')
    case 'per_minute':
      return counted(value, locale, han ? '/分' : '/min')
    case 'yuan':
      return counted(value, locale, han ? '元' : ' CNY')
    case 'yuan_per_minute':
      return counted(value, locale, han ? '元/分' : ' CNY/min')
    case 'celsius':
      return { text: grouped(value.toFixed(Number.isInteger(value) ? 0 : 1)), unit: '°C' }
    case 'score':
      return { text: value.toFixed(Number.isInteger(value * 10) ? 1 : 2), unit: han ? '分' : '' }
    case 'up_down':
      return upDown(value, han)
    default:
      return counted(value, locale, '')
  }
}

/** 1 is up, 0 is down, between them is a share. */
function upDown(value: number, han: boolean): Shown {
  if (value >= 1) return { text: han ? '正常' : 'Up', unit: '' }
  if (value <= 0) return { text: han ? '中断' : 'Down', unit: '' }
  return percent(value * 100)
}

/** Digits and unit as one text, with a space between a digit and a word. */
export function line(value: number, unit: string, locale: string): string {
  const shown = show(value, unit, locale)
  if (shown.unit === '') return shown.text
  const tight = shown.unit === '%' || shown.unit.startsWith('/') || shown.unit.startsWith('°') || shown.unit.startsWith(' ')
  const multiplied = !chinese(locale) && !unit.startsWith('b') && /^[KMBT]( |\/|$)/.test(shown.unit)
  return tight || multiplied ? shown.text + shown.unit : `${shown.text} ${shown.unit}`
}

/** A length of time in words of at most two parts: 8 秒, 41 分, 3 小时 12 分, 2 天 5 小时. Milliseconds; never negative. */
export function age(ms: number, locale: string): string {
  if (!Number.isFinite(ms)) return NOTHING
  const s = Math.max(0, Math.floor(ms / 1000))
  const han = chinese(locale)
  const part = (n: number, zh: string, en: string): string => (han ? `${n} ${zh}` : `${n}${en}`)
  if (s < 60) return part(s, '秒', 's')
  if (s < 3600) return part(Math.floor(s / 60), '分', 'm')
  if (s < 86400) {
    const m = Math.floor((s % 3600) / 60)
    return part(Math.floor(s / 3600), '小时', 'h') + (m === 0 ? '' : ` ${part(m, '分', 'm')}`)
  }
  const h = Math.floor((s % 86400) / 3600)
  return part(Math.floor(s / 86400), '天', 'd') + (h === 0 ? '' : ` ${part(h, '小时', 'h')}`)
}

/** Like [`age`] but to the second below an hour, for what is counted by eye: 04:12, 1:18:30. Milliseconds. */
export function stopwatch(ms: number): string {
  if (!Number.isFinite(ms)) return NOTHING
  const s = Math.max(0, Math.floor(ms / 1000))
  const two = (n: number): string => String(n).padStart(2, '0')
  const h = Math.floor(s / 3600)
  return h > 0 ? `${h}:${two(Math.floor((s % 3600) / 60))}:${two(s % 60)}` : `${two(Math.floor(s / 60))}:${two(s % 60)}`
}

/** The limit nearest to normal, which a reader compares the value with; null without limits. */
export function firstLimit(thresholds: ThresholdsView | null): number | null {
  return thresholds === null ? null : (thresholds.warning ?? thresholds.critical ?? thresholds.emergency)
}
