/** Points in time as text that machines read, whatever the clock said: without the world's own calendar. */
import type { Instant } from './ids.ts'

const DAY_MS = 86_400_000
/** The last millisecond of the year 9999: RFC 3339 has no later one. */
const LAST_AT = 253_402_300_799_999

/**
 * A point in time as RFC 3339 has it, in UTC with milliseconds; undefined before 1970 and after 9999. The days are
 * counted by the rule of the Gregorian calendar, from 0000-03-01 so that a leap day stands last.
 */
export function isoFromInstant(at: Instant): string | undefined {
  if (!Number.isSafeInteger(at) || at < 0 || at > LAST_AT) return undefined
  const days = Math.floor(at / DAY_MS) + 719_468
  const era = Math.floor(days / 146_097)
  const dayOfEra = days - era * 146_097
  const yearOfEra = Math.floor(
    (dayOfEra -
      Math.floor(dayOfEra / 1_460) +
      Math.floor(dayOfEra / 36_524) -
      Math.floor(dayOfEra / 146_096)) /
      365,
  )
  const dayOfYear =
    dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100))
  const monthFromMarch = Math.floor((5 * dayOfYear + 2) / 153)
  const day = dayOfYear - Math.floor((153 * monthFromMarch + 2) / 5) + 1
  const month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
  const ms = at % DAY_MS
  const date = `${digits(year, 4)}-${digits(month)}-${digits(day)}`
  const seconds = Math.floor(ms / 1_000) % 60
  const clock = [Math.floor(ms / 3_600_000), Math.floor(ms / 60_000) % 60, seconds]
  return `${date}T${clock.map((part) => digits(part)).join(':')}.${digits(ms % 1_000, 3)}Z`
}

function digits(value: number, count = 2): string {
  return String(value).padStart(count, '0')
}
