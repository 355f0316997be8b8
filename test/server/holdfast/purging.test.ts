/** Purging by REST: an order, what it leaves to be seen, a hold that beats it, and days. */
import { test } from 'tap'
import { aLanDoor } from '../../support/lan-door.ts'

const BASE = '/api/holdfast/v1'

test('messages are purged, told of, held and kept for days, by administrators alone', async (t) => {
  const door = await aLanDoor(t)
  const { bo } = door.people
  const [square] = await door.node.channelsOf(bo.id)
  const at = `${BASE}/channels/${square?.id}`
  const { id } = await door.node.post(bo.id, { channel: square?.id as never, body: 'burn this' })

  t.equal((await door.ask('bo', 'POST', `${at}/purge`, { post_ids: [id] })).status, 403)
  t.equal((await door.ask('amira', 'POST', `${at}/purge`, { post_ids: [] })).status, 400)
  t.equal((await door.ask('amira', 'PUT', `${at}/hold`, { isHeld: true })).status, 200)
  const held = await door.ask('amira', 'POST', `${at}/purge`, { post_ids: [id] })
  t.strictSame(held.json, { messages: 0, held: 1 })
  const ended = await door.ask('amira', 'PUT', `${at}/hold`, { isHeld: false })
  t.match(ended.json, { heldChannels: [] })
  const purged = await door.ask('amira', 'POST', `${at}/purge`, { post_ids: [id] })
  t.strictSame(purged.json, { messages: 1, held: 0 })
  t.equal((await door.ask('bo', 'GET', `/api/v4/posts/${id}`)).status, 404)
  const told = (await door.ask('bo', 'GET', `${at}/purges`)).json
  t.match(told, [{ messages: 1, reason: 'by hand', state: 'done' }])
  const gone = { delete_at: Number, message: '', props: { holdfast_purged: { messages: 1 } } }
  for (const query of ['since=1', 'include_deleted=true']) {
    const list = await door.ask('bo', 'GET', `/api/v4/channels/${square?.id}/posts?${query}`)
    t.match(list.json, { posts: { [id]: gone } }, query)
  }
  const page = await door.ask('bo', 'GET', `/api/v4/channels/${square?.id}/posts`)
  t.notMatch(page.json, { posts: { [id]: gone } })
  t.equal((await door.ask('amira', 'POST', `${BASE}/purge/compact`)).status, 200)
  t.match((await door.ask('amira', 'PUT', `${BASE}/retention`, { days: 365 })).json, {
    retention: [{ days: 365 }],
  })
  t.match((await door.ask('amira', 'PUT', `${BASE}/people/${bo.id}/hold`, { isHeld: true })).json, {
    heldPeople: [bo.id],
  })
})

test('what is shown once is covered in every answer until somebody opens it', async (t) => {
  const door = await aLanDoor(t)
  const { bo } = door.people
  const [square] = await door.node.channelsOf(bo.id)
  const body = {
    channel_id: square?.id,
    message: 'burn this',
    props: { holdfast_burn_seconds: 30 },
  }
  const posted = (await door.ask('bo', 'POST', '/api/v4/posts', body)).json as { id: string }
  const covered = { message: /Shown once/, props: { holdfast_burn_seconds: 30 } }
  t.match(posted, covered)
  t.match((await door.ask('amira', 'GET', `/api/v4/posts/${posted.id}`)).json, covered)
  const opened = await door.ask('amira', 'POST', `${BASE}/posts/${posted.id}/open`)
  t.match(opened.json, { message: 'burn this' })
  t.match((await door.ask('bo', 'GET', `/api/v4/posts/${posted.id}`)).json, {
    ...covered,
    metadata: { acknowledgements: [{ user_id: door.people.amira.id }] },
  })
  t.match((await door.ask('amira', 'PUT', `${BASE}/retention/shown-once`, { days: 2 })).json, {
    onceDays: 2,
  })
  t.equal((await door.ask('amira', 'PUT', `${BASE}/retention/shown-once`, { days: 0 })).status, 400)
})
