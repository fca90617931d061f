import { asErrorView, type Host } from '../../api/host'
import type { ContactView } from '../../api/wire'
import { t } from '../../i18n/index.svelte'
import { sentence } from '../../shared/errors'

/** So long contacts stand in full, s. */
export const SHOWN_FOR = 30

/** One person's contacts in full, shown on purpose, hidden again by itself. */
export class Reveal {
  /** Whose. */
  of = $state<string | null>(null)
  contact = $state.raw<ContactView | null>(null)
  /** Seconds until it is hidden. */
  left = $state(0)
  private timer = 0
  private seq = 0

  constructor(
    private readonly host: Host,
    private readonly failed: (text: string) => void,
  ) {}

  /** Shows somebody's contacts, or hides them. */
  async toggle(person: string): Promise<void> {
    const shown = this.of
    this.hide()
    if (shown === person) return
    const mine = this.seq
    try {
      const contact = await this.host.rotaContact(person)
      if (mine !== this.seq) return
      this.of = person
      this.contact = contact
      this.left = SHOWN_FOR
      this.timer = window.setInterval(() => {
        this.left -= 1
        if (this.left <= 0) this.hide()
      }, 1000)
    } catch (cause) {
      if (mine === this.seq) this.failed(t('desk.toast.failed', { error: sentence(asErrorView(cause)) }))
    }
  }

  /** Hides what is shown, and drops an answer on its way. */
  hide(): void {
    this.seq += 1
    window.clearInterval(this.timer)
    this.of = null
    this.contact = null
    this.left = 0
  }
}
