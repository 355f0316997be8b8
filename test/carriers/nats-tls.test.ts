import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { connect, createServer, type TLSSocket } from 'node:tls'
import { test, type Test } from 'tap'
import { tlsOptions } from '#carriers/nats-tls.ts'
import { pemFromDer } from '#x509/certificate.ts'
import { issueClient, issueServer } from '#x509/issue.ts'
import { startRelay } from '../support/relay.ts'
import { certified, type Certified } from '../support/tls.ts'

test('the root is not sent along with a certificate that comes alone', async (t) => {
  const site = await aSite(t)
  const { caFile, certFile, keyFile } = site
  const [ca, cert, key] = await Promise.all(
    [caFile, certFile, keyFile].map((file) => readFile(file)),
  )

  const lean = await site.bytesOf(await tlsOptions(site.tls))
  const usual = await site.bytesOf({
    ...(await tlsOptions({ serverName: 'hub.example' })),
    ca,
    cert,
    key,
  })

  const [root] = site.organisation.ca.certificates
  t.ok(usual - lean > root.length - 200, `${lean} B, ${usual} with the root of ${root.length} B`)
})

test('a chain that stands in the file is sent as it is', async (t) => {
  const site = await aSite(t)
  const pem = await readFile(site.certFile, 'utf8')
  const chain = `${pem}${pemFromDer(...site.organisation.kit.certificates.slice(0, 1))}`
  await writeFile(site.certFile, chain)

  const { cert } = (await tlsOptions(site.tls)) as { readonly cert: string }

  t.equal(cert, chain)
})

test('what is not named is not there, and a missing file is an error that names it', async (t) => {
  const { sigalgs, ...rest } = (await tlsOptions({})) as { readonly sigalgs: string }
  t.strictSame(rest, { minVersion: 'TLSv1.3', ecdhCurve: 'X25519' })
  t.match(sigalgs, /^ecdsa_secp256r1_sha256:/)
  const missing = { code: 'ENOENT', message: /nowhere/ }
  await t.rejects(tlsOptions({ caFile: '/nowhere/ca.pem' }), missing)
})

/** A server that asks for certificates of the organisation, and files of one node. */
async function aSite(t: Test) {
  const organisation: Certified = await certified(['hub.example'])
  const { ca, validity, caPem } = organisation
  const folder = await mkdtemp(path.join(tmpdir(), 'holdfast-tls-'))
  t.teardown(() => rm(folder, { recursive: true, force: true }))
  const node = await issueClient(ca, { name: '2', of: 'node', ...validity })
  const files = {
    caFile: path.join(folder, 'ca.pem'),
    certFile: path.join(folder, 'node.pem'),
    keyFile: path.join(folder, 'node.key'),
  }
  await writeFile(files.caFile, caPem)
  await writeFile(files.certFile, node.certificatePem)
  await writeFile(files.keyFile, node.keyPem)
  const { certificatePem: cert, keyPem: key } = await issueServer(ca, {
    hosts: ['hub.example'],
    ...validity,
  })
  const server = createServer({ cert, key, ca: caPem, requestCert: true, rejectUnauthorized: true })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  const { port } = server.address() as AddressInfo
  const bytesOf = async (options: object): Promise<number> => {
    await using relay = await startRelay(port)
    const taken = once(server, 'secureConnection')
    const socket = connect({ port: relay.port, host: '127.0.0.1', ...options })
    const [there] = (await taken) as [TLSSocket]
    t.equal(there.getPeerCertificate().subject.CN, '2')
    there.end('taken in')
    await once(socket.resume(), 'close')
    return relay.bytes()
  }
  return { organisation, ...files, tls: { ...files, serverName: 'hub.example' }, bytesOf }
}
