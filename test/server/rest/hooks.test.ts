/** Incoming webhooks: who makes them, and what comes by them. */
import { test, type Test } from 'tap'
import type { Channel } from '#app/types.ts'
import { HOOK_GUESSES } from '#server/limits.ts'
import { aLanDoor, fetched, type Answer, type LanDoor } from '../../support/lan-door.ts'

test('a program posts by a webhook, and the answer is ok once it is on disk', async (t) => {
  const { door, hook, post, messages } = await aScene(t)
  const answer = await post(hook, {
    text: 'disk <https://a.example|full>',
    username: 'monitor',
    icon_url: 'https://a.example/i.png',
    attachments: [{ color: '#f00', text: 'node bravo' }],
  })

  t.equal(answer.text, 'ok')
  t.equal(answer.headers.get('content-type'), 'text/plain')
  t.match(await messages(), [
    {
      message: 'disk [full](https://a.example)',
      user_id: door.people.amira.id,
      props: {
        from_webhook: 'true',
        override_username: 'monitor',
        override_icon_url: 'https://a.example/i.png',
        attachments: [{ color: '#f00', text: 'node bravo' }],
      },
      metadata: { embeds: [{ type: 'message_attachment' }] },
    },
  ])
})

test('an urgent alarm takes the lane of urgent messages', async (t) => {
  const { hook, post, messages } = await aScene(t)
  await post(hook, { text: 'fire', priority: { priority: 'urgent', requested_ack: true } })

  t.match(await messages(), [
    {
      props: { holdfast_precedence: 'immediate' },
      metadata: { priority: { priority: 'urgent', requested_ack: true } },
    },
  ])
})

test('nobody pretends to be the node by the props of a webhook', async (t) => {
  const { hook, post, messages } = await aScene(t)
  await post(hook, {
    text: 'x',
    props: { holdfast_precedence: 'flash', from_webhook: 'no', own: 1 },
  })

  const [message] = (await messages()) as [{ props: object }]
  t.strictSame(message.props, { own: 1, from_webhook: 'true' })
})

test('a long text comes in parts, none of it lost', async (t) => {
  const { hook, post, messages } = await aScene(t)
  const text = Array.from({ length: 4_000 }, (_, at) => `line ${at}`).join('\n')
  t.equal((await post(hook, { text })).text, 'ok')

  const parts = (await messages()) as readonly { message: string }[]
  t.equal(
    parts
      .map(({ message }) => message)
      .toReversed()
      .join('\n'),
    text,
  )
  t.equal((await post(hook, { text: 'x'.repeat(200_000) })).status, 413)
})

test('another channel is taken unless the hook is locked to its own', async (t) => {
  const { door, hook, post } = await aScene(t)
  const { id } = await door.node.createChannel(door.people.amira.id, {
    kind: 'public',
    name: 'ops',
    displayName: 'Ops',
  })
  t.equal((await post(hook, { text: 'here', channel: 'ops' })).text, 'ok')
  t.equal((await post(hook, { text: 'for bo', channel: '@bo' })).text, 'ok')
  t.equal((await post(hook, { text: 'x', channel: 'nowhere' })).status, 404)
  await door.ask('amira', 'PUT', `/api/v4/hooks/incoming/${hook}`, {
    channel_id: (await square(door)).id,
    channel_locked: true,
  })

  t.equal((await post(hook, { text: 'x', channel: 'ops' })).status, 403)
  t.match(await door.node.page(door.people.amira.id, id, { limit: 5 }), {
    messages: [{ body: 'here' }],
  })
})

test('hooks are their maker’s and administrators’; who is out of the channel posts there no more', async (t) => {
  const { door, hook, post } = await aScene(t)
  const own = await door.ask('bo', 'POST', '/api/v4/hooks/incoming', {
    channel_id: (await square(door)).id,
  })
  const { id: boHook } = own.json as { id: string }
  const ids = async (name: 'amira' | 'bo' | 'chen'): Promise<readonly string[]> => {
    const { json } = await door.ask(name, 'GET', '/api/v4/hooks/incoming')
    return (json as readonly { id: string }[]).map(({ id }) => id)
  }

  t.equal((await ids('amira')).length, 2)
  t.strictSame(await ids('bo'), [boHook])
  t.strictSame(await ids('chen'), [])
  t.equal((await door.ask('chen', 'GET', `/api/v4/hooks/incoming/${hook}`)).status, 404)
  t.equal((await door.ask('chen', 'DELETE', `/api/v4/hooks/incoming/${hook}`)).status, 404)
  await door.node.removeMember(door.people.bo.id, (await square(door)).id, door.people.bo.id)
  t.equal((await post(boHook, { text: 'x' })).status, 403)
  t.equal((await door.ask('amira', 'DELETE', `/api/v4/hooks/incoming/${boHook}`)).status, 200)
  t.equal((await post(boHook, { text: 'x' })).status, 404)
})

test('whoever guesses names of webhooks soon has to wait', async (t) => {
  const { post } = await aScene(t)
  const statuses: number[] = []
  for (let guess = 0; guess <= HOOK_GUESSES.burst; guess += 1)
    statuses.push((await post('y'.repeat(26), { text: 'x' })).status)

  t.equal(statuses[0], 404)
  t.equal(statuses.at(-1), 429)
})

interface Scene {
  readonly door: LanDoor
  /** Amira's, in the first channel. */
  readonly hook: string
  readonly post: (hook: string, payload: object) => Promise<Answer>
  /** What was posted there, newest first. */
  readonly messages: () => Promise<unknown>
}

async function aScene(t: Test): Promise<Scene> {
  const door = await aLanDoor(t)
  const { id: channel } = await square(door)
  const made = await door.ask('amira', 'POST', '/api/v4/hooks/incoming', { channel_id: channel })
  return {
    door,
    hook: (made.json as { id: string }).id,
    post: (hook, payload) =>
      fetched(`${door.url}/hooks/${hook}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(payload),
      }),
    messages: async () => {
      const { json } = await door.ask('bo', 'GET', `/api/v4/channels/${channel}/posts`)
      const { order, posts } = json as { order: string[]; posts: Record<string, unknown> }
      return order.map((id) => posts[id])
    },
  }
}

function square({ node, people }: LanDoor): Promise<Channel> {
  return node.channelByName(people.amira.id, 'town-square')
}
