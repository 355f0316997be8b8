import { X509Certificate } from 'node:crypto'
import { test } from 'tap'
import {
  dersFromPem,
  isIssuedBy,
  pemFromDer,
  readCertificate,
  validityOf,
} from '#x509/certificate.ts'
import { certified } from '../support/tls.ts'

const { ca, kit } = await certified()

test('PEM and DER go into each other, also several at once', async (t) => {
  const pem = pemFromDer(...kit.certificates)

  t.strictSame(dersFromPem(`\r\nsome words\n${pem}`).map(String), kit.certificates.map(String))
  t.equal(pem.slice(0, pem.length / 2).length > 0, true)
  t.equal(pemFromDer(kit.certificates[0]), new X509Certificate(kit.certificates[0]).toString())
  t.strictSame(dersFromPem('nothing'), [])
})

test('what is no certificate is none', async (t) => {
  for (const bytes of ['', 'nonsense', Uint8Array.of(0x30, 0)])
    t.equal(readCertificate(bytes), undefined)
})

test('who signed it is checked by the signature, not by the name', async (t) => {
  const own = new X509Certificate(kit.certificates[0])
  const namesake = await certified()

  t.ok(isIssuedBy(own, new X509Certificate(ca.certificates[0])))
  t.notOk(isIssuedBy(own, new X509Certificate(namesake.ca.certificates[0])))
  t.ok(validityOf(own).notBefore < validityOf(own).notAfter)
})
