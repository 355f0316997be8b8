/** Who can read what, between whole nodes: private channels, people who come and go, nodes that are shut out. */
import { test, type Test } from 'tap'
import { openMemoryNetwork } from '#carriers/memory.ts'
import type { EdgeNode } from '#app/node.ts'
import type { ChannelId, UserId } from '#base/ids.ts'
import type { NodeRole } from '#trust/identity.ts'
import { virtualClock } from '../support/clock.ts'
import { aNode, anAdministrator, anIdentity, until } from '../support/nodes.ts'

test('a private channel is read by its members nodes and by no other', async (t) => {
  const { alpha, bravo, charlie } = await threeNodes(t)
  const channel = await alpha.node.createChannel(alpha.person, {
    kind: 'private',
    name: 'medevac',
    displayName: 'Medevac',
    members: [bravo.person],
  })

  await alpha.node.post(alpha.person, { channel: channel.id, body: 'nine line follows' })
  await until([bravo.node], () => sees(bravo, channel.id, 'nine line follows'))
  await bravo.node.post(bravo.person, { channel: channel.id, body: 'send it' })
  await until([alpha.node], () => sees(alpha, channel.id, 'send it'))
  await alpha.node.post(alpha.person, { channel: alpha.square, body: 'a word to all' })
  await until([charlie.node], () => sees(charlie, alpha.square, 'a word to all'))

  t.equal(await sees(charlie, channel.id, 'nine line follows'), false)
})

test('a hub reads what is said in a private channel of kits, without a member there', async (t) => {
  const { alpha, hub } = await threeNodes(t, ['alpha', 'bravo', 'hub'])
  const { id } = await alpha.node.createChannel(alpha.person, aDraft('private'))
  await alpha.node.post(alpha.person, { channel: id, body: 'for the record' })

  await until([hub.node], async () => {
    const page = await readAs(hub, alpha.person, id)
    return page.includes('for the record')
  })
  t.equal(await sees(hub, id, 'for the record'), false, 'its people do not, though')
})

test('a person added later reads all that was said before, and goes on from there', async (t) => {
  const { alpha, bravo, charlie } = await threeNodes(t)
  const { id } = await alpha.node.createChannel(alpha.person, aDraft('private', [bravo.person]))
  await alpha.node.post(alpha.person, { channel: id, body: 'before' })
  await until([bravo.node], () => sees(bravo, id, 'before'))
  t.equal(await sees(charlie, id, 'before'), false)

  await bravo.node.addMember(bravo.person, id, charlie.person)

  await until([charlie.node], () => sees(charlie, id, 'before'))
  await charlie.node.post(charlie.person, { channel: id, body: 'thank you' })
  await until([alpha.node], () => sees(alpha, id, 'thank you'))
})

test('a member who was removed gets nothing that is said afterwards', async (t) => {
  const { alpha, bravo, charlie } = await threeNodes(t)
  const members = [bravo.person, charlie.person]
  const { id } = await alpha.node.createChannel(alpha.person, aDraft('private', members))
  await alpha.node.post(alpha.person, { channel: id, body: 'to all three' })
  await until([bravo.node, charlie.node], async () =>
    (await Promise.all([bravo, charlie].map((one) => sees(one, id, 'to all three')))).every(
      Boolean,
    ),
  )

  await alpha.node.removeMember(alpha.person, id, charlie.person)
  await alpha.node.post(alpha.person, { channel: id, body: 'to two' })
  await until([bravo.node], () => sees(bravo, id, 'to two'))
  await bravo.node.post(bravo.person, { channel: id, body: 'an answer' })
  await until([alpha.node], () => sees(alpha, id, 'an answer'))
  await alpha.node.post(alpha.person, { channel: alpha.square, body: 'a word to all' })
  await until([charlie.node], () => sees(charlie, alpha.square, 'a word to all'))

  t.equal(await sees(charlie, id, 'to two'), false)
  const held = await readAs(charlie, alpha.person, id)
  t.strictSame(held, ['to all three'], 'its node holds what it had, and no more')
})

test('a direct channel is read by the two nodes alone', async (t) => {
  const { alpha, bravo, charlie } = await threeNodes(t)
  const { id } = await alpha.node.directChannel(alpha.person, bravo.person)
  await alpha.node.post(alpha.person, { channel: id, body: 'between us' })
  await until([bravo.node], () => sees(bravo, id, 'between us'))
  await bravo.node.post(bravo.person, { channel: id, body: 'yes' })
  await until([alpha.node], () => sees(alpha, id, 'yes'))
  await alpha.node.post(alpha.person, { channel: alpha.square, body: 'a word to all' })
  await until([charlie.node], () => sees(charlie, alpha.square, 'a word to all'))

  t.strictSame(await readAs(charlie, alpha.person, id), [])
})

test('who administers a kit deletes what was written there, and not what was written elsewhere', async (t) => {
  const { alpha, bravo } = await threeNodes(t)
  const said = await alpha.node.post(alpha.person, { channel: alpha.square, body: 'from alpha' })
  await until([bravo.node], () => sees(bravo, alpha.square, 'from alpha'))

  await t.rejects(bravo.node.deletePost(bravo.person, said.id), {
    code: 'NOT_ALLOWED',
    facts: { found: 'not the author' },
  })
})

/** What `person` would be shown of a channel by this node: all that it holds. */
async function readAs(
  { node }: Place,
  person: UserId,
  channel: ChannelId,
): Promise<readonly string[]> {
  try {
    const page = await node.page(person, channel, { limit: 60 })
    return page.messages.map(({ body }) => body)
  } catch {
    return []
  }
}

function aDraft(kind: 'private', members: readonly UserId[] = []) {
  return { kind, name: 'medevac', displayName: 'Medevac', members }
}

interface Place {
  readonly node: EdgeNode & AsyncDisposable
  readonly person: UserId
  readonly square: ChannelId
}

async function sees({ node, person }: Place, channel: ChannelId, body: string): Promise<boolean> {
  try {
    const page = await node.page(person, channel, { limit: 60 })
    return page.messages.some((message) => message.body === body)
  } catch {
    return false
  }
}

async function threeNodes(
  t: Test,
  names: readonly string[] = ['alpha', 'bravo', 'charlie'],
): Promise<Record<'alpha' | 'bravo' | 'charlie' | 'hub', Place>> {
  const clock = virtualClock()
  const network = openMemoryNetwork({ clock })
  const identities = names.map((name, at) => anIdentity(name, at + 1, roleOf(name)))
  const places = await Promise.all(
    names.map(async (name, at): Promise<Place> => {
      const id = identities[at]?.certificate.node
      const carriers = id === undefined ? [] : [network.open(id)]
      const node = await aNode(name, {
        clock,
        number: at + 1,
        role: roleOf(name),
        knows: identities,
        carriers,
      })
      t.teardown(() => node[Symbol.asyncDispose]())
      const person = await anAdministrator(node, `person-${name}`)
      const [square] = await node.channelsOf(person.id)
      return { node, person: person.id, square: square?.id as ChannelId }
    }),
  )
  const named = Object.fromEntries(names.map((name, at) => [name, places[at]]))
  await until(
    places.map(({ node }) => node),
    async () => {
      const everybody = await Promise.all(places.map(({ node }) => node.allPeople()))
      return everybody.every((people) => people.length === 3)
    },
  )
  return named as Record<'alpha' | 'bravo' | 'charlie' | 'hub', Place>
}

function roleOf(name: string): NodeRole {
  return name === 'hub' ? 'hub' : 'kit'
}
