import { asErrorView, type Host } from '../api/host'
import type { AlertAct, RotaEdit } from '../api/wire'
import { t } from '../i18n/index.svelte'
import { sentence } from '../shared/errors'

/** How long a message stands, ms. */
const STANDS = 5000
/** At most so many messages at once. */
const MOST = 3

/** A short message about what was done, with a way back where there is one. */
export interface Toast {
  id: number
  text: string
  failed: boolean
  undo: AlertAct | null
}

const count = (act: AlertAct): number => ('alerts' in act ? act.alerts.length : 1)

function saidOf(act: AlertAct): string {
  switch (act.do) {
    case 'mute':
      return t(act.maintenance ? 'desk.toast.maintenance' : 'desk.toast.mute')
    case 'hush':
      return t(act.for_ms > 0 ? 'desk.toast.hush' : 'desk.toast.unhush')
    case 'me':
      return t('desk.toast.me', { name: act.person })
    default:
      return t(`desk.toast.${act.do}`, { count: count(act) })
  }
}

/** The act that takes another back; null where there is none. */
export function inverse(act: AlertAct): AlertAct | null {
  if (act.do === 'ack') return { do: 'unack', alerts: act.alerts }
  if (act.do === 'snooze' && act.for_ms > 0) return { do: 'snooze', alerts: act.alerts, for_ms: 0 }
  return null
}

/** What people do, one way for all windows: tells the host, asks at once for what came of it, says so. */
export class Doing {
  toasts = $state.raw<Toast[]>([])
  /** Acts that the host has not answered yet. */
  pending = $state(0)
  private next = 0

  constructor(
    private readonly host: Host,
    private readonly after: () => void,
  ) {}

  /** Does it; true when it is kept. `said` replaces the usual message. */
  async act(act: AlertAct, said?: string): Promise<boolean> {
    if ('alerts' in act && act.alerts.length === 0) return false
    this.pending += 1
    try {
      await this.host.alertAct(act)
      this.say(said ?? saidOf(act), false, inverse(act))
      return true
    } catch (error) {
      this.say(t('desk.toast.failed', { error: sentence(asErrorView(error)) }), true, null)
      return false
    } finally {
      this.pending -= 1
      this.after()
    }
  }

  /** Does something to the rota; true when it is kept. */
  async rota(edit: RotaEdit, said: string): Promise<boolean> {
    this.pending += 1
    try {
      await this.host.rotaEdit(edit)
      this.say(said)
      return true
    } catch (error) {
      this.say(t('desk.toast.failed', { error: sentence(asErrorView(error)) }), true)
      return false
    } finally {
      this.pending -= 1
      this.after()
    }
  }

  /** Opens a window of the program; a failure is said. */
  async open(kind: 'wall' | 'desk' | 'pocket', alert?: number): Promise<void> {
    try {
      await this.host.openWindow(kind, alert)
    } catch (error) {
      this.say(t('desk.toast.failed', { error: sentence(asErrorView(error)) }), true, null)
    }
  }

  /** Takes back what the newest message with a way back is about. */
  async undo(toast: Toast): Promise<void> {
    this.dismiss(toast.id)
    if (toast.undo !== null) await this.act(toast.undo)
  }

  /** Shows a message for a while. */
  say(text: string, failed = false, undo: AlertAct | null = null): void {
    this.next += 1
    const toast = { id: this.next, text, failed, undo }
    this.toasts = [...this.toasts, toast].slice(-MOST)
    window.setTimeout(() => this.dismiss(toast.id), STANDS)
  }

  /** Takes a message away. */
  dismiss(id: number): void {
    this.toasts = this.toasts.filter((toast) => toast.id !== id)
  }
}
