import { test, type Test } from 'tap'
import { must } from '#base/assert.ts'
import { openMemoryNetwork } from '#carriers/memory.ts'
import type { MessageRecord } from '#model/view.ts'
import type { PeerId } from '#ports/carrier.ts'
import { standings, type Standing } from '#sync/delivery.ts'
import { markSeen } from '#sync/seen.ts'
import { virtualClock, type VirtualClock } from '../support/clock.ts'
import { aHandCarrier } from '../support/hand-carrier.ts'
import { anIdentity } from '../support/nodes.ts'
import { aSync, found, ops, say, shown, type SyncNode } from '../support/sync.ts'

const alphaIdentity = anIdentity('alpha', 1)
const bravoIdentity = anIdentity('bravo', 2)
const charlieIdentity = anIdentity('charlie', 3)
const office: PeerId = 'post:office'

test('a message nobody can be sent to is on this kit', async (t) => {
  await using alpha = await aSync('alpha', { knows: [bravoIdentity] })
  await found(alpha)
  const message = await say(alpha, 'one')

  t.match(await words(alpha, message), ['on this kit'])
})

test('each word comes on its proof, over two hops and back', async (t) => {
  const line = await aLine(t)
  const { alpha, bravo, charlie, clock, network } = line
  network.cut(alpha.id, bravo.id)
  network.cut(bravo.id, charlie.id)
  await clock.advance(0)

  const first = await say(alpha, 'one')
  const message = await say(alpha, 'two')
  t.match(await standing(alpha, first), [
    { word: 'queued', queue: { link: bravo.id, place: 0, unknown: 'no link since' } },
    { word: 'queued', queue: { link: bravo.id, place: 0, unknown: 'no link since' } },
  ])
  t.match(await standing(alpha, message), [{ queue: { place: 1 } }, { queue: { place: 1 } }])

  network.heal(alpha.id, bravo.id)
  await clock.advance(1_000)
  t.match(await standing(alpha, message), [
    { destination: bravo.id, word: 'stored' },
    { destination: charlie.id, word: 'left this kit', carrier: 'memory' },
  ])

  network.heal(bravo.id, charlie.id)
  await clock.advance(1_000)
  t.match(await words(alpha, message), ['stored', 'stored'])

  await charlie.context.replica.commit((tx) => markSeen(tx, charlie.context, ops))
  await clock.advance(1_000)
  t.match(await words(alpha, message), ['stored', 'read'])
})

test('a change of a word is told', async (t) => {
  const { alpha, clock } = await aLine(t)
  const message = await say(alpha, 'one')
  await clock.advance(1_000)

  const told = alpha.events.filter(
    (event) => event.kind === 'delivery' && event.span.document === message.document,
  )

  t.ok(told.length >= 3, 'left, stored at bravo, stored at charlie')
  t.match(told.at(-1), { span: { actor: alpha.actor, from: 1, to: 1 } })
})

test('words never go back while messages are on their way', async (t) => {
  const ranks = ['on this kit', 'queued', 'left this kit', 'stored', 'read']
  const { alpha, bravo, charlie, clock, network } = await aLine(t, 40)
  const messages: MessageRecord[] = []
  const best = new Map<string, number>()
  for (let round = 0; round < 60; round += 1) {
    if (round % 6 === 0) messages.push(await say(alpha, `message ${round}`))
    if (round % 15 === 5) network.cut(alpha.id, bravo.id)
    if (round % 15 === 9) network.heal(alpha.id, bravo.id)
    if (round % 20 === 3) network.cut(bravo.id, charlie.id)
    if (round % 20 === 13) network.heal(bravo.id, charlie.id)
    if (round === 30)
      await charlie.context.replica.commit((tx) => markSeen(tx, charlie.context, ops))
    await clock.advance(30)
    for (const message of messages) {
      for (const { destination, word } of await standing(alpha, message)) {
        const name = `${message.body} to ${destination}`
        const rank = ranks.indexOf(word)
        if (rank < (best.get(name) ?? 0))
          t.fail(`${name}: ${word} after ${ranks[best.get(name) ?? 0]}`)
        best.set(name, rank)
      }
    }
  }
  await clock.advance(10_000)

  t.ok([...best.values()].every((rank) => rank > 0))
  for (const message of messages)
    t.ok((await words(alpha, message)).every((word) => word === 'stored' || word === 'read'))
})

