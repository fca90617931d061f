import type { Host } from '../api/host'
import { queryOf, sameness, type Question } from '../features/alerts/question'
import type { DeskStore } from './desk.svelte'

const SECOND = 1000
/** Between two looks for a change, ms. */
const BREATH = 200
/** A call that is not answered for so long is given up. */
const GIVE_UP = 10_000
/** So many calls may be under way: while one takes long, a key still gets its answer. */
const AT_ONCE = 3
/** So that a timer a little early does not read the second that is just ending, ms. */
const MARGIN = 15
/** How often silence is looked for, ms. */
const WATCH = 500
/** While a question of a former letter is under way, the next one waits for so long for a further letter, ms. */
export const TYPING = 20

/** Asks for the list once a second, and at once when something was done; only the answer to the newest question counts. */
export class Asking {
  private timer = 0
  private clock = 0
  private breath = 0
  private debounce = 0
  private seq = 0
  private applied = 0
  /** What the store holds is the answer to this. */
  private answered = ''
  private again = false
  private stopped = false
  private readonly underWay = new Map<number, number>()

  constructor(
    private readonly host: Host,
    private readonly store: DeskStore,
    private readonly monotonic: () => number,
    private readonly limit: number,
  ) {}

  /** Begins to ask. */
  start(): void {
    void this.ask()
    this.clock = window.setInterval(() => this.watch(), WATCH)
  }

  /**
   * Asks as soon as the list is another one, a few times a second at most. Only a hint: the question of each second goes on, so
   * nothing is missed when this is never answered.
   */
  async listen(): Promise<void> {
    while (!this.stopped) {
      const known = this.store.cursor
      try {
        const cursor = await this.host.alertsChanged(known)
        if (this.stopped) return
        if (cursor !== this.store.cursor) void this.ask()
      } catch (error) {
        console.error(error)
        await this.pause(SECOND)
      }
      await this.pause(BREATH)
    }
  }

  private pause(ms: number): Promise<void> {
    return new Promise((done) => {
      this.breath = window.setTimeout(done, ms)
    })
  }

  /** Ends everything. */
  stop(): void {
    this.stopped = true
    window.clearTimeout(this.breath)
    window.clearTimeout(this.timer)
    window.clearTimeout(this.debounce)
    window.clearInterval(this.clock)
  }

  /** Another question, asked at once; while somebody types faster than answers come, after a moment without a further letter. */
  change(next: Partial<Question>, typing = false): void {
    this.store.question = { ...this.store.question, ...next }
    this.store.wantOffset = 0
    window.clearTimeout(this.debounce)
    if (typing && this.underWay.size > 0) this.debounce = window.setTimeout(() => void this.ask(), TYPING)
    else void this.ask()
  }

  /** Another part of the same list. */
  move(offset: number): void {
    if (offset === this.store.wantOffset) return
    this.store.wantOffset = offset
    void this.ask()
  }

  /** Asks now. */
  async ask(): Promise<void> {
    if (this.stopped) return
    if (this.underWay.size >= AT_ONCE) {
      this.again = true
      return
    }
    window.clearTimeout(this.timer)
    const { store } = this
    this.seq += 1
    const mine = this.seq
    const same = sameness(store.question)
    const whole = `${same}|${store.wantOffset}`
    this.underWay.set(mine, this.monotonic())
    try {
      const cursor = whole === this.answered ? store.cursor : 0
      const page = await this.host.alerts(queryOf(store.question, store.wantOffset, this.limit, cursor))
      if (this.stopped || mine < this.applied || !this.underWay.has(mine)) return
      // An answer to what nobody asks any more is dropped; so is one that says "nothing new" of another window.
      if (same !== sameness(store.question) || (page.items === null && whole !== this.answered)) return
      this.applied = mine
      if (page.items !== null) this.answered = whole
      store.apply(page, this.monotonic())
    } catch (error) {
      console.error(error)
    } finally {
      this.underWay.delete(mine)
      this.next()
    }
  }

  private next(): void {
    if (this.stopped) return
    if (this.again) {
      this.again = false
      void this.ask()
      return
    }
    if (this.underWay.size > 0) return
    const now = this.store.at(this.monotonic())
    const wait = this.store.started ? SECOND - (now % SECOND) + MARGIN : SECOND
    window.clearTimeout(this.timer)
    this.timer = window.setTimeout(() => void this.ask(), Math.max(20, wait))
  }

  private watch(): void {
    const now = this.monotonic()
    for (const [seq, since] of this.underWay) {
      if (now - since > GIVE_UP) {
        this.underWay.delete(seq)
        this.next()
      }
    }
    if (now - this.store.heardAt > SECOND) this.store.tick(now)
  }
}
