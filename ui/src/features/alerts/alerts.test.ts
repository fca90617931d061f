import { describe, expect, it } from 'vitest'
import type { AlertPage, AlertQuery, LabelView } from '../../api/wire'
import { FakeDesk } from '../../api/fake-desk'
import { hostOver, type Host } from '../../api/host'
import { keyAction, HELP, type Pressed } from './keys'
import { complete, equal, isNarrow, operatorOf, startMatchers, withOperator, written } from './matchers'
import { nextGrouping, opening, queryOf, sameness, term, toggled, withTerm } from './question'
import { collect, MOST_SELECTED, Selection } from './selection.svelte'
import { indexOf, isFlight, needsMore, painted, reveal, slotOf, windowAround, WINDOW } from './window'

const settings = { locale: 'zh-CN', theme: 'dark', time_zone: 'Asia/Shanghai', kiosk: false, type_scale: 1, boards: [] }

describe('the window of the list', () => {
  it('paints what is seen and a little beyond, never outside of the list', () => {
    expect(painted(0, 640, 64, 50_000)).toEqual({ first: 0, last: 16 })
    expect(painted(64_000, 640, 64, 50_000)).toEqual({ first: 994, last: 1016 })
    expect(painted(64 * 49_990, 640, 64, 50_000)).toEqual({ first: 49_984, last: 49_999 })
    expect(painted(0, 640, 64, 3)).toEqual({ first: 0, last: 2 })
    expect(painted(0, 640, 64, 0)).toEqual({ first: 0, last: -1 })
    expect(painted(1e9, 640, 64, 10).last).toBe(9)
    expect(painted(0, 640, 0, 10)).toEqual({ first: 0, last: -1 })
  })

  it('does not ask for what the thumb flies past, but looks now and then', () => {
    expect(isFlight(60, 900, 10)).toBe(false)
    expect(isFlight(-901, 900, 10)).toBe(true)
    expect(isFlight(50_000, 900, 1_000)).toBe(false)
  })

  it('is asked for around what is seen, inside of the list', () => {
    expect(windowAround({ first: 0, last: 16 }, 50_000)).toBe(0)
    expect(windowAround({ first: 994, last: 1016 }, 50_000)).toBe(905)
    expect(windowAround({ first: 49_984, last: 49_999 }, 50_000)).toBe(49_800)
    expect(windowAround({ first: 0, last: 2 }, 3)).toBe(0)
  })

  it('asks before its end is reached, and not at the ends of the list', () => {
    expect(needsMore({ first: 60, last: 80 }, 0, WINDOW, 50_000)).toBe(false)
    expect(needsMore({ first: 160, last: 180 }, 0, WINDOW, 50_000)).toBe(true)
    expect(needsMore({ first: 0, last: 16 }, 0, WINDOW, 50_000)).toBe(false)
    expect(needsMore({ first: 520, last: 540 }, 500, WINDOW, 50_000)).toBe(true)
    expect(needsMore({ first: 180, last: 199 }, 0, WINDOW, 200)).toBe(false)
    expect(needsMore({ first: 0, last: -1 }, 0, 0, 0)).toBe(false)
  })

  it('holds what is seen wherever one scrolls', () => {
    for (let top = 0; top < 64 * 5000; top += 977) {
      const span = painted(top, 2160, 64, 5000)
      const offset = windowAround(span, 5000)
      expect(offset).toBeLessThanOrEqual(span.first)
      expect(offset + WINDOW).toBeGreaterThan(span.last)
      // What was just asked for needs nothing more: no endless asking.
      expect(needsMore(span, offset, Math.min(WINDOW, 5000 - offset), 5000)).toBe(false)
    }
  })

  it('scrolls only as far as needed', () => {
    expect(reveal(5, 0, 640, 64)).toBeNull()
    expect(reveal(10, 0, 640, 64)).toBe(64)
    expect(reveal(2, 640, 640, 64)).toBe(128)
  })

  it('gives every painted entry an element of its own', () => {
    const pool = 26
    const slots = Array.from({ length: pool }, (_, i) => slotOf(994 + i, pool))
    expect(new Set(slots).size).toBe(pool)
  })

  it('gives every element the one painted entry of its slot', () => {
    const pool = 26
    for (const first of [0, 1, 25, 26, 994]) {
      const shown = Array.from({ length: pool }, (_, slot) => indexOf(slot, first, pool))
      expect([...shown].sort((a, b) => a - b)).toEqual(Array.from({ length: pool }, (_, i) => first + i))
      shown.forEach((index, slot) => expect(slotOf(index, pool)).toBe(slot))
    }
  })
})

