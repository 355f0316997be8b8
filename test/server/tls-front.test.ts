/** TLS and plain HTTP on one port, against a listening door. */
import { once } from 'node:events'
import { request as secureRequest, type RequestOptions } from 'node:https'
import { connect as connectPlain } from 'node:net'
import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls'
import { test } from 'tap'
import { WebSocket } from 'ws'
import { FIRST_BYTE_MS } from '#server/limits.ts'
import { aLanDoor, fetched, type LanDoor } from '../support/lan-door.ts'
import { certified, deviceOf, doorTls, serverOf } from '../support/tls.ts'

const organisation = await certified()
const ca = organisation.caPem

function portOf({ url }: LanDoor): number {
  return Number(new URL(url).port)
}

/** The status and body of one request over TLS. */
async function asked(
  door: LanDoor,
  path: string,
  options: RequestOptions = {},
): Promise<{ readonly status: number | undefined; readonly text: string }> {
  const request = secureRequest({ host: '127.0.0.1', port: portOf(door), path, ca, ...options })
  request.end()
  const [response] = await once(request, 'response')
  let text = ''
  for await (const chunk of response) text += String(chunk)
  return { status: response.statusCode, text }
}

/** The status with which an upgrade is answered. */
async function statusOf(url: string): Promise<number> {
  const socket = new WebSocket(url, { ca })
  const { promise, resolve } = Promise.withResolvers<number>()
  socket.once('open', () => resolve(101))
  socket.once('unexpected-response', (_, { statusCode = 0 }) => resolve(statusCode))
  socket.on('error', () => undefined)
  const status = await promise
  socket.terminate()
  return status
}

async function connected(door: LanDoor, options: ConnectionOptions = {}): Promise<TLSSocket> {
  const socket = connect({ host: '127.0.0.1', port: portOf(door), ca, ...options })
  await once(socket, 'secureConnect')
  return socket
}

test('people come by https, and the key exchange is hybrid', async (t) => {
  const door = await aLanDoor(t, { tls: await doorTls(organisation) })

  t.match(await asked(door, '/api/v4/system/ping'), { status: 200, text: /"status":"OK"/ })
  const socket = await connected(door)
  t.match(socket.getEphemeralKeyInfo(), { type: 'TLSGroup', name: 'X25519MLKEM768' })
  t.equal(socket.getProtocol(), 'TLSv1.3')
  socket.destroy()
})

test('on a thin link the key exchange is X25519, and a client without ML-KEM is served, too', async (t) => {
  const thin = await aLanDoor(t, { tls: await doorTls(organisation, { kex: 'x25519' }) })
  const usual = await aLanDoor(t, { tls: await doorTls(organisation) })

  const toThin = await connected(thin)
  const older = await connected(usual, { ecdhCurve: 'X25519' })

  for (const socket of [toThin, older]) {
    t.match(socket.getEphemeralKeyInfo(), { type: 'ECDH', name: 'X25519' })
    socket.destroy()
  }
})

test('TLS 1.2 is refused', async (t) => {
  const door = await aLanDoor(t, { tls: await doorTls(organisation) })

  await t.rejects(connected(door, { maxVersion: 'TLSv1.2' }))
  await door.log.when('tls.handshake-failed')
})

test('by plain HTTP a stranger gets the page about trust and is sent to https for the rest', async (t) => {
  const door = await aLanDoor(t, { tls: await doorTls(organisation) })
  const plain = (path: string, init: RequestInit = {}) =>
    fetched(door.url + path, { redirect: 'manual', ...init })

  t.match(await plain('/trust'), { status: 200, text: /Trust the kits of Relief/ })
  const sent = await plain('/api/v4/users/me?a=1')
  t.equal(sent.status, 307)
  t.equal(sent.headers.get('location'), `https://127.0.0.1:${portOf(door)}/api/v4/users/me?a=1`)
  const login = { method: 'POST', body: '{"login_id":"bo","password":"bo-password"}' }
  t.match(await plain('/api/v4/users/login', login), { status: 403, text: /wanted=https/ })
  t.equal((await plain('/api/holdfast/v1/join', { method: 'POST' })).status, 400, 'is heard')
})

test('when told to, plain HTTP serves everything', async (t) => {
  const door = await aLanDoor(t, { tls: await doorTls(organisation, { plainHttp: 'serve' }) })

  t.equal((await fetched(`${door.url}/api/v4/system/ping`)).status, 200)
  t.equal((await asked(door, '/api/v4/system/ping')).status, 200)
})

