import { afterEach, describe, expect, it } from 'vitest'
import type { Param, Sentence } from '../api/wire'
import { setLocale } from '../i18n/index.svelte'
import { countdown, lasting } from './countdown'
import { duration, moment, say } from './say'
import { Zone } from './time'

const NOW = Date.UTC(2026, 10, 21, 4, 8, 41)
const clock = { zone: new Zone('Asia/Shanghai'), now: NOW }
const of = (key: string, params: Record<string, Param>): Sentence => ({ key, params })

afterEach(() => setLocale('zh-CN'))

describe('a sentence', () => {
  it('is written in the language in force, its parts by their kind', () => {
    const s = of('alert.quiet.silenced', { by: { kind: 'text', value: '王五' }, until: { kind: 'time', value: NOW + 3_600_000 } })
    expect(say(s, clock)).toBe('王五 静默至 13:08:41')
    setLocale('en')
    expect(say(s, clock)).toBe('silenced by 王五 until 13:08:41')
  })

  it('says numbers, lengths of time and keys', () => {
    expect(say(of('alert.quiet.flapping', { changes: { kind: 'number', value: 12_345 }, until: { kind: 'time', value: NOW } }), clock)).toContain('12,345 次')
    const late = of('timeline.step_late', {
      step: { kind: 'number', value: 2 },
      late: { kind: 'duration', value: 252_000 },
      to: { kind: 'text', value: '李四' },
      channels: { kind: 'key', value: 'severity.warning' },
    })
    expect(say(late, clock)).toBe('升级第 2 步（晚了 4 分 12 秒，程序当时没有运行）：通知 李四（警告）')
  })

  it('gives a key its own placeholders from around it', () => {
    const s = of('alert.finding.quiet', { why: { kind: 'key', value: 'alert.quiet.at_source' }, source: { kind: 'text', value: 'am-1' }, by: { kind: 'text', value: 'silence 7' } })
    expect(say(s, clock)).toBe('不通知：am-1 那边已静默（silence 7）')
  })

  it('keeps hostile parts bounded, without controls, and never fills a placeholder that they bring along', () => {
    const text = say(of('timeline.commented', { by: { kind: 'text', value: `<b>%{by}</b>\u202e\u0000${'x'.repeat(100_000)}` } }), clock)
    expect(text).toContain('<b>%{by}</b>')
    expect(text).not.toMatch(/[\u202e\u0000]/)
    expect(text.length).toBeLessThan(300)
  })

  it('of an unknown key is shown as that key', () => {
    expect(say(of('no.such.sentence', {}), clock)).toBe('no.such.sentence')
    expect(say(of('alert.next.tell', { to: { kind: 'key', value: 'no.such.name' } }), clock)).toBe('通知 no.such.name')
  })
})

describe('a moment', () => {
  it.each([
    [NOW - 60_000, true, '12:07:41'],
    [NOW - 60_000, false, '12:07'],
    // The day changes at midnight in Shanghai, not in Greenwich.
    [Date.UTC(2026, 10, 20, 16, 0, 0), true, '00:00:00'],
    [Date.UTC(2026, 10, 20, 15, 59, 59), true, '11-20 23:59'],
    [Date.UTC(2025, 11, 31, 10, 0, 0), true, '2025-12-31 18:00'],
  ])('%d', (at, seconds, text) => expect(moment(at, clock, seconds)).toBe(text))
})

describe('a length of time', () => {
  it.each([
    [0, '0 秒', '0s'],
    [12_400, '12 秒', '12s'],
    [252_000, '4 分 12 秒', '4m 12s'],
    [240_000, '4 分', '4m'],
    [11_520_000, '3 小时 12 分', '3h 12m'],
    [10_805_000, '3 小时', '3h'],
    [190_800_000, '2 天 5 小时', '2d 5h'],
    [-5000, '5 秒', '5s'],
    [NaN, '–', '–'],
  ])('%d', (ms, han, latin) => {
    expect(duration(ms)).toBe(han)
    setLocale('en')
    expect(duration(ms)).toBe(latin)
  })
})

describe('a countdown', () => {
  const at = (left: number): unknown => countdown(NOW + left, NOW, 'zh-CN')
  it('counts down to the limit and then up beyond it', () => {
    expect(at(648_000)).toEqual({ over: false, soon: false, text: '10:48' })
    expect(at(60_000)).toEqual({ over: false, soon: true, text: '01:00' })
    expect(at(1)).toEqual({ over: false, soon: true, text: '00:01' })
    expect(at(0)).toEqual({ over: false, soon: true, text: '00:00' })
    expect(at(-1)).toEqual({ over: true, soon: false, text: '00:00' })
    expect(at(-130_000)).toEqual({ over: true, soon: false, text: '02:10' })
    expect(at(11_520_000)).toMatchObject({ text: '3:12:00' })
  })
  it('is said in words beyond a day', () => expect(lasting(190_800_000, 'zh-CN')).toBe('2 天 5 小时'))
})
