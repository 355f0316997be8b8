import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import nodeTls from 'node:tls'
import { nkeys } from '@nats-io/transport-node'
import { test, type Test } from 'tap'
import { textFromBytes } from '#base/bytes.ts'
import { dialLine, type Line } from '#carriers/nats-line.ts'
import type { NatsAccess } from '#carriers/nats-options.ts'
import { realClock } from '#ports/real.ts'
import { makeCertificate, writeCertificate } from '../support/certificates.ts'
import { collectingLog } from '../support/log.ts'
import { startNatsServer, withoutNatsServer } from '../support/nats-server.ts'
import { member, openSite } from '../support/nats-site.ts'
import { startRelay } from '../support/relay.ts'

const real = { skip: withoutNatsServer, timeout: 20_000 }
const never = new AbortController().signal

test('a line tells the server, its version and how much it takes', real, async (t) => {
  await using server = await startNatsServer({ config: 'max_payload: 64KB' })
  const line = await dial(server.url)
  t.teardown(line.drop)

  t.match(line.serverId, /^N[A-Z0-9]{55}$/)
  t.equal(line.version[0], 2)
  t.ok(line.version[1] >= 9)
  t.equal(line.payloadBytesMax, 65_536)
  t.equal(await line.ping(), true)
})

test('messages go out and come in, own ones are not echoed', real, async (t) => {
  await using server = await startNatsServer()
  const [line, other] = [await dial(server.url), await dial(server.url)]
  t.teardown(line.drop)
  t.teardown(other.drop)
  const heard = Promise.withResolvers<string>()
  const echoed: string[] = []
  line.listen('a.>', ({ subject, bytes }) => heard.resolve(`${subject} ${textFromBytes(bytes)}`))
  other.listen('a.>', ({ subject }) => echoed.push(subject))
  await Promise.all([line.ping(), other.ping()])

  other.publish('a.b', Buffer.from('sealed'), 'r.1.0')

  t.equal(await heard.promise, 'a.b sealed')
  await other.ping()
  t.strictSame(echoed, [])
})

test('what is said in one turn goes in one packet, under one seal', real, async (t) => {
  await using site = await openSite({ A: [member(1)] })
  await using relay = await startRelay(site.server.port)
  const { tls } = await site.optionsFor(1)
  const line = await dial(`tls://127.0.0.1:${relay.port}`, { tls })
  t.teardown(line.drop)
  await line.ping()
  const before = relay.bytes()

  line.listen('a.*.*.*', () => undefined)
  await Promise.resolve()
  line.listen('r.1.*', () => undefined)
  await Promise.resolve()
  await line.ping()

  // A record of TLS has 22 bytes beside its content.
  const said = 'SUB a.*.*.* 1\r\nSUB r.1.* 2\r\nPING\r\n'.length + 22
  t.equal(relay.bytes() - before, said + 'PONG\r\n'.length + 22)
})

test('the end of the server is the end of the line; pings then say no', real, async (t) => {
  await using server = await startNatsServer()
  const line = await dial(server.url)
  await server.kill()
  if (!line.over.aborted) await once(line.over, 'abort')

  t.equal(await line.ping(), false)
  t.doesNotThrow(() => line.publish('a.b', new Uint8Array(1), 'r.1.0'))
  t.doesNotThrow(() => line.listen('a.b', () => undefined))
})

test(
  'user and password from a file let in; a wrong one is an error with a reason',
  real,
  async (t) => {
    await using server = await startNatsServer({
      config: 'authorization { user: "kit2", password: "correct horse", timeout: 60 }',
    })
    const passwordFile = path.join(server.folder, 'password')
    await writeFile(passwordFile, 'correct horse\n')
    const line = await dial(server.url, { user: 'kit2', passwordFile })
    t.teardown(line.drop)
    await writeFile(passwordFile, 'battery staple\n')

    t.equal(await line.ping(), true)
    await t.rejects(dial(server.url, { user: 'kit2', passwordFile }), {
      code: 'CARRIER_UNREACHABLE',
      facts: { reason: /authorization/i },
    })
  },
)

test('an nkey seed from a file lets in', real, async (t) => {
  const key = nkeys.createUser()
  await using server = await startNatsServer({
    config: `authorization { users: [ { nkey: "${key.getPublicKey()}" } ] }`,
  })
  const nkeySeedFile = path.join(server.folder, 'user.seed')
  await writeFile(nkeySeedFile, key.getSeed())
  const line = await dial(server.url, { nkeySeedFile })
  t.teardown(line.drop)

  t.equal(await line.ping(), true)
})

test('over TLS, bytes that come in are counted and a drop closes the socket', real, async (t) => {
  const folder = await mkdtemp(path.join(tmpdir(), 'holdfast-tls-'))
  t.teardown(() => rm(folder, { recursive: true }))
  const ca = makeCertificate({ name: 'authority' })
  const caFiles = await writeCertificate(ca, folder, 'ca')
  const own = makeCertificate({ name: 'hub', hosts: ['hub.example'], issuer: ca })
  const { certFile, keyFile } = await writeCertificate(own, folder, 'hub')
  await using server = await startNatsServer({
    config: `tls { cert_file: "${certFile}", key_file: "${keyFile}", timeout: 60 }`,
  })
  const tls = { caFile: caFiles.certFile, serverName: 'hub.example' }
  const line = await dial(server.url, { tls })
  const before = line.bytesRead()

  t.equal(await line.ping(), true)
  t.ok(line.bytesRead() > before, 'a pong is seen')
  line.drop()
  t.equal(line.over.aborted, true)
  await t.rejects(dial(server.url, { tls: { ...tls, serverName: 'other.example' } }), {
    code: 'CARRIER_UNREACHABLE',
    facts: { reason: 'ERR_TLS_CERT_ALTNAME_INVALID' },
  })
})

