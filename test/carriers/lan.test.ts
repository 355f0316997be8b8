import { test } from 'tap'
import { WebSocket } from 'ws'
import { codeOf } from '#base/errors.ts'
import { IN_FLIGHT_MAX } from '#base/limits.ts'
import { LAN_PEER_PATH, openLanCarrier, type LanCarrier, type LanPorts } from '#carriers/lan.ts'
import { STRANGERS_PER_ADDRESS_MAX } from '#carriers/lan-strangers.ts'
import type { Carrier, Parcel } from '#ports/carrier.ts'
import { realClock } from '#ports/real.ts'
import { issueServer } from '#x509/issue.ts'
import { carrierContract, type CarrierRig } from '../contracts/carrier.ts'
import { accept, handOver, hear, parcel, textOf } from '../support/carrier-side.ts'
import { virtualClock } from '../support/clock.ts'
import { aLanNode, openDoor, openRelay, type LanNode } from '../support/lan.ts'
import { collectingLog } from '../support/log.ts'
import { anOrganisation } from '../support/organisation.ts'
import { openMemoryStore } from '#storage/memory-store.ts'
import { seededRandom } from '../support/random.ts'
import { certified } from '../support/tls.ts'

const relief = anOrganisation('relief')
const alpha = relief.node('alpha')
const bravo = relief.node('bravo', { number: 2 })
const alphaId = alpha.certificate.node
const bravoId = bravo.certificate.node

carrierContract('lan', openPair)

test('a peer that dials is in contact, with the certificate it proved', async (t) => {
  await using hub = await aLanNode(bravo)
  await using kit = await aLanNode(alpha, { dial: [hub.address] })

  const [atHub, atKit] = await Promise.all([hub.side.nextContact(true), kit.side.nextContact(true)])

  t.match(atHub, { peer: alphaId, mayHaveForgotten: false })
  t.match(atKit, { peer: bravoId, mayHaveForgotten: false })
  t.ok(Buffer.from(alpha.certificateBytes).equals(atHub.certificate ?? Buffer.of()))
  t.ok(Buffer.from(bravo.certificateBytes).equals(atKit.certificate ?? Buffer.of()))
})

/** Bytes that its carrier has counted. */
function used({ side }: LanNode): number {
  return side.carrier.usedBytes?.() ?? 0
}

test('what goes over its sockets is counted as an operator counts it, both ways', async (t) => {
  await using hub = await aLanNode(bravo)
  await using kit = await aLanNode(alpha, { dial: [hub.address] })
  await Promise.all([hub.side.nextContact(true), kit.side.nextContact(true)])
  const before = [used(hub), used(kit)]
  const sending = handOver(hub.side, alphaId, parcel('x'.repeat(60_000)))
  await accept(kit.side, await kit.side.nextArrival())
  await sending

  for (const [at, node] of [hub, kit].entries()) {
    const bytes = used(node) - (before[at] ?? 0)
    // 78 beside each full packet of 1,400 bytes, and a few small ones.
    t.ok(bytes > 63_000 && bytes < 67_000, `${bytes} bytes`)
    t.ok((before[at] ?? 0) > 3_000, 'with what it took to connect')
  }
})

test('a peer that is said to be somewhere is dialled there, and has to prove who it is', async (t) => {
  await using hub = await aLanNode(bravo)
  await using stranger = await aLanNode(anOrganisation('others').node('zulu'))
  await using kit = await aLanNode(alpha)

  for (const { address } of [stranger, hub]) kit.hint(new URL(address).host)

  t.match(await kit.side.nextContact(true), { peer: bravoId })
  t.match(await hub.side.nextContact(true), { peer: alphaId })
})

test('a peer is met by TLS whatever certificate it shows, as its session proves who it is', async (t) => {
  await using hub = await aLanNode(bravo)
  const { kit: authority, validity } = await certified()
  const tls = await issueServer(authority, { hosts: ['elsewhere.local'], ...validity })
  await using door = await openDoor((socket, from) => hub.accept(socket, from), tls)
  await using kit = await aLanNode(alpha, { dial: [door.address.replace('ws:', 'wss:')] })

  t.match(await kit.side.nextContact(true), { peer: bravoId })
  const handed = handOver(kit.side, bravoId, parcel('by TLS'))
  const arrival = await hub.side.nextArrival()
  t.equal(textOf(arrival), 'by TLS')
  arrival.acceptCustody()
  t.equal(await handed, 'custody')
})

