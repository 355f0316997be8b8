import { test } from 'tap'
import { must } from '#base/assert.ts'
import { hexFromBytes } from '#base/bytes.ts'
import { ENVELOPE_BYTES_MAX, NOTE_ITEMS_MAX } from '#base/limits.ts'
import { actorOf, type DocumentId } from '#base/ids.ts'
import { sealEnvelope } from '#codec/envelope.ts'
import { encodeLoad } from '#codec/load.ts'
import { encodeNote, type Note } from '#codec/note.ts'
import { channelDocument, DIRECTORY, KEYS, segmentDocument } from '#model/document-id.ts'
import type { Clock } from '#model/log.ts'
import type { PeerId } from '#ports/carrier.ts'
import { key, range } from '#sync/keys.ts'
import { hasOf, setHas } from '#sync/ledger.ts'
import { gapsOf } from '#sync/gap-marks.ts'
import { describeAll, passOnAgain } from '#sync/notes.ts'
import { newestPrints } from '#sync/prints.ts'
import { pack, unpack, type NoteRecord, type PeerRecord } from '#sync/records.ts'
import type { ReceiptRecord } from '#sync/said.ts'
import { noteStatement } from '#trust/attestation.ts'
import { virtualClock } from '../support/clock.ts'
import { anIdentity, type NodeChoice } from '../support/nodes.ts'
import { seededRandom } from '../support/random.ts'
import {
  arrive,
  aSync,
  envelopeOf,
  found,
  noteOf,
  notesIn,
  ops,
  keyFor,
  routine,
  say,
  type SyncNode,
} from '../support/sync.ts'

const alphaIdentity = anIdentity('alpha', 1)
const bravoIdentity = anIdentity('bravo', 2)
const charlieIdentity = anIdentity('charlie', 3)
const everybody = [alphaIdentity, bravoIdentity, charlieIdentity]
const office: PeerId = 'post:office'

test('a receipt counts for the node that signed it', async (t) => {
  const { alpha, bravo } = await threeNodes()
  await say(alpha, 'one')

  const { items, ...rest } = receipt({ [alpha.actor]: 1 })
  const { read } = alpha.context.replica
  const prints = await newestPrints(read, routine, { [alpha.actor]: 1 })
  const told = { ...rest, items: items.map((item) => ({ ...item, prints })) }

  const { outcome } = await arrive(alpha, await noteOf(bravo, told))

  t.match(outcome, { kind: 'noted' })
  t.match(await receiptAt(alpha, bravo), { clock: { [alpha.actor]: 1 }, told: {} })
  t.match(alpha.events.at(-1), { kind: 'delivery', span: { document: routine, from: 1, to: 1 } })
})

test('a receipt that another member signed is refused', async (t) => {
  const { alpha, bravo, charlie } = await threeNodes()
  await say(alpha, 'one')
  const { roster } = charlie.context
  const body = encodeNote(receipt({ [alpha.actor]: 1 }), roster)
  const { organisation, sign } = charlie.context.identity
  const signature = sign(noteStatement(organisation.id, { actor: bravo.actor, body }))
  const notes = [{ actor: bravo.actor, body, signature }]
  const forged = sealEnvelope({
    sender: bravo.context.identity.certificate,
    life: bravo.context.life,
    generation: 0,
    key: await keyFor(charlie, 'directory'),
    body: encodeLoad({ notes }, { scope: 'directory', sender: bravo.actor, roster }),
    sign: undefined,
  })

  const { outcome, answer } = await arrive(alpha, forged)

  t.match(outcome, { kind: 'refused', reason: 'not vouched for' })
  t.equal(answer, 'refused')
  t.equal(await receiptAt(alpha, bravo), undefined)
})

