import { describe, expect, it } from 'vitest'
import { age, line, show, stopwatch } from './format'

const zh = (value: number, unit: string): string => line(value, unit, 'zh-CN')
const en = (value: number, unit: string): string => line(value, unit, 'en')

describe('numbers in Chinese', () => {
  it.each([
    [0, '0'],
    [-0, '0'],
    [7, '7'],
    [118, '118'],
    [8412, '8,412'],
    [9999, '9,999'],
    [9999.6, '1 万'],
    [10_000, '1 万'],
    [12_480, '1.25 万'],
    [125_000, '12.5 万'],
    [1_250_000, '125 万'],
    [12_500_000, '1,250 万'],
    [99_999_999, '1 亿'],
    [340_000_000, '3.4 亿'],
    [2_500_000_000_000, '2.5 万亿'],
    [-12_480, '-1.25 万'],
    [0.314, '0.31'],
    [0.05, '0.050'],
    [3.14159, '3.14'],
    [9.996, '10.0'],
    [31.4159, '31.4'],
    [314.159, '314'],
    [1e-9, '0.0000'],
    [-0.00001, '0.0000'],
  ])('%d → %s', (value, text) => expect(zh(value, 'count')).toBe(text))
})

describe('numbers in English', () => {
  it.each([
    [8412, '8,412'],
    [9999.6, '10K'],
    [12_480, '12.5K'],
    [125_000, '125K'],
    [1_250_000, '1.25M'],
    [340_000_000, '340M'],
    [3_400_000_000, '3.4B'],
  ])('%d → %s', (value, text) => expect(en(value, 'count')).toBe(text))
  it('yuan', () => expect(en(86_200, 'yuan_per_minute')).toBe('86.2K CNY/min'))
})

describe('units', () => {
  it.each([
    ['percent', 96.1, '96.1%'],
    ['percent', 38, '38%'],
    ['percent', 100, '100%'],
    ['percent', 99.999, '99.99%'],
    ['percent', 99.95, '99.95%'],
    ['percent', 0.12, '0.12%'],
    ['percent', 0.001, '<0.01%'],
    ['percent', 117.84, '117.8%'],
    ['ratio', 0.987, '98.7%'],
    ['ratio', 1, '100%'],
    ['ratio', 0.07, '7%'],
    ['seconds', 0, '0 s'],
    ['seconds', 0.31, '310 ms'],
    ['seconds', 0.0042, '4.2 ms'],
    ['seconds', 0.000_25, '250 µs'],
    ['seconds', 6.4, '6.4 s'],
    ['seconds', 0.9999, '1 s'],
    ['seconds', 90, '90 s'],
    ['seconds', 150, '2.5 分'],
    ['seconds', 9000, '2.5 小时'],
    ['seconds', 200_000, '2.31 天'],
    ['milliseconds', 418, '418 ms'],
    ['milliseconds', 1500, '1.5 s'],
    ['bytes', 0, '0 B'],
    ['bytes', 512, '512 B'],
    ['bytes', 1024, '1 KiB'],
    ['bytes', 1_572_864, '1.5 MiB'],
    ['bytes', 1_073_741_823, '1 GiB'],
    ['bytes_per_second', 2_621_440, '2.5 MiB/s'],
    ['bits_per_second', 940_000_000, '940 Mbit/s'],
    ['per_second', 342, '342/秒'],
    ['per_minute', 1204, '1,204/分'],
    ['per_minute', 12_040, '1.2 万/分'],
    ['yuan', 46.2, '46.2 元'],
    ['yuan', 86_200, '8.62 万元'],
    ['yuan_per_minute', 86_200, '8.62 万元/分'],
    ['celsius', 61.25, '61.3°C'],
    ['score', 4.8, '4.8 分'],
    ['score', 4.83, '4.83 分'],
    ['up_down', 1, '正常'],
    ['up_down', 0, '中断'],
    ['up_down', 0.75, '75%'],
  ])('%s %d → %s', (unit, value, text) => expect(zh(value, unit)).toBe(text))

  it('what is no number is said', () => {
    expect(show(NaN, 'percent', 'zh-CN')).toEqual({ text: '–', unit: '' })
    expect(zh(Infinity, 'seconds')).toBe('∞')
    expect(zh(-Infinity, 'seconds')).toBe('-∞')
  })

  it('an unknown unit is a count', () => expect(zh(12_480, 'furlongs')).toBe('1.25 万'))

  it('never shows a share that is not whole as whole, nor one that is not nothing as nothing', () => {
    for (let v = 99.9; v < 100; v += 0.000_37) expect(show(v, 'percent', 'en').text).not.toMatch(/^100/)
    for (const v of [1e-9, 0.004, 0.0099]) expect(show(v, 'percent', 'en').text).not.toMatch(/^0(\.0*)?$/)
  })
})

describe('ages', () => {
  it.each([
    [-5, '0 秒', '0s'],
    [8_900, '8 秒', '8s'],
    [59_999, '59 秒', '59s'],
    [60_000, '1 分', '1m'],
    [3_599_000, '59 分', '59m'],
    [3_600_000, '1 小时', '1h'],
    [11_520_000, '3 小时 12 分', '3h 12m'],
    [190_800_000, '2 天 5 小时', '2d 5h'],
  ])('%d', (ms, han, latin) => {
    expect(age(ms, 'zh-CN')).toBe(han)
    expect(age(ms, 'en')).toBe(latin)
  })
  it('not known', () => expect(age(NaN, 'zh-CN')).toBe('–'))
  it('stopwatch', () => expect([stopwatch(252_000), stopwatch(4_710_000)]).toEqual(['04:12', '1:18:30']))
})