test('a peer that speaks no TLS is met without', async (t) => {
  await using hub = await aLanNode(bravo)
  await using kit = await aLanNode(alpha, { dial: [hub.address.replace('ws:', 'wss:')] })

  t.match(await kit.side.nextContact(true), { peer: bravoId })
})

test('by TLS, too, a node of another organisation gets no contact', async (t) => {
  const stranger = anOrganisation('others').node('bravo', { number: 2 })
  await using other = await aLanNode(stranger)
  const { kit: authority, validity } = await certified()
  const tls = await issueServer(authority, { hosts: ['127.0.0.1'], ...validity })
  await using door = await openDoor((socket, from) => other.accept(socket, from), tls)
  await using kit = await aLanNode(alpha, { dial: [door.address.replace('ws:', 'wss:')] })

  await kit.log.when('lan.dial-failed')

  t.equal(kit.side.contacts.length, 0)
  t.equal(other.side.contacts.length, 0)
})

test('custody is told only when the peer has given it', async (t) => {
  await using pair = await aPair()
  let told: string | undefined
  const handed = pair.kit.side.carrier
    .send(bravoId, parcel('one'), never())
    .then((word) => (told = word))

  const arrival = await pair.hub.side.nextArrival()
  await talk(pair.hub, pair.kit)
  t.equal(told, undefined)
  arrival.acceptCustody()
  await handed

  t.equal(told, 'custody')
})

test('a parcel that the peer refuses is an error for its sender', async (t) => {
  await using pair = await aPair()
  const handed = pair.kit.side.carrier.send(bravoId, parcel('forged'), never())

  const arrival = await pair.hub.side.nextArrival()
  arrival.refuse()
  arrival.acceptCustody()

  await t.rejects(handed, { code: 'INPUT_INVALID', facts: { reason: 'refused by peer' } })
})

test('a parcel above the limit of the peer is refused, and the session goes on', async (t) => {
  await using hub = await aLanNode(bravo, { options: { envelopeBytesMax: 100 } })
  await using kit = await aLanNode(alpha, { dial: [hub.address] })
  await kit.side.nextContact(true)

  const bytes = new Uint8Array(50_000)
  await t.rejects(kit.side.carrier.send(bravoId, { bytes, lane: 'routine', number: 0 }, never()), {
    code: 'INPUT_INVALID',
  })
  await talk(hub, kit)

  t.equal(kit.log.named('lan.session-end').length, 0)
})

test('when both dial each other one session stays, and no contact flaps', async (t) => {
  for (let round = 0; round < 10; round += 1) {
    const [one, other] = round % 2 === 0 ? [alpha, bravo] : [bravo, alpha]
    let address = ''
    await using relay = await openRelay(() => address)
    await using first = await aLanNode(one, { dial: [relay.address] })
    await using second = await aLanNode(other, { dial: [first.address] })
    address = second.address

    await Promise.all([first.side.nextContact(true), second.side.nextContact(true)])
    await until(() => hasDialled(first) && hasDialled(second))
    const handed = [first, second].map(sendToPeer)
    for (const node of [first, second]) void acceptAll(node)
    await Promise.all(handed)
    await until(() => openSessions(first) === 1 && openSessions(second) === 1)

    t.strictSame(ups(first), [true])
    t.strictSame(ups(second), [true])
  }
})

test('a hub at two addresses is dialled at both once, and then left in peace', async (t) => {
  const clock = virtualClock()
  await using hub = await aLanNode(bravo)
  await using relay = await openRelay(() => hub.address)
  const dial = [hub.address, relay.address]
  await using kit = await aLanNode(alpha, { dial, clock, options: { keepAliveMs: 3_600_000 } })
  const ended = (): readonly unknown[] =>
    kit.log.named('lan.session-end').map(({ facts }) => facts['reason'])

  await until(() => ended().length > 0)
  await talk(kit, hub)
  await clock.advance(300_000)

  t.strictSame(ended(), ['already-connected'])
  t.strictSame([ups(kit), ups(hub)], [[true], [true]])
})

test('a peer that restarts ends the contact and begins another', async (t) => {
  await using hub = await aLanNode(bravo)
  await using relay = await openRelay(() => hub.address)
  const before = await aLanNode(alpha, { dial: [relay.address] })
  await hub.side.nextContact(true)

  relay.goDark()
  await before[Symbol.asyncDispose]()
  await using after = await aLanNode(alpha, { dial: [hub.address] })
  await after.side.nextContact(true)
  await hub.side.nextContact(true)
  await talk(hub, after)

  t.strictSame(ups(hub), [true, false, true])
})

