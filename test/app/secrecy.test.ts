/** Who can read what, between whole nodes: private channels, people who come and go, nodes that are shut out. */
import { test, type Test } from 'tap'
import { openMemoryNetwork } from '#carriers/memory.ts'
import type { EdgeNode } from '#app/node.ts'
import type { ChannelId, UserId } from '#base/ids.ts'
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

async function threeNodes(t: Test): Promise<Record<'alpha' | 'bravo' | 'charlie', Place>> {
  const clock = virtualClock()
  const network = openMemoryNetwork({ clock })
  const names = ['alpha', 'bravo', 'charlie'] as const
  const identities = names.map((name, at) => anIdentity(name, at + 1))
  const places = await Promise.all(
    names.map(async (name, at): Promise<Place> => {
      const id = identities[at]?.certificate.node
      const carriers = id === undefined ? [] : [network.open(id)]
      const node = await aNode(name, { clock, knows: identities, carriers })
      t.teardown(() => node[Symbol.asyncDispose]())
      const person = await anAdministrator(node, `person-${name}`)
      const [square] = await node.channelsOf(person.id)
      return { node, person: person.id, square: square?.id as ChannelId }
    }),
  )
  const [alpha, bravo, charlie] = places as [Place, Place, Place]
  await until([alpha.node, bravo.node, charlie.node], async () => {
    const everybody = await Promise.all(places.map(({ node }) => node.allPeople()))
    return everybody.every((people) => people.length === 3)
  })
  return { alpha, bravo, charlie }
}
