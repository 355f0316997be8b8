/**
 * Receipts over every path there is: between two nodes, through a third, by a post office. (Sticks: `test/app/courier.test.ts`.)
 * Each is lost once on each link and comes all the same, and none says more than is on its node's disk.
 */
import { test, type Test } from 'tap'
import { must } from '#base/assert.ts'
import { openMemoryNetwork } from '#carriers/memory.ts'
import { openNatsCarrier } from '#carriers/nats.ts'
import { decodeNote } from '#codec/note.ts'
import { countBeyond } from '#model/log.ts'
import type { MessageRecord } from '#model/view.ts'
import type { Carrier } from '#ports/carrier.ts'
import { realClock, realRandom } from '#ports/real.ts'
import { openMemoryStore } from '#storage/memory-store.ts'
import { standings } from '#sync/delivery.ts'
import { clockOf, receiptOf } from '#sync/ledger.ts'
import { noteName } from '#sync/note-queue.ts'
import { markSeen } from '#sync/seen.ts'
import { virtualClock } from '../support/clock.ts'
import { unreachable } from '../support/hand-carrier.ts'
import { collectingLog } from '../support/log.ts'
import { natsOptions } from '../support/nats-node.ts'
import { startNatsServer, withoutNatsServer, type NatsServer } from '../support/nats-server.ts'
import { anIdentity } from '../support/nodes.ts'
import { aSync, found, notesIn, ops, routine, say, type SyncNode } from '../support/sync.ts'

for (const names of [
  ['alpha', 'bravo'],
  ['alpha', 'bravo', 'charlie'],
]) {
  test(`${names.join(' by way of ')}: a receipt that is lost comes again, whatever it rode with`, async (t) => {
    const { nodes, clock, lost, lies } = await aLossyLine(t, names)
    const [kit, ...others] = nodes
    const last = must(nodes.at(-1), 'there is a last one')
    const messages: MessageRecord[] = []
    for (let each = 0; each < 6; each += 1) {
      messages.push(await say(must(kit, 'there is a kit'), `message ${each}`))
      if (each % 2 === 0) await say(last, `answer ${each}`)
      await clock.advance(700)
    }
    await clock.advance(120_000)

    for (const message of messages)
      t.strictSame(
        await words(kit, message),
        others.map(() => 'stored'),
      )
    await last.context.replica.commit((tx) => markSeen(tx, last.context, ops))
    await clock.advance(120_000)
    t.equal((await words(kit, must(messages[0], 'there is one'))).at(-1), 'read')
    t.ok(lost() >= others.length, `${lost()} receipts were lost`)
    t.strictSame(lies(), [])
    const told = await receiptOf(must(kit, 'a kit').context.replica.read, last.id, routine)
    t.equal(told?.told[must(kit, 'a kit').actor], messages.length, 'up to the last, without a gap')
  })
}

test(
  'a hub by a real post office: stored once its receipt has come, also after the office has lost all',
  { skip: withoutNatsServer, timeout: 60_000 },
  async (t) => {
    await using server = await startNatsServer()
    const hub = await anOfficeNode(t, server, { name: 'alpha', role: 'hub' })
    await found(hub)
    const kit = await anOfficeNode(t, server, { name: 'bravo', role: 'kit' })
    const first = await say(kit, 'one')
    await until(async () => (await words(kit, first)).every((word) => word === 'stored'))

    await server.kill()
    await server.wipe()
    const second = await say(kit, 'two')
    t.match(await words(kit, second), ['queued'])
    await server.start()
    await until(async () => (await words(kit, second)).every((word) => word === 'stored'))

    t.strictSame(await words(kit, first), ['stored'])
    await hub.context.replica.commit((tx) => markSeen(tx, hub.context, ops))
    await until(async () => (await words(kit, second)).every((word) => word === 'read'))
  },
)

/** Nodes in a row. Whatever holds a receipt that was not lost yet on a link is lost there, and the contact with it. */
async function aLossyLine(t: Test, names: readonly string[]) {
  const clock = virtualClock()
  const network = openMemoryNetwork({ clock, delayMs: 50 })
  const identities = names.map((name) => anIdentity(name, name.charCodeAt(0) - 96))
  const ids = identities.map(({ certificate }) => certificate.node)
  for (const [at, one] of ids.entries())
    for (const other of ids.slice(at + 2)) network.cut(one, other)
  const lost = new Set<string>()
  const lies: string[] = []
  const nodes: SyncNode[] = []
  const losing = (carrier: Carrier, at: number): Carrier => ({
    ...carrier,
    receiptDelayMs: 1_000,
    send: async (peer, parcel, signal) => {
      const self = nodes[at]
      const notes = self === undefined ? [] : notesIn(self, parcel.bytes)
      let isLost = false
      for (const { actor, body } of notes) {
        const sayer = nodes.find((one) => one.actor === actor)
        const note = self && decodeNote(body, self.context.roster)
        if (sayer === undefined || note?.kind !== 'receipt') continue
        for (const { document, clock: said } of note.items)
          if (countBeyond(said, await clockOf(sayer.context.replica.read, document)) > 0)
            lies.push(`${sayer.id} says too much of ${document}`)
        const name = `${at} ${peer} ${noteName({ actor: sayer.actor, body })}`
        isLost ||= !lost.has(name)
        lost.add(name)
      }
      if (!isLost) return carrier.send(peer, parcel, signal)
      const [a, b] = [
        must(ids[at], 'it has an id'),
        must(
          ids.find((id) => id === peer),
          'a node',
        ),
      ]
      network.cut(a, b)
      queueMicrotask(() => network.heal(a, b))
      throw unreachable(peer)
    },
  })
  for (const [at, name] of names.entries()) {
    const carrier = losing(network.open(must(ids[at], 'it has an id')), at)
    const node = await aSync(name, { clock, carriers: [carrier], knows: identities })
    nodes.push(node)
    t.teardown(async () => {
      await node[Symbol.asyncDispose]()
      await carrier[Symbol.asyncDispose]()
    })
    if (at === 0) await found(node)
  }
  await clock.advance(60_000)
  const before = lost.size
  return { nodes, clock, lost: () => lost.size - before, lies: () => lies }
}

async function anOfficeNode(
  t: Test,
  server: NatsServer,
  { name, role }: { readonly name: 'alpha' | 'bravo'; readonly role: 'hub' | 'kit' },
): Promise<SyncNode> {
  const [clock, store, random] = [realClock(), openMemoryStore(), realRandom()]
  const nodeNumber = name === 'alpha' ? 1 : 2
  const options = natsOptions(server.url, { nodeNumber, receiptDelayMs: 200 })
  const carrier = await openNatsCarrier(options, { clock, random, log: collectingLog(), store })
  const knows = [anIdentity('alpha', 1, 'hub'), anIdentity('bravo', 2)]
  const node = await aSync(name, { role, clock, store, random, carriers: [carrier], knows })
  t.teardown(async () => {
    await node[Symbol.asyncDispose]()
    await carrier[Symbol.asyncDispose]()
  })
  return node
}

async function words(node: SyncNode | undefined, message: MessageRecord): Promise<string[]> {
  if (node === undefined) return []
  return (await standings(node.context, message, node.links())).map(({ word }) => word)
}

/** The test's own time limit ends what never becomes true. */
async function until(isSo: () => Promise<boolean>): Promise<void> {
  const clock = realClock()
  while (!(await isSo())) await clock.sleep(50, new AbortController().signal)
}