test('a cut in the middle of a 50 KB parcel loses it, and the next contact brings it whole', async (t) => {
  await using hub = await aLanNode(bravo)
  await using relay = await openRelay(() => hub.address)
  await using kit = await aLanNode(alpha, { dial: [relay.address] })
  await kit.side.nextContact(true)
  const bytes = Uint8Array.from({ length: 50_000 }, (_, at) => (at * 31) & 255)
  const big: Parcel = { bytes, lane: 'routine', number: 0 }

  relay.cutAt(relay.fromDialler.length + 3)
  await t.rejects(kit.side.carrier.send(bravoId, big, never()), { code: 'CARRIER_UNREACHABLE' })
  const handed = handOver(kit.side, bravoId, big)
  const arrival = await hub.side.nextArrival()
  arrival.acceptCustody()

  t.equal(await handed, 'custody')
  t.ok(Buffer.from(bytes).equals(arrival.bytes))
  t.equal(hub.side.arrivals.length, 1)
})

test('flash overtakes bulk that waits for its turn and its answers', async (t) => {
  await using pair = await aPair()
  const { hub, kit } = pair
  const bulk = Array.from({ length: IN_FLIGHT_MAX + 8 }, (_, number) => ({
    bytes: new Uint8Array(50_000).fill(number),
    lane: 'routine' as const,
    number,
  }))

  const handed = bulk.map((one) => kit.side.carrier.send(bravoId, one, never()))
  const flash = kit.side.carrier.send(bravoId, parcel('medevac', { lane: 'flash' }), never())
  const first = []
  while (first.length <= IN_FLIGHT_MAX) first.push(await hub.side.nextArrival())
  const place = first.findIndex((arrival) => textOf(arrival) === 'medevac')
  for (const arrival of first) arrival.acceptCustody()
  for (let left = 7; left >= 0; left -= 1) (await hub.side.nextArrival()).acceptCustody()
  await Promise.all([flash, ...handed])

  t.ok(place >= 0, 'flash came while bulk was waiting')
})

test('however much bulk waits, no more than two frames of it stand before flash on an unknown link', async (t) => {
  await using hub = await aLanNode(bravo)
  await using relay = await openRelay(() => hub.address)
  await using kit = await aLanNode(alpha, { dial: [relay.address] })
  await kit.side.nextContact(true)
  await hub.side.nextContact(true)
  relay.goDark()
  const before = relay.fromDialler.length

  for (let number = 0; number < 20; number += 1)
    kit.side.carrier
      .send(bravoId, { bytes: new Uint8Array(60_000), lane: 'routine', number }, never())
      .catch(() => undefined)
  kit.side.carrier
    .send(bravoId, parcel('medevac', { lane: 'flash' }), never())
    .catch(() => undefined)
  await until(() => relay.fromDialler.slice(before).some(({ length }) => length < 1_000))

  const bytes = relay.fromDialler.slice(before).map(({ length }) => length)
  t.ok(bytes.length <= 3, `${bytes.join()} bytes`)
  t.ok((bytes.at(-1) ?? Infinity) < 1_000, 'flash is the last')
})

test('a custody answer that somebody forged on the way is no custody', async (t) => {
  await using hub = await aLanNode(bravo)
  await using relay = await openRelay(() => hub.address)
  await using kit = await aLanNode(alpha, { dial: [relay.address] })
  await kit.side.nextContact(true)

  const handed = kit.side.carrier.send(bravoId, parcel('precious'), never())
  handed.catch(() => undefined)
  await hub.side.nextArrival()
  relay.forge(Uint8Array.of(2, 3, 0, ...new Uint8Array(16)))

  await t.rejects(handed, { code: 'CARRIER_UNREACHABLE' })
  t.match(await kit.log.when('lan.session-end'), { level: 'warn', facts: { reason: 'wrong-seal' } })
})

test('a frame that is recorded and said again is no custody either', async (t) => {
  await using hub = await aLanNode(bravo)
  await using relay = await openRelay(() => hub.address)
  await using kit = await aLanNode(alpha, { dial: [relay.address] })
  await kit.side.nextContact(true)
  await talk(kit, hub)
  const custody = relay.fromDoor.at(-1) ?? Buffer.of()

  const handed = kit.side.carrier.send(bravoId, parcel('precious', { number: 1 }), never())
  handed.catch(() => undefined)
  await hub.side.nextArrival()
  relay.forge(custody)

  await t.rejects(handed, { code: 'CARRIER_UNREACHABLE' })
})

