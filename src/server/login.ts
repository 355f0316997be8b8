/** Showing what lets somebody in: limited in how often, and in how many at once, because a check is slow on purpose. */
import { EdgeError } from '#base/errors.ts'
import type { Session, SignInWords } from '#app/account-types.ts'
import type { EdgeNode } from '#app/node.ts'
import type { Clock } from '#ports/clock.ts'
import { createBuckets } from './bucket.ts'
import {
  LOGIN_KEYS_MAX,
  LOGINS_AT_ONCE_MAX,
  LOGINS_WAITING_MAX,
  PASSKEY_ADDRESS,
} from './limits.ts'
import { createLoginLimit, type Attempt } from './login-limit.ts'
import { createTurns } from './turns.ts'

/** What this needs. */
export interface LoginPorts {
  readonly node: Pick<EdgeNode, 'signIn' | 'noteFound'>
  readonly clock: Clock
}

/** Signing in, and whatever else shows a password, with limits. All throw TOO_MANY_REQUESTS with `retryAfterMs`. */
export interface Logins {
  /** @throws EdgeError NOT_SIGNED_IN, CODE_WANTED */
  readonly signIn: (attempt: Attempt, password: string, words?: SignInWords) => Promise<Session>
  /** Does `work`, which shows a password: it counts as wrong when that throws. */
  readonly guarded: <T>(attempt: Attempt, work: () => Promise<T>) => Promise<T>
  /** Takes a turn of those an address has for what cannot be guessed, but costs us something. */
  readonly takeTurn: (address: string) => void
}

/** Limits that have seen nothing yet. */
export function createLogins(ports: LoginPorts): Logins {
  const { node, clock } = ports
  const limit = createLoginLimit()
  const addresses = createBuckets(PASSKEY_ADDRESS, LOGIN_KEYS_MAX)
  const turns = createTurns(LOGINS_AT_ONCE_MAX, LOGINS_WAITING_MAX)
  // However many strangers storm the door, those who belong here do not stand behind them.
  const turnsOfKnown = createTurns(LOGINS_AT_ONCE_MAX, LOGINS_WAITING_MAX)
  const refuse = (retryAfterMs: number): never => {
    node.noteFound({ deed: 'sign-in refused', result: 'refused', reason: 'too often' })
    throw tooMany(retryAfterMs)
  }
  const attempted = async <T>(attempt: Attempt, work: () => Promise<T>): Promise<T> => {
    const retryAfterMs = limit.waitMs(attempt, clock.monotonicMs())
    if (retryAfterMs > 0) refuse(retryAfterMs)
    limit.begin(attempt, clock.monotonicMs())
    try {
      const outcome = await work()
      limit.succeeded(attempt, clock.monotonicMs())
      return outcome
    } catch (error) {
      if (error instanceof EdgeError && error.code === 'CODE_WANTED')
        limit.wasRightPassword(attempt, clock.monotonicMs())
      throw error
    }
  }
  const guarded: Logins['guarded'] = async (attempt, work) => {
    const inTurn = limit.isKnown(attempt) ? turnsOfKnown : turns
    const outcome = inTurn(() => attempted(attempt, work))
    if (outcome === undefined) throw tooMany(1_000)
    return await outcome
  }
  return {
    signIn: (attempt, password, words) =>
      guarded({ ...attempt, hasCode: (words?.code ?? '') !== '' }, () =>
        node.signIn(attempt.account, password, words),
      ),
    guarded,
    takeTurn: (address) => {
      const now = clock.monotonicMs()
      const retryAfterMs = addresses.waitMs(address, now)
      if (retryAfterMs > 0) refuse(retryAfterMs)
      addresses.take(address, now)
    },
  }
}

function tooMany(retryAfterMs: number): EdgeError {
  return new EdgeError('TOO_MANY_REQUESTS', { what: 'sign-in', retryAfterMs })
}
