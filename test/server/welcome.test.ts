import { test } from 'tap'
import { PROBES } from '#server/probes.ts'
import { qrPng } from '#server/qr-png.ts'
import { welcomePage } from '#server/welcome.ts'
import { aLanDoor, fetched } from '../support/lan-door.ts'
import { certified, doorTls } from '../support/tls.ts'

const tls = { ...(await doorTls(await certified())), isPortal: true }

test('by plain HTTP the page shows how to trust the kit and how to come in, with nothing from elsewhere', async (t) => {
  const door = await aLanDoor(t, { tls })
  const host = new URL(door.url).host

  const page = await fetched(`${door.url}/welcome`)

  t.equal(page.status, 200)
  t.match(page.headers.get('content-security-policy'), "default-src 'none'; img-src 'self'")
  t.match(page.text, '<a href="/trust">')
  t.match(page.text, `<code>https://${host}</code>`)
  t.notMatch(page.text, /<script|src="(?!\/welcome\/qr\.png)/)
  const picture = await fetch(`${door.url}/welcome/qr.png`)
  t.equal(picture.headers.get('content-type'), 'image/png')
  const wanted = qrPng(`https://${host}/welcome`)
  t.equal(Buffer.compare(Buffer.from(await picture.arrayBuffer()), wanted), 0)
})

test('without TLS nothing is said of trust', async (t) => {
  const door = await aLanDoor(t)

  const { text } = await fetched(`${door.url}/welcome`)

  t.notMatch(text, '/trust')
  t.match(text, `<code>${door.url}</code>`)
})

test('devices that ask whether they are online hear so, by plain HTTP, and only where that is wanted', async (t) => {
  const silent = await aLanDoor(t)
  const door = await aLanDoor(t, { tls, captivePortal: 'online' })
  for (const [path, { status, type, body }] of Object.entries(PROBES)) {
    const answer = await fetched(`${door.url}${path}?x=1`)
    t.strictSame([answer.status, answer.text], [status, body], path)
    if (status === 200) t.match(answer.headers.get('content-type'), type)
    t.equal((await fetched(`${silent.url}${path}`)).status, 404)
  }
  t.equal((await fetch(`${door.url}/`, { redirect: 'manual' })).status, 307, 'nothing else is open')
})

test('or they are led to the page, at an address and not at the name they asked for', async (t) => {
  const door = await aLanDoor(t, { tls, captivePortal: 'page' })

  const answer = await fetch(`${door.url}/generate_204`, { redirect: 'manual' })

  t.equal(answer.status, 302)
  t.equal(answer.headers.get('location'), `${door.url}/welcome`)
})

test('names that people chose are text on the page', async (t) => {
  const page = welcomePage({ organisation: '<b>&', node: '<i>', hasTls: true }, '"><script>')

  t.notMatch(page, '<b>')
  t.notMatch(page, '<i>')
  t.notMatch(page, '<script>')
})
