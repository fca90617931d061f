/** What a span's marks say; the bits are those of the host. */
export const MARK = {
  error: 1,
  orphan: 1 << 1,
  ring: 1 << 2,
  duplicate: 1 << 3,
  shared: 1 << 4,
  negative: 1 << 5,
  before: 1 << 6,
  after: 1 << 7,
  async: 1 << 8,
  warned: 1 << 9,
  moved: 1 << 10,
  links: 1 << 11,
  events: 1 << 12,
} as const

/** Oddities that a row says in a word, the gravest first. */
const WORDS: readonly (readonly [number, string])[] = [
  [MARK.ring, 'ring'],
  [MARK.orphan, 'orphan'],
  [MARK.negative, 'negative'],
  [MARK.duplicate, 'duplicate'],
  [MARK.before, 'before'],
  [MARK.moved, 'moved'],
  [MARK.async, 'async'],
]

/** The word for a row's gravest oddity (a key under `traces.mark.`); null when nothing is odd. */
export function oddity(marks: number): string | null {
  return WORDS.find(([bit]) => (marks & bit) !== 0)?.[1] ?? null
}
