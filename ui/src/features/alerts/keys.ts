/** What a key asks for in the list of alerts. */
export type KeyAction =
  | 'down'
  | 'up'
  | 'page_down'
  | 'page_up'
  | 'first'
  | 'last'
  | 'open'
  | 'ack'
  | 'ack_options'
  | 'unack'
  | 'assign'
  | 'mute'
  | 'snooze'
  | 'resolve'
  | 'comment'
  | 'select'
  | 'range_down'
  | 'range_up'
  | 'select_all'
  | 'search'
  | 'group'
  | 'scene'
  | 'help'
  | 'escape'

/** What a key press tells; a part of KeyboardEvent. */
export interface Pressed {
  key: string
  ctrlKey: boolean
  metaKey: boolean
  altKey: boolean
  shiftKey: boolean
  isComposing?: boolean
}

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
  a: 'ack',
  u: 'unack',
  t: 'assign',
  s: 'mute',
  z: 'snooze',
  r: 'resolve',
  c: 'comment',
  x: 'select',
  ' ': 'select',
  '/': 'search',
  g: 'group',
  v: 'scene',
  '?': 'help',
  Escape: 'escape',
}

const SHIFTED: Record<string, KeyAction> = {
  a: 'ack_options',
  j: 'range_down',
  ArrowDown: 'range_down',
  k: 'range_up',
  ArrowUp: 'range_up',
  g: 'last',
  '?': 'help',
  // A Chinese keyboard layout gives the full-width question mark.
  '？': 'help',
}

/**
 * The action of a key press; null when it has none. While somebody types (a field has the focus, or an input method composes)
 * letters are letters, and only Escape leaves.
 */
export function keyAction(pressed: Pressed, typing: boolean): KeyAction | null {
  if (pressed.isComposing === true) return null
  if (typing) return pressed.key === 'Escape' ? 'escape' : null
  const key = pressed.key.length === 1 ? pressed.key.toLowerCase() : pressed.key
  if (pressed.ctrlKey || pressed.metaKey) {
    return key === 'a' && !pressed.altKey && !pressed.shiftKey ? 'select_all' : null
  }
  if (pressed.altKey) return null
  if (pressed.shiftKey) return SHIFTED[key] ?? null
  return PLAIN[key] ?? (key === '？' ? 'help' : null)
}

/** Whether keys that are pressed there are text. */
export function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false
  if (target.isContentEditable || target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement) return true
  return target instanceof HTMLInputElement && !['checkbox', 'radio', 'button'].includes(target.type)
}

/** The keys as the help shows them: which keys, and the locale key of what they do. */
export const HELP: readonly (readonly [readonly string[], string])[] = [
  [['J', 'K', '↓', '↑'], 'desk.keys.move'],
  [['Enter'], 'desk.keys.open'],
  [['A'], 'desk.keys.ack'],
  [['Shift A'], 'desk.keys.ack_options'],
  [['U'], 'desk.keys.unack'],
  [['T'], 'desk.keys.assign'],
  [['S'], 'desk.keys.mute'],
  [['Z'], 'desk.keys.snooze'],
  [['R'], 'desk.keys.resolve'],
  [['C'], 'desk.keys.comment'],
  [['X', 'Space'], 'desk.keys.select'],
  [['Shift ↓', 'Shift ↑'], 'desk.keys.select_range'],
  [['Ctrl A'], 'desk.keys.select_all'],
  [['/'], 'desk.keys.search'],
  [['G'], 'desk.keys.group'],
  [['V'], 'desk.keys.scene'],
  [['Home', 'End'], 'desk.keys.ends'],
  [['?'], 'desk.keys.help'],
  [['Esc'], 'desk.keys.escape'],
]