test('a node of another organisation gets no contact, whoever dials', async (t) => {
  const stranger = anOrganisation('stranger').node('charlie')
  await using ours = await aLanNode(alpha)
  await using theirs = await aLanNode(stranger, { dial: [ours.address] })

  const ended = await ours.log.when('lan.session-end')
  await theirs.log.when('lan.session-end')

  t.match(ended, { level: 'warn', facts: { reason: 'not-a-member', role: 'responder' } })
  t.strictSame([...ours.side.contacts, ...theirs.side.contacts], [])
})

test('a node that dials itself notices', async (t) => {
  let address = ''
  await using relay = await openRelay(() => address)
  await using kit = await aLanNode(alpha, { dial: [relay.address] })
  address = kit.address

  await kit.log.when('lan.session-end')
  await until(() => kit.log.events.some(({ facts }) => facts['reason'] === 'ourselves'))

  t.strictSame(kit.side.contacts, [])
})

test('garbage ends its own session and hurts no other', async (t) => {
  await using pair = await aPair()
  const { hub, kit } = pair
  const garbage = [Buffer.from('text'), Buffer.alloc(0), Buffer.alloc(300, 1), Buffer.alloc(70_000)]

  for (const [at, bytes] of garbage.entries()) {
    const socket = new WebSocket(hub.address + LAN_PEER_PATH)
    socket.on('open', () => socket.send(bytes, { binary: at > 0 }))
    socket.on('error', () => undefined)
    await new Promise((resolve) => void socket.once('close', resolve))
  }
  await talk(kit, hub)

  t.equal(hub.log.named('lan.session-end').length, garbage.length)
  t.strictSame(ups(kit), [true])
})

test('strangers who say nothing cannot fill the house, and who leaves makes room', async (t) => {
  await using hub = await aLanNode(bravo)
  const strangers = Array.from({ length: STRANGERS_PER_ADDRESS_MAX + 1 }, () => {
    const socket = new WebSocket(hub.address + LAN_PEER_PATH)
    socket.on('error', () => undefined)
    return { socket, closed: new Promise((resolve) => void socket.once('close', resolve)) }
  })

  await Promise.race(strangers.map(({ closed }) => closed))
  const left = strangers.filter(({ socket }) => socket.readyState !== WebSocket.CLOSED)
  t.equal(left.length, STRANGERS_PER_ADDRESS_MAX)
  left[0]?.socket.close()
  await using kit = await aLanNode(alpha, { dial: [hub.address] })
  await kit.side.nextContact(true)
  await talk(kit, hub)
})

test('a peer that is gone without a word is noticed while an answer is awaited', async (t) => {
  const clock = virtualClock()
  await using hub = await aLanNode(bravo)
  await using relay = await openRelay(() => hub.address)
  await using kit = await aLanNode(alpha, { dial: [relay.address], clock })
  await kit.side.nextContact(true)
  relay.goDark()

  const handed = kit.side.carrier.send(bravoId, parcel('anybody there?'), never())
  handed.catch(() => undefined)
  const sent = relay.fromDialler.length
  await clock.advance(20_000)

  await t.rejects(handed, { code: 'CARRIER_UNREACHABLE' })
  t.match(await kit.log.when('lan.session-end'), { facts: { reason: 'silent' } })
  await relay.whenFromDialler(sent + 1)
})

test('an idle session that is to be kept alive is asked after 30 s, and a dead one noticed soon after', async (t) => {
  const clock = virtualClock()
  await using hub = await aLanNode(bravo)
  await using relay = await openRelay(() => hub.address)
  const options = { keepAliveMs: 30_000 }
  await using kit = await aLanNode(alpha, { dial: [relay.address], clock, options })
  await kit.side.nextContact(true)
  const handshakeFrames = 2

  await clock.advance(29_000)
  t.equal(relay.fromDialler.length, handshakeFrames)
  relay.goDark()
  await clock.advance(16_000)

  t.match(await kit.log.when('lan.session-end'), { facts: { reason: 'silent' } })
  await relay.whenFromDialler(handshakeFrames + 1)
})

test('an address that is none is refused at once', async (t) => {
  for (const address of ['kit:8065', 'http://kit:8065', 'ws://kit:8065/path', 'ws://a@kit:1']) {
    t.throws(
      () =>
        openLanCarrier(
          { name: 'lan', identity: alpha, roster: relief.roster(), dial: [address] },
          somePorts(),
        ),
      {
        code: 'CONFIG_INVALID',
      },
    )
  }
})

