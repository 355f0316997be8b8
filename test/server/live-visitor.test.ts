import { test } from 'tap'
import { LIVE_REQUEST_BYTES_MAX, LIVE_REQUESTS } from '#server/limits.ts'
import { aLanDoor } from '../support/lan-door.ts'
import { aLiveClient, aSocket } from '../support/live-client.ts'

test('what makes no sense ends the connection, with a code that says why', async (t) => {
  const door = await aLanDoor(t)
  for (const [message, code] of [
    ['not json', 1007],
    ['{"action":"ping"}', 1007],
    ['{"action":"ping","seq":0}', 1007],
    ['[]', 1007],
    [Buffer.from([1, 2, 3]), 1003],
    [JSON.stringify({ action: 'ping', seq: 1, data: 'x'.repeat(LIVE_REQUEST_BYTES_MAX) }), 1009],
  ] as const) {
    const client = await aLiveClient(door, 'bo')
    client.socket.send(message)
    t.equal(await client.closed, code, String(message).slice(0, 30))
  }
})

test('requests are answered in their order, also while the introduction is at work', async (t) => {
  const door = await aLanDoor(t)
  const { token } = await door.node.openSession('bo')
  const client = await aSocket(door)
  const answers = [
    client.ask('authentication_challenge', { token }),
    client.ask('ping'),
    client.ask('get_statuses'),
  ]

  t.match(await Promise.all(answers), [
    { status: 'OK' },
    { data: { text: 'pong' } },
    { status: 'OK' },
  ])
  const order = client.frames
    .map(({ seq_reply: number }) => number)
    .filter((number) => number !== undefined)
  t.strictSame(order, [1, 2, 3])
})

test('before the introduction nothing is done', async (t) => {
  const door = await aLanDoor(t)
  const client = await aSocket(door)
  for (const action of ['ping', 'get_statuses', 'user_typing']) {
    t.match(await client.ask(action, {}), { status: 'FAIL', error: { status_code: 401 } })
  }
  t.match(await client.ask('authentication_challenge', {}), {
    status: 'FAIL',
    error: { status_code: 400, message: /^token: found nothing/ },
  })
})

test('a second introduction changes nothing', async (t) => {
  const door = await aLanDoor(t)
  const client = await aLiveClient(door, 'bo')
  const { token } = await door.node.openSession('chen')
  t.match(await client.ask('authentication_challenge', { token }), { status: 'OK' })
  await client.ask('ping')

  t.equal(client.events('hello').length, 1)
  t.match(await client.event('hello'), { broadcast: { user_id: door.people.bo.id } })
})

test('a client that asks without end is sent away', async (t) => {
  const door = await aLanDoor(t)
  const client = await aLiveClient(door, 'bo')
  for (let number = 1; number <= LIVE_REQUESTS.burst + 1; number += 1) {
    client.socket.send(JSON.stringify({ action: 'ping', seq: number }))
  }

  t.equal(await client.closed, 1008)
})

test('a client that leaves while it introduces itself is not taken for present', async (t) => {
  const gate = Promise.withResolvers<void>()
  const asked = Promise.withResolvers<void>()
  const door = await aLanDoor(t, {
    change: (node) => ({
      ...node,
      sessionOf: async (token) => {
        asked.resolve()
        await gate.promise
        return node.sessionOf(token)
      },
    }),
  })
  const { token } = await door.node.openSession('bo')
  const client = await aSocket(door, { headers: { authorization: `Bearer ${token}` } })
  await asked.promise
  client.socket.terminate()
  await client.closed
  await door.ask(undefined, 'GET', '/api/v4/system/ping')
  gate.resolve()
  await door.clock.advance(60_000)
  const watcher = await aLiveClient(door, 'amira')

  t.match(await watcher.ask('get_statuses_by_ids', { user_ids: [door.people.bo.id] }), {
    data: { [door.people.bo.id]: 'offline' },
  })
})

test('when the node fails, the client is told to come again', async (t) => {
  const door = await aLanDoor(t, {
    change: (node) => ({
      ...node,
      sessionOf: () => Promise.reject(new Error('the disk is gone')),
    }),
  })
  const { token } = await door.node.openSession('bo')
  const client = await aSocket(door, { headers: { authorization: `Bearer ${token}` } })

  t.equal(await client.closed, 1011)
  t.match(door.log.named('live.failed'), [{ level: 'error' }])
})
