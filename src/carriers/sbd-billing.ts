/** What short burst data costs: bytes are billed by message, in steps, and a session that moves none may be billed, too. */

/** A tariff. */
export interface SbdTariff {
  /** A message is billed in steps of so many bytes. */
  readonly stepBytes: number
  /** A message is billed as at least so many. */
  readonly leastBytes: number
  /** A session in which nothing is sent and nothing comes is billed as so many. */
  readonly emptyBytes: number
}

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

/** What a message of so many bytes is billed as. */
export function billed({ stepBytes, leastBytes }: SbdTariff, bytes: number): number {
  return Math.max(leastBytes, Math.ceil(bytes / stepBytes) * stepBytes)
}

/** An account with nothing on it. */
export function openSbdMeter(tariff: SbdTariff): SbdMeter {
  let account: SbdAccount = {
    sessions: 0,
    failures: 0,
    sentBytes: 0,
    receivedBytes: 0,
    billedBytes: 0,
  }
  return {
    account: () => account,
    session: (sent, received) => {
      const messages = [sent, received].filter((one) => one !== undefined)
      const bytes = messages.reduce((sum, one) => sum + billed(tariff, one), 0)
      const cost = messages.length === 0 ? tariff.emptyBytes : bytes
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
