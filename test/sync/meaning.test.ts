/** Whose words are in doubt is believed again by the prints in them alone, and asked for some when it says nothing. */
import { test, type Test } from 'tap'
import { must } from '#base/assert.ts'
import type { NodeId } from '#base/ids.ts'
import { MEANING_ASKED_MAX, MEANING_MS } from '#base/limits.ts'
import { DIRECTORY, segmentDocument } from '#model/document-id.ts'
import type { MessageRecord } from '#model/view.ts'
import type { PeerId } from '#ports/carrier.ts'
import { standings } from '#sync/delivery.ts'
import { key } from '#sync/keys.ts'
import { clockOf } from '#sync/ledger.ts'
import { doubtfulAt } from '#sync/meaning.ts'
import { describe } from '#sync/notes.ts'
import { pack, type ForkRecord } from '#sync/records.ts'
import type { Tx } from '#sync/replica.ts'
import { openMemoryStore } from '#storage/memory-store.ts'
import { stolenDisk } from '../support/adversary.ts'
import { virtualClock } from '../support/clock.ts'
import { aFleet } from '../support/fleet.ts'
import { anIdentity, seedOf } from '../support/nodes.ts'
import {
  arrive,
  aSync,
  envelopeOf,
  found,
  noteOf,
  ops,
  routine,
  say,
  type SyncNode,
} from '../support/sync.ts'

const office: PeerId = 'post:office'
const priority = segmentDocument(ops, 'priority', 0)

test('who has named more than was sent is asked, and what it has is stored there after all', async (t) => {
  const fleet = await aFleet(t, ['alpha', 'bravo', 'charlie'])
  const [alpha, charlie] = [fleet.node('alpha'), fleet.node('charlie')]
  await found(alpha)
  await fleet.settle()
  await nameMore(alpha, charlie)

  const first = await say(alpha, 'under a number that charlie might know')
  await fleet.clock.advance(600_000)
  t.equal(await wordOf(alpha, first, charlie.id), 'stored')
  const second = await say(alpha, 'another')
  await fleet.clock.advance(600_000)

  t.equal(await wordOf(alpha, second, charlie.id), 'stored')
})

test('the same print of the same number is proof, and of no later number', async (t) => {
  const { alpha, charlie, message, give } = await aDoubt(t)
  t.equal(await wordOf(alpha, message, charlie.id), 'on this kit', 'a receipt without prints')

  await give('receipt')

  t.equal(await wordOf(alpha, message, charlie.id), 'stored')
  const later = await say(alpha, 'another')
  await give('receipt', { isBare: true })
  t.not(await wordOf(alpha, later, charlie.id), 'stored')
  await give('have')
  t.equal(await wordOf(alpha, later, charlie.id), 'stored')
})

test('another print, or none, or of another node, is no proof', async (t) => {
  const { alpha, bravo, charlie, message } = await aDoubt(t)
  const { items } = await describe(charlie.context.replica.read, 'have', [routine])
  const item = must(items[0], 'charlie has the document')
  const hear = async (by: SyncNode, said: object) => {
    for (const kind of ['have', 'receipt'] as const) {
      const note = { kind, isWhole: false, items: [{ ...item, ...said }] }
      await arrive(alpha, await noteOf(by, note), { from: by.id })
    }
  }

  await hear(charlie, { prints: { ...item.prints, [alpha.actor]: 1 } })
  await hear(charlie, { prints: {} })
  await hear(bravo, {})

  t.equal(await wordOf(alpha, message, charlie.id), 'on this kit')
})

test('what a life of ours that is over left in doubt stays so, whatever the next one doubts', async (t) => {
  const { charlie, message, reborn } = await aDoubt(t)
  const next = await reborn()
  await nameMore(next, charlie)
  await say(next, 'in the next life')
  await envelopeOf(next, routine)

  t.not(await wordOf(next, message, charlie.id), 'stored')
})

