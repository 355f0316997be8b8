import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { test, type Test } from 'tap'
import { WebSocket, WebSocketServer } from 'ws'
import { SESSION_BACKLOG_MAX } from '#base/limits.ts'
import { LIVE_BACKLOG_BYTES_MAX } from '#server/limits.ts'
import { createBursts, createFrames, createLiveSocket } from '#server/live-socket.ts'
import { collectingLog } from '../support/log.ts'

/** Both ends of one real WebSocket, and the TCP connection under the server's. */
async function aPair(t: Test) {
  const http = createServer()
  const server = new WebSocketServer({ noServer: true })
  const accepted = Promise.withResolvers<{ readonly socket: WebSocket; readonly stream: Duplex }>()
  http.on('upgrade', (request, stream, head) =>
    server.handleUpgrade(request, stream, head, (socket) => accepted.resolve({ socket, stream })),
  )
  await new Promise<void>((resolve) => {
    http.listen(0, '127.0.0.1', resolve)
  })
  const client = new WebSocket(`ws://127.0.0.1:${(http.address() as AddressInfo).port}`)
  await once(client, 'open')
  const { socket, stream } = await accepted.promise
  t.teardown(() => {
    client.terminate()
    http.closeAllConnections()
    http.close()
  })
  const log = collectingLog()
  const outlet = createLiveSocket({
    socket,
    stream,
    bursts: createBursts(),
    frames: createFrames(),
    log,
  })
  return { client, socket, stream, outlet, log }
}

test('a burst of events arrives whole and in order, in few writes', async (t) => {
  const { client, stream, outlet } = await aPair(t)
  const got: string[] = []
  const all = new Promise<void>((resolve) => {
    client.on('message', (data: Buffer) => {
      if (got.push(data.toString()) === 100) resolve()
    })
  })
  for (let number = 0; number < 100; number += 1) outlet.tell('event ', number)
  t.equal(stream.writableCorked, 1, 'held back until the turn is over')
  await all

  t.equal(stream.writableCorked, 0)
  t.strictSame(
    got,
    Array.from({ length: 100 }, (_, number) => `event ${number}}`),
  )
})

test('a client that takes nothing is dropped at so many events', async (t) => {
  const { client, socket, outlet, log } = await aPair(t)
  client.pause()
  const closed = once(socket, 'close')
  let sent = 0
  while (socket.readyState === WebSocket.OPEN && sent < 2 * SESSION_BACKLOG_MAX) {
    outlet.tell('x', sent)
    sent += 1
  }
  await closed

  t.equal(sent, SESSION_BACKLOG_MAX + 1)
  t.match(log.named('live.lagging'), [{ level: 'warn', facts: { events: SESSION_BACKLOG_MAX } }])
})

test('a client that takes nothing is dropped at so many bytes', async (t) => {
  const { client, socket, outlet, log } = await aPair(t)
  client.pause()
  const closed = once(socket, 'close')
  const event = 'x'.repeat(1_000_000)
  let sent = 0
  while (socket.readyState === WebSocket.OPEN && sent < 100) {
    outlet.tell(event, sent)
    sent += 1
  }
  await closed

  t.ok(sent <= LIVE_BACKLOG_BYTES_MAX / event.length + 2, `${sent} events of 1 MB`)
  t.equal(log.named('live.lagging').length, 1)
})

test('what was taken does not count as waiting', async (t) => {
  const { client, outlet, log } = await aPair(t)
  let got = 0
  const total = 3 * SESSION_BACKLOG_MAX
  const all = new Promise<void>((resolve) => {
    client.on('message', () => {
      got += 1
      if (got === total) resolve()
    })
  })
  for (let number = 1; number <= total; number += 1) {
    outlet.tell('x', number)
    if (number % 1_000 === 0) {
      await new Promise((resolve) => {
        setImmediate(resolve)
      })
    }
  }
  await all

  t.strictSame(log.named('live.lagging'), [])
})

test('a closed socket is sent nothing', async (t) => {
  const { socket, outlet } = await aPair(t)
  socket.terminate()
  outlet.tell('x', 0)
  outlet.answer('x')

  t.equal(socket.bufferedAmount, 0)
})

test('a text of any length and script arrives as it is, between answers, each with its number', async (t) => {
  const { client, outlet } = await aPair(t)
  const texts = ['ß', 'ok', 'é'.repeat(61), 'é'.repeat(62), 'x'.repeat(65_533), '漢'.repeat(30_000)]
  const wanted = texts.flatMap((text) => [`${text}7}`, 'an answer', `${text}7}`, `${text}8}`])
  const got: string[] = []
  const all = new Promise<void>((resolve) => {
    client.on('message', (data: Buffer, isBinary) => {
      if (!isBinary && got.push(data.toString()) === wanted.length) resolve()
    })
  })
  for (const text of texts) {
    outlet.tell(text, 7)
    outlet.answer('an answer')
    outlet.tell(text, 7)
    outlet.tell(text, 8)
  }
  await all

  t.strictSame(got, wanted)
})
