import { describe, expect, it } from 'vitest'
import { decode, encode, FrameError } from './frame'
import type { FrameHead, QueryFrame } from './wire'

const head = (queries: QueryFrame[] = []): FrameHead => ({
  now: 1.7e12,
  cursor: 3,
  full: false,
  settings: null,
  board: null,
  sources: null,
  verdict: null,
  alerts: null,
  kiosk: null,
  variables: null,
  annotations: null,
  coming: null,
  panels: [{ id: 'p', state: { kind: 'data' }, severity: 'normal', demo: false, remarks: [], topology: null, queries }],
})

const query = (over: Partial<QueryFrame> = {}): QueryFrame => ({
  id: 'a',
  epoch: 1,
  series: null,
  start: 0,
  patch: null,
  latest: 0,
  marks: [],
  reduced: 0,
  reduced_mark: { freshness: 'fresh', severity: 'normal' },
  ...over,
})

const reason = (buffer: ArrayBuffer): string => {
  try {
    decode(buffer)
  } catch (error) {
    if (error instanceof FrameError) return error.reason
    throw error
  }
  return 'none'
}

describe('the binary frame', () => {
  it('reads back what was written, Han text and gaps included', () => {
    const written = head([query()])
    written.panels[0]!.id = '支付'
    const { head: back, block } = decode(encode(written, [1.5, NaN, -Infinity]))
    expect(back).toEqual(written)
    expect([...block]).toEqual([1.5, NaN, -Infinity])
  })

  it('is laid out as crates/wire says', () => {
    const bytes = new Uint8Array(encode(head(), [1]))
    expect(new TextDecoder().decode(bytes.slice(0, 4))).toBe('SWF1')
    const length = new DataView(bytes.buffer).getUint32(4, true)
    expect(length % 8).toBe(0)
    expect(bytes.length).toBe(8 + length + 8)
  })

  it('refuses what is no frame, and says why', () => {
    const good = encode(head([query()]), [1, 2])
    expect(reason(new ArrayBuffer(3))).toBe('too_short')
    expect(reason(new TextEncoder().encode('<html>502 Bad Gateway</html>').buffer as ArrayBuffer)).toBe('magic')
    expect(reason(good.slice(0, good.byteLength - 3))).toBe('length')
    const long = good.slice(0)
    new DataView(long).setUint32(4, 0xfffffff8, true)
    expect(reason(long)).toBe('length')
    const broken = good.slice(0)
    new Uint8Array(broken)[8] = 0x7d
    expect(reason(broken)).toBe('head')
  })

  it('refuses offsets that point outside the block', () => {
    const mark = { freshness: 'fresh', severity: 'normal' } as const
    expect(reason(encode(head([query({ reduced: 1 })]), [1, 2]))).toBe('offset')
    expect(reason(encode(head([query({ latest: 1, marks: [mark] })]), [1, 2]))).toBe('offset')
    const patch = { from: 0, step: 1000, count: 3, offset: 0 }
    expect(reason(encode(head([query({ patch, marks: [mark] })]), [1, 2]))).toBe('offset')
    expect(reason(encode(head([query({ patch: { ...patch, count: 1, step: 0 }, marks: [mark] })]), [1, 2]))).toBe('offset')
    expect(reason(encode(head([query({ patch: { ...patch, count: 1 }, marks: [mark] })]), [1, 2]))).toBe('none')
  })
})
