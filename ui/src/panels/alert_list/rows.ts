import type { AlertRow } from '../../api/wire'

const LEVELS = ['p0', 'p1', 'p2', 'p3']

/**
 * Alerts that a board's words let through: each word must stand in title, rule or place, `!word` in none of them; `level<=P1` keeps
 * P1 and what is more urgent, `level=P2` this level alone.
 */
export function chosen(rows: readonly AlertRow[], filter: string | null): AlertRow[] {
  const terms = (filter ?? '').toLowerCase().split(/\s+/).filter((term) => term !== '')
  return rows.filter((row) => {
    const text = [row.title, row.rule, ...row.place].join('\n').toLowerCase()
    return terms.every((term) => {
      const level = /^level(<=|>=|=)(p[0-3])$/.exec(term)
      if (level === null) return term.startsWith('!') ? !text.includes(term.slice(1)) : text.includes(term)
      const own = LEVELS.indexOf(row.level)
      const limit = LEVELS.indexOf(level[2] ?? '')
      return level[1] === '<=' ? own <= limit : level[1] === '>=' ? own >= limit : own === limit
    })
  })
}
