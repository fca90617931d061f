/** What a stretch of a query is, for its colour. */
export type Kind = 'space' | 'field' | 'operator' | 'word' | 'value' | 'quoted' | 'number' | 'keyword' | 'paren'

/** A stretch of a query. */
export interface Piece {
  kind: Kind
  text: string
}

const KEYWORDS = new Set(['and', 'or', 'not', 'to', '且', '并且', '或', '或者', '非', '不含', '&&', '||'])
const SPACE = /^\s+/u
const PAREN = /^[()[\]{}（）【】，、]/u
const QUOTED = /^["“”＂](?:\\.|[^"“”＂\\])*["“”＂]?/u
const OPERATOR = /^(?:!=|>=|<=|[:=<>：＝＜＞])[~～]?/u
const WORD = /^[^\s()[\]{}（）【】，、:=<>：＝＜＞"“”＂]+/u
const NUMBER = /^-?\d+(?:\.\d+)?$/

/** Cuts a query into coloured stretches; together they are the query, however broken it is. */
export function pieces(query: string): Piece[] {
  const out: Piece[] = []
  let rest = query
  let value = false
  while (rest !== '') {
    const [kind, text] = next(rest, value)
    value = kind === 'operator' && OPERATOR.test(text)
    out.push({ kind, text })
    rest = rest.slice(text.length)
  }
  return out
}

function next(rest: string, value: boolean): [Kind, string] {
  const space = SPACE.exec(rest)
  if (space !== null) return ['space', space[0]]
  const paren = PAREN.exec(rest)
  if (paren !== null) return ['paren', paren[0]]
  const operator = OPERATOR.exec(rest)
  if (operator !== null) return ['operator', operator[0]]
  const quoted = QUOTED.exec(rest)
  if (quoted !== null) return [before(rest, quoted[0]) && !value ? 'field' : 'quoted', quoted[0]]
  const word = WORD.exec(rest)?.[0]
  // A lone quotation mark and its like: something has to be taken.
  if (word === undefined) return ['word', rest.slice(0, 1)]
  if (KEYWORDS.has(word.toLowerCase())) return ['keyword', word]
  if (NUMBER.test(word)) return ['number', word]
  if (!value && before(rest, word)) {
    const minus = /^[-!－！]/u.exec(word)
    return minus !== null && word.length > 1 ? ['operator', minus[0]] : ['field', word]
  }
  if (!value && /^[-!－！]./u.test(word)) return ['operator', word.slice(0, 1)]
  return [value ? 'value' : 'word', word]
}

const before = (rest: string, taken: string): boolean => OPERATOR.test(rest.slice(taken.length))

/** A value as the language of queries takes it, whatever it contains. */
export function quote(value: string): string {
  if (/^[\p{L}\p{N}_][\p{L}\p{N}_.\-/]*$/u.test(value) && !KEYWORDS.has(value.toLowerCase())) return value
  return `"${value.replace(/[\\"“”＂]/gu, (c) => `\\${c}`)}"`
}

/** A field's name as the language takes it. */
export const quoteField = (name: string): string => (/^[\p{L}_@$][\p{L}\p{N}_@$\-/.]*$/u.test(name) ? name : `"${name.replace(/[\\"]/g, (c) => `\\${c}`)}"`)

/** A condition on a field's value. */
export const term = (field: string, value: string, exclude: boolean): string => `${exclude ? '-' : ''}${quoteField(field)}:${quote(value)}`

/** The query with a condition more: the same one is taken away, its opposite replaced. */
export function refine(query: string, field: string, value: string, exclude: boolean): string {
  const wanted = term(field, value, exclude)
  const opposite = term(field, value, !exclude)
  const without = drop(query, wanted)
  if (without !== null) return without
  const base = drop(query, opposite) ?? query.trim()
  return add(base, wanted)
}

/** The query with a further condition that must hold too. */
export function add(query: string, condition: string): string {
  const base = query.trim()
  if (base === '') return condition
  const loose = pieces(base).some((piece) => piece.kind === 'keyword' && /^(or|或|或者|\|\|)$/i.test(piece.text))
  return loose ? `(${base}) ${condition}` : `${base} ${condition}`
}

/** The query without a condition that stands in it by itself; null when it does not. */
function drop(query: string, condition: string): string | null {
  const at = ` ${query} `.indexOf(` ${condition} `)
  if (at < 0) return null
  return `${query.slice(0, Math.max(0, at))}${query.slice(at + condition.length)}`.replace(/\s+/gu, ' ').trim()
}

/** Whether a condition stands in the query: 1 as it is, -1 excluded, 0 not at all. */
export function standing(query: string, field: string, value: string): number {
  if (drop(query, term(field, value, false)) !== null) return 1
  return drop(query, term(field, value, true)) !== null ? -1 : 0
}

/** A part of a message, marked when it is what was searched. */
export interface Marked {
  text: string
  hit: boolean
}

const MOST_MARKS = 60

/** A message cut at what was searched, compared without regard to the case of ASCII letters; the phrases come longest first. */
export function marked(message: string, phrases: readonly string[]): Marked[] {
  if (phrases.length === 0 || message === '') return [{ text: message, hit: false }]
  const lower = asciiLower(message)
  const wanted = phrases.map(asciiLower).filter((one) => one !== '')
  const out: Marked[] = []
  let from = 0
  for (let n = 0; n < MOST_MARKS; n++) {
    let at = -1
    let length = 0
    for (const phrase of wanted) {
      const found = lower.indexOf(phrase, from)
      if (found >= 0 && (at < 0 || found < at)) {
        at = found
        length = phrase.length
      }
    }
    if (at < 0) break
    if (at > from) out.push({ text: message.slice(from, at), hit: false })
    out.push({ text: message.slice(at, at + length), hit: true })
    from = at + length
  }
  if (from < message.length) out.push({ text: message.slice(from), hit: false })
  return out
}

/** Of the same length: only A to Z become small. */
const asciiLower = (text: string): string => text.replace(/[A-Z]/g, (c) => c.toLowerCase())
