import { test } from 'tap'
import { policyFor } from '#server/web.ts'
import { aLanDoor } from '../support/lan-door.ts'

const web = [
  {
    url: '/',
    type: 'text/html; charset=utf-8',
    isForever: false,
    plain: Buffer.from('<p>plain</p>'),
    gzip: Buffer.from('gzipped'),
    brotli: Buffer.from('brotlied'),
  },
  {
    url: '/assets/main-ABC.js',
    type: 'text/javascript; charset=utf-8',
    isForever: true,
    plain: Buffer.from('1'),
    gzip: Buffer.from('gzipped'),
    brotli: Buffer.from('brotlied'),
  },
]

test('the page is asked for again each time, its parts never', async (t) => {
  const door = await aLanDoor(t, { web })
  const page = await fetch(`${door.url}/`, { headers: { 'accept-encoding': 'identity' } })
  const part = await fetch(`${door.url}/assets/main-ABC.js`, {
    headers: { 'accept-encoding': 'identity' },
  })

  t.strictSame([page.status, await page.text()], [200, '<p>plain</p>'])
  t.equal(page.headers.get('cache-control'), 'public, no-cache')
  t.match(page.headers.get('content-security-policy'), /script-src 'self';.*connect-src 'self' ws:/)
  t.match(part.headers.get('cache-control'), /immutable/)
  const etag = page.headers.get('etag') ?? ''
  t.equal((await fetch(`${door.url}/`, { headers: { 'if-none-match': etag } })).status, 304)
  t.match((await door.ask(undefined, 'GET', '/about')).text, /Connect/)
})

test('each gets the smallest form that it takes', async (t) => {
  const door = await aLanDoor(t, { web })
  for (const [accepted, encoding] of [
    ['gzip, deflate, br, zstd', 'br'],
    ['gzip, deflate', 'gzip'],
    ['identity', null],
  ] as const) {
    const { headers } = await fetch(`${door.url}/`, {
      method: 'HEAD',
      headers: { 'accept-encoding': accepted },
    })
    t.equal(headers.get('content-encoding'), encoding)
    t.equal(headers.get('vary'), 'accept-encoding')
  }
})

test('a host that is none does not get into the policy', async (t) => {
  t.match(policyFor({ host: 'kit.local:8065' }), "connect-src 'self' ws://kit.local:8065 ")
  for (const host of ["x; script-src 'unsafe-inline'", 'a b', '', "'self'"])
    t.match(policyFor({ host }), "connect-src 'self';")
  for (const word of ['unsafe', 'http:', '*', 'data:'])
    t.notOk(policyFor({ host: 'kit' }).includes(word), word)
})
