import { beforeEach, describe, expect, it, vi } from 'vitest'
import type { AnnotationView } from '../api/wire'
import { Zone } from '../shared/time'
import { QueryData } from '../stores/query'
import { calendar, cellAt, noted } from '../panels/calendar/cells'
import { forgetLook } from './look'
import { notesKey, notesNear, stretches } from './notes'
import { Spark } from './spark'

const MINUTE = 60_000
const NOW = 1_795_233_600_000

const note = (over: Partial<AnnotationView>): AnnotationView => ({
  id: 'a',
  kind: 'deployment',
  at: NOW,
  until: null,
  title: 'order-service 2.4.1',
  place: [],
  source: 'webhook',
  severity: 'normal',
  demo: false,
  ...over,
})
const work = note({ id: 'w', kind: 'maintenance', at: NOW - 90 * MINUTE, until: NOW - 30 * MINUTE })

describe('what went on for a while', () => {
  const x = (at: number): number => (at - (NOW - 60 * MINUTE)) / MINUTE

  it('is a stretch that is cut at the ends of the picture', () => {
    expect(stretches([work], NOW - 60 * MINUTE, NOW, x)).toEqual([{ left: 0, right: 30, note: work }])
    expect(stretches([work], NOW - 20 * MINUTE, NOW, x)).toEqual([])
    // An alert is told by its own panels; a moment is no stretch.
    expect(stretches([note({ kind: 'alert', until: NOW + MINUTE }), note({})], NOW - 60 * MINUTE, NOW + MINUTE, x)).toEqual([])
  })

  it('is part of what a picture is drawn for, also when only its end has changed', () => {
    const range = { lo: NOW - 60 * MINUTE, hi: NOW }
    expect(notesKey([work], range)).not.toBe('')
    expect(notesKey([{ ...work, until: NOW - 10 * MINUTE }], range)).not.toBe(notesKey([work], range))
    expect(notesKey([work], { lo: NOW - 20 * MINUTE, hi: NOW })).toBe('')
  })

  it('is found under the pointer, a mark before it', () => {
    const range = { lo: NOW - 60 * MINUTE, hi: NOW }
    const deed = note({ at: NOW - 45 * MINUTE })
    expect(notesNear([work, deed], range, 600, 50)?.notes).toEqual([work])
    expect(notesNear([work, deed], range, 600, 150)?.notes).toEqual([deed])
    expect(notesNear([work, deed], range, 600, 450)).toBeNull()
  })
})

describe('a small line', () => {
  const filled: number[][] = []
  let cleared = 0
  const ctx = new Proxy(
    { fillRect: (...all: number[]) => filled.push(all), clearRect: () => (cleared += 1) },
    { get: (own, name) => (name in own ? own[name as 'fillRect'] : () => undefined), set: () => true },
  )
  const canvas = { width: 0, height: 0, style: {}, getContext: () => ctx } as unknown as HTMLCanvasElement
  const query = (): QueryData => {
    const data = new QueryData({ id: 'a', role: 'main', label: null, unit: 'count', reduce: 'worst', thresholds: null })
    data.apply(
      {
        id: 'a',
        epoch: 1,
        series: [{ name: 's', labels: {}, source: 's', demo: false }],
        start: 0,
        patch: { from: NOW - 59 * MINUTE, step: MINUTE, count: 60, offset: 4 },
        latest: 0,
        marks: [{ freshness: 'fresh', severity: 'normal' }],
        reduced: 2,
        reduced_mark: { freshness: 'fresh', severity: 'normal' },
      },
      new Float64Array([1, NOW, 1, NOW, ...Array.from({ length: 60 }, (_, i) => i)]),
    )
    return data
  }
  beforeEach(() => {
    filled.length = 0
    cleared = 0
    vi.stubGlobal('devicePixelRatio', 1)
    forgetLook()
  })

  it('has ticks for what happened and is not drawn again for what does not lie in it', () => {
    const spark = new Spark(canvas, { line: 1.7, column: 2, rich: false, token: '--calm', phase: 0 })
    spark.resize(200, 40)
    const input = { query: query(), series: null, now: NOW, span: 60 * MINUTE, severity: 'normal' as const, limits: null, min: null, max: null, old: false }
    spark.update({ ...input, notes: [] })
    expect([cleared, filled.length]).toEqual([1, 0])
    const notes = [note({ at: NOW - 30 * MINUTE }), work]
    spark.update({ ...input, notes })
    expect([cleared, filled.length]).toEqual([2, 2])
    spark.update({ ...input, notes })
    spark.update({ ...input, notes: [...notes, note({ id: 'old', at: NOW - 3 * 60 * MINUTE })] })
    expect(cleared).toBe(2)
  })
})

describe('a calendar', () => {
  it('knows in which hour something happened', () => {
    const zone = new Zone('Asia/Shanghai')
    const data = new QueryData({ id: 'a', role: 'main', label: null, unit: 'count', reduce: 'mean', thresholds: null })
    const month = calendar(data, 7 * 86_400_000, NOW, zone)
    expect(cellAt(month, NOW, zone) % 24).toBe(12)
    expect(cellAt(month, NOW - 30 * 86_400_000, zone)).toBe(-1)
    const found = noted(month, [note({}), note({ id: 'b', severity: 'critical' }), note({ id: 'c', at: NOW - 86_400_000 })], zone)
    expect([...found.values()].map((all) => all.map((one) => one.id))).toEqual([['b', 'a'], ['c']])
    expect((cellAt(month, NOW, zone) - cellAt(month, NOW - 86_400_000, zone))).toBe(24)
  })
})