test('what comes back of a lost list is what those meant who named that much, and need not be asked', async (t) => {
  const { next, messages, give, charlie } = await aReturn(t)
  const words = async () => {
    const said = []
    for (const message of messages) said.push(await wordOf(next, message, charlie.id))
    return said.map((word) => word === 'stored')
  }
  t.strictSame(await words(), [true, false, false], 'the rest may be something else')

  await give(2)
  t.strictSame(await words(), [true, false, false], 'it has named more than that')
  await give(3)

  t.strictSame(await words(), [true, true, true])
  const actor = messages[0]?.actor
  t.strictSame(next.events.filter(({ kind }) => kind === 'delivery').at(-1), {
    kind: 'delivery',
    span: { document: routine, actor, from: 2, to: 3 },
  })
})

test('it is asked once it signs for all there is, ever more rarely, and not for ever', async (t) => {
  const { alpha, charlie, clock, give } = await aDoubt(t)
  const { context } = alpha
  const look = () => context.replica.commit((tx) => doubtfulAt(tx, context, { peer: charlie.id }))

  const asked: number[] = []
  for (let minutes = 0; minutes < 200; minutes += 1) {
    const { documents } = await look()
    if (documents.includes(routine)) asked.push(minutes)
    await clock.advance(MEANING_MS)
  }
  t.strictSame(asked, [0, 1, 3, 7, 15, 31])
  t.equal(asked.length, MEANING_ASKED_MAX)
  t.strictSame(await look(), { documents: [], lookAgainAt: undefined })

  context.run.meanings.clear()
  await give('have')
  t.strictSame(await look(), { documents: [], lookAgainAt: undefined }, 'nothing is in doubt')
})

test('nobody is asked whose words are not in doubt, or who reads elsewhere, or leaves the answer to a hub', async (t) => {
  const { alpha, bravo, charlie } = await aDoubt(t)
  const { context } = alpha
  const looked = async (peer: PeerId) => {
    context.run.meanings.clear()
    const { documents } = await context.replica.commit((tx) => doubtfulAt(tx, context, { peer }))
    return documents
  }

  t.strictSame(await looked(charlie.id), [routine])
  t.strictSame(await looked(bravo.id), [], 'its words are not in doubt')
  t.strictSame(await looked(office), [], 'it does not read there')
  context.run.heard.set(office, new Map([[charlie.id, context.now()]]))
  t.strictSame(await looked(office), [], 'there kits leave it to the hub')
  await say(alpha, 'more than charlie has signed for')
  t.strictSame(await looked(charlie.id), [routine], 'it can say what it means by the rest')
})

test('what was signed for beyond the end of a list that forked does not keep it from being asked', async (t) => {
  const { alpha, charlie } = await aDoubt(t)
  const { context } = alpha
  const looked = async () => {
    context.run.meanings.clear()
    const look = (tx: Tx) => doubtfulAt(tx, context, { peer: charlie.id })
    return (await context.replica.commit(look)).documents
  }
  const has = await clockOf(charlie.context.replica.read, routine)
  const items = [{ document: routine, clock: { ...has, [alpha.actor]: 5 }, read: {} }]
  const note = await noteOf(charlie, { kind: 'receipt', isWhole: false, items })
  await arrive(alpha, note, { from: charlie.id })
  t.strictSame(await looked(), [], 'it has more than is here')

  await context.replica.commit(async (tx) => {
    const fork: ForkRecord = { forkAt: 2, proofs: [], anchors: [] }
    tx.put(key.fork(routine, alpha.actor), pack(fork))
  })
  context.run.hasForks = true
  t.strictSame(await looked(), [routine])
})

/** Charlie names a change of alpha's that alpha does not know of. */
async function nameMore(alpha: SyncNode, charlie: SyncNode): Promise<void> {
  const items = [{ document: priority, clock: { [alpha.actor]: 1 }, read: {} }]
  const note = await noteOf(charlie, { kind: 'receipt', isWhole: false, items })
  await arrive(alpha, note, { from: charlie.id })
}

