import { test, type Test } from 'tap'
import { actorOf } from '#base/ids.ts'
import { EdgeError } from '#base/errors.ts'
import { IN_FLIGHT_MAX } from '#base/limits.ts'
import { channelDocument, DIRECTORY, KEYS } from '#model/document-id.ts'
import type { Clock } from '#model/log.ts'
import type { Carrier, PeerId } from '#ports/carrier.ts'
import { key, range } from '#sync/keys.ts'
import { clockOf, setHas } from '#sync/ledger.ts'
import { queueNote, signNote } from '#sync/note-queue.ts'
import { pack } from '#sync/records.ts'
import { virtualClock, type VirtualClock } from '../support/clock.ts'
import { aFaultyStore, type FaultyStore } from '../support/faulty-store.ts'
import {
  aHandCarrier,
  unreachable,
  type Answer,
  type HandCarrier,
} from '../support/hand-carrier.ts'
import { anIdentity, lifeOf } from '../support/nodes.ts'
import {
  arrive,
  aSync,
  bodies,
  envelopeOf,
  found,
  notesIn,
  ops,
  routine,
  say,
  type SyncNode,
} from '../support/sync.ts'

const bravoIdentity = anIdentity('bravo', 2)
const HOUR_MS = 3_600_000

test('a flash message leaves at once, though as many routine ones are under way as may be', async (t) => {
  const { alpha, carrier, clock } = await aRig(t, () => undefined)
  for (let count = 0; count < 400; count += 1) await say(alpha, 'x'.repeat(4_000))
  const others = () => carrier.sent.filter(({ parcel }) => parcel.lane !== 'flash').length
  carrier.begin('post:office')
  await clock.advance(0)
  t.equal(others(), IN_FLIGHT_MAX)
  await say(alpha, 'and one more')
  await clock.advance(0)
  t.equal(others(), IN_FLIGHT_MAX, 'no more than so many are under way')

  await say(alpha, 'now', 'flash')
  await clock.advance(0)

  t.equal(others(), IN_FLIGHT_MAX)
  const urgent = carrier.sent.filter(({ parcel }) => parcel.lane === 'flash')
  await using bravo = await aSync('bravo', { knows: [anIdentity('alpha', 1)] })
  for (const { parcel } of urgent) await arrive(bravo, parcel.bytes, { from: alpha.id })
  t.strictSame(await bodies(bravo), ['now'], 'with all it takes to read it')
})

test('on a thin link parcels are small, and few are cut before their time', async (t) => {
  const room = { parcelBytes: 600, underWayBytes: 1_800 }
  const { alpha, carrier, clock } = await aRig(t, () => undefined, { room: () => room })
  const words = 'the bridge at the mill is under water since noon and the road north is open'.split(
    ' ',
  )
  for (let count = 0; count < 300; count += 1)
    await say(alpha, words.map((word, at) => `${word}${(count * 7 + at * 13) % 101}`).join(' '))
  carrier.begin('post:office')
  await clock.advance(0)
  for (let count = 0; count < 12; count += 1) {
    carrier.sent[count]?.answer('departed')
    // oxlint-disable-next-line no-await-in-loop -- one answer after the other
    await clock.advance(0)
  }

  const sizes = carrier.sent.map(({ parcel }) => parcel.bytes.length)
  const posts = sizes.slice(8)
  t.ok(
    posts.every((bytes) => bytes > 300 && bytes < 1_000),
    `${posts.join(' ')} bytes`,
  )
  const under = carrier.sent.slice(12).reduce((sum, { parcel }) => sum + parcel.bytes.length, 0)
  t.ok(under >= room.underWayBytes && under < 2 * room.underWayBytes, `${under} bytes under way`)
})

test('what is refused is not sent again before the next contact', async (t) => {
  const { alpha, carrier, clock } = await aRig(t, ({ parcel }) =>
    parcel.lane === 'routine' ? new EdgeError('ENVELOPE_TOO_LARGE', {}) : 'custody',
  )
  const routineParcels = () => carrier.sent.filter(({ parcel }) => parcel.lane === 'routine')
  await say(alpha, 'too long')
  carrier.begin('post:office')
  await clock.advance(24 * HOUR_MS)
  t.equal(routineParcels().length, 1)

  carrier.end('post:office')
  carrier.begin('post:office')
  await clock.advance(HOUR_MS)

  t.equal(routineParcels().length, 2)
})

test('what was refused is offered again in the same contact once the peer says to have less', async (t) => {
  let count = 0
  const { alpha, carrier, clock } = await aRig(t, ({ parcel }) => {
    if (parcel.lane !== 'routine') return 'custody'
    count += 1
    return count === 2 ? new EdgeError('INPUT_INVALID', {}) : 'custody'
  })
  carrier.begin('post:office')
  for (const text of ['one', 'two']) {
    await say(alpha, text)
    await clock.advance(HOUR_MS)
  }
  t.equal(count, 2)
  const nowHas = (clockThere: Clock) =>
    alpha.context.replica.commit((tx) =>
      setHas(tx, alpha.context, { peer: 'post:office', document: routine, clock: clockThere }),
    )

  await nowHas({ [alpha.actor]: 1, [actorOf(bravoIdentity.certificate.node, lifeOf('bravo'))]: 5 })
  await clock.advance(HOUR_MS)
  t.equal(count, 2, 'what others put there changes nothing')
  await nowHas({})
  await clock.advance(HOUR_MS)

  t.equal(count, 3)
})

