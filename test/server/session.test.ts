import { test } from 'tap'
import type { UserId } from '#base/ids.ts'
import type { Session } from '#app/account-types.ts'
import type { EdgeNode } from '#app/node.ts'
import { SESSION_CACHE_MS, SESSIONS_CACHED_MAX } from '#server/limits.ts'
import {
  createDoorkeeper,
  credentialsOf,
  csrfTokenOf,
  isSameOrigin,
  sessionCookies,
} from '#server/session.ts'
import { virtualClock } from '../support/clock.ts'
import { aNode, anAdministrator } from '../support/nodes.ts'

/** A node with one person who is signed in, and how often it was asked about the session. */
async function signedIn(t: { readonly teardown: (handler: () => Promise<void>) => void }) {
  const clock = virtualClock()
  const node = await aNode('alpha', { clock })
  t.teardown(async () => node[Symbol.asyncDispose]())
  const person = await anAdministrator(node, 'amira')
  const session = await node.openSession('amira')
  let asked = 0
  const counting: EdgeNode = {
    ...node,
    sessionOf: (token) => {
      asked += 1
      return node.sessionOf(token)
    },
  }
  const keeper = createDoorkeeper(counting, clock)
  return { clock, node, keeper, person, session, asked: () => asked }
}

test('the token is taken from the header in any case, and before the cookie', async (t) => {
  t.strictSame(credentialsOf({ authorization: 'bearer abc' }), { token: 'abc', by: 'header' })
  t.strictSame(credentialsOf({ authorization: 'BEARER abc', cookie: 'MMAUTHTOKEN=def' }), {
    token: 'abc',
    by: 'header',
  })
  t.strictSame(credentialsOf({ cookie: 'a=b; MMAUTHTOKEN=def; XMMAUTHTOKEN=no' }), {
    token: 'def',
    by: 'cookie',
  })
})

test('what is no token is none', async (t) => {
  for (const headers of [
    {},
    { authorization: '' },
    { authorization: 'Basic abc' },
    { authorization: 'Bearer' },
    { authorization: `Bearer ${'x'.repeat(65)}` },
    { cookie: 'MMUSERID=abc' },
  ]) {
    t.equal(credentialsOf(headers), undefined)
  }
})

test('a session is looked up once, then trusted for a while, then looked up again', async (t) => {
  const { clock, keeper, session, asked, person } = await signedIn(t)
  const request = { method: 'POST', headers: { authorization: `Bearer ${session.token}` } }

  t.match(await keeper.callerOf(request), { subject: person.id, token: session.token })
  await keeper.callerOf(request)
  t.equal(asked(), 1)
  await clock.advance(SESSION_CACHE_MS)
  await keeper.callerOf(request)
  t.equal(asked(), 2)
})

test('only so many sessions are remembered; one more, and all are looked up again', async (t) => {
  const clock = virtualClock()
  let asked = 0
  const sessionOf: EdgeNode['sessionOf'] = async (token) => {
    asked += 1
    const times = { createdAt: 0, usedAt: 0, expiresAt: clock.now() + 1_000_000 }
    return { id: token, token, person: 'bo' as UserId, by: 'password', ...times }
  }
  const keeper = createDoorkeeper({ sessionOf } as EdgeNode, clock)
  const come = (number: number) =>
    keeper.callerOf({ method: 'POST', headers: { authorization: `Bearer t${number}` } })
  for (let number = 0; number < SESSIONS_CACHED_MAX; number += 1) await come(number)
  await come(0)
  t.equal(asked, SESSIONS_CACHED_MAX)

  await come(SESSIONS_CACHED_MAX)
  await come(0)

  t.equal(asked, SESSIONS_CACHED_MAX + 2)
})

test('a session ended elsewhere works no longer than the cache remembers', async (t) => {
  const { clock, node, keeper, session } = await signedIn(t)
  t.ok(await keeper.sessionOf(session.token))
  await node.signOut(session.token)
  await clock.advance(SESSION_CACHE_MS)

  t.equal(await keeper.sessionOf(session.token), undefined)
})

test('a session ended here is over at once', async (t) => {
  const { keeper, session } = await signedIn(t)
  t.ok(await keeper.sessionOf(session.token))
  await keeper.signOut(session.token)

  t.equal(await keeper.sessionOf(session.token), undefined)
})

test('without a good token there is no caller', async (t) => {
  const { keeper } = await signedIn(t)

  await t.rejects(keeper.callerOf({ method: 'GET', headers: {} }), { code: 'NOT_SIGNED_IN' })
  const headers = { authorization: 'Bearer ybndrfg8ejkmcpqxot1uwisza3' }
  await t.rejects(keeper.callerOf({ method: 'GET', headers }), { code: 'NOT_SIGNED_IN' })
})

test('who comes by cookie reads freely, and changes things only with the CSRF token', async (t) => {
  const { keeper, session } = await signedIn(t)
  const cookie = `MMAUTHTOKEN=${session.token}`
  const csrf = csrfTokenOf(session.token)

  t.ok(await keeper.callerOf({ method: 'GET', headers: { cookie } }))
  t.ok(await keeper.callerOf({ method: 'POST', headers: { cookie, 'x-csrf-token': csrf } }))
  for (const wrong of [undefined, '', 'x'.repeat(26), session.token]) {
    const headers = wrong === undefined ? { cookie } : { cookie, 'x-csrf-token': wrong }
    await t.rejects(keeper.callerOf({ method: 'DELETE', headers }), {
      code: 'NOT_SIGNED_IN',
      facts: { field: 'X-CSRF-Token' },
    })
  }
})

test('the CSRF token is not the token, and follows from it', async (t) => {
  t.equal(csrfTokenOf('a'), csrfTokenOf('a'))
  t.not(csrfTokenOf('a'), csrfTokenOf('b'))
  t.match(csrfTokenOf('a'), /^[a-z0-9]{26}$/)
})

test('cookies last as long as the session; only the token is hidden from scripts', async (t) => {
  const session = {
    id: 'ses',
    token: 'tok',
    person: 'per' as Session['person'],
    by: 'password' as const,
    createdAt: 0,
    usedAt: 0,
    expiresAt: 61_000,
  }
  const [token, person, csrf] = sessionCookies(session, { now: 1_000, isOnlySecure: false })

  t.equal(token, 'MMAUTHTOKEN=tok; Path=/; Max-Age=60; SameSite=Lax; HttpOnly')
  t.equal(person, 'MMUSERID=per; Path=/; Max-Age=60; SameSite=Lax')
  t.equal(csrf, `MMCSRF=${csrfTokenOf('tok')}; Path=/; Max-Age=60; SameSite=Lax`)
})

test('a page of another site is told apart', async (t) => {
  const host = 'kit.local:8065'
  t.ok(isSameOrigin({ host }, undefined), 'no browser')
  t.ok(isSameOrigin({ host, origin: 'http://kit.local:8065' }, undefined))
  t.ok(isSameOrigin({ host, origin: 'https://chat.example' }, 'https://chat.example/'))
  for (const origin of ['http://evil.example', 'null', '', 'http://kit.local', 'file://']) {
    t.notOk(isSameOrigin({ host, origin }, 'https://chat.example'), origin)
  }
})
