import { once } from 'node:events'
import { test } from 'tap'
import { WebSocket } from 'ws'
import { must } from '#base/assert.ts'
import { HANDSHAKE_QUIET_MS, openLanSession } from '#carriers/lan-session.ts'
import type { LanSession, SessionEnd, SessionTask } from '#carriers/lan-session.ts'
import type { PeerMessage } from '#carriers/lan-talk.ts'
import { LAN_PEER_PATH } from '#carriers/lan.ts'
import type { Clock } from '#ports/clock.ts'
import { virtualClock } from '../support/clock.ts'
import { openDoor } from '../support/lan.ts'
import { anOrganisation } from '../support/organisation.ts'
import { seededRandom } from '../support/random.ts'
import { aParty } from '../support/sessions.ts'

const relief = anOrganisation('relief')

test('both ends open, talk and hear of the end', async (t) => {
  await using ends = await aConnection()
  const alpha = aSide('alpha', 'initiator', ends.near)
  const bravo = aSide('bravo', 'responder', ends.far)
  t.equal(await alpha.opened, relief.node('bravo').certificate.node)
  t.equal(await bravo.opened, relief.node('alpha').certificate.node)

  alpha.session.send({ kind: 'custody', lane: 'flash', number: 1 })
  await bravo.heard(1)
  alpha.session.end('closing')
  alpha.session.send({ kind: 'custody', lane: 'flash', number: 2 })

  t.equal(await bravo.ended, 'closed-by-peer')
  t.strictSame(bravo.messages, [{ kind: 'custody', lane: 'flash', number: 1 }])
  await Promise.all([alpha.session.closed, bravo.session.closed])
  t.equal(alpha.session.allowance(), undefined)
})

test('an initiator that needs no other session leaves before the peer counts on it', async (t) => {
  await using ends = await aConnection()
  const alpha = aSide('alpha', 'initiator', ends.near, { isWanted: () => false })
  const bravo = aSide('bravo', 'responder', ends.far)

  t.equal(await alpha.ended, 'already-connected')
  t.equal(await bravo.ended, 'closed-by-peer')

  t.strictSame([alpha.wasOpen(), bravo.wasOpen()], [false, false])
})

test('who says nothing is left after a while', async (t) => {
  await using ends = await aConnection()
  const clock = virtualClock()
  const bravo = aSide('bravo', 'responder', ends.far, {}, clock)

  await clock.advance(HANDSHAKE_QUIET_MS)

  t.equal(await bravo.ended, 'no-handshake')
})

test('who does not agree to the end is cut', async (t) => {
  await using ends = await aConnection()
  const clock = virtualClock()
  const bravo = aSide('bravo', 'responder', ends.far, {}, clock)
  ends.near.pause()

  bravo.session.end('closing')
  await clock.advance(2_000)

  await bravo.session.closed
  t.equal(await bravo.ended, 'closing')
})

test('an address where nobody answers is unreachable', async (t) => {
  const door = await openDoor(() => undefined)
  const { address } = door
  await door[Symbol.asyncDispose]()

  const alpha = aSide('alpha', 'initiator', new WebSocket(address + LAN_PEER_PATH))

  t.equal(await alpha.ended, 'unreachable')
  await alpha.session.closed
})

test('a text message is malformed', async (t) => {
  await using ends = await aConnection()
  const bravo = aSide('bravo', 'responder', ends.far)

  ends.near.send('hello')

  t.equal(await bravo.ended, 'malformed')
})

test('while a frame waits in the socket no piece of a parcel may follow', async (t) => {
  await using ends = await aConnection()
  const alpha = aSide('alpha', 'initiator', ends.near)
  const bravo = aSide('bravo', 'responder', ends.far)
  await Promise.all([alpha.opened, bravo.opened])
  t.match(bravo.session.allowance(), { isFlashOnly: false })
  ends.near.pause()

  const piece = { kind: 'more', lane: 'routine', bytes: new Uint8Array(16_000) } as const
  for (let count = 0; count < 2_000 && bravo.session.allowance() !== undefined; count += 1)
    bravo.session.send(piece)

  t.equal(bravo.session.allowance(), undefined)
  t.ok(ends.far.bufferedAmount >= 16_000 && ends.far.bufferedAmount < 3 * 16_384)
  t.equal(bravo.endReason(), undefined)
})

test('a peer that asks for answers and never reads them is left', async (t) => {
  await using ends = await aConnection()
  const alpha = aSide('alpha', 'initiator', ends.near)
  const bravo = aSide('bravo', 'responder', ends.far)
  await Promise.all([alpha.opened, bravo.opened])
  ends.near.pause()

  const piece = { kind: 'more', lane: 'routine', bytes: new Uint8Array(16_000) } as const
  for (let count = 0; count < 2_000 && bravo.endReason() === undefined; count += 1)
    bravo.session.send(piece)

  t.equal(await bravo.ended, 'reads-too-slowly')
})

interface Side {
  readonly session: LanSession
  readonly opened: Promise<string>
  readonly ended: Promise<SessionEnd>
  readonly messages: readonly PeerMessage[]
  readonly heard: (count: number) => Promise<void>
  readonly wasOpen: () => boolean
  readonly endReason: () => SessionEnd | undefined
}

// oxlint-disable-next-line max-params -- a test names only what it is about
function aSide(
  name: string,
  role: SessionTask['role'],
  socket: WebSocket,
  changes: Partial<SessionTask> = {},
  clock: Clock = virtualClock(),
): Side {
  const opened = Promise.withResolvers<string>()
  const ended = Promise.withResolvers<SessionEnd>()
  const messages: PeerMessage[] = []
  let change = Promise.withResolvers<void>()
  let wasOpen = false
  let endReason: SessionEnd | undefined
  const hear = (message: PeerMessage): void => {
    messages.push(message)
    change.resolve()
    change = Promise.withResolvers()
  }
  const task: SessionTask = {
    socket,
    role,
    party: aParty(relief.node(name)),
    keepAliveMs: 30_000,
    isWanted: () => true,
    onMoved: () => undefined,
    onOpen: (_session, peer) => {
      wasOpen = true
      opened.resolve(peer.node)
      return { isAwaiting: () => false, onMessage: hear, onRoom: () => undefined }
    },
    onEnd: (_session, reason) => {
      endReason = reason
      ended.resolve(reason)
    },
    ...changes,
  }
  return {
    session: openLanSession(task, { clock, random: seededRandom(name.length) }),
    opened: opened.promise,
    ended: ended.promise,
    messages,
    heard: async (count) => {
      while (messages.length < count) await change.promise
    },
    wasOpen: () => wasOpen,
    endReason: () => endReason,
  }
}

/** Both ends of one WebSocket over loopback. */
async function aConnection() {
  const came = Promise.withResolvers<WebSocket>()
  const door = await openDoor((socket) => came.resolve(socket))
  const near = new WebSocket(door.address + LAN_PEER_PATH)
  const [far] = await Promise.all([came.promise, once(near, 'open')])
  return {
    near,
    far: must(far, 'a socket has two ends'),
    [Symbol.asyncDispose]: async () => {
      near.terminate()
      await door[Symbol.asyncDispose]()
    },
  }
}
