import { test, type Test } from 'tap'
import type { OutsidePerson, PeopleSource, SourceAnswer } from '#ports/people-source.ts'
import { aPasskey, codeAt } from '../support/accounts.ts'
import { aTeam, eventsOf, type Team } from '../support/app.ts'

const DAY_MS = 24 * 3_600_000
const OFFLINE_MS = 7 * DAY_MS

const dana: OutsidePerson = {
  source: 'ldap',
  subject: 'uuid-of-dana',
  username: 'Dana',
  displayName: 'Dana Diaz',
}

/** A source outside that answers as the test says; dana's password is `dana-password`. */
function aSource(): PeopleSource & {
  answer: SourceAnswer['kind'] | 'sound'
  asked: number
  person: OutsidePerson
} {
  const source = {
    answer: 'sound' as SourceAnswer['kind'] | 'sound',
    asked: 0,
    person: dana,
    check: async (login: string, password: string): Promise<SourceAnswer> => {
      source.asked += 1
      if (source.answer !== 'sound' && source.answer !== 'right') return { kind: source.answer }
      if (login.toLowerCase() !== 'dana') return { kind: 'unknown' }
      return password === 'dana-password'
        ? { kind: 'right', person: source.person }
        : { kind: 'wrong' }
    },
  }
  return source
}

async function prove(): Promise<{ counter: number }> {
  return { counter: 1 }
}

async function withSource(t: Test): Promise<Team & { source: ReturnType<typeof aSource> }> {
  const source = aSource()
  const options = { offlineSignInMs: OFFLINE_MS }
  return { ...(await aTeam(t, { options, peopleSource: source })), source }
}

test('whom the source knows is enrolled at the first sign-in, and is the same person afterwards', async (t) => {
  const { node, source, clock } = await withSource(t)

  const first = await node.signIn('dana', 'dana-password')
  await clock.advance(1_000)
  const second = await node.signIn('dana', 'dana-password')

  t.match(first, { by: 'ldap', expiresAt: first.createdAt + OFFLINE_MS })
  t.equal(first.person, second.person)
  t.match(await node.people([first.person]), [{ username: 'dana', displayName: 'Dana Diaz' }])
  t.match(await node.channelsOf(first.person), [{ name: 'town-square' }])
  t.equal(source.asked, 2)
  await t.rejects(node.signIn('dana', 'wrong'), { code: 'NOT_SIGNED_IN' })
  await t.rejects(node.signIn('nobody', 'x'), { code: 'NOT_SIGNED_IN' })
})

test('who has a password here is never asked about elsewhere, and a name that is the same opens nothing', async (t) => {
  const { node, source, bo } = await withSource(t)
  source.person = { ...dana, username: 'bo' }

  await t.rejects(node.signIn('bo', 'dana-password'), { code: 'NOT_SIGNED_IN' })
  t.match(await node.signIn('bo', 'bo-password'), { person: bo.id, by: 'password' })
  const namesake = await node.signIn('dana', 'dana-password')

  t.not(namesake.person, bo.id)
  const [person] = await node.people([namesake.person])
  t.match(person?.username, /^bo-[a-z0-9]{4}$/, 'one of the two is called longer')
})

test('while the source is out of reach its people come in for a time by what it said last', async (t) => {
  const { node, source, clock } = await withSource(t)
  const { person, createdAt } = await node.signIn('dana', 'dana-password')
  source.answer = 'unreachable'
  await clock.advance(2 * DAY_MS)

  const offline = await node.signIn('dana', 'dana-password')

  t.match(offline, { person, by: 'password', expiresAt: createdAt + OFFLINE_MS })
  await t.rejects(node.signIn('dana', 'wrong'), { code: 'NOT_SIGNED_IN' })
  await t.rejects(node.signIn('erin', 'dana-password'), { code: 'NOT_SIGNED_IN' })
  await clock.advance(5 * DAY_MS - 1)
  t.ok(await node.sessionOf(offline.token))
  await clock.advance(1)
  t.equal(await node.sessionOf(offline.token), undefined)
  await t.rejects(node.signIn('dana', 'dana-password'), {
    code: 'NOT_SIGNED_IN',
    facts: { found: /not confirmed/ },
  })
  source.answer = 'sound'
  t.ok(await node.signIn('dana', 'dana-password'))
})

test('where nobody may sign in without the source, nothing of a password is kept', async (t) => {
  const source = aSource()
  const { node, store } = await aTeam(t, { peopleSource: source })
  const before = (await store.list({ from: 'acct/', to: 'acct0' })).length
  const session = await node.signIn('dana', 'dana-password')

  t.equal(session.expiresAt, session.createdAt + DAY_MS)
  t.equal((await store.list({ from: 'acct/', to: 'acct0' })).length, before)
  source.answer = 'unreachable'
  await t.rejects(node.signIn('dana', 'dana-password'), { code: 'NOT_SIGNED_IN' })
})

