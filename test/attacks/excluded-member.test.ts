/**
 * A member whom a label keeps out: what they do there is told to nobody, and nothing of the channel is told to them, by no event, list,
 * count or receipt, whether it was kept from the start or taken from them while they were connected.
 */
import { test, type Test } from 'tap'
import { type ChannelId, type PostId, type UserId } from '#base/ids.ts'
import { newChannelId } from '#model/channel-id.ts'
import type { Rule } from '#model/policy.ts'
import { aLanDoor, type LanDoor, type Name } from '../support/lan-door.ts'
import { aLiveClient, type LiveClient } from '../support/live-client.ts'
import { seedOf } from '../support/nodes.ts'

const NAME = 'medevac'

interface Scene {
  readonly door: LanDoor
  readonly channel: ChannelId
  readonly post: PostId
  /** Chen may read the channel from now on, or may not. */
  readonly clear: (isCleared: boolean) => Promise<void>
  readonly done: (who: Name, method: string, path: string, body?: unknown) => Promise<unknown>
}

/** Bo and chen are in a private channel where bo has written; amira makes it secret. */
async function aScene(t: Test): Promise<Scene> {
  const door = await aLanDoor(t)
  const { node, people } = door
  const { amira, bo, chen } = people
  const draft = { kind: 'private', name: NAME, displayName: NAME, members: [chen.id] } as const
  const { id: channel } = await node.createChannel(bo.id, draft)
  const { id: post } = await node.post(bo.id, { channel, body: 'nine line follows' })
  await node.changePolicy(amira.id, { about: 'levels', levels: ['open', 'secret'] })
  const attributes = { clearance: 'secret' }
  const say = (person: UserId, isCleared: boolean): Promise<void> =>
    node.changePolicy(amira.id, {
      about: 'person',
      person,
      attributes: isCleared ? attributes : {},
    })
  await say(bo.id, true)
  await say(chen.id, true)
  const label = { classification: 'secret' }
  await node.changePolicy(amira.id, { about: 'label', channel, label })
  return {
    door,
    channel,
    post,
    clear: (isCleared) => say(chen.id, isCleared),
    done: async (who, method, path, body) => {
      const { status, json, text } = await door.ask(who, method, `/api/v4${path}`, body)
      if (status >= 400) throw new Error(`${method} ${path}: ${text}`)
      return json
    },
  }
}

/** Nothing of the channel in all that was heard. */
function heard(socket: LiveClient, words: readonly string[]): readonly string[] {
  const frames = socket.frames.map((frame) => JSON.stringify(frame))
  return frames.filter((frame) => words.some((word) => frame.includes(word)))
}

test('typing there is told to nobody, and is answered as for a channel that is not there', async (t) => {
  const { door, channel, post, clear } = await aScene(t)
  const { node } = await door.node.status()
  const nowhere = newChannelId(node.id, 'private', seedOf('no channel').subarray(0, 8))
  const his = await aLiveClient(door, 'bo')
  for (const [isCleared, isTold] of [
    [false, false],
    [true, true],
  ] as const) {
    await clear(isCleared)
    const hers = await aLiveClient(door, 'chen')
    const ask = async (channel_id: string): Promise<unknown> => {
      const { seq_reply: _, ...answer } = await hers.ask('user_typing', {
        channel_id,
        parent_id: post,
      })
      return { ...answer, error: { ...answer.error, request_id: '' } }
    }
    const [there, gone] = [await ask(channel), await ask(nowhere)]
    await his.ask('ping')
    t.equal(his.events('typing').length > 0, isTold)
    if (!isTold) t.strictSame(there, gone)
    hers.socket.close()
  }
})

test('who is put in, taken out or made something there without being cleared hears nothing of it', async (t) => {
  const { door, channel: id, post, clear, done } = await aScene(t)
  const { node, people, tell } = door
  const { bo, chen } = people
  const channel = await node.channel(bo.id, id)
  await clear(false)
  const [his, hers] = [await aLiveClient(door, 'bo'), await aLiveClient(door, 'chen')]
  tell({ kind: 'member-added', channel, person: chen.id }) // by a node that has not heard of the label
  t.ok(await his.event('user_added'))
  await hers.ask('user_typing', { channel_id: id, parent_id: '' })
  await done('bo', 'PUT', `/channels/${id}/members/${chen.id}/schemeRoles`, { scheme_admin: true })
  await done('bo', 'POST', '/reactions', { post_id: post, emoji_name: 'eyes' })
  await done('bo', 'POST', '/posts', { channel_id: id, message: '@chen look', root_id: post })
  await done('bo', 'POST', '/channels/members/me/view', { channel_id: id })
  t.ok(await his.event('posted'))
  tell({ kind: 'member-removed', channel, person: chen.id })
  t.ok(await his.event('user_removed'))
  await hers.ask('ping')

  t.strictSame(heard(hers, [id, post, NAME]), [])
  t.strictSame(his.events('typing'), [])
})

