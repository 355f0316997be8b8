/** What short burst data has used: messages are billed by the bytes of each, and a session that moves none may be billed, too. */
import { billOf, type MessageTariff } from '#tariff/tariff.ts'

/** What was used since the start. */
export interface SbdAccount {
  /** Sessions that the gateway answered, or messages handed to it. */
  readonly sessions: number
  readonly failures: number
  readonly sentBytes: number
  readonly receivedBytes: number
  /** By the tariff; what was received by a gateway is billed as well. */
  readonly billedBytes: number
}

/** Keeps an account. */
export interface SbdMeter {
  readonly account: () => SbdAccount
  /** A session, and the bytes of what went each way: undefined for no message. Gives what is billed. */
  readonly session: (sent: number | undefined, received: number | undefined) => number
  readonly failed: () => void
}

/** An account with nothing on it. */
export function openSbdMeter(tariff: MessageTariff): SbdMeter {
  let account: SbdAccount = {
    sessions: 0,
    failures: 0,
    sentBytes: 0,
    receivedBytes: 0,
    billedBytes: 0,
  }
  const billed = (bytes: number): number => billOf(tariff, { bytes, ms: 0 }).bytes
  return {
    account: () => account,
    session: (sent, received) => {
      const messages = [sent, received].filter((one) => one !== undefined)
      const cost =
        messages.length === 0 ? billed(0) : messages.reduce((sum, one) => sum + billed(one), 0)
      account = {
        ...account,
        sessions: account.sessions + 1,
        sentBytes: account.sentBytes + (sent ?? 0),
        receivedBytes: account.receivedBytes + (received ?? 0),
        billedBytes: account.billedBytes + cost,
      }
      return cost
    },
    failed: () => {
      account = { ...account, failures: account.failures + 1 }
    },
  }
}