test('where TLS is required, plain HTTP from elsewhere gets no answer, and this machine is served', async (t) => {
  const tls = await doorTls(organisation, { mode: 'require' })
  const far = await aLanDoor(t, { tls })
  const near = await aLanDoor(t, { tls: { ...tls, isThisMachine: () => true } })

  await t.rejects(fetched(`${far.url}/trust`))
  t.equal((await asked(far, '/trust')).status, 200)
  t.equal((await fetched(`${near.url}/api/v4/system/ping`)).status, 200)
})

test('WebSockets: nodes by either way, people by TLS alone', async (t) => {
  let peers = 0
  const acceptPeer = (): void => void (peers += 1)
  const door = await aLanDoor(t, { tls: await doorTls(organisation), acceptPeer })
  const at = `127.0.0.1:${portOf(door)}`
  t.equal(await statusOf(`wss://${at}/api/holdfast/v1/peer`), 101)
  t.equal(await statusOf(`ws://${at}/api/holdfast/v1/peer`), 101)
  t.equal(peers, 2)
  t.equal(await statusOf(`wss://${at}/api/v4/websocket`), 101)
  t.equal(await statusOf(`ws://${at}/api/v4/websocket`), 403)
})

test('where devices need a certificate, one of another organisation does not do', async (t) => {
  const tls = await doorTls(organisation, { clientCertificates: 'required', plainHttp: 'serve' })
  const door = await aLanDoor(t, { tls })
  const own = await deviceOf(organisation)
  const foreign = await deviceOf(await certified())
  const show = (each: typeof own): RequestOptions => ({
    cert: each.certificatePem,
    key: each.keyPem,
  })
  const server = await serverOf(organisation)

  t.equal((await asked(door, '/api/v4/system/ping', show(own))).status, 200)
  t.equal((await asked(door, '/api/v4/system/ping', show(foreign))).status, 403)
  t.equal((await asked(door, '/api/v4/system/ping', show(server))).status, 403, "a kit's")
  t.equal((await asked(door, '/api/v4/system/ping')).status, 403)
  t.equal((await asked(door, '/trust')).status, 200)
  const plain = await fetched(`${door.url}/api/v4/system/ping`, { redirect: 'manual' })
  t.equal(plain.status, 307, 'plain HTTP shows no certificate')
})

test('a new certificate serves from the next connection on, and those that stand go on', async (t) => {
  const listeners = new Set<(credentials: typeof current) => void>()
  let current = await serverOf(organisation)
  const certificate = {
    current: () => current,
    onChange: (listener: (credentials: typeof current) => void) => {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
  }
  const door = await aLanDoor(t, { tls: await doorTls(organisation, { certificate }) })
  const before = await connected(door)
  current = await serverOf(organisation, ['alpha.local', '127.0.0.1', '10.0.0.7'])
  for (const listener of listeners) listener(current)
  const after = await connected(door)

  t.match(after.getPeerCertificate().subjectaltname, '10.0.0.7')
  before.write('GET /api/v4/system/ping HTTP/1.1\r\nHost: a\r\n\r\n')
  t.match(String((await once(before, 'data'))[0]), 'HTTP/1.1 200')
  before.destroy()
  after.destroy()
})

test('whoever says nothing is sent away, and closing the door waits for nobody', async (t) => {
  const door = await aLanDoor(t, { tls: await doorTls(organisation) })
  const silent = connectPlain(portOf(door), '127.0.0.1')
  await once(silent, 'connect')
  const halfway = connectPlain(portOf(door), '127.0.0.1')
  await once(halfway, 'connect')
  halfway.write(Buffer.from([0x16, 3, 1]))
  t.equal((await asked(door, '/trust')).status, 200, 'meanwhile others are served')
  const gone = once(silent, 'close')
  await door.clock.advance(FIRST_BYTE_MS)
  await gone

  const ended = once(halfway, 'close')
  await door.close()
  await ended
})

test('a first byte that comes alone is waited for', async (t) => {
  const door = await aLanDoor(t, { tls: await doorTls(organisation, { plainHttp: 'serve' }) })
  const socket = connectPlain(portOf(door), '127.0.0.1')
  await once(socket, 'connect')
  socket.setNoDelay(true)
  socket.write('G')
  t.equal((await asked(door, '/trust')).status, 200)
  socket.write('ET /api/v4/system/ping HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')

  t.match(String((await once(socket, 'data'))[0]), 'HTTP/1.1 200')
})
