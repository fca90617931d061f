import { asErrorView, type Host } from '../../api/host'
import type { TraceFold, TraceRow } from '../../api/wire'

/** Rows of one question. */
export const CHUNK = 100
/** Chunks that are held. */
const HELD = 24
/** Questions at once. */
const AT_ONCE = 2

/** The rows of the open trace that are near to what is seen; the rest stays in the program. */
export class Rows {
  /** Rows that are not folded away. */
  total = $state(0)
  /** Rises with everything that changes what a row shows. */
  version = $state(0)
  /** First place that was seen last. */
  seen = 0
  private key = ''
  private view: [number, number] = [0, 1]
  /** Chunks by their number, the one used last at the end. */
  private chunks = new Map<number, TraceRow[]>()
  private wanted: number[] = []
  private readonly underWay = new Set<number>()
  /** Rises with folding, zooming, another trace: an answer to what was asked before it does not count. */
  private era = 0

  constructor(
    private readonly host: Host,
    /** The trace is not open any more. */
    private readonly closed: () => void,
  ) {}

  /** Another trace. */
  begin(key: string, total: number, view: [number, number]): void {
    this.key = key
    this.view = view
    this.total = total
    this.forget()
  }

  /** Another part of its time. What is there stays until what is finer has come. */
  look(view: [number, number]): void {
    this.view = view
    this.era += 1
    this.underWay.clear()
    const near = [...this.chunks.keys()].slice(-2)
    this.stale = new Set(this.chunks.keys())
    this.wanted = near
    this.next()
  }
  private stale = new Set<number>()

  private forget(): void {
    this.era += 1
    this.chunks = new Map()
    this.stale.clear()
    this.underWay.clear()
    this.wanted = []
    this.version += 1
  }

  /** The row at a place, if it is here. */
  at(index: number): TraceRow | undefined {
    void this.version
    return this.chunks.get(Math.floor(index / CHUNK))?.[index % CHUNK]
  }

  /** The place of a row, if it is here. */
  placeOf(row: number): number | null {
    for (const [n, rows] of this.chunks) {
      const i = rows.findIndex((one) => one.row === row)
      if (i >= 0) return n * CHUNK + i
    }
    return null
  }

  /** These places are seen: what is missing is asked for, what is seen now before what is near. */
  need(first: number, last: number): void {
    if (last < first || this.key === '') return
    this.seen = first
    const [a, b] = [Math.floor(first / CHUNK), Math.floor(last / CHUNK)]
    const numbers: number[] = []
    for (let n = a; n <= b; n += 1) numbers.push(n)
    // the neighbours, so that slow scrolling never meets a hole
    numbers.push(b + 1, a - 1)
    const most = Math.ceil(this.total / CHUNK)
    this.wanted = numbers.filter((n) => n >= 0 && n < most && (!this.chunks.has(n) || this.stale.has(n)))
    for (const n of numbers) {
      const held = this.chunks.get(n)
      if (held !== undefined) {
        this.chunks.delete(n)
        this.chunks.set(n, held)
      }
    }
    this.next()
  }

  private next(): void {
    while (this.underWay.size < AT_ONCE) {
      const n = this.wanted.find((one) => !this.underWay.has(one))
      if (n === undefined) return
      void this.fetch(n)
    }
  }

  private async fetch(n: number): Promise<void> {
    const { era } = this
    this.underWay.add(n)
    try {
      const answer = await this.host.traceRows({ key: this.key, first: n * CHUNK, count: CHUNK, fold: null, view: this.view })
      if (era !== this.era) return
      this.take(n, answer.rows, answer.total)
    } catch (error) {
      if (era === this.era && asErrorView(error).code === 'trace_closed') this.closed()
      else console.error(error)
    } finally {
      if (era === this.era) {
        this.underWay.delete(n)
        this.wanted = this.wanted.filter((one) => one !== n)
        this.next()
      }
    }
  }

  private take(n: number, rows: TraceRow[], total: number): void {
    this.chunks.set(n, rows)
    this.stale.delete(n)
    for (const old of this.chunks.keys()) {
      if (this.chunks.size <= HELD) break
      this.chunks.delete(old)
      this.stale.delete(old)
    }
    if (this.total !== total) this.total = total
    this.version += 1
  }

  /** Folds; answers where the row that it is about stands afterwards. */
  async fold(fold: TraceFold, near = 0): Promise<number | null> {
    this.era += 1
    const { era } = this
    this.underWay.clear()
    this.wanted = []
    const n = Math.floor(near / CHUNK)
    try {
      const answer = await this.host.traceRows({ key: this.key, first: n * CHUNK, count: CHUNK, fold, view: this.view })
      if (era !== this.era) return null
      this.chunks = new Map()
      this.stale.clear()
      this.take(n, answer.rows, answer.total)
      return answer.at
    } catch (error) {
      if (era === this.era && asErrorView(error).code === 'trace_closed') this.closed()
      return null
    }
  }
}
