import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { test, type Test } from 'tap'
import { codeOf } from '#base/errors.ts'
import { realClock } from '#ports/real.ts'
import { openLink, type Link, type LinkOptions } from '../../scripts/link/proxy.ts'
import { constantTrace, flappingTrace, type LinkTrace } from '../../scripts/link/trace.ts'
import { seededRandom } from '../support/random.ts'

/** A link that is no obstacle. */
const FAST = constantTrace({ rateBps: 1_000_000_000, rttMs: 0, loss: 0 })

interface Bench {
  readonly link: Link
  readonly dial: () => Promise<Socket>
  /** The target's end of the next connection. */
  readonly next: () => Promise<Socket>
}

/** A link to a server of the test's own; everything is closed with the test. */
async function aLink(
  t: Test,
  trace: LinkTrace,
  options: Partial<LinkOptions> = {},
): Promise<Bench> {
  const arrived: Socket[] = []
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on('error', () => undefined)
    arrived.push(socket)
    server.emit('arrived')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const clock = realClock()
  const link = await openLink({
    listenPort: 0,
    targetHost: '127.0.0.1',
    targetPort: portOf(server.address()),
    trace,
    speed: 1,
    seed: 1,
    clock,
    ...options,
  })
  const dialled: Socket[] = []
  t.teardown(async () => {
    for (const socket of [...dialled, ...arrived]) socket.destroy()
    await link[Symbol.asyncDispose]()
    server.close()
  })
  return {
    link,
    dial: async () => {
      const socket = connect({ port: link.port, host: '127.0.0.1', allowHalfOpen: true })
      socket.on('error', () => undefined)
      dialled.push(socket)
      await once(socket, 'connect')
      return socket
    },
    next: async () => {
      if (arrived.length === 0) await once(server, 'arrived')
      const socket = arrived.shift()
      if (socket === undefined) throw new Error('nobody arrived')
      return socket
    },
  }
}

function portOf(address: string | AddressInfo | null): number {
  if (typeof address !== 'object' || address === null) throw new Error('no port')
  return address.port
}

/** Resolves with the code a socket failed with, or `closed`. */
async function endOf(socket: Socket): Promise<string> {
  let code = 'closed'
  socket.on('error', (error) => {
    code = 'code' in error ? String(error.code) : error.message
  })
  socket.resume()
  await new Promise<void>((resolve) => {
    if (socket.closed) resolve()
    else socket.once('close', () => resolve())
  })
  return code
}

/** Resolves once `count` bytes have come, with those. */
async function take(socket: Socket, count: number): Promise<Buffer> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of socket.iterator({ destroyOnReturn: false })) {
    chunks.push(chunk)
    length += chunk.length
    if (length >= count) break
  }
  return Buffer.concat(chunks)
}

test('what is sent arrives unchanged both ways, is counted to the byte, and ends as it ended', async (t) => {
  const { link, dial, next } = await aLink(
    t,
    constantTrace({ rateBps: 80_000_000, rttMs: 40, loss: 0.05 }),
    {
      speed: 10,
    },
  )
  const [up, down] = [seededRandom(1).bytes(300_001), seededRandom(2).bytes(150_003)]
  const client = await dial()
  client.end(up)
  const server = await next()
  server.end(down)

  const [atServer, atClient] = await Promise.all([buffer(server), buffer(client)])

  t.ok(atServer.equals(up))
  t.ok(atClient.equals(down))
  t.match(link.stats(), { upBytes: 300_001, downBytes: 150_003, connections: 1, resets: 0 })
})

test('the rate holds for all connections together', async (t) => {
  // 80 kbit/s, twenty times faster: 200,000 bytes a second of real time.
  const trace = constantTrace({ rateBps: 80_000, rttMs: 200, loss: 0 })
  const { dial, next } = await aLink(t, trace, { speed: 20 })
  const clients = [await dial(), await dial()]
  const servers = [await next(), await next()]
  const startedMs = performance.now()

  for (const client of clients) client.end(new Uint8Array(120_000))
  const got = await Promise.all(servers.map(buffer))

  const seconds = (performance.now() - startedMs) / 1000
  t.strictSame(
    got.map((each) => each.length),
    [120_000, 120_000],
  )
  t.ok(seconds > 1.2 * 0.75, `${seconds} s, 1.2 wanted`)
})

test('an answer takes a round trip, and one more for the handshake', async (t) => {
  const { dial, next } = await aLink(
    t,
    constantTrace({ rateBps: 1_000_000_000, rttMs: 200, loss: 0 }),
  )
  const startedMs = performance.now()
  const client = await dial()
  client.write('ping')
  const server = await next()
  await take(server, 4)
  server.write('pong')
  await take(client, 4)
  const firstMs = performance.now() - startedMs

  client.write('ping')
  await take(server, 4)
  server.write('pong')
  await take(client, 4)
  const secondMs = performance.now() - startedMs - firstMs

  t.ok(firstMs > 390, `first after ${firstMs} ms`)
  t.ok(secondMs > 195 && secondMs < firstMs, `second after ${secondMs} ms`)
})

