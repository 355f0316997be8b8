/**
 * What a way to other nodes costs. A session is what an operator bills as one: a call, a connection, or, where messages are billed,
 * one message. Money is counted in millionths of its currency, as whole numbers, and always rounded up.
 */

/** How an operator bills. */
export type Tariff =
  /** Use costs nothing more. */
  | { readonly shape: 'flat' }
  /** By bytes: those of a session in steps, and a session as at least so many. */
  | ({ readonly shape: 'bytes' } & ByBytes)
  /** By time: that of a session in steps, and a session as at least so long. */
  | {
      readonly shape: 'minutes'
      readonly pricePerMinute: number
      readonly stepMs: number
      readonly leastMs: number
    }
  /** By messages (short burst data): each in steps, and a session that moves none as so many bytes. */
  | MessageTariff

interface ByBytes {
  readonly pricePerMegabyte: number
  readonly stepBytes: number
  readonly leastBytes: number
}

/** A tariff by messages. */
export type MessageTariff = { readonly shape: 'messages'; readonly emptyBytes: number } & ByBytes

/** What a session used. */
export interface Used {
  readonly bytes: number
  readonly ms: number
}

/** What it is billed as. */
export interface Bill extends Used {
  /** Millionths of the currency. */
  readonly micros: number
}

/** Bytes of a megabyte, as operators count; and how many of the smallest unit of money are one. */
const MILLION = 1_000_000
const MINUTE_MS = 60_000

/** What a session that used so much is billed as. One without any use is billed as well: it took place. */
export function billOf(tariff: Tariff, used: Used): Bill {
  switch (tariff.shape) {
    case 'flat':
      return { ...used, micros: 0 }
    case 'bytes':
      return byBytes(tariff, used)
    case 'minutes': {
      const ms = Math.max(tariff.leastMs, stepped(used.ms, tariff.stepMs))
      const micros = roundedUp((ms * tariff.pricePerMinute * MILLION) / MINUTE_MS)
      return { bytes: used.bytes, ms, micros }
    }
    case 'messages': {
      if (used.bytes > 0) return byBytes(tariff, used)
      const { emptyBytes, pricePerMegabyte } = tariff
      return { bytes: emptyBytes, ms: used.ms, micros: roundedUp(emptyBytes * pricePerMegabyte) }
    }
  }
}

/** A price for a megabyte in the currency is one for a byte in its millionths. */
function byBytes({ pricePerMegabyte, stepBytes, leastBytes }: ByBytes, { bytes, ms }: Used): Bill {
  const billed = Math.max(leastBytes, stepped(bytes, stepBytes))
  return { bytes: billed, ms, micros: roundedUp(billed * pricePerMegabyte) }
}

function stepped(amount: number, step: number): number {
  return Math.ceil(amount / step) * step
}

/** Up, but for what the last digits of a binary fraction make of a whole number. */
function roundedUp(micros: number): number {
  return Math.ceil(micros - 1e-6)
}
