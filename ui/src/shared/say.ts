import type { Param, Sentence } from '../api/wire'
import { has, locale, t, type Params } from '../i18n/index.svelte'
import { digits } from './format'
import { tame } from './text'
import type { Zone } from './time'

/** Longest text from outside that is put into a sentence. */
const PART_LIMIT = 240

/** What a sentence needs to know to speak of times. */
export interface Clock {
  zone: Zone
  /** The host's clock, ms. */
  now: number
  /** Times are said to the minute: shifts begin at none of its seconds. */
  minutes?: boolean
}

/** A point in time: 12:08:41 today, else 11-20 12:08, with the year when it is another one. */
export function moment(at: number, clock: Clock, seconds = true): string {
  const { zone, now } = clock
  const day = zone.date(at)
  if (day === zone.date(now)) return seconds ? zone.seconds(at) : zone.minutes(at)
  const sameYear = day.slice(0, 4) === zone.date(now).slice(0, 4)
  return `${sameYear ? day.slice(5) : day} ${zone.minutes(at)}`
}

const PARTS: readonly (readonly [number, string, string])[] = [
  [86_400, '天', 'd'],
  [3600, '小时', 'h'],
  [60, '分', 'm'],
  [1, '秒', 's'],
]

/** A length of time in words of at most two parts, to the second below an hour: 4 分 12 秒, 3 小时 12 分, 2 天. */
export function duration(ms: number): string {
  if (!Number.isFinite(ms)) return '–'
  let rest = Math.max(0, Math.round(Math.abs(ms) / 1000))
  const han = locale().startsWith('zh')
  const said: string[] = []
  for (const [size, zh, en] of PARTS) {
    const n = Math.floor(rest / size)
    rest -= n * size
    if (n > 0 || (size === 1 && said.length === 0)) said.push(han ? `${n} ${zh}` : `${n}${en}`)
    // Only neighbouring parts stand together: 2 天 5 秒 says less than it seems to.
    else if (said.length > 0) break
    if (said.length === 2) break
  }
  return said.join(' ')
}

function keyed(key: string, around: Params): string {
  return has(key) ? t(key, around) : tame(key, PART_LIMIT)
}

function part(param: Param, clock: Clock, around: Params): string {
  switch (param.kind) {
    case 'text':
      return tame(param.value, PART_LIMIT)
    case 'time':
      return moment(param.value, clock, clock.minutes !== true)
    case 'duration':
      return duration(param.value)
    case 'number':
      return Number.isFinite(param.value) ? digits(param.value) : '–'
    case 'key':
      // Said in its place; its own placeholders are those of the sentence around it.
      return keyed(param.value, around)
    case 'texts':
      return tame(param.value.map((one) => tame(one, PART_LIMIT)).join(t('list.separator')), PART_LIMIT)
    case 'keys':
      return param.value.map((key) => keyed(key, around)).join(t('list.separator'))
  }
}

function isKeyed(param: Param): boolean {
  return param.kind === 'key' || param.kind === 'keys'
}

/** Writes a sentence of the host in the language in force. The answer is text, to be put into text nodes. */
export function say(sentence: Sentence, clock: Clock): string {
  const params: Params = {}
  const all = Object.entries(sentence.params).filter((one): one is [string, Param] => one[1] !== undefined)
  for (const [name, param] of all) if (!isKeyed(param)) params[name] = part(param, clock, {})
  const plain = { ...params }
  for (const [name, param] of all) if (isKeyed(param)) params[name] = part(param, clock, plain)
  return t(has(sentence.key) ? sentence.key : tame(sentence.key, PART_LIMIT), params)
}

/** The name of a channel kind. */
export function channelName(kind: string): string {
  const key = `channel.${kind}.name`
  return has(key) ? t(key) : tame(kind, 40)
}
