import { test } from 'tap'
import { SESSIONS_PER_PERSON_MAX } from '#base/limits.ts'
import { aTeam, twoNodes } from '../support/app.ts'
import { aNode, anAdministrator, aPerson, until } from '../support/nodes.ts'

const DAY_MS = 24 * 3_600_000

test('who signs in with the right password has a session', async (t) => {
  const { node, bo } = await aTeam(t)

  const session = await node.signIn('bo', 'bo-password')

  t.equal(session.person, bo.id)
  t.match(session.token, /^.{26}$/)
  t.strictSame(await node.sessionOf(session.token), session)
})

test('a login may be typed in any case and with spaces around it', async (t) => {
  const { node, bo } = await aTeam(t)

  t.equal((await node.signIn(' Bo ', 'bo-password')).person, bo.id)
})

test('a wrong password and an unknown name are refused alike', async (t) => {
  const { node } = await aTeam(t)

  const answers = await Promise.all(
    [node.signIn('bo', 'amira-password'), node.signIn('nobody', 'bo-password')].map((one) =>
      one.then(
        () => 'signed in',
        (error: Error) => error.message,
      ),
    ),
  )

  t.match(answers[0], 'NOT_SIGNED_IN')
  t.equal(answers[0], answers[1])
})

test('a person has only so many sessions: with one more the oldest ends, and nobody else loses one', async (t) => {
  const { node, clock } = await aTeam(t)
  const others = [await node.signIn('amira', 'amira-password'), await node.openSession('bo')]
  const sessions = []
  for (let count = 0; count <= SESSIONS_PER_PERSON_MAX; count += 1) {
    sessions.push(await node.signIn('bo', 'bo-password'))
    await clock.advance(1)
  }

  const isOpen = async ({ token }: { readonly token: string }): Promise<boolean> =>
    (await node.sessionOf(token)) !== undefined
  const [first, ...rest] = sessions
  t.equal(first && (await isOpen(first)), false)
  for (const session of [...rest, ...others]) t.equal(await isOpen(session), true)
})

test('a session ends by itself after 30 days', async (t) => {
  const { node, clock } = await aTeam(t)
  const { token } = await node.signIn('bo', 'bo-password')
  await clock.advance(30 * DAY_MS - 1)
  t.ok(await node.sessionOf(token))

  await clock.advance(1)

  t.equal(await node.sessionOf(token), undefined)
})

test('signing out ends this session and no other, and may be done twice', async (t) => {
  const { node } = await aTeam(t)
  const phone = await node.signIn('bo', 'bo-password')
  const laptop = await node.signIn('bo', 'bo-password')

  await node.signOut(phone.token)
  await node.signOut(phone.token)

  t.equal(await node.sessionOf(phone.token), undefined)
  t.ok(await node.sessionOf(laptop.token))
})

test('a session outlives a restart, and its token is nowhere on the disk', async (t) => {
  const { node, store } = await aTeam(t)
  const { token, person } = await node.signIn('bo', 'bo-password')
  await node[Symbol.asyncDispose]()

  const again = await aNode('alpha', { store })
  t.teardown(() => again[Symbol.asyncDispose]())

  t.equal((await again.sessionOf(token))?.person, person)
  const onDisk = store.batches.flat().map(({ key, value }) => key + Buffer.from(value ?? []))
  t.notOk(onDisk.some((text) => text.includes(token)))
})

test('the operator has a session without a password, but only as somebody who is there', async (t) => {
  const { node, amira } = await aTeam(t)

  t.equal((await node.openSession('amira')).person, amira.id)
  await t.rejects(node.openSession('nobody'), { code: 'NOT_FOUND' })
})

test('what one run left to the operator is worth nothing in the next, also when the power went', async (t) => {
  const { node } = await aTeam(t)
  const operator = await node.openSession('amira')
  const phone = await node.signIn('bo', 'bo-password')
  t.ok(await node.sessionOf(operator.token))

  await node.noteStart({ by: 'passphrase', wrongTries: 0, policy: new Uint8Array(32) })

  t.equal(await node.sessionOf(operator.token), undefined)
  t.ok(await node.sessionOf(phone.token))
})

test('sessions that have ended do not pile up on the disk', async (t) => {
  const { node, clock, store } = await aTeam(t)
  for (let day = 0; day < 3; day += 1) await node.signIn('bo', 'bo-password')
  await clock.advance(30 * DAY_MS)

  await node.signIn('bo', 'bo-password')

  t.equal((await store.list({ from: 'sess/', to: 'sess0' })).length, 1)
})

test('who was enrolled under a name that another node took earlier still signs in with it at home', async (t) => {
  const { alpha, bravo, meet } = await twoNodes(t)
  await anAdministrator(alpha, 'amira')
  await anAdministrator(bravo, 'bo')
  const chens = await Promise.all(
    [alpha, bravo].map(async (node) => {
      const [administrator] = await node.allPeople()
      return node.enrolPerson(administrator?.id ?? ('' as never), aPerson('chen'))
    }),
  )
  meet()
  await until([alpha, bravo], async () => {
    const everybody = await Promise.all([alpha.allPeople(), bravo.allPeople()])
    return everybody.every((people) => people.length === 4)
  })

  const sessions = await Promise.all(
    [alpha, bravo].map((node) => node.signIn('chen', 'chen-password')),
  )

  t.strictSame(
    sessions.map(({ person }) => person),
    chens.map(({ id }) => id),
  )
})
