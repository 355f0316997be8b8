/** Signing in with a password: limited in how often, and in how many at once, because the check is slow on purpose. */
import { EdgeError } from '#base/errors.ts'
import type { EdgeNode, Session } from '#app/node.ts'
import type { Clock } from '#ports/clock.ts'
import { LOGINS_AT_ONCE_MAX, LOGINS_WAITING_MAX } from './limits.ts'
import { createLoginLimit, type Attempt } from './login-limit.ts'
import { createTurns } from './turns.ts'

/** What this needs. */
export interface LoginPorts {
  readonly node: Pick<EdgeNode, 'signIn' | 'noteFound'>
  readonly clock: Clock
}

/**
 * Signs in, or refuses.
 * @throws EdgeError NOT_SIGNED_IN when name or password is wrong, TOO_MANY_REQUESTS with `retryAfterMs`
 */
export type SignIn = (attempt: Attempt, password: string) => Promise<Session>

/** Sign-in with its limits. */
export function createSignIn(ports: LoginPorts): SignIn {
  const { node, clock } = ports
  const limit = createLoginLimit()
  const turns = createTurns(LOGINS_AT_ONCE_MAX, LOGINS_WAITING_MAX)
  const tryPassword = async (attempt: Attempt, password: string): Promise<Session> => {
    const retryAfterMs = limit.waitMs(attempt, clock.monotonicMs())
    if (retryAfterMs > 0) {
      node.noteFound({ deed: 'sign-in refused', result: 'refused', reason: 'too often' })
      throw tooMany(retryAfterMs)
    }
    limit.begin(attempt, clock.monotonicMs())
    const session = await node.signIn(attempt.account, password)
    limit.succeeded(attempt, clock.monotonicMs())
    return session
  }
  return async (attempt, password) => {
    const outcome = turns(() => tryPassword(attempt, password))
    if (outcome === undefined) throw tooMany(1_000)
    return await outcome
  }
}

function tooMany(retryAfterMs: number): EdgeError {
  return new EdgeError('TOO_MANY_REQUESTS', { what: 'sign-in', retryAfterMs })
}