test('a clock that is set back gives nobody more time', async (t) => {
  const { node, source, clock } = await withSource(t)
  await node.signIn('dana', 'dana-password')
  source.answer = 'unreachable'
  clock.setWall(clock.now() - DAY_MS)

  await t.rejects(node.signIn('dana', 'dana-password'), { code: 'NOT_SIGNED_IN' })
})

test('a password that was changed there is forgotten here as soon as somebody tries it', async (t) => {
  const { node, source } = await withSource(t)
  await node.signIn('dana', 'dana-password')
  source.answer = 'wrong'
  await t.rejects(node.signIn('dana', 'a wrong one'), { code: 'NOT_SIGNED_IN' })
  source.answer = 'unreachable'
  t.ok(await node.signIn('dana', 'dana-password'), 'a typing error takes nothing away')
  source.answer = 'wrong'
  await t.rejects(node.signIn('dana', 'dana-password'), { code: 'NOT_SIGNED_IN' })

  source.answer = 'unreachable'

  await t.rejects(node.signIn('dana', 'dana-password'), { code: 'NOT_SIGNED_IN' })
})

test('whom the source knows no more is out, with passkeys and sessions', async (t) => {
  const { node, source, clock } = await withSource(t)
  const { person, token, id } = await node.signIn('dana', 'dana-password')
  await node.addPasskey(person, aPasskey('one'))
  const told = eventsOf(node)
  source.answer = 'unknown'

  await t.rejects(node.signIn('dana', 'whatever'), { code: 'NOT_SIGNED_IN' })
  await clock.advance(0)

  t.equal(await node.sessionOf(token), undefined)
  t.match(
    told.find(({ kind }) => kind === 'sessions-ended'),
    { sessions: [id] },
  )
  await t.rejects(node.signInWithPasskey('one', prove), {
    code: 'NOT_SIGNED_IN',
    facts: { found: /not confirmed/ },
  })
  source.answer = 'unreachable'
  await t.rejects(node.signIn('dana', 'dana-password'), { code: 'NOT_SIGNED_IN' })
})

test('a second factor is asked of them, too, and wrong digits confirm nobody', async (t) => {
  const { node, clock } = await withSource(t)
  const { person } = await node.signIn('dana', 'dana-password')
  const { secret } = await node.newSecondFactor(person, person)
  await node.activateSecondFactor(person, person, codeAt(secret, clock.now()))
  await clock.advance(30_000)

  await t.rejects(node.signIn('dana', 'dana-password'), { code: 'CODE_WANTED' })
  t.ok(await node.signIn('dana', 'dana-password', { code: codeAt(secret, clock.now()) }))
  await t.rejects(
    node.changePassword(person, { person, present: 'dana-password', wanted: 'a new one' }),
    {
      code: 'NOT_FOUND',
      facts: { do: /where your organisation keeps it/ },
    },
  )
})

test('on the word of a provider somebody comes in as the same person each time, whatever the name says', async (t) => {
  const { node, bo, amira } = await withSource(t)
  const word = { source: 'openid', subject: 'issuer 1 dana', displayName: 'Dana' } as const

  const first = await node.signInFromOutside({ ...word, username: 'dana@example.org' })
  const renamed = await node.signInFromOutside({ ...word, username: 'admin' })
  const other = await node.signInFromOutside({ ...word, subject: 'issuer 2 dana', username: '愛' })

  t.equal(first.person, renamed.person)
  t.notOk([first.person, bo.id, amira.id].includes(other.person))
  t.match(await node.people([first.person, other.person]), [
    { username: 'dana' },
    { username: /^person-[a-z0-9]{6}$/ },
  ])
  await node.setActive(amira.id, first.person, false)
  await t.rejects(node.signInFromOutside({ ...word, username: 'dana' }), { code: 'NOT_SIGNED_IN' })
})

test('of two first sign-ins at once one person is made', async (t) => {
  const { node } = await withSource(t)

  const sessions = await Promise.all([1, 2, 3].map(() => node.signIn('dana', 'dana-password')))

  t.equal(new Set(sessions.map(({ person }) => person)).size, 1)
  t.equal((await node.allPeople()).length, 3)
})

test('whom a provider vouched for comes in by a passkey while it is out of reach, for as long', async (t) => {
  const { node, clock } = await withSource(t)
  const erin = {
    source: 'openid',
    subject: 'issuer erin',
    username: 'erin',
    displayName: 'E',
  } as const
  const { person, createdAt } = await node.signInFromOutside(erin)
  await node.addPasskey(person, aPasskey('of erin'))
  await clock.advance(6 * DAY_MS)

  const offline = await node.signInWithPasskey('of erin', prove)

  t.match(offline, { person, by: 'passkey', expiresAt: createdAt + OFFLINE_MS })
  await clock.advance(DAY_MS)
  t.equal(await node.sessionOf(offline.token), undefined)
  await t.rejects(
    node.signInWithPasskey('of erin', async () => ({ counter: 2 })),
    { code: 'NOT_SIGNED_IN', facts: { found: /not confirmed/ } },
  )
  await node.signInFromOutside(erin)
  t.ok(await node.signInWithPasskey('of erin', async () => ({ counter: 2 })))
})
