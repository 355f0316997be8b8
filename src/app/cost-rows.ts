/** The cost ledger in rows, and prices as people read them. */
import type { Instant } from '#base/ids.ts'
import type { CostRecord } from '#sync/spending-keys.ts'
import type { Bill, Used } from '#tariff/tariff.ts'
import { dateAt } from '#tariff/windows.ts'
import type { CostRow, Price } from './plan-types.ts'

const MILLION = 1_000_000
const SECOND_MS = 1_000

/** A bill in bytes, seconds and money. */
export function priceOf({ bytes, ms, micros }: Bill): Price {
  return { bytes, seconds: seconds({ bytes, ms }), money: micros / MILLION }
}

function two(number: number): string {
  return String(number).padStart(2, '0')
}

/** As 2026-11-21. */
function dayOf(at: Instant): string {
  const { year, month, day } = dateAt(at)
  return `${year}-${two(month)}-${two(day)}`
}

/** What a day on a carrier came to; `place` is its key. */
export function costRow(place: string, record: CostRecord | undefined): CostRow {
  const [, carrier = '', day = ''] = place.split('/')
  const { bytes = 0, ms = 0, micros = 0, sessions = 0, parcels = 0 } = record ?? {}
  return {
    day: dayOf(Number(day)),
    carrier,
    link: record?.link ?? '',
    currency: record?.currency ?? '',
    sessions,
    parcels,
    ...priceOf({ bytes, ms, micros }),
  }
}

/** Whole seconds of airtime. */
export function seconds({ ms }: Used): number {
  return Math.ceil(ms / SECOND_MS)
}