describe('a key', () => {
  const press = (key: string, over: Partial<Pressed> = {}): Pressed => ({ key, ctrlKey: false, metaKey: false, altKey: false, shiftKey: false, ...over })

  it.each([
    ['j', 'down'],
    ['ArrowDown', 'down'],
    ['k', 'up'],
    ['ArrowUp', 'up'],
    ['Enter', 'open'],
    ['a', 'ack'],
    ['A', 'ack'],
    ['u', 'unack'],
    ['t', 'assign'],
    ['s', 'mute'],
    ['z', 'snooze'],
    ['r', 'resolve'],
    ['c', 'comment'],
    ['x', 'select'],
    ['/', 'search'],
    ['g', 'group'],
    ['Escape', 'escape'],
    ['q', null],
    ['F5', null],
  ])('%s does %s', (key, action) => expect(keyAction(press(key), false)).toBe(action))

  it('with Shift and Ctrl', () => {
    expect(keyAction(press('A', { shiftKey: true }), false)).toBe('ack_options')
    expect(keyAction(press('?', { shiftKey: true }), false)).toBe('help')
    expect(keyAction(press('？', { shiftKey: true }), false)).toBe('help')
    expect(keyAction(press('ArrowDown', { shiftKey: true }), false)).toBe('range_down')
    expect(keyAction(press('a', { ctrlKey: true }), false)).toBe('select_all')
    expect(keyAction(press('r', { ctrlKey: true }), false)).toBeNull()
    expect(keyAction(press('a', { altKey: true }), false)).toBeNull()
    // A shifted letter must not act as the plain one: R closes alerts.
    expect(keyAction(press('R', { shiftKey: true }), false)).toBeNull()
  })

  it('is a letter while somebody types or an input method composes', () => {
    for (const key of ['a', 'r', 'j', ' ', 'Enter']) expect(keyAction(press(key), true)).toBeNull()
    expect(keyAction(press('Escape'), true)).toBe('escape')
    expect(keyAction(press('a', { isComposing: true }), false)).toBeNull()
  })

  it('stands in the help', () => expect(HELP.length).toBeGreaterThan(15))
})

describe('a question', () => {
  it('is sent bounded, with its window and cursor', () => {
    const q = queryOf({ ...opening(), text: 'x'.repeat(5000) }, 400, 200, 17)
    expect(q.text.length).toBe(1000)
    expect(q).toMatchObject({ tab: 'open', offset: 400, limit: 200, cursor: 17 })
  })

  it('is the same only when every part is', () => {
    const base = opening()
    expect(sameness({ ...base })).toBe(sameness(base))
    for (const other of [{ tab: 'mine' as const }, { text: 'a' }, { levels: ['p0' as const] }, { group: 'rule' as const }, { order: 'title' as const }, { unfolded: ['x'] }]) {
      expect(sameness({ ...base, ...other })).not.toBe(sameness(base))
    }
  })

  it('takes labels as conditions, quoted where they would fall apart, once', () => {
    expect(term('service', 'payment')).toBe('service=payment')
    expect(term('path', 'a b')).toBe('path="a b"')
    expect(term('path', 'a"\\b')).toBe('path="a\\"\\\\b"')
    expect(term('empty', '')).toBe('empty=""')
    expect(withTerm('', 'a=b')).toBe('a=b')
    expect(withTerm(' x ', 'a=b')).toBe('x a=b')
    expect(withTerm('x a=b', 'a=b')).toBe('x a=b')
  })

  it('all levels are the same as none', () => {
    expect(toggled([], 'p1')).toEqual(['p1'])
    expect(toggled(['p2'], 'p0')).toEqual(['p0', 'p2'])
    expect(toggled(['p0', 'p1', 'p2'], 'p3')).toEqual([])
    expect(toggled(['p1'], 'p1')).toEqual([])
  })

  it('groupings go round', () => {
    let group = opening().group
    const seen = new Set<string>()
    for (let i = 0; i < 5; i += 1) {
      seen.add(group)
      group = nextGrouping(group)
    }
    expect(seen.size).toBe(5)
    expect(group).toBe('none')
  })
})

