import type { AlertDetail } from '../../api/wire'
import { channelName } from '../../shared/say'
import { tame } from '../../shared/text'

/** Who has been told, once each, with the channels that have taken it: 李四（弹窗、声音）. */
export function toldOf(detail: AlertDetail): { name: string; channels: string[] }[] {
  const people = new Map<string, string[]>()
  for (const notice of detail.notices) {
    if (notice.state !== 'sent') continue
    const name = tame(notice.to, 40)
    const channel = channelName(notice.channel)
    const known = people.get(name) ?? []
    if (!known.includes(channel)) known.push(channel)
    people.set(name, known)
  }
  return [...people].map(([name, channels]) => ({ name, channels }))
}

/** A key press in the first moment was meant for something else: this window comes by itself, ms. */
export const DEAF = 1200

/** Whether Enter or Space acknowledges: not while it is held down, nor right after the window or another alert came. */
export const answers = (event: { key: string; repeat: boolean; ctrlKey: boolean; altKey: boolean; metaKey: boolean }, shownFor: number): boolean =>
  (event.key === 'Enter' || event.key === ' ') && !event.repeat && !event.ctrlKey && !event.altKey && !event.metaKey && shownFor >= DEAF
