/** A receipt rides under the signature of the change that it goes with; each is believed, and handed on, for itself. */
import { test } from 'tap'
import { must } from '#base/assert.ts'
import { encodeDelta } from '#codec/delta.ts'
import { sealEnvelope } from '#codec/envelope.ts'
import { encodeLoad } from '#codec/load.ts'
import { encodeNote, type Note } from '#codec/note.ts'
import { DIRECTORY } from '#model/document-id.ts'
import { upTo } from '#model/trail.ts'
import { attestationOf, companionOf, jointStatement, noteStatement } from '#trust/attestation.ts'
import { cutDelta } from '#sync/cut.ts'
import { key } from '#sync/keys.ts'
import { receiptOf } from '#sync/ledger.ts'
import { signNote } from '#sync/note-queue.ts'
import { unpack } from '#sync/records.ts'
import type { SaidRecord } from '#sync/said.ts'
import { anIdentity } from '../support/nodes.ts'
import {
  arrive,
  aSync,
  bodies,
  envelopeOf,
  found,
  keyFor,
  notesIn,
  ops,
  routine,
  say,
  type SyncNode,
} from '../support/sync.ts'

const known = ['alpha', 'bravo', 'charlie'].map((name, at) => anIdentity(name, at + 1))

test('one signature vouches for a change and the receipt that rides with it', async (t) => {
  const { alpha, bravo } = await aPair(t)
  const bare = await cutOf(bravo)
  const ridden = await cutOf(bravo, receiptFor(alpha))

  t.ok(ridden.length < bare.length + 30, `${ridden.length - bare.length} bytes more`)
  t.equal(notesIn(bravo, ridden).length, 1)
  t.match(await arrive(alpha, ridden, { from: bravo.id }), { outcome: { kind: 'applied' } })
  t.strictSame(await bodies(alpha), ['one', 'and back'])
  t.match(await toldBy(alpha, bravo), { [alpha.actor]: 1 })
})

test('what was signed together is handed on apart: the change by one, the receipt by another', async (t) => {
  const { alpha, bravo } = await aPair(t)
  await arrive(alpha, await cutOf(bravo, receiptFor(alpha)), { from: bravo.id })
  await using charlie = await aSync('charlie', { knows: known })
  await arrive(charlie, await envelopeOf(alpha, DIRECTORY))

  const { outcome } = await arrive(charlie, await envelopeOf(alpha, routine))

  t.match(outcome, { kind: 'applied' })
  t.strictSame(await bodies(charlie), ['one', 'and back'])
  t.strictSame(await toldBy(charlie, bravo), undefined)
  const passed = await passedOn(alpha, bravo)
  t.match(await arrive(charlie, passed), { outcome: { kind: 'noted' } })
  t.match(await toldBy(charlie, bravo), { [alpha.actor]: 1 })
})

test('a receipt waits with a change that cannot be written again yet, and is taken with it', async (t) => {
  const { alpha, bravo } = await aPair(t)
  const first = await cutOf(bravo)
  await say(bravo, 'and more')
  const second = await cutOf(bravo, receiptFor(alpha), { [bravo.actor]: 1, [alpha.actor]: 1 })

  t.match(await arrive(alpha, second, { from: bravo.id }), { outcome: { kind: 'waiting' } })
  t.strictSame(await toldBy(alpha, bravo), undefined)
  await arrive(alpha, first, { from: bravo.id })

  t.strictSame(await bodies(alpha), ['one', 'and back', 'and more'])
  t.match(await toldBy(alpha, bravo), { [alpha.actor]: 1 })
})

test('a receipt comes again with a change that is here, and is taken', async (t) => {
  const { alpha, bravo } = await aPair(t)
  await arrive(alpha, await cutOf(bravo), { from: bravo.id })
  await arrive(alpha, await cutOf(bravo, receiptFor(alpha)), { from: bravo.id })
  t.match(await toldBy(alpha, bravo), { [alpha.actor]: 1 })
})

