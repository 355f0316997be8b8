import { test } from 'tap'
import { must } from '#base/assert.ts'
import { CUT_BYTES_MAX, CUT_CHANGES_MAX, MESSAGE_BYTES_MAX } from '#base/limits.ts'
import type { Clock } from '#model/log.ts'
import { channelDocument, DIRECTORY, KEYS } from '#model/document-id.ts'
import type { PeerId } from '#ports/carrier.ts'
import { cutDelta, type Cut } from '#sync/cut.ts'
import { key, range } from '#sync/keys.ts'
import { noteHas } from '#sync/ledger.ts'
import { openMemoryStore } from '#storage/memory-store.ts'
import { anIdentity, seedOf } from '../support/nodes.ts'
import {
  arrive,
  amend,
  aSync,
  bodies,
  envelopeOf,
  found,
  ops,
  routine,
  say,
  shown,
  type SyncNode,
} from '../support/sync.ts'

const alphaIdentity = anIdentity('alpha', 1)
const bravoIdentity = anIdentity('bravo', 2)

test('a cut takes at most so many changes, and the next goes on behind it', async (t) => {
  await using alpha = await aSync('alpha')
  await found(alpha)
  await sayMany(alpha, CUT_CHANGES_MAX + 20)

  const first = must(await cut(alpha, {}), 'there is a first')
  t.strictSame(first.record.first, { [alpha.actor]: 1 })
  t.strictSame(first.record.clock, { [alpha.actor]: CUT_CHANGES_MAX })
  const second = must(await cut(alpha, first.record.clock), 'there is a second')
  t.strictSame(second.record.clock, { [alpha.actor]: CUT_CHANGES_MAX + 20 })
  t.equal(await cut(alpha, second.record.clock), undefined)
})

test('a cut takes at most so many bytes, but one entry always fits', async (t) => {
  await using alpha = await aSync('alpha')
  await found(alpha)
  for (let count = 0; count < 4; count += 1) await say(alpha, 'x'.repeat(CUT_BYTES_MAX / 3))
  await say(alpha, '€'.repeat(Math.floor(MESSAGE_BYTES_MAX / 3)))

  const first = must(await cut(alpha, {}), 'there is a first')
  t.strictSame(first.record.clock, { [alpha.actor]: 2 })
  const last = must(await cut(alpha, { [alpha.actor]: 4 }), 'there is a last')
  t.strictSame(last.record.clock, { [alpha.actor]: 5 })
})

test('parcels are numbered for each peer and lane without gaps', async (t) => {
  await using alpha = await aSync('alpha')
  await found(alpha)
  await say(alpha, 'one')

  const cuts = [
    await cut(alpha, {}, 'post:first'),
    await cut(alpha, {}, 'post:first'),
    await cut(alpha, {}, 'post:second'),
  ]

  t.strictSame(
    cuts.map((one) => one?.parcel.number),
    [0, 1, 0],
  )
})

test('whoever reacts or answers names the message by where it stands, and the other end sees the same', async (t) => {
  await using alpha = await aSync('alpha')
  await using bravo = await aSync('bravo', { knows: [alphaIdentity] })
  await found(alpha)
  const { id } = await say(alpha, 'The bridge is open.')
  await amend(alpha, { kind: 'reaction', target: id, emoji: '+1', isSet: true })
  const clock = { [alpha.actor]: 1 }

  const reaction = must(await cut(alpha, clock), 'there is a reaction')

  t.ok(reaction.parcel.bytes.length < 88 + 20, `${reaction.parcel.bytes.length} bytes`)
  await arrive(bravo, await envelopeOf(alpha, DIRECTORY))
  await arrive(bravo, await envelopeOf(alpha, routine))
  t.match(await shown(bravo), [{ id, reactions: [{ emoji: '+1' }] }])
})

test('a parcel is on disk before it may be sent', async (t) => {
  await using alpha = await aSync('alpha')
  await found(alpha)
  await say(alpha, 'one')

  const { parcel } = must(await cut(alpha, {}, 'post:first'), 'there is one')

  const { read } = alpha.context.replica
  t.ok(await read.get(key.parcel('post:first', 'routine', parcel.number)))
})

test('a life is told until whom it goes to holds the key by which it is known', async (t) => {
  await using alpha = await aSync('alpha')
  await found(alpha)
  await say(alpha, 'one')
  const life = Buffer.from(alpha.context.life)
  const tells = async (): Promise<boolean> =>
    Buffer.from(must(await cut(alpha, {}), 'there is one').parcel.bytes.subarray(0, 12)).includes(
      life,
    )

  t.equal(await tells(), true)
  const { clock } = await alpha.context.replica.commit(async (tx) => ({
    clock: (await tx.log(KEYS)).clock(),
  }))
  await alpha.context.replica.commit((tx) => noteHas(tx, 'post:test', { document: KEYS, clock }))
  t.equal(await tells(), false)
})

test('what is passed on ends where its author has signed', async (t) => {
  const { alpha, bravo } = await twoNodes()
  await sayMany(alpha, 5)
  await arrive(bravo, await envelopeOf(alpha, routine))
  await sayMany(alpha, 3)
  await arrive(bravo, await envelopeOf(alpha, routine))
  await forgetSignature(bravo, alpha, 8)

  const relayed = must(await cut(bravo, {}), 'there is something signed')

  t.strictSame(relayed.record.clock, { [alpha.actor]: 5 })
  await using charlie = await aSync('charlie', { knows: [alphaIdentity, bravoIdentity] })
  await arrive(charlie, await envelopeOf(alpha, DIRECTORY))
  t.match((await arrive(charlie, relayed.parcel.bytes)).outcome, { kind: 'applied', changes: 5 })
})

