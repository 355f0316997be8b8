import { test } from 'tap'
import type { NodeStatus } from '#app/types.ts'
import { PAGE_CACHE_MS } from '#server/limits.ts'
import { pageFrom } from '#server/page.ts'
import { aLanDoor } from '../support/lan-door.ts'

test('the page says what the node is, how it is, and how to connect', async (t) => {
  const door = await aLanDoor(t, { siteUrl: 'https://chat.example' })
  const { status, headers, text } = await door.ask(undefined, 'GET', '/')

  t.equal(status, 200)
  t.equal(headers.get('content-type'), 'text/html; charset=utf-8')
  for (const part of ['alpha (hub)', 'Relief', '2027-01-15 08:00 UTC', 'none set up']) {
    t.ok(text.includes(part), part)
  }
  t.ok(text.includes('<code>https://chat.example</code>'))
})

test('without an address of its own it shows the one it was asked at', async (t) => {
  const door = await aLanDoor(t)

  t.ok((await door.ask(undefined, 'GET', '/')).text.includes(`<code>${door.url}</code>`))
})

test('reloading it costs the node nothing', async (t) => {
  let asked = 0
  const door = await aLanDoor(t, {
    change: (node) => ({
      ...node,
      status: () => {
        asked += 1
        return node.status()
      },
    }),
  })
  const before = asked
  for (let turn = 0; turn < 5; turn += 1) await door.ask(undefined, 'GET', '/')
  t.equal(asked - before, 1)
  await door.clock.advance(PAGE_CACHE_MS)
  await door.ask(undefined, 'GET', '/')

  t.equal(asked - before, 2)
})

test('nothing comes from elsewhere, nothing runs', async (t) => {
  const door = await aLanDoor(t)
  const { headers, text } = await door.ask(undefined, 'GET', '/')

  t.match(
    headers.get('content-security-policy'),
    /^default-src 'none'; style-src 'sha256-[\w+/=]+';/,
  )
  t.notMatch(text, /<script|<link|<img|src=|url\(/)
})

test('names that look like HTML stay text', async (t) => {
  const door = await aLanDoor(t)
  const status = await door.node.status()
  const evil: NodeStatus = { ...status, organisationName: `<script>alert('x')</script>&"` }
  const page = pageFrom(evil, '"><img src=x onerror=alert(1)>')

  t.notMatch(page, /<script|<img/)
  t.ok(page.includes('&#60;script&#62;'))
})

test('links and an uncertain clock are shown', async (t) => {
  const door = await aLanDoor(t)
  const status = await door.node.status()
  const link = {
    carrier: 'lan',
    peer: 'bravo',
    since: 0,
    sentBytes: 0,
    receivedBytes: 0,
    queued: { flash: 0, immediate: 0, priority: 0, routine: 0 },
  }
  const links = [
    { ...link, isUp: true },
    { ...link, isUp: false },
  ]
  const page = pageFrom(
    { ...status, links, clock: { ...status.clock, state: 'uncertain' as const } },
    'http://here',
  )

  t.ok(page.includes('1 of 2 up'))
  t.ok(page.includes('<dt>Clock</dt><dd>uncertain'))
  t.notMatch(page, /bravo/, 'strangers do not learn who the peers are')
})
