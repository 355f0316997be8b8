import { test } from 'tap'
import { aLanDoor } from '../../support/lan-door.ts'

test('reactions are given once, listed, and taken back', async (t) => {
  const door = await aLanDoor(t)
  const { bo, chen } = door.people
  const { id: channel } = await door.node.channelByName(bo.id, 'town-square')
  const { id } = await door.node.post(bo.id, { channel, body: 'hello' })
  const body = { user_id: chen.id, post_id: id, emoji_name: 'thumbsup' }
  for (let turn = 0; turn < 2; turn += 1) {
    const { status, json } = await door.ask('chen', 'POST', '/api/v4/reactions', body)
    t.equal(status, 201)
    t.match(json, { user_id: chen.id, post_id: id, emoji_name: 'thumbsup', channel_id: channel })
  }
  const list = `/api/v4/posts/${id}/reactions`
  t.equal(((await door.ask('bo', 'GET', list)).json as unknown[]).length, 1)
  const mine = `/api/v4/users/me/posts/${id}/reactions/thumbsup`
  const others = `/api/v4/users/${chen.id}/posts/${id}/reactions/thumbsup`

  t.equal((await door.ask('bo', 'DELETE', others)).status, 403)
  t.equal((await door.ask('chen', 'DELETE', mine)).status, 200)
  t.strictSame((await door.ask('bo', 'GET', list)).json, [])
})

test('what is no emoji, or no message, is refused', async (t) => {
  const door = await aLanDoor(t)
  const nothing = 'ybndrfg8ejkmcpqxot1uwisza3'
  const react = (body: unknown) => door.ask('bo', 'POST', '/api/v4/reactions', body)

  t.equal((await react({ post_id: nothing, emoji_name: 'ok' })).status, 404)
  t.match((await react({ post_id: nothing, emoji_name: '<b>' })).json, { message: /^emoji_name: / })
  t.match((await react({ post_id: 5, emoji_name: 'ok' })).json, { message: /^post_id: / })
  const path = `/api/v4/users/me/posts/${nothing}/reactions/%3Cb%3E`
  t.equal((await door.ask('bo', 'DELETE', path)).status, 400)
})