test('a receipt that tells something new is passed on as it was signed, and only once', async (t) => {
  const { alpha, bravo, charlie } = await threeNodes()
  for (const peer of [alpha.id, charlie.id, office]) bravo.context.peers.add(peer)
  const bytes = await noteOf(charlie, receipt({ [alpha.actor]: 1 }))

  await arrive(bravo, bytes, { from: charlie.id })

  const said = notesIn(bravo, bytes)
  t.match(said, [{ actor: charlie.actor }])
  t.strictSame(await notesFor(bravo, alpha.id), said)
  t.strictSame(await notesFor(bravo, office), said)
  t.strictSame(await notesFor(bravo, charlie.id), [])
  await bravo.context.replica.commit(async (tx) => {
    for (const [place] of await tx.list(range.notes(alpha.id))) tx.delete(place)
  })
  await arrive(bravo, await noteOf(charlie, receipt({ [alpha.actor]: 1 })), { from: charlie.id })
  t.strictSame(await notesFor(bravo, alpha.id), [])
})

test('a node that is met later is told what receipts said, for itself and for whoever is behind it', async (t) => {
  const { alpha, bravo, charlie } = await threeNodes()
  await say(alpha, 'one')
  await arrive(bravo, await envelopeOf(alpha, routine))
  const bytes = await noteOf(charlie, receipt({ [alpha.actor]: 1 }))
  await arrive(bravo, bytes, { from: charlie.id })
  const { context } = bravo
  const dave = anIdentity('dave', 4).certificate.node
  t.strictSame(await notesFor(bravo, alpha.id), [], 'they have not met')

  for (const peer of [alpha.id, dave, charlie.id])
    await context.replica.commit((tx) => passOnAgain(tx, context, { peer }))

  t.strictSame(await notesFor(bravo, alpha.id), notesIn(bravo, bytes))
  t.strictSame(await notesFor(bravo, dave), notesIn(bravo, bytes))
  t.strictSame(await notesFor(bravo, charlie.id), [], 'it said so itself')
})

test('what a node says it has is believed, also when it is less than we thought', async (t) => {
  const { alpha, bravo } = await threeNodes()
  alpha.context.peers.add(bravo.id)
  await say(alpha, 'one')
  await setHasAt(alpha, bravo.id, { [alpha.actor]: 1 })
  t.equal(await offered(alpha, bravo.id), false)

  await arrive(alpha, await noteOf(bravo, have({})), { from: bravo.id })

  t.strictSame(await hasOf(alpha.context.replica.read, bravo.id, routine), {})
  t.equal(await offered(alpha, bravo.id), true)
  await arrive(alpha, await noteOf(bravo, have({ [alpha.actor]: 1 })), { from: bravo.id })
  t.equal(await offered(alpha, bravo.id), false)
})

test('who holds less than it had signed for hears again, once, what others signed for of its own messages', async (t) => {
  const clock = virtualClock()
  const { alpha, bravo, charlie } = await threeNodes({ clock })
  alpha.context.peers.add(bravo.id)
  await say(bravo, 'one')
  await arrive(alpha, await envelopeOf(bravo, routine), { from: bravo.id })
  for (const text of ['two', 'three']) await say(alpha, text)
  const [one, two] = [{ [bravo.actor]: 1 }, { [bravo.actor]: 1, [alpha.actor]: 1 }]
  const heard = await noteOf(charlie, receipt(one))
  await arrive(alpha, heard, { from: charlie.id })
  await arrive(alpha, await noteOf(bravo, receipt(two)), { from: bravo.id })
  const tells = async (clockThere: Clock, from: PeerId = bravo.id): Promise<unknown[]> => {
    await alpha.context.replica.commit(async (tx) => {
      for (const all of [range.notes(bravo.id), range.owed(bravo.id)])
        for (const [place] of await tx.list(all)) tx.delete(place)
    })
    await arrive(alpha, await noteOf(bravo, have(clockThere)), { from })
    return notesFor(alpha, bravo.id)
  }
  const meet = async (): Promise<void> => {
    await clock.advance(1)
    const times = { firstAt: 0, lastAt: clock.now() }
    const record: PeerRecord = { carrier: 'lan', introducedAs: undefined, ...times }
    await alpha.context.replica.commit(async (tx) => tx.put(key.peer(bravo.id), pack(record)))
  }

  t.strictSame(await tells(one), [], 'its receipt has overtaken what it said before')
  await tells(two)
  await meet()
  t.strictSame(await tells(two), [], 'it has lost nothing')
  t.strictSame(await tells(one, office), [], 'what lies there may be old')
  t.strictSame(await tells(one), notesIn(alpha, heard))
  const owed = await alpha.context.replica.read.get(key.owed(bravo.id, routine))
  t.ok(owed, 'and what we have')
  t.strictSame(await tells(one), [])
  let told = 0
  for (let times = 0; times < 9; times += 1) {
    await tells(two)
    if ((await tells(one)).length > 0) told += 1
  }
  t.equal(told, 3, 'who says so again and again is not told each time')
})

