import { test, type Test } from 'tap'
import { must } from '#base/assert.ts'
import { RELAY_DELAY_MS } from '#base/limits.ts'
import { openMemoryNetwork } from '#carriers/memory.ts'
import type { MessageRecord } from '#model/view.ts'
import type { Carrier, PeerId } from '#ports/carrier.ts'
import type { Clock } from '#ports/clock.ts'
import { standings } from '#sync/delivery.ts'
import { key } from '#sync/keys.ts'
import type { LinkState } from '#sync/links.ts'
import { noteThere } from '#sync/peers.ts'
import { queuesOf, queueSizes, queueTo, type Queued } from '#sync/queue.ts'
import { pack } from '#sync/records.ts'
import { openMemoryStore } from '#storage/memory-store.ts'
import { virtualClock } from '../support/clock.ts'
import { aHandCarrier } from '../support/hand-carrier.ts'
import { anIdentity } from '../support/nodes.ts'
import { aSync, found, say, type SyncNode } from '../support/sync.ts'

const alphaIdentity = anIdentity('alpha', 1)
const bravoIdentity = anIdentity('bravo', 2)
const bravo = bravoIdentity.certificate.node
const office: PeerId = 'post:office'

test('a queue counts what is more urgent, what is older, and what is before it', async (t) => {
  const { alpha, carrier, clock } = await anOffice(t)
  carrier.begin(office)
  await clock.advance(0)
  for (const sending of carrier.sent) sending.answer('departed')
  carrier.end(office)
  await clock.advance(0)
  await say(alpha, 'one')
  const routine = await say(alpha, 'two')
  await clock.advance(1)
  const flash = await say(alpha, 'three', 'flash')

  t.match(await queues(alpha, routine), [{ link: office, place: 2 }])
  t.match(await queues(alpha, flash), [{ link: office, place: 0, bytesAhead: 0 }])
  t.strictSame(await queueSizes(alpha.context.replica.read, alpha.context, office), [1, 0, 0, 2])
})

test('what is on its way and not answered counts as before it', async (t) => {
  const { alpha, carrier, clock } = await anOffice(t)
  carrier.begin(office)
  await clock.advance(0)
  const bytes = carrier.sent.reduce((sum, { parcel }) => sum + parcel.bytes.length, 0)

  const message = await say(alpha, 'one')

  t.match(await queues(alpha, message), [{ bytesAhead: bytes }])
})

test('when nobody can say when, it is said why', async (t) => {
  const { alpha, message } = await aWaiting(t)
  const link = aLink(alpha)
  const guess = async (one?: Partial<LinkState>): Promise<Queued | undefined> =>
    (await queuesOf(alpha.context, message, one === undefined ? [] : [{ ...link, ...one }]))[0]

  t.match(await guess(), { unknown: 'no link yet', estimateMs: undefined })
  t.match(await guess({ isUp: false, since: 77 }), { unknown: 'no link since', linkAt: 77 })
  t.match(await guess({ isUp: true, bytesPerSecond: 0 }), { unknown: 'no rate yet' })
  t.match(await guess({ isUp: true }), { unknown: undefined, estimateMs: 2_000 })
  const silentSince = alpha.context.now() - 3_600_000
  t.match(await guess({ isUp: true, unansweredSince: silentSince }), {
    unknown: 'no answer since',
    linkAt: silentSince,
  })
  alpha.context.run.isOver = true
  t.match(await guess({ isUp: true }), { unknown: 'held back' })
})

test('a link that was there before the node started is not said to be new', async (t) => {
  const { alpha, message } = await aWaiting(t)
  await alpha.context.replica.commit(async (tx) => {
    const known = { carrier: 'radio', firstAt: 1, introducedAs: alpha.actor, lastAt: 1 }
    tx.put(key.peer(office), pack(known))
    await noteThere(tx, alpha.context, office)
  })

  t.match(await queuesOf(alpha.context, message, []), [
    { unknown: 'no link since', linkAt: alpha.context.now() },
  ])
})

test('what is held for others to be quicker adds that to the estimate', async (t) => {
  const { alpha, message } = await aWaiting(t)
  const now = alpha.context.now()
  await alpha.context.replica.commit(async (tx) =>
    tx.put(
      key.outbox(office, 'routine', message.document),
      pack({ since: now, notBefore: now + RELAY_DELAY_MS }),
    ),
  )

  t.match(await queuesOf(alpha.context, message, [{ ...aLink(alpha), isUp: true }]), [
    { estimateMs: RELAY_DELAY_MS + 2_000 },
  ])
})

test('the way that is there is named, then the own one, then the one that was there last', async (t) => {
  const up = queue(office, { estimateMs: 5, unknown: undefined })
  const own = queue(bravo, { linkAt: 1 })
  const older = queue('post:a', { linkAt: 2 })
  const newer = queue('post:b', { linkAt: 3 })

  t.equal(queueTo([own, newer, up, older], bravo), up)
  t.equal(queueTo([newer, own, older], bravo), own)
  t.equal(queueTo([older, newer], bravo), newer)
  t.equal(queueTo([], bravo), undefined)
})