test('what a node refused is offered again once it says to have more: it may take it now', async (t) => {
  let count = 0
  const { alpha, carrier, clock } = await aRig(t, ({ parcel }) => {
    if (parcel.lane !== 'routine') return 'custody'
    count += 1
    return count === 1 ? new EdgeError('INPUT_INVALID', {}) : 'custody'
  })
  const { node: peer } = bravoIdentity.certificate
  for (const text of ['one', 'two']) await say(alpha, text)
  carrier.begin(peer)
  await clock.advance(HOUR_MS)
  t.equal(count, 1)

  await alpha.context.replica.commit((tx) =>
    setHas(tx, alpha.context, { peer, document: routine, clock: { [alpha.actor]: 1 } }),
  )
  await clock.advance(HOUR_MS)

  t.equal(count, 2)
})

test('what left before a start does not overtake a flash message that waits for the first word', async (t) => {
  const { alpha, carrier, clock } = await aRig(t, () => 'custody')
  const { actor, context } = alpha
  for (const text of ['it', 'left', 'before']) await say(alpha, text)
  await context.replica.commit(async (tx) => {
    for (const document of [KEYS, DIRECTORY, channelDocument(ops), routine])
      tx.put(key.sent(document, actor), pack((await clockOf(tx, document))[actor] ?? 0))
  })
  await say(alpha, 'never left', 'flash')
  context.run.isUnsure = true
  carrier.begin(bravoIdentity.certificate.node)
  await clock.advance(4_000)
  const early = carrier.sent.map(({ parcel }) => parcel.lane)
  await clock.advance(2_000)

  t.notOk(early.includes('routine'), early.join(' '))
  const lanes = carrier.sent.map(({ parcel }) => parcel.lane)
  t.ok(
    lanes.includes('routine') && lanes.indexOf('flash') < lanes.indexOf('routine'),
    lanes.join(' '),
  )
})

test('when the carrier cannot reach the peer any more, nothing is cut until the next contact', async (t) => {
  const { alpha, carrier, clock } = await aRig(t, ({ peer }, count) =>
    count < 50 ? unreachable(peer) : undefined,
  )
  await say(alpha, 'one')
  carrier.begin('post:office')
  await clock.advance(HOUR_MS)

  t.ok(carrier.sent.length <= 4, `${carrier.sent.length} parcels`)
})

test('a parcel whose number is taken leaves under another', async (t) => {
  const taken = new Set<string>()
  const { alpha, carrier, clock } = await aRig(t, ({ parcel }) => {
    if (taken.has(parcel.lane)) return 'departed'
    taken.add(parcel.lane)
    return new EdgeError('ALREADY_EXISTS', {})
  })
  await say(alpha, 'one')
  carrier.begin('post:office')
  await clock.advance(0)

  const messages = carrier.sent.filter(({ parcel }) => parcel.lane === 'routine')
  t.strictSame(
    messages.map(({ parcel }) => parcel.number),
    [0, 1],
  )
})

test('a note whose parcel was refused goes with another, or alone', async (t) => {
  let alpha: SyncNode | undefined
  const sent: number[] = []
  const rig = await aRig(t, ({ parcel }, count) => {
    if (alpha === undefined || notesIn(alpha, parcel.bytes).length === 0) return 'departed'
    sent.push(count)
    return sent.length === 1 ? new EdgeError('ALREADY_EXISTS', {}) : 'departed'
  })
  alpha = rig.alpha
  const note = signNote(alpha.context, { kind: 'have', isWhole: true, items: [] })
  await alpha.context.replica.commit(async (tx) =>
    queueNote(tx, 'post:office', { name: 'a note', since: 0, note }),
  )
  rig.carrier.begin('post:office')
  await rig.clock.advance(0)

  t.equal(sent.length, 2)
  t.strictSame(await alpha.context.replica.read.list(range.notes('post:office')), [])
})

test('what the carrier took before the contact ended is not sent again to a post office', async (t) => {
  const { alpha, carrier, clock } = await aRig(t, () => undefined)
  await say(alpha, 'one')
  carrier.begin('post:office')
  await clock.advance(0)
  for (const sending of carrier.sent) sending.answer('departed')
  await clock.advance(0)
  const before = carrier.sent.length

  carrier.end('post:office')
  carrier.begin('post:office')
  await clock.advance(0)

  t.equal(carrier.sent.length, before)
})

