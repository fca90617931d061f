/** Longest name of a series that is shown. */
export const NAME_LIMIT = 120
/** Longest value of a label that is kept. */
export const LABEL_LIMIT = 300

// Controls, line and paragraph separators, and everything that turns the direction of the text around it.
// eslint-disable-next-line no-control-regex
const UNSAFE = /[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]+/g

/**
 * Text from outside, fit for one line of the wall: bounded, without controls and without marks that would turn the neighbours'
 * direction. It is still only ever put into text nodes.
 */
export function tame(text: unknown, limit: number = NAME_LIMIT): string {
  const whole = typeof text === 'string' ? text : String(text ?? '')
  // Cut before searching: a label of megabytes must not cost megabytes of work.
  const cut = whole.length > 4 * limit ? whole.slice(0, 4 * limit) : whole
  const clean = cut.replace(UNSAFE, ' ').trim()
  if (clean.length <= limit && cut.length === whole.length) return clean
  let end = Math.min(limit - 1, clean.length)
  // Not in the middle of a surrogate pair.
  if (end > 0 && end < clean.length && (clean.charCodeAt(end - 1) & 0xfc00) === 0xd800) end -= 1
  return `${clean.slice(0, end)}…`
}