async function openPair(): Promise<CarrierRig> {
  const openBravo = (): LanCarrier =>
    openLanCarrier({ name: 'lan', identity: bravo, roster: relief.roster(), dial: [] }, somePorts())
  let bravoCarrier = openBravo()
  let bravoSide = hear(bravoCarrier, openMemoryStore())
  const door = await openDoor((socket, from) => bravoCarrier.accept(socket, from))
  const alphaCarrier = openLanCarrier(
    {
      name: 'lan',
      identity: alpha,
      roster: relief.roster(),
      dial: [door.address],
      backOffMaxMs: 20,
    },
    somePorts(),
  )
  return {
    alpha: hear(takingRefusals(alphaCarrier), openMemoryStore()),
    bravo: bravoSide,
    toBravo: bravoId,
    cut: async () => door.shut(),
    heal: async () => door.reopen(),
    reopenBravo: async () => {
      await bravoCarrier[Symbol.asyncDispose]()
      bravoCarrier = openBravo()
      bravoSide = hear(bravoCarrier, bravoSide.store)
      return bravoSide
    },
    [Symbol.asyncDispose]: async () => {
      await alphaCarrier[Symbol.asyncDispose]()
      await bravoCarrier[Symbol.asyncDispose]()
      await door[Symbol.asyncDispose]()
    },
  }
}

/** The contract asks only that a refusal ends the matter. Here it is told as an error, which has a test of its own. */
function takingRefusals(carrier: Carrier): Carrier {
  const send: Carrier['send'] = async (peer, outgoing, signal) => {
    try {
      return await carrier.send(peer, outgoing, signal)
    } catch (error) {
      if (codeOf(error) === 'INPUT_INVALID') return 'departed'
      throw error
    }
  }
  return { ...carrier, send }
}

interface Pair {
  readonly hub: LanNode
  readonly kit: LanNode
}

/** A kit that has dialled its hub. */
async function aPair(): Promise<Pair & AsyncDisposable> {
  const hub = await aLanNode(bravo)
  const kit = await aLanNode(alpha, { dial: [hub.address] })
  await Promise.all([hub.side.nextContact(true), kit.side.nextContact(true)])
  const close = async (): Promise<void> => {
    await kit[Symbol.asyncDispose]()
    await hub[Symbol.asyncDispose]()
  }
  return { hub, kit, [Symbol.asyncDispose]: close }
}

/** One parcel from one to the other, with custody: what was sent before it in either direction has come by then. */
async function talk(from: LanNode, to: LanNode): Promise<void> {
  const peer = from.side.contacts.at(-1)?.peer ?? bravoId
  const handed = from.side.carrier.send(
    peer,
    parcel('mark', { lane: 'flash', number: 999 }),
    never(),
  )
  const arrival = await to.side.nextArrival()
  arrival.acceptCustody()
  await handed
}

function sendToPeer({ side }: LanNode): Promise<unknown> {
  return side.carrier.send(side.contacts[0]?.peer ?? bravoId, parcel('hello'), never())
}

/** Takes custody of everything, also of what comes twice because a session gave way to another. */
async function acceptAll({ side }: LanNode): Promise<void> {
  for (;;) (await side.nextArrival()).acceptCustody()
}

/** Looks again after every turn of the event loop. */
async function until(check: () => boolean): Promise<void> {
  while (!check()) await new Promise((resolve) => setImmediate(resolve))
}

/** Whether the first thing that `node` dialled came to something: a session that stays, or one that ended. */
function hasDialled({ log }: LanNode): boolean {
  const opened = log.named('lan.session-open').filter(({ facts }) => facts['role'] === 'initiator')
  const ended = log
    .named('lan.session-end')
    .filter(({ facts }) => facts['reason'] !== 'unreachable')
  return opened.length > 0 || ended.some(({ facts }) => facts['role'] === 'initiator')
}

function openSessions({ log }: LanNode): number {
  const ended = log
    .named('lan.session-end')
    .filter(({ facts }) => facts['peer'] !== undefined && facts['reason'] !== 'already-connected')
  return log.named('lan.session-open').length - ended.length
}

function ups({ side }: LanNode): readonly boolean[] {
  return side.contacts.map(({ isUp }) => isUp)
}

function somePorts(): LanPorts {
  return { clock: realClock(), random: seededRandom(1), log: collectingLog() }
}

function never(): AbortSignal {
  return new AbortController().signal
}
