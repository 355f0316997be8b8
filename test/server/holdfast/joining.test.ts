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

test('an administrator sees who waits, lets in by digits and sends away; nobody else does', async (t) => {
  const asked: unknown[] = []
  const waiting = { name: 'bravo', role: 'kit', digits: '123456', since: 1 } as const
  const door = await aLanDoor(t, {
    change: (node) => ({
      ...node,
      waitingJoins: async (subject) => {
        await node.waitingJoins(subject)
        return [waiting]
      },
      confirmJoin: async (_subject, digits) => {
        asked.push(['confirm', digits])
        return waiting
      },
      refuseJoin: async (_subject, digits) => {
        asked.push(['refuse', digits])
        return waiting
      },
    }),
  })
  const joins = '/api/holdfast/v1/joins'

  t.equal((await door.ask(undefined, 'GET', joins)).status, 401)
  t.equal((await door.ask('bo', 'GET', joins)).status, 403)
  t.equal(
    (await door.ask('bo', 'POST', '/api/holdfast/v1/admissions', { request: 'AAAA' })).status,
    403,
  )
  t.equal((await door.ask('bo', 'GET', '/api/holdfast/v1/nodes')).status, 403)
  t.equal((await door.ask('amira', 'POST', `${joins}/confirm`, { digits: 7 })).status, 400)
  t.same((await door.ask('amira', 'POST', `${joins}/confirm`, { digits: '123456' })).json, waiting)
  await door.ask('amira', 'POST', `${joins}/refuse`, { digits: '654321' })

  t.same(asked, [
    ['confirm', '123456'],
    ['refuse', '654321'],
  ])
})

test('a code is made for the role and the comparing that were asked for', async (t) => {
  const drafts: unknown[] = []
  const door = await aLanDoor(t, {
    change: (node) => ({
      ...node,
      makeJoinCode: async (_subject, draft) => {
        drafts.push(draft)
        return { code: 'x', expiresAt: 1 }
      },
    }),
  })
  const codes = '/api/holdfast/v1/join-codes'

  await door.ask('amira', 'POST', codes)
  await door.ask('amira', 'POST', codes, { role: 'hub', compare: true })

  t.equal((await door.ask('amira', 'POST', codes, { role: 'king' })).status, 400)
  t.same(drafts, [{ isCompared: false }, { role: 'hub', isCompared: true }])
})

test('a node that asks whether it is let in yet may ask often', async (t) => {
  const door = await aLanDoor(t, {
    change: (node) => ({ ...node, admitNode: async () => Uint8Array.of(3, 1, 6) }),
  })
  const ask = () =>
    fetched(door.url + JOIN, {
      method: 'POST',
      headers: { 'content-type': 'application/octet-stream' },
      body: Uint8Array.of(1),
    })

  for (let turn = 0; turn < 3 * JOIN_ADDRESS.burst; turn += 1) t.equal((await ask()).status, 200)
})
