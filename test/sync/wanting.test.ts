/** What is lacking here, put into words. */
import { test } from 'tap'
import { must } from '#base/assert.ts'
import type { DocumentId, NodeId } from '#base/ids.ts'
import { decodeNote } from '#codec/note.ts'
import { DIRECTORY, KEYS } from '#model/document-id.ts'
import { writeHere } from '#sync/author.ts'
import type { ContactState } from '#sync/contact-state.ts'
import { range } from '#sync/keys.ts'
import { orderHere } from '#sync/orders.ts'
import { unpack, type NoteRecord } from '#sync/records.ts'
import { askFor } from '#sync/wanting.ts'
import { aScene, aSealedStore, BRAVO, flip } from '../support/damaged.ts'
import { anIdentity } from '../support/nodes.ts'
import {
  arrive,
  aSync,
  bodies,
  envelopeOf,
  found,
  routine,
  say,
  type SyncNode,
} from '../support/sync.ts'

const DAY_MS = 86_400_000
const HUB = anIdentity('alpha', 1, 'hub')
const alpha = anIdentity('alpha', 1)
const peer = alpha.certificate.node

test('the keys document is asked for in a note of its own, by which nothing else is told', async (t) => {
  const wanted = [DIRECTORY, KEYS, routine]
  t.strictSame(await asked(wanted), [[KEYS], [DIRECTORY, routine]])
  t.strictSame(await asked([KEYS]), [[KEYS]])
  t.strictSame(await asked([routine]), [[routine]])
  t.strictSame(await asked([]), [])
})

test('a node that lost who holds an epoch asks for that by what all can open, whatever it could seal by', async (t) => {
  const scene = aScene(t, 'hub')
  const [below, store] = aSealedStore()
  const hub = await scene.open('alpha', { isLinked: true })
  const first = await scene.open('bravo', { store, isLinked: true })
  await found(hub.node)
  await using delta = await aSync('delta', { knows: [BRAVO, HUB] })
  hub.node.context.roster.introduce(anIdentity('delta', 4).certificateBytes)
  await arrive(hub.node, await envelopeOf(delta, KEYS))
  await shutOut(hub.node, anIdentity('charlie', 3).certificate.node)
  await scene.clock.advance(DAY_MS)
  await first.close()
  const ofHub = Buffer.from(hub.node.actor, 'hex')
  for (const [name, bytes] of await store.list(range.loose(KEYS)))
    if (Buffer.from(bytes).includes(ofHub)) await flip(below, name)

  const again = await scene.open('bravo', { store, isLinked: true })
  await say(again.node, 'heard')
  await scene.clock.advance(DAY_MS)

  t.match(again.log.named('epoch.made'), [{ facts: { count: 1 } }], 'for delta alone')
  t.strictSame(await store.list(range.holes), [], 'it was answered')
  t.strictSame(await bodies(hub.node), ['heard'])
  t.strictSame(await hub.node.context.replica.read.list(range.parked), [], 'all was opened')
  t.strictSame(await store.list(range.outbox(hub.node.id)), [])
})

/** The first epoch opens for whoever was let in: from now on it does not do any more. */
async function shutOut({ context }: SyncNode, node: NodeId): Promise<void> {
  const order = { kind: 'revocation', node, since: context.now(), reason: 'lost' } as const
  const content = orderHere(context.identity, order)
  const entry = { author: undefined, claimedAt: context.now(), content }
  await context.replica.commit((tx) => writeHere(tx, context, { document: KEYS, entry }))
}

/** The documents in each note that asks for these. */
async function asked(wanted: readonly DocumentId[]): Promise<readonly (readonly DocumentId[])[]> {
  await using bravo = await aSync('bravo', { knows: [alpha] })
  const { replica, roster } = bravo.context
  const state: ContactState = {
    peer,
    carrier: 'test',
    receiptDelayMs: 0,
    left: [],
    flying: new Set(),
    wanted: new Map(),
    refused: new Map(),
  }
  await replica.commit((tx) => askFor(tx, bravo.context, { state, wanted }))
  return (await replica.read.list(range.notes(peer))).map(([, bytes]) => {
    const { body } = must(unpack<NoteRecord>(bytes), 'a note lies there')
    return must(decodeNote(body, roster), 'it is a note').items.map(({ document }) => document)
  })
}
