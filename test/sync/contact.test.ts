import { test } from 'tap'
import { must } from '#base/assert.ts'
import { RELAY_DELAY_MS } from '#base/limits.ts'
import { channelDocument, DIRECTORY, KEYS } from '#model/document-id.ts'
import type { Clock } from '#model/log.ts'
import { LANES } from '#model/precedence.ts'
import type { PeerId } from '#ports/carrier.ts'
import { beginContact, nextParcel } from '#sync/contact.ts'
import type { ContactState } from '#sync/contact-state.ts'
import type { Cut } from '#sync/cut.ts'
import { handedOver, takeBack } from '#sync/handover.ts'
import { key, range } from '#sync/keys.ts'
import { hasOf, noteHas, setHas } from '#sync/ledger.ts'
import { unpack, type DepartureRecord, type OutboxRecord } from '#sync/records.ts'
import { openMemoryStore } from '#storage/memory-store.ts'
import { virtualClock } from '../support/clock.ts'
import { anIdentity, seedOf, type NodeChoice } from '../support/nodes.ts'
import {
  arrive,
  aSync,
  bodies,
  envelopeOf,
  found,
  noteOf,
  ops,
  routine,
  say,
  type SyncNode,
} from '../support/sync.ts'

const alphaIdentity = anIdentity('alpha', 1)
const bravoIdentity = anIdentity('bravo', 2)
const charlieIdentity = anIdentity('charlie', 3)
const bravo = bravoIdentity.certificate.node
const office: PeerId = 'post:office'

test('a new peer is offered everything, the urgent first, and the directory before what needs it', async (t) => {
  const alpha = await aFounder()
  await say(alpha, 'slowly')
  await say(alpha, 'now', 'flash')
  const state = await begin(alpha, office)

  const lanes = await everything(alpha, state)

  t.match(lanes, [
    { lane: 'flash', document: KEYS },
    { lane: 'flash', document: DIRECTORY },
    { lane: 'flash', document: channelDocument(ops) },
    { lane: 'flash', document: `s.${ops}.0.0` },
    { lane: 'routine', document: routine },
  ])
})

test('a node says first what it has', async (t) => {
  const alpha = await aFounder()

  const state = await begin(alpha, bravo)

  const sent = await everything(alpha, state)
  t.match(
    sent.map(({ document }) => document),
    [KEYS, DIRECTORY, channelDocument(ops)],
  )
  t.match(
    sent[1]?.notes,
    [{ name: '!have.0' }],
    'it rides with the first that is no secret of keys',
  )
})

test('of two parcels under way none holds what the other does', async (t) => {
  const alpha = await aFounder()
  const state = await begin(alpha, office)
  await everything(alpha, state)
  await say(alpha, 'one')
  const first = must(await next(alpha, state), 'there is one')
  await say(alpha, 'two')
  const second = must(await next(alpha, state), 'there is another')

  t.strictSame(first.record.clock, { [alpha.actor]: 1 })
  t.strictSame(second.record.first, { [alpha.actor]: 2 })
  t.equal(await next(alpha, state), undefined)
})

test('an answer that overtakes another counts once that one has come', async (t) => {
  const alpha = await aFounder()
  const state = await begin(alpha, office)
  await everything(alpha, state)
  const cuts: Cut[] = []
  for (const body of ['one', 'two', 'three']) {
    await say(alpha, body)
    cuts.push(must(await next(alpha, state), 'there is one'))
  }
  const [first, second, third] = cuts

  await answer(alpha, state, must(third, 'third'))
  t.equal(await next(alpha, state), undefined, 'it is not sent again meanwhile')
  await answer(alpha, state, must(second, 'second'))
  t.strictSame(await has(alpha, office), {})
  t.equal(await next(alpha, state), undefined)
  await answer(alpha, state, must(first, 'first'))

  t.strictSame(await has(alpha, office), { [alpha.actor]: 3 })
  const flying = await alpha.context.replica.read.list(range.parcels(office))
  t.notOk(flying.some(([place]) => place.includes(`/${LANES.indexOf('routine')}/`)))
})

test('what was answered early is sent again when what it waits for has to be', async (t) => {
  const alpha = await aFounder()
  const state = await begin(alpha, office)
  await everything(alpha, state)
  await say(alpha, 'one')
  const first = must(await next(alpha, state), 'there is one')
  await say(alpha, 'two')
  await answer(alpha, state, must(await next(alpha, state), 'there is another'))
  await alpha.context.replica.commit((tx) => takeBack(tx, state, { cut: first, mayTryAgain: true }))
  state.flying.delete(first)

  const again = must(await next(alpha, state), 'both')
  t.strictSame(again.record.clock, { [alpha.actor]: 2 })
  t.strictSame(again.record.first, { [alpha.actor]: 1 })
  await answer(alpha, state, again)

  t.strictSame(await has(alpha, office), { [alpha.actor]: 2 })
  t.equal(await next(alpha, state), undefined)
})

