import { test } from 'tap'
import { MESSAGE_CHARACTERS_MAX } from '#base/limits.ts'
import { aDisk, type TestDisk } from '../../support/disk.ts'
import { aFaultyStore, type FaultyStore } from '../../support/faulty-store.ts'
import { aLanDoor, type LanDoor } from '../../support/lan-door.ts'
import { aSocket } from '../../support/live-client.ts'

async function square(door: LanDoor) {
  return (await door.node.channelByName(door.people.bo.id, 'town-square')).id
}

test('a post is answered with all that clients need', async (t) => {
  const door = await aLanDoor(t)
  const channel = await square(door)
  const body = {
    channel_id: channel,
    message: 'hello',
    pending_post_id: 'bo:1',
    user_id: 'ignored',
  }
  const { status, json } = await door.ask('bo', 'POST', '/api/v4/posts', body)

  t.equal(status, 201)
  t.match(json, {
    id: /^[a-z0-9]{26}$/,
    channel_id: channel,
    user_id: door.people.bo.id,
    message: 'hello',
    pending_post_id: 'bo:1',
    props: {},
    metadata: {},
    root_id: '',
    delete_at: 0,
  })
})

test('labels of urgency become lanes, and come back as labels', async (t) => {
  const door = await aLanDoor(t)
  const channel = await square(door)
  for (const [part, lane, priority] of [
    [{}, 'routine', undefined],
    [{ metadata: { priority: { priority: 'important' } } }, 'priority', 'important'],
    [
      { metadata: { priority: { priority: 'urgent', requested_ack: true } } },
      'immediate',
      'urgent',
    ],
    [{ metadata: { priority: { priority: '' } } }, 'routine', undefined],
    [{ props: { holdfast_precedence: 'flash' } }, 'flash', 'urgent'],
    [{ props: { from_bot: 'x' }, metadata: null }, 'routine', undefined],
    [{ props: { holdfast_burn_seconds: 30 } }, 'routine', undefined],
  ] as const) {
    const body = { channel_id: channel, message: lane, ...part }
    const { json } = await door.ask('bo', 'POST', '/api/v4/posts', body)
    const id = String(Reflect.get(Object(json), 'id'))
    t.equal((await door.node.message(door.people.bo.id, id as never)).lane, lane)
    t.equal(
      (json as { metadata: { priority?: { priority: string } } }).metadata.priority?.priority,
      priority,
    )
  }
})

test('beyond the allowance a post is refused with what to do, and goes with a reason', async (t) => {
  const door = await aLanDoor(t, {
    options: { allowance: { flash: 5, immediate: 1, withinMs: 3_600_000 } },
  })
  const body = {
    channel_id: await square(door),
    message: 'urgent',
    metadata: { priority: { priority: 'urgent' } },
  }
  const ask = (more: object) => door.ask('bo', 'POST', '/api/v4/posts', { ...body, ...more })
  t.equal((await ask({ pending_post_id: 'bo:1' })).status, 201)
  t.equal((await ask({ pending_post_id: 'bo:1' })).status, 201, 'the same one')

  const refused = await ask({ pending_post_id: 'bo:2' })

  t.equal(refused.status, 403)
  t.match(refused.json, {
    id: 'holdfast.allowance_spent.app_error',
    message:
      /^precedence: found one immediate message more after 1 within 60 min, wanted at most 1\. /,
  })
  const props = { holdfast_override: 'three are hurt' }
  const { status, json } = await ask({ pending_post_id: 'bo:2', props })
  t.equal(status, 201)
  t.match(json, { props: { ...props, holdfast_precedence: 'immediate' } })
})

for (const [how, fill] of [
  ['below the reserve', (disk: TestDisk) => disk.setFree(1e6)],
  ['with no room at all', (_: TestDisk, store: FaultyStore) => store.setFault('full')],
] as const)
  test(`a disk ${how} keeps reading and refuses posts with what to do; nothing is lost`, async (t) => {
    const [disk, store] = [aDisk(), aFaultyStore()]
    const options = { room: { freeBytesMin: 64e6, freeBytesLow: 1e9 } }
    const door = await aLanDoor(t, { disk, store, options })
    const channel_id = await square(door)
    const post = (message: string, pending_post_id: string) =>
      door.ask('bo', 'POST', '/api/v4/posts', { channel_id, message, pending_post_id })
    const saved = await post('saved before', 'bo:1')
    const { token } = await door.node.openSession('bo')
    const live = await aSocket(door, { headers: { authorization: `Bearer ${token}` } })
    await live.event('hello')
    fill(disk, store)
    await door.clock.advance(1_000)

    const refused = await post('no room', 'bo:2')

    t.equal(refused.status, 507)
    t.match(refused.json, {
      id: 'holdfast.store_full.app_error',
      message: /Free disk space; what was shown as saved is safe\./,
    })
    const again = await post('saved before', 'bo:1')
    t.match(again.json, { id: Reflect.get(Object(saved.json), 'id') }, 'its reply had got lost')
    const read = await door.ask('bo', 'GET', `/api/v4/channels/${channel_id}/posts`)
    t.equal(read.status, 200)
    t.match(read.text, 'saved before')
    t.notMatch(read.text, 'no room')
    t.equal((await door.ask('bo', 'GET', '/api/holdfast/v1/status')).status, 200)
    t.match(await live.ask('ping'), { status: 'OK' }, 'the stream lives')

    disk.setFree(1e12)
    store.setFault('none')
    await door.clock.advance(1_000)
    t.equal((await post('room again', 'bo:2')).status, 201)
    await live.event('posted')
  })

