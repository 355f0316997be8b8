import { X509Certificate } from 'node:crypto'
import { test } from 'tap'
import { trustPage } from '#server/trust-page.ts'
import { aLanDoor, fetched } from '../support/lan-door.ts'
import { certified, doorTls } from '../support/tls.ts'

const organisation = await certified()
const tls = await doorTls(organisation)

test('the page shows words and digits to compare, and leads to the certificate in three forms', async (t) => {
  const door = await aLanDoor(t, { tls })
  const page = await fetched(`${door.url}/trust`)

  t.equal(page.headers.get('content-type'), 'text/html; charset=utf-8')
  t.match(page.headers.get('content-security-policy'), "default-src 'none'")
  t.match(page.text, tls.trust.spoken)
  t.match(page.text, tls.trust.fingerprint)
  t.match(page.text, `https://${new URL(door.url).host}/`)
  const types: (string | null)[] = []
  for (const [, path = ''] of page.text.matchAll(/href="(\/trust\/[^"]+)"/g)) {
    const response = await fetch(door.url + path)
    types.push(response.headers.get('content-type'))
    const bytes = Buffer.from(await response.arrayBuffer())
    if (path.includes('.ca') || path.endsWith('.mobileconfig')) continue
    t.equal(new X509Certificate(bytes).fingerprint256, tls.trust.fingerprint)
  }
  t.strictSame(types, [
    'application/x-apple-aspen-config',
    'application/x-x509-ca-cert',
    'application/x-x509-ca-cert',
    'application/x-pem-file',
  ])
})

test('where no TLS is spoken there is no page about trust', async (t) => {
  const door = await aLanDoor(t)

  t.equal((await fetched(`${door.url}/trust`)).status, 404)
})

test('names that people chose are text on the page', async (t) => {
  const page = trustPage({ ...tls.trust, organisation: '<b>&' }, '"><script>')

  t.notMatch(page, '<b>')
  t.notMatch(page, '<script>')
})
