import { test } from 'tap'
import { EdgeError } from '#base/errors.ts'
import type { Session } from '#app/account-types.ts'
import { LOGIN_PAIR, LOGINS_AT_ONCE_MAX, LOGINS_WAITING_MAX } from '#server/limits.ts'
import { createLogins } from '#server/login.ts'
import { virtualClock } from '../support/clock.ts'
import { aNode, anAdministrator } from '../support/nodes.ts'

const attempt = { account: 'amira', address: '10.0.0.1' }

test('the right password opens a session', async (t) => {
  const clock = virtualClock()
  const node = await aNode('alpha', { clock })
  t.teardown(async () => node[Symbol.asyncDispose]())
  const { id } = await anAdministrator(node, 'amira')
  const { signIn } = createLogins({ node, clock })

  t.equal((await signIn(attempt, 'amira-password')).person, id)
})

test('after too many wrong passwords the right one must wait, and is told how long', async (t) => {
  const clock = virtualClock()
  const node = await aNode('alpha', { clock })
  t.teardown(async () => node[Symbol.asyncDispose]())
  await anAdministrator(node, 'amira')
  const { signIn } = createLogins({ node, clock })
  for (let turn = 0; turn < LOGIN_PAIR.burst; turn += 1) {
    await t.rejects(signIn(attempt, 'wrong'), { code: 'NOT_SIGNED_IN' })
  }

  await t.rejects(signIn(attempt, 'amira-password'), {
    code: 'TOO_MANY_REQUESTS',
    facts: { retryAfterMs: LOGIN_PAIR.refillMs },
  })
  await clock.advance(LOGIN_PAIR.refillMs)
  t.ok(await signIn(attempt, 'amira-password'))
})

test('only so many passwords are checked at once, and only so many wait', async (t) => {
  const gate = Promise.withResolvers<void>()
  let checking = 0
  let checkingMax = 0
  const node = {
    signIn: async (): Promise<Session> => {
      checking += 1
      checkingMax = Math.max(checkingMax, checking)
      await gate.promise
      checking -= 1
      throw new EdgeError('NOT_SIGNED_IN', {})
    },
    noteFound: () => undefined,
  }
  const { signIn } = createLogins({ node, clock: virtualClock() })
  const room = LOGINS_AT_ONCE_MAX + LOGINS_WAITING_MAX
  const tries = Array.from({ length: room }, (_, number) =>
    signIn({ account: `p${number}`, address: `a${number}` }, 'x'),
  )

  await t.rejects(signIn(attempt, 'x'), { code: 'TOO_MANY_REQUESTS' })
  gate.resolve()
  await Promise.allSettled(tries)
  t.equal(checkingMax, LOGINS_AT_ONCE_MAX)
})

test('a storm of strangers holds up nobody who signed in from there before', async (t) => {
  const clock = virtualClock()
  const gate = Promise.withResolvers<void>()
  const session = { token: 't', person: 'bo' } as unknown as Session
  const node = {
    signIn: async (account: string): Promise<Session> => {
      if (account === 'bo') return session
      await gate.promise
      throw new EdgeError('NOT_SIGNED_IN', {})
    },
    noteFound: () => undefined,
  }
  const { signIn } = createLogins({ node, clock })
  const bo = { account: 'bo', address: '10.0.0.2' }
  await signIn(bo, 'right')
  const storm = Array.from({ length: LOGINS_AT_ONCE_MAX + LOGINS_WAITING_MAX + 50 }, (_, number) =>
    signIn({ account: `p${number}`, address: `a${number}` }, 'x').catch(() => undefined),
  )

  t.equal(await signIn(bo, 'right'), session)
  await t.rejects(signIn({ ...bo, address: 'elsewhere' }, 'right'), { code: 'TOO_MANY_REQUESTS' })
  gate.resolve()
  await Promise.all(storm)
  t.ok(await signIn({ ...bo, address: 'elsewhere' }, 'right'), 'and then everybody')
})