test('an answer that waits for what the peer has no more is let go once nothing is under way', async (t) => {
  const alpha = await aFounder()
  await say(alpha, 'one')
  const state = await begin(alpha, office)
  await everything(alpha, state)
  for (const cut of state.flying) await answered(alpha, state, cut)
  await say(alpha, 'two')
  await say(alpha, 'three')
  const late = must(await next(alpha, state), 'two and three')
  const { replica } = alpha.context
  await replica.commit((tx) =>
    setHas(tx, alpha.context, { peer: office, document: routine, clock: {} }),
  )

  await answered(alpha, state, late)

  t.strictSame(await replica.read.list(range.parcels(office)), [])
  t.strictSame(await has(alpha, office), {})
  const again = must(await next(alpha, state), 'all three')
  await answered(alpha, state, again)
  t.strictSame(await has(alpha, office), { [alpha.actor]: 3 })
})

test('an offer of what the peer has by now goes when its turn comes', async (t) => {
  const alpha = await aFounder()
  const state = await begin(alpha, office)
  await everything(alpha, state)
  const { replica } = alpha.context
  await replica.commit((tx) =>
    noteHas(tx, office, { document: routine, clock: { [alpha.actor]: 1 } }),
  )
  await say(alpha, 'one')
  const offers = async () =>
    (await replica.read.list(range.outbox(office))).filter(([place]) => place.endsWith(routine))
  t.equal((await offers()).length, 1)

  t.equal(await next(alpha, state), undefined)

  t.equal((await offers()).length, 0)
})

test('what left once stays left, also when a part of it leaves again by another way', async (t) => {
  const alpha = await aFounder()
  const toBravo = await begin(alpha, bravo)
  const toOffice = await begin(alpha, office)
  await everything(alpha, toBravo)
  await everything(alpha, toOffice)
  for (const body of ['one', 'two', 'three']) await say(alpha, body)
  const all = must(await next(alpha, toBravo), 'all three')
  await answer(alpha, toBravo, all)
  await alpha.context.replica.commit(async (tx) => {
    await noteHas(tx, office, { document: routine, clock: { [alpha.actor]: 2 } })
  })

  const rest = must(await next(alpha, toOffice), 'the last one')
  t.strictSame(rest.record.first, { [alpha.actor]: 3 })
  await answer(alpha, toOffice, rest)

  const place = key.departure(routine, alpha.actor, 3)
  t.match(unpack<DepartureRecord>(await alpha.context.replica.read.get(place)), { from: 1 })
})

test('a peer that may have forgotten is offered again what no receipt covers', async (t) => {
  const alpha = await aFounder({ role: 'hub' })
  const state = await begin(alpha, office)
  await say(alpha, 'one')
  for (;;) {
    const cut = await next(alpha, state)
    if (cut === undefined) break
    await answer(alpha, state, cut)
  }
  t.strictSame(await has(alpha, office), { [alpha.actor]: 1 })

  const again = await begin(alpha, office, true)

  t.strictSame(await has(alpha, office), {})
  const sent = await everything(alpha, again)
  t.ok(sent.some(({ document }) => document === routine))
})

test('what receipts cover is not offered again', async (t) => {
  const alpha = await aFounder({ role: 'hub' })
  await say(alpha, 'one')
  await begin(alpha, office)
  const items = [{ document: routine, clock: { [alpha.actor]: 1 }, read: {} }]
  for (const name of ['bravo', 'charlie']) {
    await using other = await aSync(name, { knows: [alphaIdentity] })
    await arrive(alpha, await noteOf(other, { kind: 'receipt', isWhole: false, items }))
  }

  const again = await begin(alpha, office, true)

  const sent = await everything(alpha, again)
  t.notOk(sent.some(({ document }) => document === routine))
})

test("another node's change waits a while before it is put in a post office, unless it is flash", async (t) => {
  const clock = virtualClock()
  const alpha = await aFounder({ clock })
  const state = await begin(alpha, office)
  await everything(alpha, state)
  await using other = await aSync('bravo', { clock, knows: [alphaIdentity] })
  for (const document of [DIRECTORY, channelDocument(ops)])
    await arrive(other, await envelopeOf(alpha, document))
  await say(other, 'routinely')
  await arrive(alpha, await envelopeOf(other, routine), { from: bravo })

  t.notOk((await everything(alpha, state)).some(({ document }) => document === routine))
  const { lookAgainAt } = await alpha.context.replica.commit((tx) =>
    nextParcel(tx, alpha.context, state),
  )
  t.equal(lookAgainAt, clock.now() + RELAY_DELAY_MS)

  await say(other, 'now', 'flash')
  const flash = await envelopeOf(other, must((await lastOf(other)).document, 'it is there'))
  await arrive(alpha, flash, { from: bravo })
  t.ok((await everything(alpha, state)).some(({ lane }) => lane === 'flash'))
  await clock.advance(RELAY_DELAY_MS)
  t.ok((await everything(alpha, state)).some(({ document }) => document === routine))
})

