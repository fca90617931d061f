import type { Host } from '../api/host'
import type { WallStore } from './wall.svelte'

const SECOND = 1000
/** While panels wait for their first answer at the start, ask this often. */
const EAGER = 150
const EAGER_FOR = 6000
/** A call that is not answered for so long is given up, so that a lost answer does not end the wall. */
const GIVE_UP = 10_000
const HEARTBEAT = 30_000
/** So that a timer a little early does not read the second that is just ending, ms. */
const MARGIN = 15
/** How often silence is looked for, ms. */
const WATCH = 500
/**
 * The panels' turn comes in a picture of its own, so long after the frame, ms. Not later: for each picture WebKit follows the screen's beat
 * for a third of a second, and two pictures within that time cost one such while.
 */
const TURN = 60

/** A board that was shown is taken away so long after the picture of the one that followed, ms. */
const LEAVE = 400

/** The loop that pulls: one call at a time, once a second, at the second's beginning. */
export class Live {
  private timer = 0
  private half = 0
  private leaving = 0
  private clock = 0
  private heart = 0
  private outstanding: { since: number } | null = null
  private stopped = false
  private begun: number
  private reported = false
  /** Pictures that have really been painted. */
  private frames = 0

  constructor(
    private readonly host: Host,
    private readonly store: WallStore,
    private readonly monotonic: () => number,
  ) {
    this.begun = monotonic()
  }

  /** Begins to pull. */
  start(): void {
    void this.pull()
    this.clock = window.setInterval(() => this.watch(), WATCH)
  }

  /** Ends everything. */
  stop(): void {
    this.stopped = true
    window.clearTimeout(this.timer)
    window.clearTimeout(this.half)
    window.clearTimeout(this.leaving)
    window.clearInterval(this.clock)
    window.clearInterval(this.heart)
  }

  /** Asks at once, for instance after another board was chosen. */
  async pull(): Promise<void> {
    if (this.outstanding !== null || this.stopped) return
    window.clearTimeout(this.timer)
    const mine = { since: this.monotonic() }
    this.outstanding = mine
    try {
      const frame = await this.host.pull(this.store.cursor, this.frames, document.hidden, this.store.layers.ready)
      if (this.outstanding !== mine) return
      // Another board: its panels may still wait for their first answer.
      if (frame.head.full) this.begun = this.monotonic()
      this.store.apply(frame, this.monotonic())
      requestAnimationFrame(() => {
        this.frames += 1
        window.clearTimeout(this.leaving)
        this.leaving = window.setTimeout(() => this.store.layers.leave(), LEAVE)
      })
      window.clearTimeout(this.half)
      if (this.store.bands > 1) this.half = window.setTimeout(() => this.store.turn(), TURN)
      this.afterPaint()
    } catch (error) {
      // The store turns "not live" by itself when answers stay away; the next frame must hold everything.
      this.store.forget()
      console.error(error)
    } finally {
      if (this.outstanding === mine) {
        this.outstanding = null
        this.schedule()
      }
    }
  }

  private schedule(): void {
    if (this.stopped) return
    const now = this.monotonic()
    const eager = this.store.waiting && now - this.begun < EAGER_FOR
    // Aligned to the host's second, so that the clock's digit and the data change together: one repaint, not two.
    const wait = eager ? EAGER : this.store.started ? SECOND - (this.store.now % SECOND) + MARGIN : SECOND
    window.clearTimeout(this.timer)
    this.timer = window.setTimeout(() => void this.pull(), Math.max(20, wait))
  }

  private watch(): void {
    const now = this.monotonic()
    const calling = this.outstanding
    if (calling !== null && now - calling.since > GIVE_UP) {
      this.outstanding = null
      this.schedule()
    }
    // A frame has just moved the clock; only silence needs this.
    if (now - this.store.heardAt > SECOND) this.store.tick(now)
  }

  private afterPaint(): void {
    if (this.reported) return
    const panels = this.store.painted()
    requestAnimationFrame(() =>
      requestAnimationFrame(() => {
        document.body.dataset.ready = '1'
        if (panels === 0 || this.reported || this.stopped) return
        this.reported = true
        this.send()
        this.heart = window.setInterval(() => this.report(), HEARTBEAT)
      }),
    )
  }

  /**
   * A heartbeat is sent from inside a frame: a page that can no longer paint falls silent. The first says what the next pull would say up to
   * a second later: a page that was begun anew is back.
   */
  private report(): void {
    requestAnimationFrame(() => this.send())
  }

  private send(): void {
    if (!this.stopped) void this.host.painted(this.store.painted(), this.frames, document.hidden).catch(() => undefined)
  }
}