test('a note that says all a node has says what it does not have', async (t) => {
  const { alpha, bravo } = await threeNodes()
  alpha.context.peers.add(bravo.id)
  await say(alpha, 'one')
  await setHasAt(alpha, bravo.id, { [alpha.actor]: 1 })

  const whole: Note = { kind: 'have', isWhole: true, items: [] }
  await arrive(alpha, await noteOf(bravo, whole), { from: bravo.id })

  t.equal(await offered(alpha, bravo.id), true)
  t.equal(await offered(alpha, bravo.id, DIRECTORY), true)
})

test('a note that says all a node has counts also for what is not here: who was put back hears who holds the rest', async (t) => {
  const { alpha, bravo } = await threeNodes()
  const clock = { [bravo.actor]: 3 }
  const whole: Note = { ...have(clock), isWhole: true }

  await arrive(alpha, await noteOf(bravo, whole), { from: bravo.id })

  t.match(await receiptAt(alpha, bravo), { clock })
  t.strictSame(await hasOf(alpha.context.replica.read, bravo.id, routine), clock)
  const announced = await alpha.context.replica.read.get(key.announced(routine))
  t.match(unpack(announced), { wanted: clock })
})

test('what a node wants is offered to it again', async (t) => {
  const { alpha, bravo } = await threeNodes()
  alpha.context.peers.add(bravo.id)
  await say(alpha, 'one')
  await setHasAt(alpha, bravo.id, { [alpha.actor]: 1 })

  await arrive(alpha, await noteOf(bravo, { ...have({}), kind: 'want' }), { from: bravo.id })

  t.equal(await offered(alpha, bravo.id), true)
})

test('what one node wants does not say what another has', async (t) => {
  const { alpha, bravo, charlie } = await threeNodes()
  alpha.context.peers.add(bravo.id)
  await say(alpha, 'one')
  await setHasAt(alpha, bravo.id, { [alpha.actor]: 1 })

  await arrive(alpha, await noteOf(charlie, { ...have({}), kind: 'want' }), { from: bravo.id })

  t.strictSame(await hasOf(alpha.context.replica.read, bravo.id, routine), { [alpha.actor]: 1 })
})

for (const role of ['kit', 'hub'] as const) {
  test(`what somebody wants in a post office, a ${role} puts there again: ${role === 'hub' ? 'all of it' : 'its own'}`, async (t) => {
    const knows = [...everybody, anIdentity('dave', 4, 'hub')]
    const { alpha, bravo, charlie } = await threeNodes({ role, knows })
    alpha.context.peers.add(office)
    await say(bravo, 'from bravo')
    await arrive(alpha, await envelopeOf(bravo, routine), { from: bravo.id })
    await say(alpha, 'from alpha')
    const all = { [alpha.actor]: 1, [bravo.actor]: 1 }
    await setHasAt(alpha, office, all)

    await arrive(alpha, await noteOf(charlie, { ...have({}), kind: 'want' }), { from: office })

    t.strictSame(
      await hasOf(alpha.context.replica.read, office, routine),
      role === 'hub' ? {} : { [bravo.actor]: 1 },
    )
    t.equal(await offered(alpha, office), true)
  })
}

test('a node describes all it has, in several notes when there is much', async (t) => {
  const { alpha } = await threeNodes()
  t.match(await alpha.context.replica.commit(describeAll), [
    {
      kind: 'have',
      isWhole: true,
      items: [{ document: channelDocument(ops) }, { document: DIRECTORY }, { document: KEYS }],
    },
  ])

  const [clock, heads] = [{ [alpha.actor]: 1 }, { [alpha.actor]: '0badcafe' }]
  const record = pack({ clock, heads, size: 1, looseFrom: 0, looseTo: 1 })
  await alpha.context.replica.commit(async (tx) => {
    for (let number = 0; number < NOTE_ITEMS_MAX; number += 1)
      tx.put(key.document(segmentDocument(ops, 'routine', number)), record)
  })
  const notes = await alpha.context.replica.commit(describeAll)
  t.strictSame(
    notes.map(({ isWhole, items }) => [isWhole, items.length]),
    [
      [false, NOTE_ITEMS_MAX],
      [false, 3],
    ],
  )
})

