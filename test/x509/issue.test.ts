/** Chains of our authorities, as TLS itself judges them: real handshakes on the loopback. */
import { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { connect, createServer, type ConnectionOptions } from 'node:tls'
import { test } from 'tap'
import { must } from '#base/assert.ts'
import { EARLIEST_CREDIBLE_AT } from '#base/limits.ts'
import { dersFromPem, pemFromDer, validityOf, type Credentials } from '#x509/certificate.ts'
import {
  foundAuthority,
  issueClient,
  issueKitCa,
  issueServer,
  makeKitCa,
  makeKitCaRequest,
} from '#x509/issue.ts'
import { certified, deviceOf, NOW, serverOf } from '../support/tls.ts'

const YEAR_MS = 365.25 * 24 * 3_600_000
const relief = await certified(['hub.example.org'])

/** What a client that trusts only `caPem` says of a server: 'ok', or the code of its error. */
async function judged(
  { certificatePem, keyPem }: Credentials,
  caPem: string,
  options: ConnectionOptions = {},
): Promise<string> {
  const server = createServer({ cert: certificatePem, key: keyPem })
  server.on('tlsClientError', () => undefined)
  server.on('secureConnection', (socket) => socket.on('error', () => undefined))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const socket = connect({ host: '127.0.0.1', port, ca: caPem, ...options })
  const { promise, resolve } = Promise.withResolvers<string>()
  socket.once('secureConnect', () => resolve('ok'))
  socket.once('error', (error) => resolve('code' in error ? String(error.code) : error.message))
  const verdict = await promise
  socket.destroy()
  server.close()
  return verdict
}

/** Whether a server that trusts only the organisation believes this client. */
async function isBelieved(client: Credentials): Promise<boolean> {
  const { certificatePem: cert, keyPem: key } = await serverOf(relief)
  const server = createServer({
    cert,
    key,
    ca: relief.caPem,
    requestCert: true,
    rejectUnauthorized: false,
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const ends = { cert: client.certificatePem, key: client.keyPem, ca: relief.caPem }
  const socket = connect({ host: '127.0.0.1', port, ...ends })
  const [accepted] = await once(server, 'secureConnection')
  socket.destroy()
  server.close()
  return accepted.authorized === true
}

function first(pem: string): X509Certificate {
  return new X509Certificate(must(dersFromPem(pem)[0], 'there is one'))
}

test('who trusts the organisation trusts its kit by name and by address', async (t) => {
  const server = await serverOf(relief, ['alpha.local', '127.0.0.1', 'fd00::7'])

  t.equal(await judged(server, relief.caPem), 'ok', 'by address')
  t.equal(await judged(server, relief.caPem, { servername: 'alpha.local' }), 'ok', 'by name')
  t.equal(
    await judged(server, relief.caPem, { servername: 'bravo.local' }),
    'ERR_TLS_CERT_ALTNAME_INVALID',
  )
})

test('a captured kit cannot play the bank, a public address, or a name of the organisation in the world', async (t) => {
  for (const host of [
    'bank.example.com',
    '8.8.8.8',
    '2001:db8::1',
    'hub.example.org',
    'local.example',
  ])
    t.equal(
      await judged(await serverOf(relief, [host]), relief.caPem, { servername: 'alpha.local' }),
      'UNSPECIFIED',
      `${host}: OpenSSL's "permitted subtree violation" has no name of its own in Node`,
    )
})

test('the organisation itself speaks for the names it was founded with, and not for others', async (t) => {
  const server = (hosts: readonly string[]): Promise<Credentials> =>
    issueServer(relief.ca, { hosts, ...relief.validity })

  const own = await server(['hub.example.org'])
  t.equal(await judged(own, relief.caPem, { servername: 'hub.example.org' }), 'ok')
  const foreign = await server(['bank.example.com'])
  t.equal(await judged(foreign, relief.caPem, { servername: 'bank.example.com' }), 'UNSPECIFIED')
})

test('a kit cannot make another authority below its own', async (t) => {
  const below = await makeKitCa(relief.kit, { name: 'evil', names: [] })
  const server = await issueServer(below, { hosts: ['127.0.0.1'], ...relief.validity })

  t.not(await judged(server, relief.caPem), 'ok')
})

test('a device and a node log in with what the organisation issued; what a kit issued logs in nowhere', async (t) => {
  const node = await issueClient(relief.ca, { name: '2', of: 'node', ...relief.validity })
  const forged = await issueClient(relief.kit, { name: '1', of: 'node', ...relief.validity })

  t.equal(first(node.certificatePem).subject, 'CN=2')
  t.match(
    first((await deviceOf(relief)).certificatePem).subject,
    /CN=amira, phone\nOU=device|OU=device/,
  )
  t.equal(await isBelieved(node), true)
  t.equal(await isBelieved(await deviceOf(relief)), true)
  t.equal(await isBelieved(forged), false)
  t.equal(await isBelieved(await serverOf(relief)), false, 'nor is a server a client')
})

test('what goes over thin links with each dial is short, and is believed for what it is', async (t) => {
  const { ca, validity } = relief
  const node = await issueClient(ca, { name: '2', of: 'node', ...validity })
  const office = await issueServer(ca, { hosts: ['hub.example'], isOffice: true, ...validity })
  const usual = await issueServer(ca, { hosts: ['hub.example'], ...validity })
  const [one, other, long] = [node, office, usual].map(({ certificatePem }) =>
    first(certificatePem),
  )

  t.ok((one?.raw.length ?? 999) < 330, `${one?.raw.length} B`)
  t.ok((other?.raw.length ?? 999) < (long?.raw.length ?? 0) - 100, `${other?.raw.length} B`)
  t.equal(other?.checkHost('hub.example'), 'hub.example')
  t.equal(other?.checkHost('other.example'), undefined)
  t.strictSame([one?.ca, other?.ca], [false, false])
  t.equal(await isBelieved(office), false, 'a post office is no client')
})

test('a joining kit gets its authority with one block each way, and keeps its key', async (t) => {
  const request = await makeKitCaRequest()

  const certificates = await issueKitCa(relief.ca, request.requestDer, 'bravo')

  const server = await issueServer(
    { certificates, keyPem: request.privateKeyPem },
    { hosts: ['bravo.local', '127.0.0.1'], ...relief.validity },
  )
  t.equal(await judged(server, relief.caPem), 'ok')
  const kit = new X509Certificate(certificates[0])
  t.equal(kit.subject, 'CN=Holdfast kit bravo')
  t.strictSame(validityOf(kit), validityOf(new X509Certificate(relief.ca.certificates[0])))
  t.notMatch(pemFromDer(...certificates), request.privateKeyPem)
})

test('a request that is none, or was changed on its way, is refused', async (t) => {
  const { requestDer } = await makeKitCaRequest()
  const changed = requestDer.slice()
  const at = changed.length - 3
  changed[at] = (changed[at] ?? 0) ^ 1

  const refused = { code: 'INPUT_INVALID' }
  for (const bytes of [new Uint8Array(), Uint8Array.of(0x30, 0), requestDer.slice(0, 60), changed])
    await t.rejects(issueKitCa(relief.ca, bytes, 'bravo'), refused)
})

test('no byte of a request can be flipped and still bring an authority for another key', async (t) => {
  const { requestDer } = await makeKitCaRequest()
  const outcomes = await Promise.allSettled(
    Array.from({ length: requestDer.length }, (_, at) => {
      const changed = requestDer.slice()
      changed[at] = (changed[at] ?? 0) ^ 0x41
      return issueKitCa(relief.ca, changed, 'bravo')
    }),
  )

  const asked = new X509Certificate((await issueKitCa(relief.ca, requestDer, 'bravo'))[0]).publicKey
  for (const outcome of outcomes)
    if (outcome.status === 'rejected') t.match(outcome.reason, { code: 'INPUT_INVALID' })
    else t.ok(new X509Certificate(outcome.value[0]).publicKey.equals(asked), 'not what is signed')
  t.ok(outcomes.filter(({ status }) => status === 'rejected').length > requestDer.length * 0.9)
})

test('an authority lives for ten years, from before any clock can be right', async (t) => {
  const { notBefore, notAfter } = validityOf(new X509Certificate(relief.ca.certificates[0]))

  t.ok(notBefore < EARLIEST_CREDIBLE_AT)
  t.ok(Math.abs(notAfter - NOW - 10 * YEAR_MS) < 0.01 * YEAR_MS)
})

test('founded by a clock that says 1970 or 2090, it is valid all the same', async (t) => {
  for (const now of [0, EARLIEST_CREDIBLE_AT + 64 * YEAR_MS]) {
    const ca = await foundAuthority({ organisation: 'Relief', names: [], now })
    const { notBefore, notAfter } = validityOf(new X509Certificate(ca.certificates[0]))

    t.ok(notBefore < EARLIEST_CREDIBLE_AT && notAfter > EARLIEST_CREDIBLE_AT + 9 * YEAR_MS)
  }
})

test('a long or strange name fits', async (t) => {
  const ca = await foundAuthority({ organisation: `${'é'.repeat(63)}😀,=+"`, names: [], now: NOW })

  t.equal(new X509Certificate(ca.certificates[0]).ca, true)
})
