import type { Pressed } from '../alerts/keys'

/** What a key asks for on the page of logs. */
export type KeyAction = 'down' | 'up' | 'page_down' | 'page_up' | 'first' | 'last' | 'open' | 'search' | 'tail' | 'refresh' | 'wider' | 'context' | 'trace' | 'patterns' | 'lines' | 'boards' | 'save' | 'help' | 'escape'

const PLAIN: Record<string, KeyAction> = {
  j: 'down',
  ArrowDown: 'down',
  k: 'up',
  ArrowUp: 'up',
  PageDown: 'page_down',
  PageUp: 'page_up',
  Home: 'first',
  End: 'last',
  Enter: 'open',
  '/': 'search',
  t: 'tail',
  r: 'refresh',
  w: 'wider',
  c: 'context',
  g: 'trace',
  p: 'patterns',
  l: 'lines',
  b: 'boards',
  s: 'save',
  '?': 'help',
  '？': 'help',
  Escape: 'escape',
}

/** The action of a key press; null when it has none. While somebody types letters are letters, and only Escape leaves. */
export function keyAction(pressed: Pressed, typing: boolean): KeyAction | null {
  if (pressed.isComposing === true) return null
  if (typing) return pressed.key === 'Escape' ? 'escape' : null
  if (pressed.ctrlKey || pressed.metaKey || pressed.altKey) return null
  const key = pressed.key.length === 1 ? pressed.key.toLowerCase() : pressed.key
  if (pressed.shiftKey) return key === '?' || key === '？' ? 'help' : null
  return PLAIN[key] ?? null
}

/** The keys as the help shows them. */
export const HELP: readonly (readonly [readonly string[], string])[] = [
  [['/'], 'logs.keys.search'],
  [['J', 'K', '↓', '↑'], 'logs.keys.move'],
  [['Enter'], 'logs.keys.open'],
  [['T'], 'logs.keys.tail'],
  [['C'], 'logs.keys.context'],
  [['G'], 'logs.keys.trace'],
  [['R'], 'logs.keys.refresh'],
  [['W'], 'logs.keys.wider'],
  [['L', 'P', 'B'], 'logs.keys.views'],
  [['S'], 'logs.keys.save'],
  [['Home', 'End'], 'logs.keys.ends'],
  [['?'], 'logs.keys.help'],
  [['Esc'], 'logs.keys.escape'],
]
