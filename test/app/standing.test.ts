import { test } from 'tap'
import type { EdgeNode } from '#app/node.ts'
import type { UserId } from '#base/ids.ts'
import { aTeam, eventsOf, twoNodes } from '../support/app.ts'
import { virtualClock } from '../support/clock.ts'
import { anAdministrator, until } from '../support/nodes.ts'

const isOff = (node: EdgeNode, id: UserId) => async (): Promise<boolean> =>
  ((await node.people([id]))[0]?.deactivatedAt ?? 0) > 0

test('who is deactivated loses every session, and comes in by nothing, until activated', async (t) => {
  const { node, amira, bo, clock } = await aTeam(t)
  const phone = await node.signIn('bo', 'bo-password')
  const told = eventsOf(node)

  await node.setActive(amira.id, bo.id, false)
  await clock.advance(0)

  t.equal(await node.sessionOf(phone.token), undefined)
  t.match(
    told.find(({ kind }) => kind === 'sessions-ended'),
    { sessions: [phone.id] },
  )
  const [off, wrong] = await Promise.all(
    ['bo-password', 'wrong'].map((one) => node.signIn('bo', one).catch(String)),
  )
  t.equal(off, wrong, 'whoever guesses learns nothing')
  await node.setActive(amira.id, bo.id, true)
  t.equal(await node.sessionOf(phone.token), undefined, 'what has ended stays ended')
  t.ok(await node.signIn('bo', 'bo-password'))
})

test('nobody deactivates who does not administer, nor oneself', async (t) => {
  const { node, amira, bo } = await aTeam(t)

  await t.rejects(node.setActive(bo.id, amira.id, false), { code: 'NOT_ALLOWED' })
  await t.rejects(node.setActive(bo.id, bo.id, false), { code: 'NOT_ALLOWED' })
  await t.rejects(node.setActive(amira.id, amira.id, false), { code: 'NOT_ALLOWED' })
})

test('what headquarters says ends sessions on the kit that hears of it, and the kit cannot take it back', async (t) => {
  const { alpha, bravo, meet } = await twoNodes(t)
  const amira = await anAdministrator(alpha, 'amira')
  const bo = await anAdministrator(bravo, 'bo')
  const chen = await bravo.enrolPerson(bo.id, {
    username: 'chen',
    displayName: 'Chen',
    password: 'chen-password',
    isAdministrator: false,
  })
  const { token, id } = await bravo.signIn('chen', 'chen-password')
  const told = eventsOf(bravo)
  meet()
  await until([alpha], async () => (await alpha.people([chen.id])).length === 1)

  await t.rejects(bravo.setActive(bo.id, amira.id, false), { code: /NOT_ALLOWED|NOT_FOUND/ })
  await alpha.setActive(amira.id, chen.id, false)
  await until([bravo], isOff(bravo, chen.id))

  t.equal(await bravo.sessionOf(token), undefined)
  t.match(
    told.find(({ kind }) => kind === 'sessions-ended'),
    { sessions: [id] },
  )
  await t.rejects(bravo.signIn('chen', 'chen-password'), { code: 'NOT_SIGNED_IN' })
  await t.rejects(bravo.setActive(bo.id, chen.id, true), {
    code: 'NOT_ALLOWED',
    facts: { found: 'deactivated by the organisation' },
  })
  await t.rejects(bravo.signIn('chen', 'chen-password'), { code: 'NOT_SIGNED_IN' })
})

test('the people of a node that hears of its own revocation have to sign in again', async (t) => {
  const clock = virtualClock()
  const { alpha, bravo, meet } = await twoNodes(t, { alpha: clock })
  const amira = await anAdministrator(alpha, 'amira')
  await anAdministrator(bravo, 'bo')
  const phone = await bravo.signIn('bo', 'bo-password')
  const operator = await bravo.openSession('bo')
  meet()
  const { node } = await bravo.status()
  await until([alpha], async () => (await alpha.nodes(amira.id)).length === 2)
  const ended = Promise.withResolvers<void>()
  bravo.subscribe(({ kind }) => kind === 'sessions-ended' && ended.resolve())

  clock.setWall(clock.now() + 60_000)
  await alpha.revokeNode(amira.id, { node: node.id })
  await alpha.wipeNode(amira.id, node.id) // it is told that, and so the other, too
  await ended.promise

  t.equal((await bravo.status()).isRevoked, true)
  t.equal(await bravo.sessionOf(phone.token), undefined)
  t.ok(await bravo.sessionOf(operator.token))
  t.ok(await bravo.signIn('bo', 'bo-password'))
})

test('who is enrolled where nobody administers is not vouched for until somebody does who may', async (t) => {
  const { alpha, bravo, meet } = await twoNodes(t)
  const amira = await anAdministrator(alpha, 'amira')
  const bo = await anAdministrator(bravo, 'bo')
  t.equal(amira.isVouchedFor, true)
  t.equal(bo.isVouchedFor, false)
  meet()
  await until([alpha], async () => (await alpha.people([bo.id])).length === 1)

  await t.rejects(bravo.vouchFor(bo.id, bo.id), { code: 'NOT_ALLOWED' })
  const vouched = await alpha.vouchFor(amira.id, bo.id)

  t.match(vouched, { username: 'bo', isVouchedFor: true })
  const seen = async () => (await bravo.people([bo.id]))[0]
  await until([bravo], async () => (await seen())?.isVouchedFor === true)
  t.equal((await seen())?.isAdministrator, true, 'on their own node, as before')
})

test('vouching for somebody gives them no rights', async (t) => {
  const { alpha, bravo, meet } = await twoNodes(t)
  const amira = await anAdministrator(alpha, 'amira')
  const bo = await anAdministrator(bravo, 'bo') // an administrator by the word of a kit
  meet()
  await until([alpha], async () => (await alpha.people([bo.id])).length === 1)
  const square = await alpha.channelByName(amira.id, 'town-square')
  const { id } = await alpha.post(amira.id, { channel: square.id, body: 'kept' })

  await alpha.vouchFor(amira.id, bo.id)
  await until([bravo], async () => (await bravo.people([bo.id]))[0]?.isVouchedFor === true)
  await until([bravo], async () =>
    bravo.message(bo.id, id).then(
      () => true,
      () => false,
    ),
  )
  await bravo.deletePost(bo.id, id).catch(() => undefined)
  await bravo.post(bo.id, { channel: square.id, body: 'after it' })

  await until([alpha], async () => {
    const { messages } = await alpha.page(amira.id, square.id, { limit: 5 })
    return messages.some(({ body }) => body === 'after it')
  })
  t.equal((await alpha.message(amira.id, id)).deletedAt, 0)
})
