/** An insider that forks its list makes nobody pass the same words on for ever. */
import { test } from 'tap'
import { must } from '#base/assert.ts'
import { DIRECTORY, KEYS } from '#model/document-id.ts'
import type { PeerId } from '#ports/carrier.ts'
import { range } from '#sync/keys.ts'
import { describe } from '#sync/notes.ts'
import { anInsider, secondList } from '../support/adversary.ts'
import { anIdentity } from '../support/nodes.ts'
import {
  arrive,
  aSync,
  envelopeOf,
  found,
  noteOf,
  routine,
  type SyncNode,
} from '../support/sync.ts'

const mallory = anIdentity('mallory', 9)
const kits = [anIdentity('alpha', 1), anIdentity('bravo', 2), anIdentity('charlie', 3)]

test('receipts that are passed on round a ring after a fork come to rest', async (t) => {
  const nodes: SyncNode[] = []
  for (const name of ['alpha', 'bravo', 'charlie'])
    nodes.push(await aSync(name, { knows: [...kits, mallory] }))
  t.teardown(async () => {
    for (const node of nodes) await node[Symbol.asyncDispose]()
  })
  const alpha = must(nodes[0], 'alpha is open')
  await found(alpha)
  const founding = [await envelopeOf(alpha, KEYS), await envelopeOf(alpha, DIRECTORY)]
  const pairs = nodes.flatMap((one) => nodes.flatMap((two) => (one === two ? [] : [[one, two]])))
  for (const [one, two] of pairs as [SyncNode, SyncNode][]) {
    one.context.peers.add(two.id)
    if (one === alpha) for (const bytes of founding) await arrive(two, bytes)
  }
  const list = { document: routine, actor: anInsider(mallory, { knows: kits }).actor }
  const toAll = async (give: (from: SyncNode, to: SyncNode) => Promise<unknown>) => {
    for (const [one, two] of pairs as [SyncNode, SyncNode][]) await give(one, two)
  }

  for (const node of nodes) await arrive(node, secondList(mallory, list, { texts: ['a', 'b'] }))
  const old = await receipts(nodes)
  await toAll(async (_, to) => hear(to, old))
  for (const node of nodes)
    await arrive(node, secondList(mallory, list, { texts: ['else', 'x', 'y'] }))
  await toAll(async (from, to) => arrive(to, await envelopeOf(from, KEYS)))
  const fresh = await receipts(nodes)
  const passes: number[] = []
  for (let round = 0; round < 6; round += 1) {
    await toAll(async (from, to) => hear(to, [...old, ...fresh], from.id))
    passes.push(await passedOn(nodes))
  }

  t.equal(passes.slice(1).join(' '), '0 0 0 0 0', `the first round passed on ${passes[0]}`)
})

function receipts(nodes: readonly SyncNode[]): Promise<readonly Uint8Array[]> {
  return Promise.all(
    nodes.map(async (node) =>
      noteOf(node, await describe(node.context.replica.read, 'receipt', [routine])),
    ),
  )
}

async function hear(node: SyncNode, all: readonly Uint8Array[], from?: PeerId): Promise<void> {
  for (const bytes of all) await arrive(node, bytes, { from: from ?? 'post:test' })
}

/** How many notes wait for somebody; they wait no more. */
async function passedOn(nodes: readonly SyncNode[]): Promise<number> {
  let count = 0
  for (const { context } of nodes)
    await context.replica.commit(async (tx) => {
      for (const peer of context.peers)
        for (const [place] of await tx.list(range.notes(peer))) {
          tx.delete(place)
          count += 1
        }
    })
  return count
}
