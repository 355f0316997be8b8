import { once } from 'node:events'
import { test } from 'tap'
import { WebSocket } from 'ws'
import { LIVE_STRANGERS_MAX, PEER_MESSAGE_BYTES_MAX } from '#server/limits.ts'
import { aLanDoor } from '../support/lan-door.ts'
import { aSocket } from '../support/live-client.ts'

/** The status with which an upgrade is refused, or 101. */
async function statusOf(url: string): Promise<number> {
  const socket = new WebSocket(url)
  const outcome = new Promise<number>((resolve) => {
    socket.once('open', () => resolve(101))
    socket.once('unexpected-response', (_, response) => resolve(response.statusCode ?? 0))
  })
  socket.on('error', () => undefined)
  const status = await outcome
  socket.terminate()
  return status
}

test('another node is handed on with its address, and its messages arrive whole', async (t) => {
  const got = Promise.withResolvers<{ readonly address: string; readonly bytes: Buffer }>()
  const door = await aLanDoor(t, {
    acceptPeer: (socket, address) => {
      socket.once('message', (bytes: Buffer) => got.resolve({ address, bytes }))
    },
  })
  const peer = new WebSocket(`${door.url.replace('http', 'ws')}/api/holdfast/v1/peer`)
  await once(peer, 'open')
  peer.send(Buffer.alloc(16_384, 7))
  const { address, bytes } = await got.promise
  peer.terminate()

  t.equal(address, '127.0.0.1')
  t.equal(bytes.length, 16_384)
})

test('a message that no node would send ends the connection', async (t) => {
  const door = await aLanDoor(t, {
    acceptPeer: (socket) => void socket.on('error', () => undefined),
  })
  const peer = new WebSocket(`${door.url.replace('http', 'ws')}/api/holdfast/v1/peer`)
  await once(peer, 'open')
  peer.send(Buffer.alloc(PEER_MESSAGE_BYTES_MAX + 1))
  const [code] = await once(peer, 'close')

  t.equal(code, 1009)
})

test('without a carrier for peers, and at any other address, there is no WebSocket', async (t) => {
  const door = await aLanDoor(t)
  const base = door.url.replace('http', 'ws')

  t.equal(await statusOf(`${base}/api/holdfast/v1/peer`), 404)
  t.equal(await statusOf(`${base}/api/v4/users/me`), 404)
  t.equal(await statusOf(`${base}/api/v4/websocket?connection_id=x`), 101)
})

test('strangers cannot take up all room', async (t) => {
  const door = await aLanDoor(t)
  const strangers = await Promise.all(
    Array.from({ length: LIVE_STRANGERS_MAX }, async () => await aSocket(door)),
  )

  t.equal(await statusOf(`${door.url.replace('http', 'ws')}/api/v4/websocket`), 503)
  for (const { socket } of strangers) socket.terminate()
})

test('closing the door ends the sockets of nodes as well', async (t) => {
  const door = await aLanDoor(t, { acceptPeer: () => undefined })
  const peer = new WebSocket(`${door.url.replace('http', 'ws')}/api/holdfast/v1/peer`)
  await once(peer, 'open')
  const closed = once(peer, 'close')
  await door.close()

  await closed
  t.equal(peer.readyState, WebSocket.CLOSED)
})
