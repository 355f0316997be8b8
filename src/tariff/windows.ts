/** Windows of time: those over which a budget counts, and those in which a link is open. All in UTC. Pure. */

/** Over what a budget counts: a calendar day, a calendar month, or passes of so many hours, one after the other. */
export type Window =
  | { readonly kind: 'day' }
  | { readonly kind: 'month' }
  | { readonly kind: 'pass'; readonly ms: number }

/** From when to when, as Instants; `endsAt` is the first moment of the next. */
export interface Span {
  readonly startsAt: number
  readonly endsAt: number
}

const DAY_MS = 86_400_000
const MINUTE_MS = 60_000
const MONTHS = 12

/** The window in which `at` lies. */
export function windowAt(window: Window, at: number): Span {
  switch (window.kind) {
    case 'day':
      return passAt(DAY_MS, at)
    case 'pass':
      return passAt(window.ms, at)
    case 'month': {
      const { year, month } = dateAt(at)
      const next = month === MONTHS ? { year: year + 1, month: 1 } : { year, month: month + 1 }
      return { startsAt: monthStart(year, month), endsAt: monthStart(next.year, next.month) }
    }
  }
}

function passAt(ms: number, at: number): Span {
  const startsAt = Math.floor(at / ms) * ms
  return { startsAt, endsAt: startsAt + ms }
}

/**
 * The date in UTC. Day 0 is 1 January 1970. Years begin in March here, so that the day that is not always there stands last
 * (Hinnant 2013).
 */
export function dateAt(at: number): {
  readonly year: number
  readonly month: number
  readonly day: number
} {
  const days = Math.floor(at / DAY_MS) + 719_468
  const era = Math.floor(days / 146_097)
  const day = days - era * 146_097
  const yearOfEra = Math.floor(
    (day - Math.floor(day / 1_460) + Math.floor(day / 36_524) - Math.floor(day / 146_096)) / 365,
  )
  const dayOfYear =
    day - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100))
  const fromMarch = Math.floor((5 * dayOfYear + 2) / 153)
  const month = fromMarch < 10 ? fromMarch + 3 : fromMarch - 9
  const dayOfMonth = dayOfYear - Math.floor((153 * fromMarch + 2) / 5) + 1
  return { year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day: dayOfMonth }
}

function monthStart(year: number, month: number): number {
  const marchYear = month <= 2 ? year - 1 : year
  const era = Math.floor(marchYear / 400)
  const yearOfEra = marchYear - era * 400
  const dayOfYear = Math.floor((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5)
  const days = 365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear
  return (era * 146_097 + days - 719_468) * DAY_MS
}

/** When a link with these times is open next: `at` itself while it is. */
export function opensNext(
  opens: { readonly fromMinute: number; readonly toMinute: number } | undefined,
  at: number,
): number {
  if (opens === undefined || opens.fromMinute === opens.toMinute) return at
  const { startsAt: day } = passAt(DAY_MS, at)
  const [from, to] = [day + opens.fromMinute * MINUTE_MS, day + opens.toMinute * MINUTE_MS]
  const isOpen = from < to ? at >= from && at < to : at >= from || at < to
  if (isOpen) return at
  return at < from ? from : from + DAY_MS
}