test('another note, another change or no signature is not believed', async (t) => {
  const { alpha, bravo } = await aPair(t)
  const log = await bravo.context.replica.commit((tx) => tx.log(routine))
  const change = must(log.find(bravo.actor, 1), 'it was written')
  const { identity, roster } = bravo.context
  const { organisation, certificate } = identity
  const honest = encodeNote(receiptFor(alpha), roster)
  const lie = encodeNote(
    {
      ...receiptFor(alpha),
      items: [{ document: routine, clock: { [alpha.actor]: 99 }, read: {} }],
    },
    roster,
  )
  const attested = attestationOf(organisation.id, upTo(log, change))
  const noted = noteStatement(organisation.id, { actor: bravo.actor, body: honest })
  const both = identity.sign(
    jointStatement({ change: companionOf('change', attested), note: companionOf('note', noted) }),
  )
  const attestations = new Map()
  const draft = { document: routine, sender: bravo.actor, roster, attestations }
  const sealing = await keyFor(bravo, ops)
  const wrapping = { scope: ops, sender: bravo.actor, roster }
  const sealed = (joint: Uint8Array, signature: Uint8Array | undefined): Uint8Array =>
    sealEnvelope({
      sender: certificate,
      life: bravo.context.life,
      generation: 0,
      key: sealing,
      body: encodeLoad(
        { notes: [], joint, delta: encodeDelta({ ...draft, changes: [change] }) },
        wrapping,
      ),
      sign: signature && (() => signature),
    })
  const alone = identity.sign(attested)

  for (const [why, bytes] of Object.entries({
    'another note': sealed(lie, both),
    'a signature over the change alone': sealed(honest, alone),
    'a signature over the note alone': sealed(honest, identity.sign(noted)),
    'no signature': sealed(honest, undefined),
  })) {
    t.match((await arrive(alpha, bytes, { from: bravo.id })).outcome, { kind: 'refused' }, why)
    t.strictSame(await bodies(alpha), ['one'], why)
    t.strictSame(await toldBy(alpha, bravo), undefined, why)
  }
  t.match((await arrive(alpha, sealed(honest, both))).outcome, { kind: 'applied' })
  t.match(await toldBy(alpha, bravo), { [alpha.actor]: 1 })
})

test('nothing is signed together with the directory, whose proofs are signatures', async (t) => {
  const { alpha, bravo } = await aPair(t)
  const rider = { ...signNote(bravo.context, receiptFor(alpha)), name: 'a receipt', since: 0 }
  const want = { peer: alpha.id, lane: 'routine', document: DIRECTORY, clock: {} } as const
  const cut = await bravo.context.replica.commit((tx) =>
    cutDelta(tx, bravo.context, { ...want, riders: async () => [rider] }),
  )
  const [note] = notesIn(bravo, must(cut, 'there is a directory').parcel.bytes)
  t.equal(note?.signature.length, 64)
  t.match(note?.signature, rider.signature)
})

interface Pair {
  readonly alpha: SyncNode
  readonly bravo: SyncNode
}

/** Alpha has said one thing and bravo, who has it, another. */
async function aPair(t: { readonly teardown: (end: () => Promise<void>) => void }): Promise<Pair> {
  const alpha = await aSync('alpha', { knows: known })
  const bravo = await aSync('bravo', { knows: known })
  t.teardown(async () => {
    await alpha[Symbol.asyncDispose]()
    await bravo[Symbol.asyncDispose]()
  })
  await found(alpha)
  await say(alpha, 'one')
  for (const document of [DIRECTORY, routine])
    await arrive(bravo, await envelopeOf(alpha, document))
  await say(bravo, 'and back')
  return { alpha, bravo }
}

/** Who signs it has all that alpha wrote. */
function receiptFor({ actor }: SyncNode): Note {
  const items = [{ document: routine, clock: { [actor]: 1 }, read: {} }]
  return { kind: 'receipt', isWhole: false, items }
}

/** What `node` has written since a clock, with a note if there is one to ride. */
async function cutOf(
  { context, actor }: SyncNode,
  note?: Note,
  clock: Readonly<Record<string, number>> = {},
): Promise<Uint8Array> {
  const { replica } = context
  const log = await replica.commit((tx) => tx.log(routine))
  const others = Object.entries(log.clock()).filter(([one]) => one !== actor)
  const riders = note && (async () => [{ ...signNote(context, note), name: 'a note', since: 0 }])
  const want = { peer: 'post:test', lane: 'routine', document: routine, riders } as const
  const cut = await replica.commit((tx) =>
    cutDelta(tx, context, { ...want, clock: { ...Object.fromEntries(others), ...clock } }),
  )
  return must(cut, 'there is something to send').parcel.bytes
}

async function toldBy({ context }: SyncNode, by: SyncNode): Promise<unknown> {
  const receipt = await receiptOf(context.replica.read, by.id, routine)
  const told = receipt?.told
  return told && Object.keys(told).length > 0 ? told : undefined
}

/** The receipt of `by` that `node` has for others, in an envelope of its own. */
async function passedOn(node: SyncNode, by: SyncNode): Promise<Uint8Array> {
  const { context } = node
  const said = must((await receiptOf(context.replica.read, by.id, routine))?.said, 'it is kept')
  const bytes = must(await context.replica.read.get(key.said(said)), 'it is kept whole')
  const { actor, body, signature } = must(unpack<SaidRecord>(bytes), 'it is a note')
  const sealing = await keyFor(node, 'directory')
  const { certificate } = context.identity
  const wrapping = { scope: 'directory', sender: node.actor, roster: context.roster } as const
  return sealEnvelope({
    sender: certificate,
    life: context.life,
    generation: 0,
    key: sealing,
    body: encodeLoad({ notes: [{ actor, body, signature }] }, wrapping),
    sign: undefined,
  })
}
