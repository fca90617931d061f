/** Under which spellings logs may know a trace: 32 digits, and 16 where its writer has 64 bits or the id has no more. */
export function spellings(id: string): string[] {
  const whole = id.trim().toLowerCase().padStart(32, '0')
  const half = whole.slice(16)
  return /^0+$/.test(half) ? [whole] : [whole, half]
}

/** A query for the lines of a trace, for 日志. */
export function linesOf(id: string): string {
  const all = spellings(id).map((one) => `trace_id:${one}`)
  return all.length === 1 ? all.join('') : `(${all.join(' or ')})`
}