test('what a post office took has left this kit, and no more', async (t) => {
  const { alpha, carrier, clock } = await anOffice(t)
  const message = await say(alpha, 'one')
  carrier.begin(office)
  await clock.advance(0)
  t.match(await words(alpha, message), ['queued'])

  for (const sending of carrier.sent) sending.answer('departed')
  await clock.advance(0)

  t.match(await standing(alpha, message), [
    { word: 'left this kit', carrier: 'hand', at: clock.now() },
  ])
})

test('of two messages under way only the one that was answered for has left', async (t) => {
  const { alpha, carrier, clock } = await anOffice(t)
  carrier.begin(office)
  await clock.advance(0)
  for (const sending of carrier.sent) sending.answer('departed')
  await clock.advance(0)
  const before = carrier.sent.length
  const first = await say(alpha, 'one')
  await clock.advance(0)
  const second = await say(alpha, 'two')
  await clock.advance(0)

  carrier.sent[before + 1]?.answer('departed')
  await clock.advance(0)

  t.match(await words(alpha, first), ['queued'])
  t.match(await words(alpha, second), ['left this kit'])
  carrier.sent[before]?.answer('departed')
  await clock.advance(0)
  t.match(await words(alpha, first), ['left this kit'])
})

test('a node tells also where the messages of another stand, as far as it knows', async (t) => {
  const { alpha, bravo, charlie, clock, network } = await aLine(t)
  network.cut(bravo.id, charlie.id)
  await say(alpha, 'one')
  await clock.advance(1_000)
  const message = must((await shown(bravo))[0], 'it has come')

  t.match(await standing(bravo, message), [{ destination: charlie.id, word: 'queued' }])
  network.heal(bravo.id, charlie.id)
  await clock.advance(1_000)
  t.match(await standing(bravo, message), [{ destination: charlie.id, word: 'stored' }])
})

interface Line {
  readonly alpha: SyncNode
  readonly bravo: SyncNode
  readonly charlie: SyncNode
  readonly clock: VirtualClock
  readonly network: ReturnType<typeof openMemoryNetwork>
}

/** Alpha, bravo and charlie, where alpha and charlie meet only through bravo. */
async function aLine(t: Test, delayMs = 0): Promise<Line> {
  const clock = virtualClock()
  const network = openMemoryNetwork({ clock, delayMs })
  const everybody = [alphaIdentity, bravoIdentity, charlieIdentity]
  network.cut(alphaIdentity.certificate.node, charlieIdentity.certificate.node)
  const open = async (name: string): Promise<SyncNode> => {
    const { certificate } = must(
      everybody.find((one) => one.certificate.name === name),
      name,
    )
    const carrier = network.open(certificate.node)
    const node = await aSync(name, { clock, carriers: [carrier], knows: everybody })
    t.teardown(async () => {
      await node[Symbol.asyncDispose]()
      await carrier[Symbol.asyncDispose]()
    })
    return node
  }
  const alpha = await open('alpha')
  await found(alpha)
  const bravo = await open('bravo')
  const charlie = await open('charlie')
  await clock.advance(1_000)
  return { alpha, bravo, charlie, clock, network }
}

/** Alpha, with a post office that answers when the test says so. */
async function anOffice(t: Test) {
  const clock = virtualClock()
  const carrier = aHandCarrier(() => undefined)
  const alpha = await aSync('alpha', { clock, carriers: [carrier], knows: [bravoIdentity] })
  t.teardown(alpha[Symbol.asyncDispose])
  await found(alpha)
  return { alpha, carrier, clock }
}

async function standing(node: SyncNode, message: MessageRecord): Promise<readonly Standing[]> {
  return standings(node.context, message, node.links())
}

async function words(node: SyncNode, message: MessageRecord): Promise<string[]> {
  return (await standing(node, message)).map(({ word }) => word)
}
