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
  t.equal((await door.ask('amira', 'POST', `${BASE}/purge/compact`)).status, 200)
  t.match((await door.ask('amira', 'PUT', `${BASE}/retention`, { days: 365 })).json, {
    retention: [{ days: 365 }],
  })
  t.match((await door.ask('amira', 'PUT', `${BASE}/people/${bo.id}/hold`, { isHeld: true })).json, {
    heldPeople: [bo.id],
  })
})
