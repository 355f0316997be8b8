import { test } from 'tap'
import { EdgeError } from '#base/errors.ts'
import { JOIN_ADDRESS } from '#server/limits.ts'
import { aLanDoor, fetched } from '../../support/lan-door.ts'

const JOIN = '/api/holdfast/v1/join'

test('only administrators make join codes', async (t) => {
  const door = await aLanDoor(t)

  t.equal((await door.ask('bo', 'POST', '/api/holdfast/v1/join-codes')).status, 403)
  const { status, json } = await door.ask('amira', 'POST', '/api/holdfast/v1/join-codes')
  t.equal(status, 201)
  t.match(json, { code: /./, expires_at: Number })
})

test('bytes go to the node and come back as bytes', async (t) => {
  const got: Uint8Array[] = []
  const door = await aLanDoor(t, {
    change: (node) => ({
      ...node,
      admitNode: async ({ request }) => {
        got.push(request)
        return Uint8Array.of(0, 255, 7)
      },
    }),
  })
  const response = await fetch(door.url + JOIN, {
    method: 'POST',
    headers: { 'content-type': 'application/octet-stream' },
    body: Uint8Array.of(1, 0, 200),
  })

  t.equal(response.status, 200)
  t.equal(response.headers.get('content-type'), 'application/octet-stream')
  t.strictSame([...new Uint8Array(await response.arrayBuffer())], [0, 255, 7])
  t.strictSame(
    got.map((bytes) => [...bytes]),
    [[1, 0, 200]],
  )
})

test('what is no request to join is refused', async (t) => {
  const door = await aLanDoor(t)
  const binary = { 'content-type': 'application/octet-stream' }
  const tryIt = async (headers: Readonly<Record<string, string>>, body: string | null) =>
    (await fetched(door.url + JOIN, { method: 'POST', headers, body })).status

  t.equal(await tryIt(binary, 'garbage'), 403)
  t.equal(await tryIt({ 'content-type': 'application/json' }, '{}'), 400)
  t.equal(await tryIt({}, null), 400)
})

test('codes cannot be tried without end', async (t) => {
  const door = await aLanDoor(t, {
    change: (node) => ({
      ...node,
      admitNode: () => Promise.reject(new EdgeError('JOIN_REFUSED', { found: 'unknown code' })),
    }),
  })
  const tryIt = () =>
    fetched(door.url + JOIN, {
      method: 'POST',
      headers: { 'content-type': 'application/octet-stream' },
      body: Uint8Array.of(1),
    })
  for (let turn = 0; turn < JOIN_ADDRESS.burst; turn += 1) t.equal((await tryIt()).status, 403)
  const refused = await tryIt()

  t.equal(refused.status, 429)
  t.equal(refused.headers.get('retry-after'), String(JOIN_ADDRESS.refillMs / 1_000))
  await door.clock.advance(JOIN_ADDRESS.refillMs)
  t.equal((await tryIt()).status, 403)
})
