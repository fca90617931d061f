import { describe, expect, it } from 'vitest'
import type { LogLineView } from '../../api/wire'
import { Zone } from '../../shared/time'
import { keyAction } from './keys'
import { arrived, earlier, EMPTY, HELD, withNewer, withOlder } from './lines'
import { add, marked, pieces, quote, refine, standing, term } from './query'
import { bounds, read, wider, written } from './ranges'

const line = (at: number, seq = 0): LogLineView => ({
  place: `${BigInt(at) * 1_000_000n}.${seq}`,
  at,
  level: 'info',
  category: 'app',
  service: 's',
  host: 'h',
  message: `m${at}.${seq}`,
  cut: false,
  trace_id: '',
  span_id: '',
  cells: [],
})
const range = (from: number, to: number): LogLineView[] => Array.from({ length: from - to }, (_, i) => line(from - i))

describe('the query line', () => {
  it('colours every character once, however broken the query is', () => {
    for (const query of ['level>=warn 超时 and -service:"a b" (x or y)', '"', 'a:"b', '：：(((', 'http.status:[500 TO 599}', '-', '  ', '级别：错误 且 支付', '𠮷:"']) {
      expect(
        pieces(query)
          .map((piece) => piece.text)
          .join(''),
      ).toBe(query)
    }
  })
  it('knows fields, operators, values, words and keywords', () => {
    const kinds = pieces('level>=warn 超时 and -service:"a b" 502')
      .filter((piece) => piece.kind !== 'space')
      .map((piece) => piece.kind)
    expect(kinds).toEqual(['field', 'operator', 'value', 'word', 'keyword', 'operator', 'field', 'operator', 'quoted', 'number'])
  })
  it('quotes what would be read as something else', () => {
    expect(quote('order-service')).toBe('order-service')
    expect(quote('连接超时')).toBe('连接超时')
    expect(quote('and')).toBe('"and"')
    expect(quote('a "b" \\')).toBe('"a \\"b\\" \\\\"')
    expect(quote('-x')).toBe('"-x"')
    expect(quote('')).toBe('""')
    expect(quote('a*')).toBe('"a*"')
    expect(term('a b', 'c', true)).toBe('-"a b":c')
  })
  it('adds a condition, takes it away again, turns it round', () => {
    const one = refine('超时', 'service', 'pay', false)
    expect(one).toBe('超时 service:pay')
    expect(standing(one, 'service', 'pay')).toBe(1)
    expect(refine(one, 'service', 'pay', false)).toBe('超时')
    const turned = refine(one, 'service', 'pay', true)
    expect(turned).toBe('超时 -service:pay')
    expect(standing(turned, 'service', 'pay')).toBe(-1)
    expect(standing('service:payment', 'service', 'pay')).toBe(0)
  })
  it('keeps what is an alternative together', () => {
    expect(add('a or b', 'c')).toBe('(a or b) c')
    expect(add('', 'c')).toBe('c')
    expect(add('"a or b"', 'c')).toBe('"a or b" c')
  })
})

describe('marks', () => {
  it('cuts a message at what was searched, whatever it says', () => {
    const parts = marked('<b>Timeout</b> 连接超时 TIMEOUT', ['连接超时', 'timeout'])
    expect(parts.map((part) => part.text).join('')).toBe('<b>Timeout</b> 连接超时 TIMEOUT')
    expect(parts.filter((part) => part.hit).map((part) => part.text)).toEqual(['Timeout', '连接超时', 'TIMEOUT'])
    expect(marked('abc', [''])).toEqual([{ text: 'abc', hit: false }])
  })
})

describe('lines', () => {
  it('are held without hole or double, and let go at the far end', () => {
    let stretch = { lines: range(10_000, 9_000), newer: false, older: true }
    let dropped = 0
    for (let at = 9_000; at > 4_000; at -= 1_000) {
      const next = withOlder(stretch, range(at, at - 1_000), true)
      dropped += next.droppedNewer
      stretch = next
    }
    expect(stretch.lines.length).toBe(HELD)
    expect(dropped).toBe(2_000)
    expect(stretch.newer).toBe(true)
    expect(stretch.lines[0]?.at).toBe(8_000)
    const back = withNewer(stretch, range(10_000, 8_000), false)
    expect(back.lines[0]?.at).toBe(10_000)
    expect(back.lines.length).toBe(HELD)
    expect(back.older).toBe(true)
    expect(new Set(back.lines.map((one) => one.place)).size).toBe(HELD)
  })
  it('of one time stamp have an order', () => {
    expect(earlier('1795000000123456788.9', '1795000000123456789.1')).toBe(true)
    expect(earlier('5.9', '5.10')).toBe(true)
    expect(earlier('5.10', '5.9')).toBe(false)
    expect(earlier('5.18446744073709551614', '5.18446744073709551615')).toBe(true)
  })
  it('that arrive late stand where they belong, and none stands twice', () => {
    const there = [line(30), line(20), line(10)]
    const all = arrived(there, [line(40), line(25), line(20)], 100)
    expect(all.map((one) => one.at)).toEqual([40, 30, 25, 20, 10])
    expect(arrived([], [line(2), line(1)], 100).map((one) => one.at)).toEqual([2, 1])
    expect(arrived(there, [line(50), line(45)], 3).map((one) => one.at)).toEqual([50, 45, 30])
    expect(EMPTY.lines.length).toBe(0)
  })
})

describe('time', () => {
  const zone = new Zone('Asia/Shanghai')
  it('is written and read in the zone', () => {
    const at = Date.UTC(2026, 10, 21, 4, 8, 41)
    expect(written(at, zone)).toBe('2026-11-21T12:08:41')
    expect(read('2026-11-21T12:08:41', zone)).toBe(at)
    expect(read('2026-11-21 12:08', zone)).toBe(at - 41_000)
    expect(read('gestern', zone)).toBeNaN()
  })
  it('grows', () => {
    expect(wider({ back: 900_000 }, 0)).toEqual({ back: 3_600_000 })
    expect(wider({ from: 1000, to: 2000 }, 10_000)).toEqual({ from: 500, to: 2500 })
    expect(bounds({ back: 1000 }, 5000).from).toBe(4000)
  })
})

describe('keys', () => {
  const key = (name: string, more: object = {}): ReturnType<typeof keyAction> => keyAction({ key: name, ctrlKey: false, metaKey: false, altKey: false, shiftKey: false, ...more }, false)
  it('are letters while somebody types', () => {
    expect(key('t')).toBe('tail')
    expect(keyAction({ key: 't', ctrlKey: false, metaKey: false, altKey: false, shiftKey: false }, true)).toBeNull()
    expect(key('/', { isComposing: true })).toBeNull()
    expect(key('c', { ctrlKey: true })).toBeNull()
    expect(key('？', { shiftKey: true })).toBe('help')
  })
})
