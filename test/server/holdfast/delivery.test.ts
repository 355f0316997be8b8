import { test } from 'tap'
import { DELIVERY_GATHER_MS } from '#server/limits.ts'
import { aLanDoor } from '../../support/lan-door.ts'
import { aLiveClient, inner } from '../../support/live-client.ts'

test('a message has a story, for those who may read it', async (t) => {
  const door = await aLanDoor(t)
  const { amira, bo } = door.people
  const { id: channel } = await door.node.channelByName(bo.id, 'town-square')
  const { id, createdAt, origin } = await door.node.post(bo.id, { channel, body: 'hello' })
  const secret = await door.node.createChannel(amira.id, {
    kind: 'private',
    name: 'secret',
    displayName: 'Secret',
  })
  const hidden = await door.node.post(amira.id, { channel: secret.id, body: 'hidden' })

  const story = { message: id, savedAt: createdAt, deliveries: [], origin }
  t.strictSame((await door.ask('bo', 'GET', `/api/holdfast/v1/posts/${id}/delivery`)).json, story)
  t.equal((await door.ask('bo', 'GET', `/api/holdfast/v1/posts/${hidden.id}/delivery`)).status, 404)
  const ids = [hidden.id, id, 'ybndrfg8ejkmcpqxot1uwisza3']
  const several = await door.ask('bo', 'POST', '/api/holdfast/v1/posts/delivery', { post_ids: ids })
  t.strictSame(several.json, [story])
})

test('whoever asked hears of later changes', async (t) => {
  const door = await aLanDoor(t)
  const { bo } = door.people
  const { id: channel } = await door.node.channelByName(bo.id, 'town-square')
  const { id } = await door.node.post(bo.id, { channel, body: 'hello' })
  const chen = await aLiveClient(door, 'chen')
  await door.ask('chen', 'POST', '/api/holdfast/v1/posts/delivery', { post_ids: [id] })
  door.tell({ kind: 'delivery-changed', messages: [id] })
  await door.clock.advance(DELIVERY_GATHER_MS)

  t.strictSame(inner(await chen.event('holdfast_delivery'), 'post_ids'), [id])
})

test('a list that is empty, too long or none is refused', async (t) => {
  const door = await aLanDoor(t)
  const id = 'ybndrfg8ejkmcpqxot1uwisza3'
  for (const post_ids of [[], Array.from({ length: 201 }, () => id), id, ['x']]) {
    const { status, json } = await door.ask('bo', 'POST', '/api/holdfast/v1/posts/delivery', {
      post_ids,
    })
    t.equal(status, 400)
    t.match(json, { message: /^post_ids/ })
  }
})