test('when the first signed change lies beyond the limit, the limit gives way', async (t) => {
  const { alpha, bravo } = await twoNodes()
  await sayMany(alpha, CUT_CHANGES_MAX + 50)
  await arrive(bravo, await envelopeOf(alpha, routine))
  await arrive(bravo, await envelopeOf(alpha, routine, { [alpha.actor]: CUT_CHANGES_MAX }))
  await forgetSignature(bravo, alpha, CUT_CHANGES_MAX)

  const relayed = must(await cut(bravo, {}), 'there is something signed')

  t.strictSame(relayed.record.clock, { [alpha.actor]: CUT_CHANGES_MAX + 50 })
})

test('what nobody vouches for is not passed on, and keeps nothing else back', async (t) => {
  const { alpha, bravo } = await twoNodes()
  await sayMany(alpha, CUT_CHANGES_MAX)
  await say(alpha, 'unsigned')
  await arrive(bravo, await envelopeOf(alpha, routine))
  await arrive(bravo, await envelopeOf(alpha, routine, { [alpha.actor]: CUT_CHANGES_MAX }))
  await say(bravo, 'after all of it')
  await forgetSignature(bravo, alpha, CUT_CHANGES_MAX)
  await forgetSignature(bravo, alpha, CUT_CHANGES_MAX + 1)

  const only = must(await cut(bravo, {}), 'there is something signed')

  t.strictSame(only.record.clock, { [bravo.actor]: 1 })
  t.equal(await cut(bravo, only.record.clock), undefined)
})

test('a list whose first signed point lies beyond the limit follows when the others have gone', async (t) => {
  const { alpha, bravo } = await twoNodes()
  await say(bravo, 'first of all')
  await sayMany(alpha, CUT_CHANGES_MAX + 50)
  await arrive(bravo, await envelopeOf(alpha, routine))
  await arrive(bravo, await envelopeOf(alpha, routine, { [alpha.actor]: CUT_CHANGES_MAX }))
  await forgetSignature(bravo, alpha, CUT_CHANGES_MAX)

  const first = must(await cut(bravo, {}), 'there is a first')
  t.strictSame(first.record.clock, { [bravo.actor]: 1 })
  const second = must(await cut(bravo, first.record.clock), 'there is a second')
  t.strictSame(second.record.clock, { [alpha.actor]: CUT_CHANGES_MAX + 50 })
})

test('a list whose node is not known any more stays behind and holds up no other, until the node is known again', async (t) => {
  const store = openMemoryStore()
  await using alpha = await aSync('alpha')
  await found(alpha)
  await say(alpha, 'one')
  {
    await using bravo = await aSync('bravo', { store, knows: [alphaIdentity] })
    for (const document of [DIRECTORY, channelDocument(ops), routine])
      await arrive(bravo, await envelopeOf(alpha, document))
    await say(bravo, 'two')
  }
  const spares = await store.list(range.spares)
  await store.write(spares.map(([name]) => ({ key: name, value: undefined }))) // as damage would

  await using bravo = await aSync('bravo', { store })

  t.strictSame((await cut(bravo, {}))?.record.clock, { [bravo.actor]: 1 })
  t.equal(await cut(bravo, { [bravo.actor]: 1 }), undefined)
  bravo.context.roster.introduce(alphaIdentity.certificateBytes)
  t.strictSame((await cut(bravo, { [bravo.actor]: 1 }))?.record.clock, { [alpha.actor]: 1 })
})

test('a node signs again for what it wrote in an earlier life', async (t) => {
  const store = openMemoryStore()
  await using bravo = await aSync('bravo', { knows: [alphaIdentity] })
  {
    await using alpha = await aSync('alpha', { store })
    await found(alpha)
    await sayMany(alpha, 2)
  }
  await using alpha = await aSync('alpha', { store, life: seedOf('second life').subarray(0, 4) })
  await say(alpha, 'in the second life')

  for (const document of [DIRECTORY, channelDocument(ops), routine])
    t.match((await arrive(bravo, await envelopeOf(alpha, document))).outcome, { kind: 'applied' })

  t.strictSame(await bodies(bravo), ['message 0', 'message 1', 'in the second life'])
})

async function twoNodes(): Promise<{ readonly alpha: SyncNode; readonly bravo: SyncNode }> {
  const alpha = await aSync('alpha', { knows: [bravoIdentity] })
  const bravo = await aSync('bravo', { knows: [alphaIdentity] })
  await found(alpha)
  for (const document of [DIRECTORY, channelDocument(ops)])
    await arrive(bravo, await envelopeOf(alpha, document))
  return { alpha, bravo }
}

async function sayMany(node: SyncNode, count: number): Promise<void> {
  await Promise.all(Array.from({ length: count }, (_, index) => say(node, `message ${index}`)))
}

function cut(
  { context }: SyncNode,
  clock: Clock,
  peer: PeerId = 'post:test',
): Promise<Cut | undefined> {
  const want = { peer, lane: 'routine', document: routine, clock } as const
  return context.replica.commit((tx) => cutDelta(tx, context, want))
}

/** As if `author` had signed another change than this one when it sent them. */
function forgetSignature(node: SyncNode, author: SyncNode, seq: number): Promise<void> {
  return node.context.replica.commit(async (tx) =>
    tx.delete(key.attestation(routine, author.actor, seq)),
  )
}