test('who is cleared while they are connected begins anew and hears the next message', async (t) => {
  const { door, channel: id, post, clear } = await aScene(t)
  const { node, people, tell } = door
  const channel = await node.channel(people.bo.id, id)
  await clear(false)
  const hers = await aLiveClient(door, 'chen')
  tell({ kind: 'member-added', channel, person: people.chen.id })

  await clear(true)

  t.equal(await hers.closed, 1008)
  const again = await aLiveClient(door, 'chen')
  const message = await node.message(people.bo.id, post)
  tell({ kind: 'edited', message })
  t.ok(await again.event('post_edited'))
  tell({ kind: 'member-removed', channel, person: people.chen.id })
  t.match(await again.event('user_removed'), { data: { channel_id: id } })
})

test('what they had there is in no list and no count once they may not read it', async (t) => {
  const { door, channel, post, clear, done } = await aScene(t)
  const { node } = door
  const { bo, chen } = door.people
  const { organisation: team } = await node.status()
  const thread = `/users/me/teams/${team}/threads`
  await done('chen', 'PUT', `${thread}/${post}/following`)
  await done('chen', 'PUT', '/users/me/preferences', [
    { user_id: chen.id, category: 'flagged_post', name: post, value: 'true' },
  ])
  const categories = `/users/me/teams/${team}/channels/categories`
  await done('chen', 'POST', categories, { display_name: 'Mine', channel_ids: [channel] })
  await node.post(bo.id, { channel, root: post, body: '@chen here' })
  await done('chen', 'POST', `/users/me/posts/${post}/set_unread`, {})
  await done('chen', 'POST', '/commands/execute', { command: '/where', channel_id: channel })
  const hook = await node.post(chen.id, { channel, body: 'hers' })
  t.ok(await done('chen', 'GET', `/posts/${hook.id}`))

  await clear(false)

  const paths = [
    thread,
    `${thread}?extended=true&totalsOnly=true`,
    '/users/me/posts/flagged',
    categories,
    `/users/me/teams/unread`,
    `/users/me/teams/${team}/unread`,
    '/users/me/channels',
    '/users/me/channel_members',
    `/users/me/teams/${team}/channels/members`,
    `/users/me/teams/${team}/channels`,
    `/teams/${team}/channels/search?term=med`,
    `/users/me/teams/${team}/drafts`,
    '/users/autocomplete?name=b',
  ]
  const words = [channel, post, hook.id, NAME, 'nine line', 'hers']
  for (const path of paths) {
    const { text } = await door.ask('chen', 'GET', `/api/v4${path}`)
    for (const word of words) t.notOk(text.includes(word), `${path} tells ${word}`)
  }
  t.match(await done('chen', 'GET', `/users/me/teams/${team}/unread`), {
    msg_count: 0,
    mention_count: 0,
  })
  t.match(await done('chen', 'GET', `${thread}?totalsOnly=true`), {
    total: 0,
    total_unread_threads: 0,
    total_unread_mentions: 0,
  })
})

test('how their own messages there fare is told to them no more', async (t) => {
  const { door, channel, clear } = await aScene(t)
  const { node, people, clock } = door
  const { id } = await node.post(people.chen.id, { channel, body: 'hers' })
  await door.ask('chen', 'GET', `/api/holdfast/v1/posts/${id}/delivery`)
  await clear(false)
  const hers = await aLiveClient(door, 'chen')

  door.tell({ kind: 'delivery-changed', messages: [id] })
  await clock.advance(60_000)
  await hers.ask('ping')

  t.strictSame(heard(hers, [id]), [])
})

test('a rule about circumstances lets those hear whom it lets read, and nobody else', async (t) => {
  const { door, channel, post, done } = await aScene(t)
  const message = await door.node.message(door.people.bo.id, post)
  for (const [place, isHeard] of [
    ['machine', true],
    ['lan', false],
  ] as const) {
    const wanted = { attribute: 'environment.link', in: [place] } as const
    const require = { any: [wanted, { attribute: 'subject.id', in: ['nobody'] } as const] }
    const rule: Rule = {
      actions: ['read channel'],
      require,
      when: { attribute: 'subject.clearance', in: ['secret'] },
    }
    await door.node.changePolicy(door.people.amira.id, { about: 'rule', name: 'here', rule })
    const hers = await aLiveClient(door, 'chen')
    const channels = JSON.stringify(await done('chen', 'GET', '/users/me/channels'))
    door.tell({ kind: 'edited', message })
    await hers.ask('ping')
    t.equal(channels.includes(channel), isHeard)
    t.equal(hers.events('post_edited').length > 0, isHeard, place)
    hers.socket.close()
  }
})
