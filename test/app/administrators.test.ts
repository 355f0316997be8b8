import { test } from 'tap'
import type { EdgeNode } from '#app/node.ts'
import type { Person } from '#app/types.ts'
import { must } from '#base/assert.ts'
import type { UserId } from '#base/ids.ts'
import { aTeam, eventsOf, twoNodes } from '../support/app.ts'
import { anAdministrator, until } from '../support/nodes.ts'

const refused = (found: string) => ({ code: 'NOT_ALLOWED', facts: { found } })
const LAST = refused('the last administrator of that node')

const known = async (node: EdgeNode, id: UserId): Promise<Person> =>
  must((await node.people([id]))[0], 'they are known')

const administers = (node: EdgeNode, id: UserId) => async (): Promise<boolean> =>
  (await node.people([id]))[0]?.isAdministrator === true

async function enrolled(node: EdgeNode, by: UserId, username: string): Promise<Person> {
  const words = { displayName: username, password: `${username}-password` }
  return node.enrolPerson(by, { username, ...words, isAdministrator: false })
}

test('somebody is appointed and dismissed after enrolment, by whoever administers, and it counts at once', async (t) => {
  const { node, amira, bo, clock } = await aTeam(t)
  const told = eventsOf(node)
  await t.rejects(node.policy(bo.id), { code: 'NOT_ALLOWED' })

  t.match(await node.setAdministrator(amira.id, bo.id, true), { isAdministrator: true })
  await clock.advance(0)

  t.ok(await node.policy(bo.id))
  t.match(
    told.find(({ kind }) => kind === 'person-updated'),
    { person: { id: bo.id, isAdministrator: true } },
  )
  t.match(await node.setAdministrator(bo.id, amira.id, false), { isAdministrator: false })
  await t.rejects(node.policy(amira.id), { code: 'NOT_ALLOWED' })
  await t.rejects(node.setAdministrator(amira.id, amira.id, true), { code: 'NOT_ALLOWED' })
})

test('who says again what is so adds nothing, and nobody is refused', async (t) => {
  const { node, amira, bo } = await aTeam(t)
  const deeds = async (): Promise<number> =>
    (await node.audit(amira.id, { limit: 1_000, after: 0 })).length
  await node.setAdministrator(amira.id, bo.id, true)
  const before = await deeds()

  await node.setAdministrator(amira.id, bo.id, true)
  await node.setAdministrator(amira.id, bo.id, true)

  t.equal(await deeds(), before)
})

test('the last administrator stays one: not dismissed, no guest, no partner, and two at once leave one', async (t) => {
  const { node, amira, bo } = await aTeam(t, { role: 'hub' })
  const become = (person: UserId, attributes: Readonly<Record<string, string>>): Promise<void> =>
    node.changePolicy(amira.id, { about: 'person', person, attributes })

  await t.rejects(node.setAdministrator(amira.id, amira.id, false), LAST)
  await t.rejects(become(amira.id, { role: 'guest' }), LAST)
  await t.rejects(become(amira.id, { role: 'member', organisation: 'redcross' }), LAST)

  await node.setAdministrator(amira.id, bo.id, true)
  const outcomes = await Promise.allSettled([
    node.setAdministrator(amira.id, bo.id, false),
    node.setAdministrator(bo.id, amira.id, false),
  ])

  t.strictSame(
    outcomes.map(({ status }) => status),
    ['fulfilled', 'rejected'],
  )
  t.match((await known(node, amira.id)).isAdministrator, true)
})

test('an administrator who may not sign in is not one who is left', async (t) => {
  const { node, amira, bo } = await aTeam(t)
  await node.setAdministrator(amira.id, bo.id, true)
  await node.setActive(amira.id, bo.id, false)

  await t.rejects(node.setAdministrator(amira.id, amira.id, false), LAST)
  t.match(await node.setAdministrator(amira.id, bo.id, false), { isAdministrator: false })
})