/** Alpha has written after charlie had named more than that; charlie has it, and has signed for it. */
async function aDoubt(t: Test) {
  const clock = virtualClock()
  const knows = [anIdentity('alpha', 1), anIdentity('bravo', 2), anIdentity('charlie', 3)]
  knows.push(anIdentity('dave', 4, 'hub'))
  const nodes: SyncNode[] = []
  const open = async (name: string, choice = {}): Promise<SyncNode> => {
    const node = await aSync(name, { clock, knows, ...choice })
    nodes.push(node)
    return node
  }
  t.teardown(async () => {
    for (const node of nodes) await node[Symbol.asyncDispose]()
  })
  const store = openMemoryStore()
  const [alpha, bravo, charlie] = [
    await open('alpha', { store }),
    await open('bravo'),
    await open('charlie'),
  ]
  await found(alpha)
  await arrive(charlie, await envelopeOf(alpha, DIRECTORY))
  await nameMore(alpha, charlie)
  const message = await say(alpha, 'under a number that charlie might know')
  const give = async (kind: 'receipt' | 'have', { isBare = false } = {}): Promise<void> => {
    const { read } = charlie.context.replica
    const has = await clockOf(read, routine)
    if (
      (has[alpha.actor] ?? 0) <
      ((await clockOf(alpha.context.replica.read, routine))[alpha.actor] ?? 0)
    )
      await arrive(charlie, await envelopeOf(alpha, routine, has))
    const { items, ...rest } = await describe(read, kind, [routine])
    const bare = items.map(({ document, clock: named, read: seen }) => ({
      document,
      clock: named,
      read: seen,
    }))
    const note = await noteOf(charlie, { ...rest, items: isBare ? bare : items })
    await arrive(alpha, note, { from: charlie.id })
  }
  await give('receipt', { isBare: true })
  const reborn = async (): Promise<SyncNode> => {
    await must(nodes.shift(), 'alpha is open')[Symbol.asyncDispose]()
    return open('alpha', { store, life: seedOf('next life').subarray(0, 4) })
  }
  return { alpha, bravo, charlie, clock, message, give, reborn }
}

/**
 * Alpha has lost two of three messages with its disk, and heard from charlie, whom it never meets, that it has all of them; bravo
 * has proved that they are alpha's, so this is the next life.
 */
async function aReturn(t: Test) {
  const knows = [anIdentity('alpha', 1), anIdentity('bravo', 2), anIdentity('charlie', 3)]
  const disk = openMemoryStore()
  await using before = await aSync('alpha', { knows, store: disk })
  const [bravo, charlie] = [await aSync('bravo', { knows }), await aSync('charlie', { knows })]
  await found(before)
  for (const node of [bravo, charlie]) await arrive(node, await envelopeOf(before, DIRECTORY))
  const messages = [await say(before, 'one')]
  await envelopeOf(before, routine)
  const image = await stolenDisk(disk)
  const parts: Uint8Array[] = []
  for (const text of ['two', 'three']) {
    messages.push(await say(before, text))
    parts.push(await envelopeOf(before, routine))
  }
  for (const node of [bravo, charlie]) await arrive(node, must(parts[1], 'all of it'))

  await using back = await aSync('alpha', { knows, store: image })
  const { read } = charlie.context.replica
  const receipt = await noteOf(charlie, await describe(read, 'receipt', [routine]))
  await arrive(back, receipt, { from: bravo.id })
  await arrive(back, must(parts[1], 'all of it'), { from: bravo.id })
  t.ok(back.context.run.isOver)
  await back[Symbol.asyncDispose]()
  const life = seedOf('next life').subarray(0, 4)
  const next = await aSync('alpha', { knows, store: image, life })
  t.teardown(async () => {
    for (const node of [next, bravo, charlie]) await node[Symbol.asyncDispose]()
  })
  const give = async (count: 2 | 3): Promise<void> => {
    await arrive(next, must(parts[count - 2], 'a part'), { from: bravo.id })
  }
  return { next, messages, give, charlie }
}

async function wordOf(
  { context }: SyncNode,
  message: MessageRecord,
  node: NodeId,
): Promise<string | undefined> {
  const words = await standings(context, message, [])
  return words.find(({ destination }) => destination === node)?.word
}
