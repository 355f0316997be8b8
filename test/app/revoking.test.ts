/** Nodes that are lost, and people who come late: who opens what from then on. */
import { test, type Test } from 'tap'
import { openMemoryNetwork } from '#carriers/memory.ts'
import type { EdgeNode } from '#app/node.ts'
import { must } from '#base/assert.ts'
import type { ChannelId, NodeId, UserId } from '#base/ids.ts'
import type { NodeRole } from '#trust/identity.ts'
import { virtualClock, type VirtualClock } from '../support/clock.ts'
import { noise, once } from '../support/file-nodes.ts'
import { aNode, anAdministrator, anIdentity, until } from '../support/nodes.ts'

test('a revoked node opens nothing that is sealed once its revocation was heard', async (t) => {
  const { alpha, bravo, charlie, clock } = await threeNodes(t, 'hub')

  const maps = await alpha.node.createChannel(alpha.person, {
    kind: 'private',
    name: 'maps',
    displayName: 'Maps',
  })
  for (const [channel, length] of [
    [alpha.square, 900],
    [maps.id, 70],
  ] as const) {
    const draft = { channel, name: 'map', type: 'image/x-map' }
    const { id } = await alpha.node.keepFile(alpha.person, draft, once(noise('map', length)))
    await alpha.node.post(alpha.person, { channel, body: 'a map', files: [id] })
  }
  await clock.advance(60_000)
  const report = await alpha.node.revokeNode(alpha.person, { node: charlie.id, reason: 'lost' })
  await clock.advance(60_000)
  const later = await alpha.node.captureReport(alpha.person, charlie.id)
  await alpha.node.post(alpha.person, { channel: alpha.square, body: 'charlie is out' })
  await until([bravo.node], () => sees(bravo, alpha.square, 'charlie is out'))
  await bravo.node.post(bravo.person, { channel: alpha.square, body: 'heard' })
  await until([alpha.node], () => sees(alpha, alpha.square, 'heard'))
  await charlie.node.post(charlie.person, { channel: alpha.square, body: 'still me' })

  t.match(report, { isExercise: false, people: ['person-charlie'], hasWiped: false })
  t.match(
    report.unaware.map(({ id }) => id),
    [bravo.id],
  )
  t.strictSame(later.unaware, [])
  t.match(report.channels, [{ name: 'Town Square', opensNow: false }])
  t.strictSame(report.files, { count: 1, bytes: 900 }, 'those it may have, and no others')
  t.equal(await sees(charlie, alpha.square, 'charlie is out'), false)
  t.equal(await sees(bravo, alpha.square, 'still me'), false)
})

test('who is added to a channel that hides its history reads what is written from then on', async (t) => {
  const { alpha, bravo, charlie } = await threeNodes(t)
  const { id } = await alpha.node.createChannel(alpha.person, {
    kind: 'private',
    name: 'plans',
    displayName: 'Plans',
    members: [bravo.person],
    hidesHistory: true,
  })
  await alpha.node.post(alpha.person, { channel: id, body: 'before' })
  await until([bravo.node], () => sees(bravo, id, 'before'))

  await alpha.node.addMember(alpha.person, id, charlie.person)
  await until(
    [charlie.node],
    async () => (await charlie.node.channelsOf(charlie.person)).length > 1,
  )
  await alpha.node.post(alpha.person, { channel: id, body: 'after' })
  await until([charlie.node], () => sees(charlie, id, 'after'))
  await bravo.node.post(bravo.person, { channel: id, body: 'from bravo' })
  await until([charlie.node], () => sees(charlie, id, 'from bravo'))

  t.equal(await sees(charlie, id, 'before'), false)
  t.equal(await sees(bravo, id, 'after'), true)
})

interface Place {
  readonly node: EdgeNode & AsyncDisposable
  readonly id: NodeId
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
  role: NodeRole = 'kit',
): Promise<Record<'alpha' | 'bravo' | 'charlie', Place> & { readonly clock: VirtualClock }> {
  const clock = virtualClock()
  const network = openMemoryNetwork({ clock })
  const names = ['alpha', 'bravo', 'charlie'] as const
  const identities = names.map((name, at) => anIdentity(name, at + 1, at === 0 ? role : 'kit'))
  const places = await Promise.all(
    names.map(async (name, at): Promise<Place> => {
      const identity = must(identities[at], 'every name has one')
      const id = identity.certificate.node
      const carriers = [network.open(id)]
      const node = await aNode(name, {
        role: identity.certificate.role,
        clock,
        knows: identities,
        carriers,
      })
      t.teardown(() => node[Symbol.asyncDispose]())
      const person = await anAdministrator(node, `person-${name}`)
      const [square] = await node.channelsOf(person.id)
      return { node, id, person: person.id, square: square?.id as ChannelId }
    }),
  )
  const [alpha, bravo, charlie] = places as [Place, Place, Place]
  await until([alpha.node, bravo.node, charlie.node], async () => {
    const everybody = await Promise.all(places.map(({ node }) => node.allPeople()))
    return everybody.every((people) => people.length === 3)
  })
  return { alpha, bravo, charlie, clock }
}