test('nobody of a partner, no guest and no bot is appointed, and who becomes one administers no more', async (t) => {
  const { node, amira, bo } = await aTeam(t, { role: 'hub' })
  const chen = await enrolled(node, amira.id, 'chen')
  const bot = await node.makeBot(amira.id, { username: 'alarms', displayName: '', description: '' })
  const become = (person: UserId, attributes: Readonly<Record<string, string>>): Promise<void> =>
    node.changePolicy(amira.id, { about: 'person', person, attributes })
  await node.setAdministrator(amira.id, chen.id, true)
  for (const attributes of [
    { role: 'guest' },
    { organisation: 'redcross' },
    { organisation: 'redcross', role: 'member' },
  ]) {
    await become(bo.id, attributes)
    await t.rejects(node.setAdministrator(amira.id, bo.id, true), {
      code: 'NOT_ALLOWED',
      facts: { wanted: 'a member of our own organisation' },
    })
    await become(chen.id, attributes)
    t.match(await known(node, chen.id), { isAdministrator: false })
    await t.rejects(node.policy(chen.id), { code: 'NOT_ALLOWED' })
    await t.rejects(node.setAdministrator(chen.id, bo.id, true), { code: 'NOT_ALLOWED' })
    const asked = { person: chen.id, action: 'manage accounts' } as const
    t.match(await node.explainAccess(amira.id, asked), { ok: false })
  }
  await t.rejects(node.setAdministrator(amira.id, bot.id, true), refused('a bot'))
})

test('a kit appoints for itself and headquarters for all, and neither takes back what the other said', async (t) => {
  const { alpha, bravo, meet } = await twoNodes(t)
  const amira = await anAdministrator(alpha, 'amira')
  const bo = await anAdministrator(bravo, 'bo')
  const chen = await enrolled(bravo, bo.id, 'chen')
  const dana = await enrolled(bravo, bo.id, 'dana')
  meet()
  await until([alpha], async () => (await alpha.people([dana.id])).length === 1)
  await until([bravo], async () => (await bravo.people([amira.id])).length === 1)

  await t.rejects(
    bravo.setAdministrator(bo.id, amira.id, false),
    refused('a node that does not administer the organisation'),
  )
  await bravo.setAdministrator(bo.id, chen.id, true)
  await alpha.setAdministrator(amira.id, dana.id, true)
  await until([alpha, bravo], administers(bravo, dana.id))
  await until([alpha, bravo], administers(alpha, chen.id))

  t.ok(await bravo.policy(dana.id), 'it counts where they live')
  await t.rejects(
    bravo.setAdministrator(bo.id, dana.id, false),
    refused('an administrator by the word of the organisation'),
  )
  await t.rejects(
    alpha.setAdministrator(amira.id, chen.id, false),
    refused('an administrator by the word of their own node'),
  )
  await alpha.setAdministrator(amira.id, dana.id, false)
  await until([alpha, bravo], async () => !(await administers(bravo, dana.id)()))
  await t.rejects(bravo.policy(dana.id), { code: 'NOT_ALLOWED' })
  await bravo.setAdministrator(bo.id, chen.id, false)
  await until([alpha, bravo], async () => !(await administers(alpha, chen.id)()))
})

test('headquarters does not leave a kit without anybody, and its own word goes where the kit says the same', async (t) => {
  const { alpha, bravo, meet } = await twoNodes(t)
  const amira = await anAdministrator(alpha, 'amira')
  const bo = await anAdministrator(bravo, 'bo')
  const chen = await enrolled(bravo, bo.id, 'chen')
  meet()
  await until([alpha], async () => (await alpha.people([chen.id])).length === 1)

  await alpha.setAdministrator(amira.id, chen.id, true)
  await until([alpha, bravo], administers(bravo, chen.id))
  await bravo.setAdministrator(chen.id, bo.id, false)
  await until([alpha, bravo], async () => !(await administers(alpha, bo.id)()))

  await t.rejects(alpha.setAdministrator(amira.id, chen.id, false), LAST)
  t.equal(await administers(alpha, chen.id)(), true)
})