test('a clock that is set back does not hold anything back', async (t) => {
  const clock = virtualClock()
  const alpha = await aFounder({ clock })
  const state = await begin(alpha, office)
  await everything(alpha, state)
  await using other = await aSync('bravo', { clock, knows: [alphaIdentity] })
  for (const document of [DIRECTORY, channelDocument(ops)])
    await arrive(other, await envelopeOf(alpha, document))
  await say(other, 'routinely')
  await arrive(alpha, await envelopeOf(other, routine), { from: bravo })
  const place = key.outbox(office, 'routine', routine)
  const record = unpack<OutboxRecord>(await alpha.context.replica.read.get(place))
  t.equal(record?.notBefore, clock.now() + RELAY_DELAY_MS)

  clock.setWall(0)

  t.ok((await everything(alpha, state)).some(({ document }) => document === routine))
})

test('a certificate that comes with a contact opens what its node sent before', async (t) => {
  await using alpha = await aSync('alpha')
  await found(alpha)
  await say(alpha, 'early')
  await using other = await aSync('bravo')
  for (const document of [KEYS, DIRECTORY, channelDocument(ops), routine])
    t.match((await arrive(other, await envelopeOf(alpha, document))).outcome, { kind: 'parked' })

  await begin(other, alpha.id, false, alphaIdentity.certificateBytes)

  t.strictSame(await bodies(other), ['early'])
})

test('a node restored from an old copy gets back what it had written since', async (t) => {
  const store = openMemoryStore()
  await using other = await aSync('bravo', { knows: [alphaIdentity] })
  {
    await using alpha = await aSync('alpha', { knows: [bravoIdentity] })
    await found(alpha)
    await say(alpha, 'one')
    for (const document of [DIRECTORY, channelDocument(ops), routine])
      await arrive(other, await envelopeOf(alpha, document))
  }
  const life = seedOf('second life').subarray(0, 4)
  await using restored = await aSync('alpha', { store, life, knows: [bravoIdentity] })
  await begin(other, restored.id)
  const whole = { kind: 'have', isWhole: true, items: [] } as const
  await arrive(other, await noteOf(restored, whole), { from: restored.id })

  const state = await begin(other, restored.id)
  for (;;) {
    const cut = await next(other, state)
    if (cut === undefined) break
    await arrive(restored, cut.parcel.bytes, { from: other.id })
  }

  t.strictSame(await bodies(restored), ['one'])
  await say(restored, 'two')
  for (const document of [KEYS, DIRECTORY, routine])
    await arrive(other, await envelopeOf(restored, document), { from: restored.id })
  t.strictSame(await bodies(other), ['one', 'two'])
})

async function aFounder(choice: NodeChoice = {}): Promise<SyncNode> {
  const alpha = await aSync('alpha', { knows: [bravoIdentity, charlieIdentity], ...choice })
  await found(alpha)
  return alpha
}

async function begin(
  { context }: SyncNode,
  peer: PeerId,
  mayHaveForgotten = false,
  certificate?: Uint8Array,
): Promise<ContactState> {
  const state: ContactState = {
    peer,
    carrier: 'test',
    receiptDelayMs: 86_400_000,
    left: [],
    flying: new Set(),
    wanted: new Map(),
    refused: new Map(),
  }
  await context.replica.commit((tx) =>
    beginContact(tx, context, { state, mayHaveForgotten, certificate }),
  )
  return state
}

/** The next parcel, which is on its way from now on. */
async function next({ context }: SyncNode, state: ContactState): Promise<Cut | undefined> {
  const { cut } = await context.replica.commit((tx) => nextParcel(tx, context, state))
  if (cut !== undefined) state.flying.add(cut)
  return cut
}

/** All that is to be sent now. */
async function everything(node: SyncNode, state: ContactState) {
  const sent = []
  for (;;) {
    const cut = await next(node, state)
    if (cut === undefined) return sent
    const { document, notes } = cut.record
    sent.push({ lane: cut.parcel.lane, document, notes })
  }
}

/** As `answer`, and it is under way no more. */
async function answered(node: SyncNode, state: ContactState, cut: Cut): Promise<void> {
  await answer(node, state, cut)
  state.flying.delete(cut)
}

async function answer({ context }: SyncNode, state: ContactState, cut: Cut): Promise<void> {
  await context.replica.commit((tx) => handedOver(tx, context, { state, cut }))
  state.flying.delete(cut)
}

function has({ context }: SyncNode, peer: PeerId): Promise<Clock> {
  return hasOf(context.replica.read, peer, routine)
}

async function lastOf({ events }: SyncNode) {
  const posted = events.findLast((event) => event.kind === 'posted')
  return must(posted?.kind === 'posted' ? posted.message : undefined, 'something was posted')
}