test('a shapeless post is refused by field', async (t) => {
  const door = await aLanDoor(t)
  const good = { channel_id: await square(door), message: 'hello' }
  for (const [body, field] of [
    [{ ...good, channel_id: 'x' }, 'channel_id'],
    [{ ...good, message: 5 }, 'message'],
    [{ ...good, message: ' \n' }, 'message'],
    [{ ...good, root_id: 'x' }, 'root_id'],
    [{ ...good, pending_post_id: 'x'.repeat(129) }, 'pending_post_id'],
    [{ ...good, file_ids: 'a file' }, 'file_ids'],
    [{ ...good, metadata: { priority: { priority: 'asap' } } }, 'metadata.priority.priority'],
    [{ ...good, props: { holdfast_precedence: 'immediate' } }, 'props.holdfast_precedence'],
    [{ ...good, props: { holdfast_burn_seconds: 1 } }, 'props.holdfast_burn_seconds'],
    [{ ...good, props: { holdfast_override: 'x'.repeat(201) } }, 'props.holdfast_override'],
  ] as const) {
    const { status, json } = await door.ask('bo', 'POST', '/api/v4/posts', body)
    t.equal(status, 400, field)
    t.match(json, { message: new RegExp(`^${field}: `) })
  }
})

test('the longest message fits, one character more does not', async (t) => {
  const door = await aLanDoor(t)
  const channel = await square(door)
  const post = (message: string) =>
    door.ask('bo', 'POST', '/api/v4/posts', { channel_id: channel, message })

  t.equal((await post('é'.repeat(MESSAGE_CHARACTERS_MAX))).status, 201)
  t.equal((await post('é'.repeat(MESSAGE_CHARACTERS_MAX + 1))).status, 413)
})

test('any words come back as they were written', async (t) => {
  const door = await aLanDoor(t)
  const channel = await square(door)
  for (const message of [
    '</script><script>alert(1)</script>',
    '"; DROP TABLE posts; --',
    'سلام 👩‍👩‍👧‍👦 \u202Eabc\u202C',
    '{"__proto__":{"a":1}}',
    '\u0001\u0002 tab\t nul\u0000 end',
    '@channel @all @here '.repeat(100),
    'a\u0300'.repeat(2_000),
  ]) {
    const { json } = await door.ask('bo', 'POST', '/api/v4/posts', { channel_id: channel, message })
    t.match(json, { message })
    const page = await door.ask('chen', 'GET', `/api/v4/channels/${channel}/posts?per_page=1`)
    t.match(Object.values(Object(page.json).posts), [{ message }])
  }
})

test('authors edit their own words, others do not', async (t) => {
  const door = await aLanDoor(t)
  const channel = await square(door)
  const { id } = await door.node.post(door.people.bo.id, { channel, body: 'one' })

  const patched = await door.ask('bo', 'PUT', `/api/v4/posts/${id}/patch`, { message: 'two' })
  t.match(patched.json, { message: 'two' })
  const put = await door.ask('bo', 'PUT', `/api/v4/posts/${id}`, { id, message: 'three' })
  t.match(put.json, { message: 'three' })
  const unchanged = await door.ask('bo', 'PUT', `/api/v4/posts/${id}/patch`, { is_pinned: true })
  t.match(unchanged.json, { message: 'three' })
  t.equal(
    (await door.ask('chen', 'PUT', `/api/v4/posts/${id}/patch`, { message: 'x' })).status,
    403,
  )
  t.equal((await door.ask('chen', 'DELETE', `/api/v4/posts/${id}`)).status, 403)
  t.strictSame((await door.ask('bo', 'GET', `/api/v4/posts/${id}/files/info`)).json, [])
})

test('a deleted message is gone for readers, and deleting it again is fine', async (t) => {
  const door = await aLanDoor(t)
  const channel = await square(door)
  const { id } = await door.node.post(door.people.bo.id, { channel, body: 'one' })

  t.equal((await door.ask('bo', 'DELETE', `/api/v4/posts/${id}`)).status, 200)
  t.equal((await door.ask('bo', 'DELETE', `/api/v4/posts/${id}`)).status, 200)
  t.equal((await door.ask('bo', 'GET', `/api/v4/posts/${id}`)).status, 404)
  t.equal((await door.ask('bo', 'GET', `/api/v4/posts/${id}/thread`)).status, 404)
})
