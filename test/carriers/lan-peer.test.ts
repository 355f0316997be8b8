import { test } from 'tap'
import type { NodeId } from '#base/ids.ts'
import { openArrivalQueue } from '#carriers/arrival-queue.ts'
import { openContactQueue } from '#carriers/contact-queue.ts'
import { openLanPeer, type LanPeer } from '#carriers/lan-peer.ts'
import type { LanMessage } from '#carriers/lan-message.ts'
import type { Arrival } from '#ports/carrier.ts'
import { parcel, textOf } from '../support/carrier-side.ts'
import { collectingLog, type CollectingLog } from '../support/log.ts'
import { aSession } from '../support/lan-session.ts'

const alpha = 'alpha' as NodeId
const bravo = 'bravo' as NodeId

test('bulk goes only into an empty socket, so that flash waits for one frame at most', async (t) => {
  const { peer } = aPeer()
  const session = aSession('initiator')
  session.giveRoom(1)
  const user = peer.adopt(session)

  void send(peer, { bytes: new Uint8Array(50_000), lane: 'routine', number: 0 })
  void send(peer, parcel('medevac', { lane: 'flash' }))
  session.giveRoom(10)
  user.onRoom()

  t.strictSame(session.sent.map(nameOf), [
    'first routine',
    'first flash',
    'more routine',
    'more routine',
    'more routine',
  ])
})

test('without a session nothing can be sent, and waiting for the end of a contact works', async (t) => {
  const { peer } = aPeer()
  const session = aSession('initiator', peer.lose)
  await t.rejects(send(peer, parcel('early')), { code: 'CARRIER_UNREACHABLE' })
  t.equal(peer.isUp(), false)

  peer.adopt(session)
  t.equal(peer.isUp(), true)
  const handed = send(peer, parcel('on its way'))
  const ended = peer.contactEnd()
  session.end('closed-by-peer')

  await ended
  await t.rejects(handed, { code: 'CARRIER_UNREACHABLE' })
  t.equal(peer.isUp(), false)
})

test('when a better session comes, what has no answer goes again over it', async (t) => {
  const { peer } = aPeer()
  const former = aSession('responder')
  const formerUser = peer.adopt(former)
  const handed = ['one', 'two'].map((text, number) => send(peer, parcel(text, { number })))
  formerUser.onMessage({ kind: 'custody', lane: 'routine', number: 0 })

  const better = aSession('initiator')
  const user = peer.adopt(better)
  t.match(better.sent, [{ kind: 'first', number: 1 }])
  user.onMessage({ kind: 'custody', lane: 'routine', number: 1 })

  t.strictSame(await Promise.all(handed), ['custody', 'custody'])
})

test('an answer to what was never sent is noted, and nothing else', async (t) => {
  const { peer, log } = aPeer()
  const session = aSession('initiator')
  session.giveRoom(0)
  const user = peer.adopt(session)
  let told: unknown
  void send(peer, parcel('waits')).then((word) => (told = word))

  user.onMessage({ kind: 'custody', lane: 'routine', number: 0 })
  user.onMessage({ kind: 'custody', lane: 'flash', number: 5 })
  await Promise.resolve()

  t.equal(told, undefined)
  t.equal(log.named('lan.answer-unasked').length, 2)
  t.equal(session.endReason(), undefined)
})

test('an arrival is answered once, over the session that brought it', async (t) => {
  const { peer, next } = aPeer()
  const former = aSession('responder')
  const user = peer.adopt(former)
  user.onMessage(first('one', 0))
  user.onMessage(first('two', 1))
  const better = aSession('initiator')
  peer.adopt(better)

  const [one, two] = [await next(), await next()]
  one.acceptCustody()
  one.acceptCustody()
  one.refuse()
  two.refuse()

  t.equal(textOf(one), 'one')
  t.equal(one.peer, bravo)
  t.strictSame(one.bookmark, [])
  t.strictSame(former.sent, [
    { kind: 'custody', lane: 'flash', number: 0 },
    { kind: 'refused', lane: 'flash', number: 1 },
  ])
  t.strictSame(better.sent, [])
})

test('a parcel above our limit is refused, a broken one ends the session', async (t) => {
  const { peer, log } = aPeer()
  const session = aSession('initiator', peer.lose)
  const user = peer.adopt(session)

  user.onMessage({ ...first('x', 4), total: 1_001, bytes: new Uint8Array(1_001) })
  t.strictSame(session.sent, [{ kind: 'refused', lane: 'flash', number: 4 }])
  user.onMessage({ kind: 'more', lane: 'flash', bytes: Buffer.from('x') })

  t.equal(session.endReason(), 'broken-parcel')
  t.match(log.named('lan.parcel-broken'), [{ facts: { reason: 'a piece without a beginning' } }])
})

test('an answer is awaited only on the session that carries our parcels', async (t) => {
  const { peer } = aPeer()
  const former = peer.adopt(aSession('responder'))
  void send(peer, parcel('one')).catch(() => undefined)
  t.equal(former.isAwaiting(), true)

  const better = peer.adopt(aSession('initiator'))

  t.equal(former.isAwaiting(), false)
  t.equal(better.isAwaiting(), true)
})

interface TestPeer {
  readonly peer: LanPeer
  readonly log: CollectingLog
  readonly next: () => Promise<Arrival>
}

/** Bravo as alpha, who has the smaller id, knows it. */
function aPeer(): TestPeer {
  const log = collectingLog()
  const arrivals = openArrivalQueue({ arrivalsMax: 100, bytesMax: 100_000 })
  const contacts = openContactQueue()
  const task = { self: alpha, peer: bravo, envelopeBytesMax: 1_000, contacts, arrivals, log }
  const stream = arrivals.arrivals()[Symbol.asyncIterator]()
  return { peer: openLanPeer(task), log, next: async () => (await stream.next()).value as Arrival }
}

function send(peer: LanPeer, outgoing: Parameters<LanPeer['send']>[0]): Promise<unknown> {
  const handed = peer.send(outgoing, new AbortController().signal)
  handed.catch(() => undefined)
  return handed
}

function first(text: string, number: number): LanMessage & { readonly kind: 'first' } {
  const bytes = Buffer.from(text)
  return { kind: 'first', lane: 'flash', number, total: bytes.length, bytes }
}

function nameOf(message: LanMessage): string {
  return 'lane' in message ? `${message.kind} ${message.lane}` : message.kind
}