test('documents with very many writers are described in notes that fit any carrier', async (t) => {
  const { alpha } = await threeNodes()
  const chance = seededRandom(7)
  const lives = Array.from({ length: 40 }, (_, index) =>
    actorOf(alpha.id, Uint8Array.of(1, 2, 3, index)),
  )
  await alpha.context.replica.commit(async (tx) => {
    for (let number = 0; number < NOTE_ITEMS_MAX; number += 1) {
      const seqs = chance.bytes(lives.length * 2)
      const clock = lives.map((actor, index) => [
        actor,
        1 + (seqs[2 * index] ?? 0) * 256 + (seqs[2 * index + 1] ?? 0),
      ])
      const heads = Object.fromEntries(lives.map((actor) => [actor, hexFromBytes(chance.bytes(4))]))
      const has = { clock: Object.fromEntries(clock), heads }
      const record = pack({ ...has, size: 1, looseFrom: 0, looseTo: 1 })
      tx.put(key.document(segmentDocument(ops, 'routine', number)), record)
    }
  })

  const notes = await alpha.context.replica.commit(describeAll)

  t.equal(
    notes.reduce((sum, { items }) => sum + items.length, 0),
    NOTE_ITEMS_MAX + 3,
  )
  for (const note of notes) t.ok((await noteOf(alpha, note)).length <= ENVELOPE_BYTES_MAX)
})

test('gaps are told with the time of the oldest that waits', async (t) => {
  const { alpha, bravo } = await threeNodes()
  await say(alpha, 'one')
  await say(alpha, 'two')
  await arrive(bravo, await envelopeOf(alpha, routine, { [alpha.actor]: 1 }))

  t.strictSame(await gapsOf(bravo.context.replica.read), [
    { document: routine, since: bravo.context.now() },
  ])
})

/** Alpha founded the workspace; all know each other and have the directory. */
async function threeNodes(
  alphaIs: NodeChoice = {},
): Promise<Readonly<Record<'alpha' | 'bravo' | 'charlie', SyncNode>>> {
  const alpha = await aSync('alpha', { knows: everybody, ...alphaIs })
  const bravo = await aSync('bravo', { knows: everybody })
  const charlie = await aSync('charlie', { knows: everybody })
  await found(alpha)
  for (const node of [bravo, charlie])
    for (const document of [DIRECTORY, channelDocument(ops)])
      await arrive(node, await envelopeOf(alpha, document))
  return { alpha, bravo, charlie }
}

function receipt(clock: Clock): Note {
  return { kind: 'receipt', isWhole: false, items: [{ document: routine, clock, read: {} }] }
}

function have(clock: Clock): Note {
  return { kind: 'have', isWhole: false, items: [{ document: routine, clock, read: {} }] }
}

async function receiptAt(node: SyncNode, of: SyncNode): Promise<ReceiptRecord | undefined> {
  return unpack(await node.context.replica.read.get(key.receipt(of.id, routine)))
}

/** What waits for `peer`, as it was signed. */
async function notesFor(node: SyncNode, peer: PeerId): Promise<unknown[]> {
  const notes = await node.context.replica.read.list(range.notes(peer))
  return notes.map(([, bytes]) => {
    const { since: _, ...note } = must(unpack<NoteRecord>(bytes), 'it is a note')
    return note
  })
}

function setHasAt({ context }: SyncNode, peer: PeerId, clock: Clock): Promise<void> {
  return context.replica.commit((tx) => setHas(tx, context, { peer, document: routine, clock }))
}

async function offered(
  { context }: SyncNode,
  peer: PeerId,
  document: DocumentId = routine,
): Promise<boolean> {
  const lane = document === DIRECTORY ? 'immediate' : 'routine'
  return (await context.replica.read.get(key.outbox(peer, lane, document))) !== undefined
}
