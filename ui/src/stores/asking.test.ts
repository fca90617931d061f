import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { AlertPage, AlertQuery, DutyView } from '../api/wire'
import { hostOver } from '../api/host'
import { Asking } from './asking'
import { DeskStore, DESK_LOST_AFTER } from './desk.svelte'
import { Doing, inverse } from './doing.svelte'

const NOW = Date.UTC(2026, 10, 21, 4, 8, 41)
const duty = { levels: [], people: [], on_duty: [], sources: [], channels: [] } as unknown as DutyView
const page = (over: Partial<AlertPage>): AlertPage => ({
  now: NOW,
  cursor: 1,
  total: 1,
  alerts: 1,
  offset: 0,
  items: [],
  tabs: { open: 0, unacked: 0, mine: 0, suppressed: 0, resolved: 0 },
  duty,
  settings: { locale: 'zh-CN', theme: 'dark', time_zone: 'Asia/Shanghai', kiosk: false, type_scale: 1, boards: [] },
  wanted: null,
  place: null,
  error: null,
  ...over,
})

interface Asked {
  query: AlertQuery
  answer: (page: AlertPage) => void
  fail: (error: unknown) => void
}
let asked: Asked[] = []
let store: DeskStore
let asking: Asking
const at = (i: number): Asked => {
  const found = asked.at(i)
  if (found === undefined) throw new Error(`question ${i} was not asked`)
  return found
}
const settle = (): Promise<unknown> => vi.advanceTimersByTimeAsync(0)

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'performance'] })
  asked = []
  const host = hostOver((_, args) => new Promise((answer, fail) => asked.push({ query: (args as { query: AlertQuery }).query, answer: answer as Asked['answer'], fail })))
  store = new DeskStore(performance.now())
  asking = new Asking(host, store, () => performance.now(), 200)
})
afterEach(() => {
  asking.stop()
  vi.useRealTimers()
  vi.restoreAllMocks()
})

describe('asking for the list', () => {
  it('asks once a second, with the cursor while the question stays the same', async () => {
    asking.start()
    expect(at(0).query.cursor).toBe(0)
    at(0).answer(page({ cursor: 5 }))
    await vi.advanceTimersByTimeAsync(1100)
    expect(asked.length).toBe(2)
    expect(at(1).query.cursor).toBe(5)
    at(1).answer(page({ cursor: 5, items: null, total: 1 }))
    await vi.advanceTimersByTimeAsync(3000)
    expect(asked.length).toBe(3)
  })

  it('asks another question at once and without the cursor', async () => {
    asking.start()
    at(0).answer(page({ cursor: 5 }))
    await settle()
    asking.change({ tab: 'mine' })
    expect(at(-1).query).toMatchObject({ tab: 'mine', cursor: 0 })
  })

  it('drops the answer to a question that nobody asks any more, also when it comes last', async () => {
    asking.start()
    asking.change({ text: 'pay' })
    const [first, second] = [at(0), at(1)]
    second.answer(page({ total: 3, cursor: 9 }))
    await settle()
    expect(store.total).toBe(3)
    first.answer(page({ total: 50_000, cursor: 8 }))
    await settle()
    expect(store.total).toBe(3)
    expect(store.cursor).toBe(9)
  })

  it('asks at once when the list changes, a few times a second at most, and goes on when a hint fails', async () => {
    vi.spyOn(console, 'error').mockImplementation(() => undefined)
    const waits: { cursor: number; hint: (cursor: number) => void; fail: (error: unknown) => void }[] = []
    const lists: Asked[] = []
    const host = hostOver(
      (command, args) =>
        new Promise((answer, fail) => {
          const given = args as { query: AlertQuery; cursor: number }
          if (command === 'alerts_changed') waits.push({ cursor: given.cursor, hint: answer as (cursor: number) => void, fail })
          else lists.push({ query: given.query, answer: answer as Asked['answer'], fail })
        }),
    )
    const listening = new Asking(host, store, () => performance.now(), 200)
    listening.start()
    lists.at(-1)?.answer(page({ cursor: 5 }))
    await settle()
    void listening.listen()
    expect(waits.map((w) => w.cursor)).toEqual([5])
    waits[0]?.hint(6)
    await settle()
    expect(lists.length).toBe(2)
    lists[1]?.answer(page({ cursor: 6 }))
    await vi.advanceTimersByTimeAsync(100)
    expect(waits.length).toBe(1)
    await vi.advanceTimersByTimeAsync(150)
    expect(waits.map((w) => w.cursor)).toEqual([5, 6])
    // Nothing has changed: nothing is asked.
    waits[1]?.hint(6)
    await settle()
    expect(lists.length).toBe(2)
    await vi.advanceTimersByTimeAsync(250)
    waits[2]?.fail(new Error('gone'))
    await vi.advanceTimersByTimeAsync(1300)
    expect(waits.length).toBe(4)
    listening.stop()
  })

  it('drops an older answer to the same question', async () => {
    asking.start()
    void asking.ask()
    at(1).answer(page({ total: 2 }))
    await settle()
    at(0).answer(page({ total: 1 }))
    await settle()
    expect(store.total).toBe(2)
  })

  it('asks at the first letter, and for the last of those that follow before the answer', async () => {
    asking.start()
    at(0).answer(page({}))
    await settle()
    for (const text of ['p', 'pa', 'pay']) asking.change({ text }, true)
    expect(asked.map((one) => one.query.text)).toEqual(['', 'p'])
    await vi.advanceTimersByTimeAsync(30)
    expect(asked.map((one) => one.query.text)).toEqual(['', 'p', 'pay'])
  })

  it('never has more than three questions under way, and asks the newest afterwards', async () => {
    asking.start()
    for (const text of ['a', 'ab', 'abc', 'abcd', 'abcde']) asking.change({ text })
    expect(asked.length).toBe(3)
    at(0).answer(page({}))
    await settle()
    expect(asked.length).toBe(4)
    expect(at(3).query.text).toBe('abcde')
  })

  it('keeps what it has when an answer fails, says that the host is silent, and recovers', async () => {
    vi.spyOn(console, 'error').mockImplementation(() => undefined)
    asking.start()
    at(0).answer(page({ total: 4 }))
    await vi.advanceTimersByTimeAsync(1100)
    at(1).fail(new Error('gone'))
    await vi.advanceTimersByTimeAsync(DESK_LOST_AFTER + 600)
    expect(store.live).toBe(false)
    expect(store.total).toBe(4)
    at(-1).answer(page({ total: 5 }))
    await settle()
    expect(store.live).toBe(true)
    expect(store.total).toBe(5)
  })

  it('gives up an answer that never comes', async () => {
    asking.start()
    await vi.advanceTimersByTimeAsync(13_000)
    expect(asked.length).toBeGreaterThan(1)
    at(0).answer(page({ total: 77 }))
    await settle()
    expect(store.total).not.toBe(77)
  })

  it('moves the host’s clock on by what has passed', async () => {
    asking.start()
    at(0).answer(page({}))
    await settle()
    expect(store.now).toBe(NOW)
    await vi.advanceTimersByTimeAsync(3000)
    expect(store.now).toBeGreaterThanOrEqual(NOW + 2500)
  })
})