test('what the carrier had not answered is sent again under its number, byte for byte', async (t) => {
  const { alpha, carrier, clock } = await aRig(t, () => undefined)
  await say(alpha, 'one')
  carrier.begin('post:office')
  await clock.advance(0)
  const before = carrier.sent.map(({ parcel }) => parcel)
  carrier.end('post:office')
  await clock.advance(0)
  await say(alpha, 'two')

  carrier.begin('post:office')
  await clock.advance(0)

  const after = carrier.sent.slice(before.length).map(({ parcel }) => parcel)
  t.strictSame(after.slice(0, before.length), before)
  t.equal(after.length, before.length + 1, 'and then what is new')
})

test('a full disk is waited out with what is to be sent', async (t) => {
  const { alpha, carrier, clock, store } = await aRig(t, () => 'departed')
  await say(alpha, 'one')
  store.setFault('full')
  carrier.begin('post:office')
  await clock.advance(10_000)
  t.equal(carrier.sent.length, 0)

  store.setFault('none')
  await clock.advance(2_000)

  t.ok(carrier.sent.some(({ parcel }) => parcel.lane === 'routine'))
})

test('an answer that the disk cannot keep is kept when the disk has room again', async (t) => {
  const { alpha, carrier, clock, store } = await aRig(t, () => undefined)
  await say(alpha, 'one')
  carrier.begin('post:office')
  await clock.advance(0)
  store.setFault('full')
  for (const sending of carrier.sent) sending.answer('departed')
  await clock.advance(10_000)
  t.equal(await alpha.context.replica.read.get(key.departure(routine, alpha.actor, 1)), undefined)

  store.setFault('none')
  await clock.advance(2_000)

  t.ok(await alpha.context.replica.read.get(key.departure(routine, alpha.actor, 1)))
})

test('a contact with a certificate opens what was parked, also when the disk was full at first', async (t) => {
  const clock = virtualClock()
  const store = aFaultyStore()
  const carrier = aHandCarrier()
  await using alpha = await aSync('alpha', { clock })
  await found(alpha)
  await say(alpha, 'early')
  await using other = await aSync('bravo', { clock, store, carriers: [carrier] })
  for (const document of [KEYS, DIRECTORY, channelDocument(ops), routine])
    await arrive(other, await envelopeOf(alpha, document))
  store.setFault('full')
  carrier.begin(alpha.id, { certificate: alpha.context.identity.certificateBytes })
  await clock.advance(1_000)
  t.strictSame(await bodies(other), [])

  store.setFault('none')
  await clock.advance(2_000)

  t.strictSame(await bodies(other), ['early'])
})

test('closing ends promptly while parcels are under way', async (t) => {
  const { alpha, carrier, clock } = await aRig(t, () => undefined)
  await say(alpha, 'one')
  carrier.begin('post:office')
  await clock.advance(0)
  t.ok(carrier.sent.length > 0)

  t.ok(await closes(alpha, clock))
})

test('closing ends promptly while the disk is full and an answer waits for it', async (t) => {
  const { alpha, carrier, clock, store } = await aRig(t, () => undefined)
  await say(alpha, 'one')
  carrier.begin('post:office')
  await clock.advance(0)
  store.setFault('full')
  for (const sending of carrier.sent) sending.answer('departed')
  await clock.advance(0)

  t.ok(await closes(alpha, clock))
})

test('what is written while a contact looks for something to send is not overlooked', async (t) => {
  const { alpha, carrier, clock, store } = await aRig(t, () => 'departed', {
    receiptDelayMs: 24 * HOUR_MS,
  })
  const office: PeerId = 'post:office'
  carrier.begin(office)
  await clock.advance(2 * HOUR_MS)
  await alpha.context.replica.commit(async (tx) =>
    tx.put(key.owed(office, routine), pack(clock.now())),
  )
  alpha.context.ring()
  await clock.advance(0)
  const before = carrier.sent.length
  store.hold()
  const held = alpha.context.replica.commit(async (tx) => tx.put('held', Uint8Array.of(1)))
  await clock.advance(HOUR_MS) // now the contact looks, and waits for the commit before it
  const posted = say(alpha, 'just now')
  store.release()
  await Promise.all([held, posted])
  await clock.advance(1)

  t.strictSame(
    carrier.sent.slice(before).map(({ parcel }) => parcel.lane),
    ['routine'],
  )
})

interface Rig {
  readonly alpha: SyncNode
  readonly carrier: HandCarrier
  readonly clock: VirtualClock
  readonly store: FaultyStore
}

async function aRig(
  t: Test,
  answer: Answer,
  facts: Partial<Pick<Carrier, 'receiptDelayMs' | 'room'>> = {},
): Promise<Rig> {
  const clock = virtualClock()
  const store = aFaultyStore()
  const carrier = aHandCarrier(answer, facts)
  const alpha = await aSync('alpha', { clock, store, carriers: [carrier], knows: [bravoIdentity] })
  t.teardown(async () => {
    store.setFault('none')
    await alpha[Symbol.asyncDispose]()
  })
  await found(alpha)
  return { alpha, carrier, clock, store }
}

/** Whether the node closes without time passing. */
async function closes(node: SyncNode, clock: VirtualClock): Promise<boolean> {
  const closed = node[Symbol.asyncDispose]().then(() => true)
  await clock.advance(0)
  return Promise.race([closed, Promise.resolve(false)])
}
