import { describe, expect, it } from 'vitest'
import { AROUND, historyQuery, PAGE } from './range'

const wish = { back: 86_400_000, text: '', person: null, levels: [], at: null }

describe('the question of the history', () => {
  it('looks back from now, and takes what begins within the next minute for the past', () => {
    expect(historyQuery(wish, 1e12, null)).toMatchObject({ from: 1e12 - 86_400_000, to: 1e12 + 60_000, limit: PAGE })
  })
  it('is about the time around a moment when somebody asked for one', () => {
    const at = 9e11
    expect(historyQuery({ ...wish, at }, 1e12, [at, 7])).toMatchObject({ from: at - AROUND.before, to: at + AROUND.after, before: [at, 7] })
    expect(AROUND.before).toBeGreaterThan(AROUND.after)
  })
})