test('an estimate comes true on a link that is as it was', async (t) => {
  const clock = virtualClock()
  const network = openMemoryNetwork({ clock })
  const knows = [alphaIdentity, bravoIdentity]
  const thin = (carrier: Carrier): Carrier => atRate(carrier, clock)
  const carriers = [thin(network.open(alphaIdentity.certificate.node)), network.open(bravo)]
  const alpha = await aSync('alpha', { clock, carriers: carriers.slice(0, 1), knows })
  const other = await aSync('bravo', { clock, carriers: carriers.slice(1), knows })
  t.teardown(async () => {
    for (const node of [alpha, other]) await node[Symbol.asyncDispose]()
    for (const carrier of carriers) await carrier[Symbol.asyncDispose]()
  })
  await found(alpha)
  await clock.advance(600_000)
  for (let each = 0; each < 20; each += 1) await say(alpha, 'a message as they are all day long')
  await clock.advance(600_000)
  for (let each = 0; each < 200; each += 1) {
    await say(alpha, `message ${each} of many that are written faster than the link takes them`)
    await clock.advance(10)
  }
  const last = await say(alpha, 'the last')
  await clock.advance(0)
  const wordOf = async () =>
    must((await standings(alpha.context, last, alpha.links()))[0], 'bravo is to have it')
  const estimateMs = must((await wordOf()).queue?.estimateMs, 'the link is measured')

  let tookMs = 0
  for (; (await wordOf()).word === 'queued' && tookMs < 3_600_000; tookMs += 250)
    await clock.advance(250)

  t.ok(estimateMs > tookMs / 3 && estimateMs < tookMs * 3, `${estimateMs} said, ${tookMs} took`)
})

test('who waits is told when the link comes and when it goes', async (t) => {
  const { alpha, carrier, clock } = await anOffice(t)
  carrier.begin(office)
  await clock.advance(0)
  for (const sending of carrier.sent) sending.answer('departed')
  await clock.advance(0)
  const message = await say(alpha, 'one')
  const told = () =>
    alpha.events.filter(
      (event) => event.kind === 'delivery' && event.span.document === message.document,
    ).length
  await clock.advance(0)
  const before = told()

  carrier.end(office)
  await clock.advance(0)
  t.equal(told(), before + 1)
  t.match(await queues(alpha, message), [{ unknown: 'no link since', linkAt: clock.now() }])
  await clock.advance(1_000)
  carrier.begin(office)
  await clock.advance(0)
  t.equal(told(), before + 2)
})

function queue(link: PeerId, more: Partial<Queued>): Queued {
  const nothing = {
    estimateMs: undefined,
    unknown: 'no link since',
    linkAt: undefined,
    rule: undefined,
  } as const
  return { link, place: 0, bytesAhead: 0, ...nothing, ...more }
}

/** One parcel after the other, at 300 bytes a second, each 400 ms away. */
function atRate(carrier: Carrier, clock: Clock): Carrier {
  let freeAtMs = 0
  return {
    ...carrier,
    send: async (peer, parcel, signal) => {
      const startsMs = Math.max(freeAtMs, clock.monotonicMs())
      freeAtMs = startsMs + (parcel.bytes.length * 1_000) / 300
      await clock.sleep(freeAtMs + 400 - clock.monotonicMs(), signal)
      return carrier.send(peer, parcel, signal)
    },
  }
}

function queues(node: SyncNode, message: MessageRecord): Promise<readonly Queued[]> {
  return queuesOf(node.context, message, node.links())
}

/** A link that carries 80 bytes a second. */
function aLink({ context }: SyncNode): LinkState {
  const measured = { bytesPerSecond: 80, roundTripMs: 500, bytesPerChange: 160 }
  const counts = { sentBytes: 0, receivedBytes: 0, since: context.now() }
  return {
    carrier: 'radio',
    peer: office,
    isUp: true,
    ...counts,
    ...measured,
    bulk: undefined,
    unansweredSince: undefined,
  }
}

/** Alpha has a message for a post office that never was there. */
async function aWaiting(t: Test) {
  const alpha = await aSync('alpha', { knows: [bravoIdentity], store: openMemoryStore() })
  t.teardown(alpha[Symbol.asyncDispose])
  await found(alpha)
  alpha.context.peers.add(office)
  return { alpha, message: await say(alpha, 'one') }
}

/** Alpha, with a post office that answers when the test says so. */
async function anOffice(t: Test) {
  const clock = virtualClock()
  const carrier = aHandCarrier(() => undefined)
  const alpha = await aSync('alpha', { clock, carriers: [carrier], knows: [bravoIdentity] })
  t.teardown(alpha[Symbol.asyncDispose])
  await found(alpha)
  return { alpha, carrier, clock }
}
