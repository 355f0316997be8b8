/** Who means another list by its name and number is noticed at its first word, and nothing is stored there that may not be the same. */
import { test, type Test } from 'tap'
import { DIRECTORY } from '#model/document-id.ts'
import type { MessageRecord } from '#model/view.ts'
import { openMemoryStore } from '#storage/memory-store.ts'
import { standings } from '#sync/delivery.ts'
import { range } from '#sync/keys.ts'
import { describe } from '#sync/notes.ts'
import { stolenDisk } from '../support/adversary.ts'
import { anIdentity } from '../support/nodes.ts'
import {
  arrive,
  aSync,
  envelopeOf,
  found,
  noteOf,
  routine,
  say,
  type SyncNode,
} from '../support/sync.ts'

test('a node that was put back and used a number twice does not take a word for the one for the other', async (t) => {
  const { back, charlie, told } = await aNumberUsedTwice(t)
  const other = await say(back, 'another two')
  await envelopeOf(back, routine)

  await arrive(back, await told(), { from: charlie.id })

  t.equal(await wordOf(back, other, charlie.id), 'on this kit')
  t.equal(await asked(back, charlie), 1, 'the proof is in the whole list')
  await arrive(back, await told(), { from: charlie.id })
  t.equal(await asked(back, charlie), 1, 'once is enough')
})

test('nor when more was written since: an earlier number tells as much', async (t) => {
  const { back, charlie, told } = await aNumberUsedTwice(t)
  const other = await say(back, 'another two')
  await say(back, 'three')
  await envelopeOf(back, routine)

  await arrive(back, await told(), { from: charlie.id })

  t.equal(await wordOf(back, other, charlie.id), 'on this kit')
})

test('what stands there before both is stored all the same', async (t) => {
  const { back, before, charlie, told } = await aNumberUsedTwice(t)
  await say(back, 'another two')
  await envelopeOf(back, routine)
  await arrive(back, await told(), { from: charlie.id })

  t.equal(await wordOf(back, before, charlie.id), 'stored')
})

test("another's list that is not the same here is asked for, too", async (t) => {
  const { bravo, charlie, back } = await aNumberUsedTwice(t)
  await say(back, 'another two')
  await arrive(bravo, await envelopeOf(back, routine))
  const said = await describe(charlie.context.replica.read, 'receipt', [routine])

  await arrive(bravo, await noteOf(charlie, said), { from: charlie.id })

  t.equal(await asked(bravo, charlie), 1)
})

/** Alpha sent one message, and charlie signed for it; it sent a second, its disk was put back before that one, and nobody has told it. */
async function aNumberUsedTwice(t: Test) {
  const knows = [anIdentity('alpha', 1), anIdentity('bravo', 2), anIdentity('charlie', 3)]
  const disk = openMemoryStore()
  await using alpha = await aSync('alpha', { knows, store: disk })
  const [bravo, charlie] = [await aSync('bravo', { knows }), await aSync('charlie', { knows })]
  await found(alpha)
  for (const node of [bravo, charlie]) await arrive(node, await envelopeOf(alpha, DIRECTORY))
  const before = await say(alpha, 'one')
  const first = await envelopeOf(alpha, routine)
  for (const node of [bravo, charlie]) await arrive(node, first)
  const told = async () =>
    noteOf(charlie, await describe(charlie.context.replica.read, 'receipt', [routine]))
  await arrive(alpha, await told(), { from: charlie.id })
  const image = await stolenDisk(disk)
  await say(alpha, 'two')
  await arrive(charlie, await envelopeOf(alpha, routine))
  await alpha[Symbol.asyncDispose]()
  const back = await aSync('alpha', { knows, store: image })
  t.teardown(async () => {
    for (const node of [back, bravo, charlie]) await node[Symbol.asyncDispose]()
  })
  return { back, bravo, charlie, before, told }
}

async function wordOf({ context }: SyncNode, message: MessageRecord, node: string) {
  const ways = await standings(context, message, [])
  return ways.find(({ destination }) => destination === node)?.word
}

/** How many questions for a whole list wait for a node. */
async function asked({ context }: SyncNode, { id }: SyncNode): Promise<number> {
  const queued = await context.replica.read.list(range.notes(id))
  return queued.filter(([place]) => place.includes('!want.')).length
}