describe('conditions of a silence', () => {
  const labels: LabelView[] = [
    { name: 'alertname', value: 'PodRestarts' },
    { name: 'pod', value: 'consult-7d9f-x2' },
    { name: 'service', value: 'consult' },
    { name: 'severity', value: 'warning' },
    { name: 'empty', value: '' },
  ]
  it('begin with what does not change by itself: a new pod keeps the silence', () => {
    expect(startMatchers(labels).map(written)).toEqual(['alertname=PodRestarts', 'service=consult'])
  })
  it('change their operator and keep the rest', () => {
    for (const op of ['=', '!=', '=~', '!~']) expect(operatorOf(withOperator(equal('a', 'b'), op))).toBe(op)
  })
  it('that would hold everything are not sent', () => {
    expect(isNarrow([])).toBe(false)
    expect(isNarrow([equal('', '')])).toBe(false)
    expect(isNarrow([equal('a', '')])).toBe(false)
    expect(isNarrow([withOperator(equal('a', '.*'), '=~')])).toBe(false)
    expect(isNarrow([withOperator(equal('a', 'b'), '!=')])).toBe(false)
    expect(isNarrow([equal('', ''), equal(' a ', 'b')])).toBe(true)
    expect(complete([equal('', 'x'), equal(' a ', 'b')])).toEqual([equal('a', 'b')])
  })
})

describe('choosing', () => {
  const host = (many: number): { host: Host; asked: AlertQuery[] } => {
    const desk = new FakeDesk(new URLSearchParams({ many: String(many) }), () => settings)
    const asked: AlertQuery[] = []
    return {
      asked,
      host: hostOver(async (command, args = {}) => {
        if (command === 'alerts') asked.push(args.query as AlertQuery)
        return desk.answer(command, args)
      }),
    }
  }

  it('a range asks for all of it in windows, at most a thousand', async () => {
    const { host: h, asked } = host(3000)
    const all = await collect(h, opening(), 0, 2999)
    expect(all.length).toBe(MOST_SELECTED)
    expect(new Set(all).size).toBe(MOST_SELECTED)
    expect(asked.every((q) => q.limit <= 200)).toBe(true)
    expect((await collect(h, opening(), 10, 14)).length).toBe(5)
  })

  it('passes over groups and ends with the list', async () => {
    const { host: h } = host(50)
    const page: AlertPage = await h.alerts(queryOf({ ...opening(), group: 'rule' }, 0, 200, 0))
    expect(page.items?.every((item) => item.kind === 'group')).toBe(true)
    expect(await collect(h, { ...opening(), group: 'rule' }, 0, 199)).toEqual([])
  })

  it('acts on the chosen, or on the one that is looked at', () => {
    const selection = new Selection()
    expect(selection.targets()).toEqual([])
    selection.active = 7
    expect(selection.targets()).toEqual([7])
    selection.toggle(1, 0)
    selection.toggle(2, 1)
    selection.toggle(1, 0)
    expect(selection.targets()).toEqual([2])
    selection.add(Array.from({ length: 5000 }, (_, i) => i + 10))
    expect(selection.chosen.size).toBe(MOST_SELECTED)
    selection.clear()
    expect(selection.targets()).toEqual([7])
  })
})
