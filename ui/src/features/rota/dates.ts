/** Days of the calendar as `YYYY-MM-DD`. Nothing here knows of a zone: when a day begins is told by the host. */

const DAY = 86_400_000
const ms = (day: string): number => Date.parse(`${day}T00:00:00Z`)
const text = (at: number): string => new Date(at).toISOString().slice(0, 10)

/** Whether it is written as a day and there is such a day. */
export const isDay = (day: string): boolean => /^\d{4}-\d{2}-\d{2}$/.test(day) && !Number.isNaN(ms(day)) && text(ms(day)) === day

/** So many days later. */
export const plusDays = (day: string, days: number): string => text(ms(day) + days * DAY)

/** 1 Monday to 7 Sunday. */
export const weekday = (day: string): number => ((new Date(ms(day)).getUTCDay() + 6) % 7) + 1

/** The Monday of its week. */
export const monday = (day: string): string => plusDays(day, 1 - weekday(day))

/** The first of its month. */
export const firstOfMonth = (day: string): string => `${day.slice(0, 7)}-01`

/** The first of a month so many months later. */
export function plusMonths(day: string, months: number): string {
  const date = new Date(ms(firstOfMonth(day)))
  date.setUTCMonth(date.getUTCMonth() + months)
  return text(date.getTime())
}

/** First and last day of the quarter after the one a day is in. */
export function nextQuarter(day: string): [string, string] {
  const month = Number(day.slice(5, 7)) - 1
  const first = plusMonths(day, 3 - (month % 3))
  return [first, plusDays(plusMonths(first, 3), -1)]
}

/** What of the calendar is on the screen. */
export type Span = 'month' | 'week'

/** First day and number of days of the page that shows a day: whole weeks. */
export function pageOf(span: Span, day: string): { from: string; days: number } {
  if (span === 'week') return { from: monday(day), days: 7 }
  const from = monday(firstOfMonth(day))
  const last = plusDays(plusMonths(day, 1), -1)
  return { from, days: Math.round((ms(plusDays(monday(last), 7)) - ms(from)) / DAY) }
}

/** What of the page is counted: the month itself without the days of others beside it, or the week. */
export function countedOf(span: Span, day: string): { from: string; days: number } {
  if (span === 'week') return pageOf(span, day)
  const from = firstOfMonth(day)
  return { from, days: Math.round((ms(plusMonths(day, 1)) - ms(from)) / DAY) }
}

/** The day to which one turns the page, so many pages on. */
export const turned = (span: Span, day: string, pages: number): string => (span === 'week' ? plusDays(monday(day), 7 * pages) : plusMonths(day, pages))