test('a slow link does not read on without bound', async (t) => {
  const { link, dial, next } = await aLink(
    t,
    constantTrace({ rateBps: 8000, rttMs: 20, loss: 0 }),
    { speed: 10 },
  )
  const client = await dial()
  client.write(new Uint8Array(64 << 20))
  await next()

  await realClock().sleep(200, new AbortController().signal)

  t.ok(client.writableLength > 32 << 20, `${client.writableLength} bytes still here`)
  t.ok(link.stats().upBytes < 10_000)
})

test('a cut resets both sides and refuses until it is healed', async (t) => {
  const { link, dial, next } = await aLink(t, FAST)
  const client = await dial()
  client.write('hello')
  const server = await next()
  await take(server, 5)

  link.cut()
  t.strictSame(await Promise.all([endOf(client), endOf(server)]), ['ECONNRESET', 'ECONNRESET'])
  t.equal(await endOf(connect(link.port, '127.0.0.1')), 'ECONNRESET')
  t.match(link.stats(), { open: 0, refused: 1, resets: 1, cuts: 1, isUp: false })

  link.heal()
  const again = await dial()
  again.write('again')
  t.equal(String(await take(await next(), 5)), 'again')
  t.equal(link.stats().isUp, true)
})

test('a blackhole says nothing to anybody, and gives back what it held', async (t) => {
  const { link, dial, next } = await aLink(t, FAST)
  const client = await dial()
  client.write('a')
  const server = await next()
  await take(server, 1)

  link.blackhole()
  client.write('b')
  const other = await dial()
  other.write('c')
  await realClock().sleep(50, new AbortController().signal)
  t.match(link.stats(), { upBytes: 1, open: 2, refused: 0, isUp: false })

  link.heal()
  t.equal(String(await take(server, 1)), 'b')
  t.equal(String(await take(await next(), 1)), 'c')
})

test('a stranded connection swallows everything and ends nothing, and a new one works', async (t) => {
  const { link, dial, next } = await aLink(t, FAST)
  const client = await dial()
  client.write('a')
  const server = await next()
  await take(server, 1)
  let heard = ''
  for (const [name, socket] of Object.entries({ client, server }))
    for (const event of ['data', 'end', 'error']) socket.on(event, () => (heard += name))

  link.strand()
  client.write('b')
  server.write('c')
  server.end()
  const other = await dial()
  other.write('d')

  t.equal(String(await take(await next(), 1)), 'd')
  t.equal(heard, '')
  t.match(link.stats(), { upBytes: 2, downBytes: 0, open: 2, isUp: true })

  link.cut()
  t.equal(link.stats().open, 0)
})

test('an outage freezes connections, then resets them, and refuses new ones until it is over', async (t) => {
  // Up for 20 s and down for 20 s, fifty times faster; connections live 8 s into an outage.
  const trace = flappingTrace(
    { rateBps: 8_000_000, rttMs: 20, loss: 0 },
    { upMs: 20_000, downMs: 20_000 },
  )
  const { link, dial, next } = await aLink(t, trace, { speed: 50 })
  const client = await dial()
  client.write('a')
  await take(await next(), 1)

  const end = await endOf(client)
  const atMs = link.stats().virtualMs
  t.equal(end, 'ECONNRESET')
  t.ok(atMs >= 27_900 && atMs < 36_000, `reset at ${atMs}`)
  t.equal(await endOf(connect(link.port, '127.0.0.1')), 'ECONNRESET')

  await realClock().sleep((40_100 - link.stats().virtualMs) / 50, new AbortController().signal)
  const again = await dial()
  again.write('b')
  t.equal(String(await take(await next(), 1)), 'b')
  t.match(link.stats(), { resets: 1, refused: 1 })
})

test('a short outage only delays', async (t) => {
  const trace = flappingTrace(
    { rateBps: 80_000, rttMs: 20, loss: 0 },
    { upMs: 2_000, downMs: 4_000 },
  )
  const { link, dial, next } = await aLink(t, trace, { speed: 20 })
  const client = await dial()
  client.end(new Uint8Array(30_000))

  const got = await buffer(await next())

  t.equal(got.length, 30_000)
  const atMs = link.stats().virtualMs
  t.ok(atMs >= 6_900 && atMs < 9_000, `3 s of airtime took ${atMs} ms with the outage`)
  t.equal(link.stats().resets, 0)
})

test('a target that is not there resets the client; one that resets is heard of', async (t) => {
  const gone = await aLink(t, FAST, { targetPort: 1 })
  t.equal(await endOf(await gone.dial()), 'ECONNRESET')

  const { dial, next } = await aLink(t, FAST)
  const client = await dial()
  const server = await next()
  server.resetAndDestroy()
  t.equal(await endOf(client), 'ECONNRESET')
})

test('a port that is taken is refused by name, and closing ends everything', async (t) => {
  const { link, dial, next } = await aLink(t, FAST)
  const client = await dial()
  await next()
  const second = { listenPort: link.port, targetHost: '127.0.0.1', targetPort: 1 }
  const error = await openLink({
    ...second,
    trace: FAST,
    speed: 1,
    seed: 1,
    clock: realClock(),
  }).catch((each: unknown) => each)
  t.equal(codeOf(error), 'PORT_IN_USE')

  await link[Symbol.asyncDispose]()

  t.equal(await endOf(client), 'ECONNRESET')
  t.equal(await endOf(connect(link.port, '127.0.0.1')), 'ECONNREFUSED')
})
