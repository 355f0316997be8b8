/** A kit's authority comes with the answer to its join, from whoever has the organisation's. */
import { X509Certificate } from 'node:crypto'
import { test } from 'tap'
import { answerKitCa, beginKitCa, keepKitCa } from '#compose/kit-ca.ts'
import { ensureAuthorities } from '#compose/tls.ts'
import { readTlsFolder } from '#config/tls-folder.ts'
import { isIssuedBy } from '#x509/certificate.ts'
import { virtualClock } from '../support/clock.ts'

const founder = {
  organisation: 'Relief',
  name: 'alpha',
  names: ['hub.example.org'],
  isFounder: true,
}

test('a kit that joins gets a certificate of its own under the authority of the organisation', async (t) => {
  const [there, here] = [t.testdir({ there: {}, here: {} })].flatMap((at) => [
    `${at}/there`,
    `${at}/here`,
  ]) as [string, string]
  const { root } = await ensureAuthorities({ ...founder, dataFolder: there }, virtualClock())
  const { block, privateKeyPem } = await beginKitCa()

  await keepKitCa(here, { answer: await answerKitCa(there, block, 'bravo'), privateKeyPem })

  const found = await readTlsFolder(here)
  const authority = new X509Certificate(found?.authorityPem ?? '')
  t.strictSame(new Uint8Array(authority.raw), new Uint8Array(root))
  t.equal(found?.authorityKeyPem, undefined, 'the authority itself stays where it is')
  t.ok(isIssuedBy(new X509Certificate(found?.kitAuthority?.certificatePem ?? ''), authority))
  t.match(found?.kitAuthority?.keyPem, /PRIVATE KEY/)
})

test('where there is no authority, or no request, the answer is empty and nothing is kept', async (t) => {
  const here = t.testdir({})
  const { block, privateKeyPem } = await beginKitCa()

  t.equal((await answerKitCa(here, block, 'bravo')).length, 0)
  for (const answer of [new Uint8Array(0), Uint8Array.of(9, 1, 2)])
    await keepKitCa(here, { answer, privateKeyPem })
  t.equal(await readTlsFolder(here), undefined)
})

test('bytes that are no request bring no certificate', async (t) => {
  const there = t.testdir({})
  await ensureAuthorities({ ...founder, dataFolder: there }, virtualClock())

  t.equal((await answerKitCa(there, Uint8Array.of(1, 2, 3), 'bravo')).length, 0)
  t.equal((await answerKitCa(there, new Uint8Array(0), 'bravo')).length, 0)
})
