import { test } from 'tap'
import { openMemoryNetwork } from '#carriers/memory.ts'
import { openMemoryStore } from '#storage/memory-store.ts'
import { virtualClock } from '../support/clock.ts'
import { aFaultyStore } from '../support/faulty-store.ts'
import { aNode, anAdministrator, anIdentity, aPerson, aWorkspace, until } from '../support/nodes.ts'

test('the first administrator is set up, with the first channel, and only once', async (t) => {
  const store = openMemoryStore()
  {
    await using node = await aNode('alpha', { store })
    const amira = await anAdministrator(node, 'amira')
    t.match(amira, { username: 'amira', isAdministrator: true })
    t.match(await node.channelsOf(amira.id), [{ name: 'town-square', kind: 'public' }])
    await t.rejects(anAdministrator(node, 'bo'), { code: 'NOT_ALLOWED' })
  }
  await using node = await aNode('alpha', { store })

  await t.rejects(anAdministrator(node, 'bo'), { code: 'NOT_ALLOWED' })
})

test('of two who set up at the same time one is refused', async (t) => {
  await using node = await aNode('alpha')

  const tried = await Promise.allSettled([
    anAdministrator(node, 'amira'),
    anAdministrator(node, 'mallory'),
  ])

  t.match(tried, [{ status: 'fulfilled' }, { status: 'rejected', reason: { code: 'NOT_ALLOWED' } }])
  t.equal((await node.allPeople()).length, 1)
})

test('a setting up that the disk refused may be tried again', async (t) => {
  const store = aFaultyStore()
  await using node = await aNode('alpha', { store })
  store.setFault('full')
  await t.rejects(anAdministrator(node, 'amira'), { code: 'STORE_FULL' })
  t.strictSame(await node.allPeople(), [])

  store.setFault('none')

  t.match(await anAdministrator(node, 'amira'), { username: 'amira' })
})

test('an administrator enrols people, others do not', async (t) => {
  const { node, amira, bo } = await aWorkspace('alpha')
  t.teardown(node[Symbol.asyncDispose])

  t.match(bo, { username: 'bo', isAdministrator: false })
  t.match(await node.channelsOf(bo.id), [{ name: 'town-square' }])
  await t.rejects(node.enrolPerson(bo.id, aPerson('chen')), { code: 'NOT_ALLOWED' })
  await t.rejects(node.enrolPerson(amira.id, aPerson('bo')), { code: 'ALREADY_EXISTS' })
  t.strictSame(
    (await node.allPeople()).map(({ username }) => username),
    ['amira', 'bo'],
  )
})

test('people are found by name in whatever case, and by id', async (t) => {
  const { node, amira, bo } = await aWorkspace('alpha')
  t.teardown(node[Symbol.asyncDispose])

  t.equal((await node.personByName(' Bo '))?.id, bo.id)
  t.equal(await node.personByName('nobody'), undefined)
  t.strictSame(
    (await node.people([bo.id, 'ybndrfg8ejkmcpqxot1uwisza3' as typeof bo.id, amira.id])).map(
      ({ username }) => username,
    ),
    ['bo', 'amira'],
  )
})

test('what cannot be a person is refused, and says which field', async (t) => {
  const { node, amira } = await aWorkspace('alpha')
  t.teardown(node[Symbol.asyncDispose])
  const enrol = (change: Partial<ReturnType<typeof aPerson>>) =>
    node.enrolPerson(amira.id, { ...aPerson('chen'), ...change })

  for (const username of ['', 'Chen', '9chen', 'chen li', 'x'.repeat(65)])
    await t.rejects(enrol({ username }), { code: 'INPUT_INVALID', facts: { field: 'username' } })
  for (const password of ['1234567', 'x'.repeat(73)])
    await t.rejects(enrol({ password }), { code: 'INPUT_INVALID', facts: { field: 'password' } })
  await t.rejects(enrol({ displayName: 'x'.repeat(129) }), { code: 'INPUT_INVALID' })
  t.match(await enrol({ password: '🙂'.repeat(8) }), { username: 'chen' })
})

test('a name taken on two nodes apart gets a part of the id for the later person, the same on both', async (t) => {
  const clock = virtualClock()
  const network = openMemoryNetwork({ clock })
  const [alphaIdentity, bravoIdentity] = [anIdentity('alpha', 1), anIdentity('bravo', 2)]
  const [a, b] = [alphaIdentity.certificate.node, bravoIdentity.certificate.node]
  network.cut(a, b)
  const open = (name: string, id: typeof a) =>
    aNode(name, { clock, knows: [alphaIdentity, bravoIdentity], carriers: [network.open(id)] })
  await using alpha = await open('alpha', a)
  await using bravo = await open('bravo', b)
  const first = await anAdministrator(alpha, 'amira')
  await clock.advance(60_000)
  const second = await anAdministrator(bravo, 'amira')

  network.heal(a, b)
  await until([alpha, bravo], async () =>
    (await Promise.all([alpha.allPeople(), bravo.allPeople()])).every(({ length }) => length === 2),
  )

  for (const node of [alpha, bravo]) {
    t.match(await node.people([first.id, second.id]), [
      { username: 'amira', homeNode: a },
      { username: `amira-${second.id.slice(-5, -1)}`, homeNode: b },
    ])
  }
  t.match(await bravo.signIn(`amira-${second.id.slice(-5, -1)}`, 'amira-password'), {
    person: second.id,
  })
})
