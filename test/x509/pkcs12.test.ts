import { createPrivateKey, X509Certificate } from 'node:crypto'
import { createSecureContext } from 'node:tls'
import forge from 'node-forge'
import { test } from 'tap'
import { must } from '#base/assert.ts'
import { issueClient } from '#x509/issue.ts'
import { pkcs12 } from '#x509/pkcs12.ts'
import { certified } from '../support/tls.ts'

const { ca, validity } = await certified()
const credentials = await issueClient(ca, {
  name: 'amira',
  of: 'device',
  keyKind: 'rsa',
  ...validity,
})
const file = pkcs12({ credentials, friendlyName: 'Relief: amira', password: 'correct horse' })

test('OpenSSL opens a package with its password, and with no other', async (t) => {
  const pfx = Buffer.from(file)

  t.ok(createSecureContext({ pfx, passphrase: 'correct horse' }))
  t.throws(() => createSecureContext({ pfx, passphrase: 'battery staple' }), /mac verify failure/i)
})

test('the key and the certificate in it belong together, and the key is under AES-256', async (t) => {
  const asn1 = forge.asn1.fromDer(Buffer.from(file).toString('latin1'))
  const opened = forge.pkcs12.pkcs12FromAsn1(asn1, 'correct horse')
  const bagType = must(forge.pki.oids.pkcs8ShroudedKeyBag, 'a type')
  const [bag] = opened.getBags({ bagType })[bagType] ?? []
  const pem = forge.pki.privateKeyToPem(must(bag?.key, 'there is a key'))

  t.ok(new X509Certificate(credentials.certificatePem).checkPrivateKey(createPrivateKey(pem)))
  t.match(Buffer.from(file).toString('hex'), '060960864801650304012a', 'aes256-CBC')
  t.notMatch(Buffer.from(file).toString('latin1'), 'PRIVATE KEY')
})
