/** Whether a time can be written: the calendar of JavaScript ends at ±8.64e15 ms. */
const shown = (at: number): boolean => Math.abs(at) < 8e15

/** Writes times of one zone. `Intl` is asked once for each zone; an unknown zone is shown as UTC rather than not at all. */
export class Zone {
  readonly name: string
  private readonly full: Intl.DateTimeFormat

  constructor(zone: string) {
    this.name = Zone.valid(zone) ? zone : 'UTC'
    this.full = new Intl.DateTimeFormat('en-US', {
      timeZone: this.name,
      hourCycle: 'h23',
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
      hour: '2-digit',
      minute: '2-digit',
      second: '2-digit',
    })
  }

  private static valid(zone: string): boolean {
    try {
      new Intl.DateTimeFormat('en-US', { timeZone: zone })
      return zone !== ''
    } catch {
      return false
    }
  }

  /** Milliseconds that the zone's clock is ahead of UTC at a time. */
  offset(at: number): number {
    const p: Record<string, number> = {}
    for (const part of this.full.formatToParts(at)) p[part.type] = Number(part.value)
    const wall = Date.UTC(p.year ?? 1970, (p.month ?? 1) - 1, p.day ?? 1, p.hour ?? 0, p.minute ?? 0, p.second ?? 0)
    return wall - Math.floor(at / 1000) * 1000
  }

  /** When the zone's clock shows `HH:MM` on `YYYY-MM-DD`; the later one where the clock is put back. NaN for what is no time. */
  instant(day: string, time: string): number {
    const wall = Date.parse(`${day}T${time}:00Z`)
    if (Number.isNaN(wall)) return NaN
    return wall - this.offset(wall - this.offset(wall))
  }

  private cachedHour = NaN
  private cachedOffset = 0

  /** The offset changes at most once in a quarter of an hour, so it is asked for once in one. */
  private quick(at: number): number {
    const quarter = Math.floor(at / 900_000)
    if (quarter !== this.cachedHour) {
      this.cachedOffset = this.offset(at)
      this.cachedHour = quarter
    }
    return this.cachedOffset
  }

  /** 12:08:41 */
  seconds(at: number): string {
    return shown(at) ? new Date(at + this.quick(at)).toISOString().slice(11, 19) : '--:--:--'
  }

  /** 12:08 */
  minutes(at: number): string {
    return shown(at) ? new Date(at + this.quick(at)).toISOString().slice(11, 16) : '--:--'
  }

  /** 2026-11-21 */
  date(at: number): string {
    return shown(at) ? new Date(at + this.quick(at)).toISOString().slice(0, 10) : ''
  }

  /** 12:08 within a day of `now`, else 11-20 12:08. */
  short(at: number, now: number): string {
    return Math.abs(now - at) < 64_800_000 || this.date(at) === this.date(now)
      ? this.minutes(at)
      : `${this.date(at).slice(5)} ${this.minutes(at)}`
  }
}

const NICE = [
  1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 14_400, 21_600, 43_200, 86_400, 172_800, 604_800,
].map((s) => s * 1000)

/** Times for the marks of an axis, on round local times, at most `most` of them. */
export function timeMarks(from: number, to: number, most: number, zone: Zone): number[] {
  const width = to - from
  if (!(width > 0) || most < 1) return []
  const step = NICE.find((s) => width / s <= most) ?? Math.ceil(width / most / 604_800_000) * 604_800_000
  const offset = zone.offset(to)
  const marks: number[] = []
  for (let at = Math.ceil((from + offset) / step) * step - offset; at <= to; at += step) marks.push(at)
  return marks
}
