import { X509Certificate } from 'node:crypto'
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'tap'
import { must } from '#base/assert.ts'
import { ensureAuthorities, openListen } from '#compose/tls.ts'
import { Config } from '#config/schema.ts'
import { readTlsFolder, tlsFolderOf, writeTlsPart } from '#config/tls-folder.ts'
import { isIssuedBy, pemFromDer } from '#x509/certificate.ts'
import { issueKitCa, makeKitCaRequest } from '#x509/issue.ts'
import { virtualClock } from '../support/clock.ts'
import { collectingLog } from '../support/log.ts'

const clock = virtualClock()

function names(dataFolder: string, isFounder = true) {
  return {
    dataFolder,
    organisation: 'Relief',
    name: 'alpha',
    names: ['hub.example.org'],
    isFounder,
  }
}

test('the founder makes both authorities once, and finds them again', async (t) => {
  const data = t.testdir()

  const made = await ensureAuthorities(names(data), clock)
  const again = await ensureAuthorities(names(data), clock)

  t.strictSame(again, made)
  t.match(new X509Certificate(made.root).subject, 'CN=Relief Holdfast CA')
  t.ok(made.organisation)
})

test('a kit that has lost its own authority gets another from the key that is there', async (t) => {
  const data = t.testdir()
  const made = await ensureAuthorities(names(data), clock)
  await writeFile(join(tlsFolderOf(data), 'kit-ca.crt'), 'damaged')

  const again = await ensureAuthorities(names(data), clock)

  t.strictSame(again.root, made.root)
  t.not(again.kit.keyPem, made.kit.keyPem)
})

test('a joined node without an authority of the organisation founds one under its own name', async (t) => {
  const { root } = await ensureAuthorities(names(t.testdir(), false), clock)

  t.match(new X509Certificate(root).subject, 'CN=Relief kit alpha Holdfast CA')
})

test('what the organisation issued to a joining kit is used as it came', async (t) => {
  const issuer = await ensureAuthorities(names(t.testdir()), clock)
  const data = t.testdir()
  const { privateKeyPem, requestDer } = await makeKitCaRequest()
  const [own, root] = await issueKitCa(
    must(issuer.organisation, 'the founder'),
    requestDer,
    'alpha',
  )
  await writeTlsPart(data, 'ca', { certificatePem: pemFromDer(must(root, 'it is there')) })
  await writeTlsPart(data, 'kit-ca', { certificatePem: pemFromDer(own), keyPem: privateKeyPem })

  const found = await ensureAuthorities(names(data, false), clock)

  t.equal(found.organisation, undefined)
  t.strictSame(found.root, issuer.root)
  t.ok(isIssuedBy(new X509Certificate(found.kit.certificates[0]), new X509Certificate(issuer.root)))
})

test('a damaged folder says which file, and makes no other authority', async (t) => {
  const data = t.testdir()
  await ensureAuthorities(names(data), clock)
  await rm(join(tlsFolderOf(data), 'ca.key'))
  await rm(join(tlsFolderOf(data), 'kit-ca.key'))
  await t.rejects(ensureAuthorities(names(data), clock), {
    code: 'STORE_BROKEN',
    facts: { file: /kit-ca\.crt$/ },
  })

  await writeFile(join(tlsFolderOf(data), 'ca.crt'), 'damaged')
  await t.rejects(ensureAuthorities(names(data), clock), {
    code: 'STORE_BROKEN',
    facts: { file: /\/ca\.crt$/ },
  })
})

test('the door gets what the config says, and keeps its certificate', async (t) => {
  const data = t.testdir()
  const identity = { organisation: { name: 'Relief' }, certificate: { name: 'alpha' } }
  const housing = { dataFolder: data, identity, keys: { root: Uint8Array.of(1) } }
  const { listen } = Config.parse({ listen: { port: 9, kex: 'x25519', names: ['kit.internal'] } })
  await using stack = new AsyncDisposableStack()
  const ports = { clock, log: collectingLog(), stack }

  const { tls, port } = await openListen(listen, housing, ports)
  t.match(tls, { mode: 'auto', plainHttp: 'redirect', kex: 'x25519' })
  t.equal(port, 9)
  const { certificatePem } = must(tls, 'it speaks TLS').certificate.current()
  t.match(new X509Certificate(certificatePem).subjectAltName, 'DNS:kit.internal')
  t.equal((await readTlsFolder(data))?.kit?.certificatePem, certificatePem)

  const off = await openListen({ ...listen, tls: 'off' }, housing, ports)
  t.equal(off.tls, undefined)
})
