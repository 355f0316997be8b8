/** The hub's door for locked kits, and what administrators decide there. */
import { test } from 'tap'
import { EdgeError } from '#base/errors.ts'
import { RELEASE_ADDRESS, RELEASE_SHARE } from '#server/limits.ts'
import { aLanDoor, fetched, type DoorChoice } from '../../support/lan-door.ts'

const RELEASE = '/api/holdfast/v1/release'
const BINARY = { 'content-type': 'application/octet-stream' }

test('bytes go to the node and come back as bytes', async (t) => {
  const door = await aLanDoor(
    t,
    answering(async ({ request }) => Uint8Array.of(...request, 255)),
  )

  const response = await fetch(door.url + RELEASE, {
    method: 'POST',
    headers: BINARY,
    body: Uint8Array.of(1, 0, 200),
  })

  t.equal(response.status, 200)
  t.equal(response.headers.get('content-type'), 'application/octet-stream')
  t.strictSame([...new Uint8Array(await response.arrayBuffer())], [1, 0, 200, 255])
})

test('what is no question is refused, and nobody learns why', async (t) => {
  const door = await aLanDoor(t)
  const tryIt = (headers: Readonly<Record<string, string>>, body: string | null) =>
    fetched(door.url + RELEASE, { method: 'POST', headers, body })

  const garbage = await tryIt(BINARY, 'garbage')
  t.equal(garbage.status, 403)
  t.match(garbage.text, 'no release for this kit')
  t.notMatch(garbage.text, 'malformed')
  t.equal((await tryIt({ 'content-type': 'application/json' }, '{}')).status, 400)
  t.equal((await tryIt({}, null)).status, 400)
})

test('one address asks so often and no more', async (t) => {
  const door = await aLanDoor(
    t,
    answering(() => Promise.reject(new EdgeError('NOT_ALLOWED', { action: 'release' }))),
  )
  const tryIt = () => ask(door.url)
  for (let turn = 0; turn < RELEASE_ADDRESS.burst; turn += 1) t.equal((await tryIt()).status, 403)

  const refused = await tryIt()

  t.equal(refused.status, 429)
  t.equal(refused.headers.get('retry-after'), String(RELEASE_ADDRESS.refillMs / 1_000))
  await door.clock.advance(RELEASE_ADDRESS.refillMs)
  t.equal((await tryIt()).status, 403)
})

test('one kit is released so often and no more; who does not prove to be it uses up none of it', async (t) => {
  let isProven = false
  const door = await aLanDoor(
    t,
    answering(async ({ admit }) => {
      if (!isProven) throw new EdgeError('NOT_ALLOWED', { action: 'release' })
      admit('one kit')
      return Uint8Array.of(7)
    }),
  )
  for (let turn = 0; turn < RELEASE_SHARE.burst; turn += 1)
    t.equal((await ask(door.url)).status, 403)
  await door.clock.advance(RELEASE_ADDRESS.burst * RELEASE_ADDRESS.refillMs)
  isProven = true
  for (let turn = 0; turn < RELEASE_SHARE.burst; turn += 1)
    t.equal((await ask(door.url)).status, 200)

  t.equal((await ask(door.url)).status, 429)
  await door.clock.advance(RELEASE_SHARE.refillMs)
  t.equal((await ask(door.url)).status, 200)
})

test('only administrators see and decide, and what they send has to have its form', async (t) => {
  const door = await aLanDoor(t)
  const { node: self } = await door.node.status()
  const hold = `/api/holdfast/v1/nodes/${self.id}/release`
  const share = { id: '0'.repeat(32), share: '1'.repeat(64), authentication: '2'.repeat(64) }

  t.equal((await door.ask(undefined, 'GET', RELEASE)).status, 401)
  t.equal((await door.ask('bo', 'GET', RELEASE)).status, 403)
  t.equal((await door.ask('bo', 'POST', `${RELEASE}/share`, share)).status, 403)
  t.equal((await door.ask('bo', 'POST', `${RELEASE}/forget`, {})).status, 403)
  t.equal((await door.ask('bo', 'POST', hold, { isHeld: true })).status, 403)
  t.match((await door.ask('amira', 'GET', RELEASE)).json, { hubs: [], kits: [] })
  t.match(await door.ask('amira', 'POST', hold, { isHeld: true }), {
    status: 200,
    json: { isHeld: true },
  })
  t.equal((await door.ask('amira', 'POST', hold, { isHeld: 1 })).status, 400)
  const short = { ...share, share: '1' }
  t.equal((await door.ask('amira', 'POST', `${RELEASE}/share`, short)).status, 400)
  t.equal((await door.ask('amira', 'POST', `${RELEASE}/share`, share)).status, 202)
  t.match((await door.ask('amira', 'GET', RELEASE)).json, { share: share.id })
  t.notMatch((await door.ask('amira', 'GET', RELEASE)).text, share.share)
  t.equal((await door.ask('amira', 'POST', `${RELEASE}/forget`, {})).status, 202)
  t.notMatch((await door.ask('amira', 'GET', RELEASE)).text, share.id)
})

type Answering = Parameters<NonNullable<DoorChoice['change']>>[0]['releaseKit']

function answering(releaseKit: Answering): DoorChoice {
  return { change: (node) => ({ ...node, releaseKit }) }
}

function ask(url: string) {
  return fetched(url + RELEASE, { method: 'POST', headers: BINARY, body: Uint8Array.of(1) })
}