describe('an alert that is asked for from outside', () => {
  it('is shown once, and not when it was asked for long before', async () => {
    asking.start()
    at(0).answer(page({ wanted: { alert: 7, at: NOW - 60_000 } }))
    await settle()
    expect(store.wanted).toBeNull()
    void asking.ask()
    at(1).answer(page({ wanted: { alert: 8, at: NOW - 100 } }))
    await settle()
    const first = store.wanted
    expect(first?.alert).toBe(8)
    void asking.ask()
    at(2).answer(page({ wanted: { alert: 8, at: NOW - 100 } }))
    await settle()
    // The same object: what depends on it is not told again.
    expect(store.wanted).toBe(first)
  })

  it('is shown by a window that was opened for it', async () => {
    asking.start()
    at(0).answer(page({ wanted: { alert: 9, at: NOW - 2000 } }))
    await settle()
    expect(store.wanted?.alert).toBe(9)
  })
})

describe('doing', () => {
  it('offers the way back, and says why something was refused', async () => {
    let refuse = false
    const sent: unknown[] = []
    const after = vi.fn()
    const doing = new Doing(
      hostOver(async (_, args) => {
        sent.push((args as { act: unknown }).act)
        if (refuse) throw { code: 'internal', params: { detail: '数据库写不进去' } }
        return null
      }),
      after,
    )
    expect(await doing.act({ do: 'ack', alerts: [3, 4], comment: '', for_ms: null, mirror: null })).toBe(true)
    expect(after).toHaveBeenCalledTimes(1)
    expect(doing.toasts.at(-1)).toMatchObject({ failed: false, text: '已确认 2 条', undo: { do: 'unack', alerts: [3, 4] } })
    const toast = doing.toasts.at(-1)
    if (toast !== undefined) await doing.undo(toast)
    expect(sent.at(-1)).toEqual({ do: 'unack', alerts: [3, 4] })
    refuse = true
    expect(await doing.act({ do: 'unack', alerts: [3] })).toBe(false)
    expect(doing.toasts.at(-1)).toMatchObject({ failed: true, undo: null })
    expect(doing.toasts.at(-1)?.text).toContain('数据库写不进去')
    expect(await doing.act({ do: 'ack', alerts: [], comment: '', for_ms: null, mirror: null })).toBe(false)
    await vi.advanceTimersByTimeAsync(6000)
    expect(doing.toasts).toEqual([])
  })

  it('knows what can be taken back', () => {
    expect(inverse({ do: 'snooze', alerts: [1], for_ms: 60_000 })).toEqual({ do: 'snooze', alerts: [1], for_ms: 0 })
    expect(inverse({ do: 'resolve', alerts: [1], comment: '' })).toBeNull()
  })
})