test('a dial over TLS that is given up at any moment leaves no timer behind', real, async (t) => {
  await using site = await openSite({ OWN: [member(1), member(2)] })
  const { tls } = await site.optionsFor(2)
  const before = timers()

  for (let at = 0; at < 150; at += 1) {
    const giveUp = new AbortController()
    setTimeout(() => giveUp.abort(), at / 10)
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    const line = await dial(site.url, { tls }, giveUp.signal).catch(() => undefined)
    line?.drop()
  }
  await realClock().sleep(100, never)

  t.equal(timers(), before)
})

test(
  'a dial that is given up right after its handshake ends without an uncaught error',
  real,
  async (t) => {
    await using site = await openSite({ OWN: [member(1)] })
    const { tls } = await site.optionsFor(1)
    const { checkServerIdentity } = nodeTls
    t.teardown(() => (nodeTls.checkServerIdentity = checkServerIdentity))

    for (let turns = 0; turns < 40; turns += 1) {
      const giveUp = new AbortController()
      nodeTls.checkServerIdentity = (...asked) => {
        void turnsLater(turns).then(() => giveUp.abort())
        return checkServerIdentity(...asked)
      }
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      const line = await dial(site.url, { tls }, giveUp.signal).catch(() => undefined)
      line?.drop()
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await realClock().sleep(5, never)
      t.equal(giveUp.signal.aborted, true)
    }
  },
)

test('a dial with a file that is not there names it', real, async (t) => {
  await using server = await startNatsServer()
  await t.rejects(dial(server.url, { passwordFile: '/nowhere/password' }), {
    code: 'CARRIER_UNREACHABLE',
    facts: { reason: /no such file.*\/nowhere\/password/ },
  })
})

test('a dial to a port where nobody listens says so', async (t) => {
  const { port, close } = await silentServer(t)
  close()

  await t.rejects(dial(`nats://127.0.0.1:${port}`), {
    code: 'CARRIER_UNREACHABLE',
    facts: { reason: 'ECONNREFUSED' },
  })
})

test('a dial that times out leaves no socket behind', async (t) => {
  const { port, sockets } = await silentServer(t)

  await t.rejects(dial(`nats://127.0.0.1:${port}`, { connectTimeoutMs: 50 }), {
    code: 'CARRIER_UNREACHABLE',
  })

  t.equal(sockets.length, 1)
  await Promise.all(sockets.map((socket) => closed(socket)))
})

test('a dial that is given up ends at once and leaves no socket behind', async (t) => {
  const { port, sockets, accepted } = await silentServer(t)
  const patience = new AbortController()
  const dialling = dial(`nats://127.0.0.1:${port}`, {}, patience.signal)
  await accepted

  patience.abort()

  await t.rejects(dialling, { code: 'CARRIER_UNREACHABLE' })
  await Promise.all(sockets.map((socket) => closed(socket)))
})

test('a dial that was given up before it began touches nothing', async (t) => {
  const { port, sockets } = await silentServer(t)

  await t.rejects(dial(`nats://127.0.0.1:${port}`, {}, AbortSignal.abort()), {
    code: 'CARRIER_UNREACHABLE',
  })

  t.ok(sockets.length <= 1)
  await Promise.all(sockets.map((socket) => closed(socket)))
})

test('a file that is not there is a reason like any other', async (t) => {
  await t.rejects(dial('nats://127.0.0.1:1', { user: 'kit', passwordFile: 'no/such/file' }), {
    code: 'CARRIER_UNREACHABLE',
    facts: { reason: 'ENOENT' },
  })
})

function dial(
  url: string,
  access: Partial<NatsAccess> = {},
  signal: AbortSignal = never,
): Promise<Line> {
  const ports = { clock: realClock(), log: collectingLog(), signal }
  return dialLine(url, { connectTimeoutMs: 5_000, ...access }, ports)
}

interface SilentServer {
  readonly port: number
  readonly sockets: readonly Socket[]
  readonly accepted: Promise<unknown>
  readonly close: () => void
}

/** Takes connections and never says a word. */
async function silentServer(t: Test): Promise<SilentServer> {
  const sockets: Socket[] = []
  const server = createServer((socket) => {
    sockets.push(socket)
    socket.on('error', () => undefined)
    socket.resume()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const close = (): void => {
    server.close()
    sockets.forEach((socket) => socket.destroy())
  }
  t.teardown(close)
  const { port } = server.address() as AddressInfo
  return { port, sockets, close, accepted: once(server, 'connection') }
}

async function closed(socket: Socket): Promise<void> {
  if (!socket.closed) await once(socket, 'close')
}

/** So many turns of the queue of promises later: within the same callback of the event loop. */
async function turnsLater(turns: number): Promise<void> {
  // oxlint-disable-next-line no-await-in-loop -- that is the purpose
  for (let turn = 0; turn < turns; turn += 1) await Promise.resolve()
}

function timers(): number {
  return process.getActiveResourcesInfo().filter((resource) => resource === 'Timeout').length
}
