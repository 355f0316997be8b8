/**
 * How often passwords may be tried. Only wrong ones count.
 *
 * Buckets: the account from this address, the address, and the account from everywhere; for digits of a second factor the
 * account once more, from this address and from everywhere: those count only beside the right password, so nobody without
 * it can use them up. Whoever has signed in from an address before is held to what came from there alone, so neither a
 * stranger behind the same proxy nor one who hammers an account from elsewhere can lock out those who belong here.
 * Sessions that are open are never touched.
 */
import { createBuckets } from './bucket.ts'
import { LOGIN_ACCOUNT, LOGIN_ADDRESS, LOGIN_CODE, LOGIN_KEYS_MAX, LOGIN_PAIR } from './limits.ts'

/** Who tries, from where. */
export interface Attempt {
  readonly account: string
  readonly address: string
  /** Digits of a second factor come along. */
  readonly hasCode?: boolean
}

/** Counts attempts. All times are monotonic milliseconds. */
export interface LoginLimit {
  /** Whether somebody has signed in as this account from this address before. */
  readonly isKnown: (attempt: Attempt) => boolean
  /** How long this attempt must wait; 0 when it may be made now. */
  readonly waitMs: (attempt: Attempt, now: number) => number
  /** The password is about to be checked. Counts as wrong until it turns out to be right. */
  readonly begin: (attempt: Attempt, now: number) => void
  /** The password was right, but digits were wanted, or others. */
  readonly wasRightPassword: (attempt: Attempt, now: number) => void
  /** The password was right, and so was all else. */
  readonly succeeded: (attempt: Attempt, now: number) => void
}

/** A limit that has seen nothing yet. */
export function createLoginLimit(): LoginLimit {
  const pairs = createBuckets(LOGIN_PAIR, LOGIN_KEYS_MAX)
  const addresses = createBuckets(LOGIN_ADDRESS, LOGIN_KEYS_MAX)
  const accounts = createBuckets(LOGIN_ACCOUNT, LOGIN_KEYS_MAX)
  const codes = createBuckets(LOGIN_CODE, LOGIN_KEYS_MAX)
  const codesOfPairs = createBuckets(LOGIN_CODE, LOGIN_KEYS_MAX)
  const known = new Set<string>()
  const giveBack = (attempt: Attempt, now: number): void => {
    addresses.giveBack(attempt.address, now)
    accounts.giveBack(accountKey(attempt), now)
  }
  return {
    isKnown: (attempt) => known.has(pairKey(attempt)),
    waitMs: (attempt, now) => {
      const pair = pairKey(attempt)
      const hasCode = attempt.hasCode === true
      const wait = Math.max(pairs.waitMs(pair, now), hasCode ? codesOfPairs.waitMs(pair, now) : 0)
      if (known.has(pair)) return wait
      return Math.max(
        wait,
        addresses.waitMs(attempt.address, now),
        accounts.waitMs(accountKey(attempt), now),
        hasCode ? codes.waitMs(accountKey(attempt), now) : 0,
      )
    },
    begin: (attempt, now) => {
      pairs.take(pairKey(attempt), now)
      addresses.take(attempt.address, now)
      accounts.take(accountKey(attempt), now)
    },
    wasRightPassword: (attempt, now) => {
      giveBack(attempt, now)
      if (attempt.hasCode !== true) return pairs.giveBack(pairKey(attempt), now)
      codes.take(accountKey(attempt), now)
      codesOfPairs.take(pairKey(attempt), now)
    },
    succeeded: (attempt, now) => {
      const pair = pairKey(attempt)
      giveBack(attempt, now)
      pairs.refill(pair)
      codesOfPairs.refill(pair)
      known.delete(pair)
      known.add(pair)
      if (known.size > LOGIN_KEYS_MAX) forgetOldest(known)
    },
  }
}

function accountKey(attempt: Attempt): string {
  return attempt.account.slice(0, 64)
}

function pairKey(attempt: Attempt): string {
  return `${attempt.address} ${accountKey(attempt)}`
}

function forgetOldest(known: Set<string>): void {
  for (const key of known) {
    known.delete(key)
    return
  }
}
