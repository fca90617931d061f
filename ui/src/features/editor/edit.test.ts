import { describe, expect, it } from 'vitest'
import { added, changed, duplicated, emptyBoard, freePlace, History, limitChanged, newQuery, onBoard, placed, removed, substance, type Area, type EditBoard } from './edit'

const at = (x: number, y: number, w: number, h: number): Area => ({ x, y, w, h })

/** A board with panels at these places; their ids are a, b, …. */
function boardOf(...places: Area[]): EditBoard {
  const board = { ...emptyBoard('x', 't'), columns: 12, rows: 10 }
  const panels = places.map((place, i) => ({ ...added(board, 'stat', 't').board.panels[0]!, id: 'abcdef'[i]!, at: place }))
  return { ...board, panels }
}

const places = (board: EditBoard): number[][] => board.panels.map(({ at: p }) => [p.x, p.y, p.w, p.h])

function clean(board: EditBoard): boolean {
  return board.panels.every((a, i) => a.at.x + a.at.w <= board.columns && a.at.y + a.at.h <= board.rows && board.panels.every((b, k) => i === k || a.at.x >= b.at.x + b.at.w || b.at.x >= a.at.x + a.at.w || a.at.y >= b.at.y + b.at.h || b.at.y >= a.at.y + a.at.h))
}

describe('places', () => {
  it('stay on the board', () => {
    const board = boardOf()
    expect(onBoard(board, at(-3, 2.4, 99, 0))).toEqual(at(0, 2, 12, 1))
    expect(onBoard(board, at(11, 500, 4, 3))).toEqual(at(8, 93, 4, 3))
    expect(onBoard(board, at(NaN, Infinity, NaN, 1))).toEqual(at(0, 0, 1, 1))
  })

  it('what is covered moves down, and the board grows for it', () => {
    const board = boardOf(at(0, 0, 6, 5), at(6, 0, 6, 5), at(0, 5, 12, 5))
    const next = placed(board, 'b', at(3, 0, 6, 5))
    expect(places(next)).toEqual([[0, 5, 6, 5], [3, 0, 6, 5], [0, 10, 12, 5]])
    expect(next.rows).toBe(15)
    expect(clean(next)).toBe(true)
    expect(places(board)[0]).toEqual([0, 0, 6, 5])
  })

  it('without a free row nothing changes', () => {
    const board = { ...boardOf(at(0, 0, 12, 90), at(0, 90, 12, 6)), rows: 96 }
    expect(placed(board, 'b', at(0, 0, 12, 10))).toBe(board)
  })

  it('no place change is no edit', () => {
    const board = boardOf(at(0, 0, 3, 3))
    expect(placed(board, 'a', at(0.2, 0, 3, 3))).toBe(board)
  })

  it('random moves never lay one panel on another', () => {
    let seed = 7
    const random = (n: number): number => ((seed = (seed * 1103515245 + 12345) % 2147483648), seed % n)
    let board = boardOf(at(0, 0, 4, 3), at(4, 0, 4, 3), at(8, 0, 4, 3), at(0, 3, 6, 4), at(6, 3, 6, 4))
    for (let i = 0; i < 300; i += 1) {
      board = placed(board, 'abcde'[random(5)]!, at(random(12), random(20), 1 + random(8), 1 + random(6)))
      expect(clean(board)).toBe(true)
    }
  })
})

describe('panels', () => {
  it('are added where there is room, else below', () => {
    const board = boardOf(at(0, 0, 12, 4))
    expect(freePlace(board, 3, 3)).toEqual(at(0, 4, 3, 3))
    const full = boardOf(at(0, 0, 12, 10))
    const made = added(full, 'gauge', '新面板')
    expect(made.id).toBe('gauge')
    expect(made.board.rows).toBeGreaterThan(10)
    expect(clean(made.board)).toBe(true)
    expect(added(made.board, 'gauge', 't').id).toBe('gauge_2')
  })

  it('are copied with everything they have and removed', () => {
    const board = changed(boardOf(at(0, 0, 3, 3)), 'a', { queries: [newQuery({ queries: [] }, 'up')], variables: { keep: 1 } })
    const copy = duplicated(board, 'a')
    expect(copy.board.panels[1]).toMatchObject({ id: 'a_2', variables: { keep: 1 }, queries: [{ expr: 'up' }] })
    expect(copy.board.panels[1]?.at).toEqual(at(3, 0, 3, 3))
    expect(removed(copy.board, 'a').panels.map((panel) => panel.id)).toEqual(['a_2'])
    expect(removed(board, 'nope')).toBe(board)
  })

  it('queries are named by letters', () => {
    const one = newQuery({ queries: [] })
    expect(one.id).toBe('a')
    expect(newQuery({ queries: [one] }).id).toBe('b')
  })
})

describe('limits', () => {
  it('none left is null, not an empty object', () => {
    const limits = limitChanged(null, { warning: 5, direction: 'below' })
    expect(limits).toEqual({ warning: 5, direction: 'below' })
    expect(limitChanged(limits, { warning: undefined })).toBeNull()
    expect(limitChanged(limits, { critical: NaN })).toEqual(limits)
  })
})

describe('history', () => {
  it('goes back and forth; letters of one text are one step', () => {
    const history = new History(boardOf(at(0, 0, 3, 3)))
    const first = history.now
    history.edit({ ...history.now, title: 'K' }, 'title')
    history.edit({ ...history.now, title: 'Ki' }, 'title')
    history.settle()
    history.edit({ ...history.now, title: 'Kit' }, 'title')
    history.edit(placed(history.now, 'a', at(5, 5, 3, 3)))
    expect(history.edit(history.now)).toBe(false)
    history.undo()
    expect(history.now.title).toBe('Kit')
    history.undo()
    expect(history.now.title).toBe('Ki')
    history.undo()
    expect(history.now).toBe(first)
    expect(history.undo()).toBe(false)
    history.redo()
    expect(history.now.title).toBe('Ki')
    history.edit({ ...history.now, title: 'x' })
    expect(history.canRedo).toBe(false)
  })

  it('keeps no more than 200 steps', () => {
    const history = new History(emptyBoard('x', '0'))
    for (let i = 1; i <= 300; i += 1) history.edit({ ...history.now, title: String(i) })
    let steps = 0
    while (history.undo()) steps += 1
    expect(steps).toBe(200)
  })
})

it('places are no substance', () => {
  const board = boardOf(at(0, 0, 3, 3))
  expect(substance(placed(board, 'a', at(5, 5, 3, 3)))).toBe(substance(board))
  expect(substance(changed(board, 'a', { kind: 'gauge' }))).not.toBe(substance(board))
})
