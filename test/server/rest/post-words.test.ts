import { test } from 'tap'
import type { EdgeNode } from '#app/node.ts'
import type { Delivery } from '#app/types.ts'
import { EdgeError } from '#base/errors.ts'
import type { NodeId, PostId } from '#base/ids.ts'
import { aLanDoor, type LanDoor } from '../../support/lan-door.ts'

const NOTHING = {
  carrier: undefined,
  at: 0,
  link: undefined,
  place: undefined,
  bytesAhead: undefined,
  estimateMs: undefined,
  unknown: undefined,
  linkAt: undefined,
  rule: undefined,
}

function way(destinationName: string, word: Delivery['word'], isHub = false): Delivery {
  const destination = destinationName as NodeId
  return { ...NOTHING, destination, destinationName, isHub, word }
}

/** As a node with two others would tell it. */
function withStories(node: EdgeNode): EdgeNode {
  return {
    ...node,
    delivery: async (subject, id) => ({
      ...(await node.delivery(subject, id)),
      deliveries: [way('hub', 'stored', true), way('bravo', 'queued')],
    }),
  }
}

async function posted(door: LanDoor) {
  const { amira, bo, chen } = door.people
  const draft = { kind: 'private', name: 'ops', displayName: 'Ops' } as const
  const members = [bo.id, chen.id]
  const { id: channel } = await door.node.createChannel(amira.id, { ...draft, members })
  const own = await door.node.post(bo.id, { channel, body: 'mine' })
  const other = await door.node.post(chen.id, { channel, body: 'theirs', root: own.id })
  return { own: own.id, other: other.id, channel }
}

test('a message says to its author where it is, in every answer', async (t) => {
  const door = await aLanDoor(t, { change: withStories })
  const { own, other, channel } = await posted(door)
  const said = { word: 'queued', text: 'hub (HQ): stored there; bravo: queued' }
  const posts = async (path: string) =>
    ((await door.ask('bo', 'GET', path)).json as { posts: Record<PostId, { props: object }> }).posts

  for (const path of [
    `channels/${channel}/posts`,
    `channels/${channel}/posts?since=1`,
    `posts/${own}/thread`,
    `posts/${own}/thread?perPage=5`,
    `users/me/channels/${channel}/posts/unread`,
  ]) {
    const found = await posts(`/api/v4/${path}`)
    t.match(found[own], { props: { holdfast_delivery: said } }, path)
    t.strictSame(found[other]?.props, {}, path)
  }
  t.match((await door.ask('bo', 'GET', `/api/v4/posts/${own}`)).json, {
    props: { holdfast_delivery: said },
  })
  t.match((await door.ask('chen', 'GET', `/api/v4/posts/${own}`)).json, {
    props: { holdfast_delivery: undefined },
  })
})

test('a guest hears the word, and of no node; a kit alone has it on itself', async (t) => {
  const door = await aLanDoor(t, { change: withStories })
  const { own } = await posted(door)
  const { amira, bo } = door.people
  const attributes = { role: 'guest' }
  await door.node.changePolicy(amira.id, { about: 'person', person: bo.id, attributes })
  const { json } = await door.ask('bo', 'GET', `/api/v4/posts/${own}`)
  t.strictSame((json as { props: object }).props, { holdfast_delivery: { word: 'queued' } })

  const alone = await aLanDoor(t)
  const { own: kept } = await posted(alone)
  t.match((await alone.ask('bo', 'GET', `/api/v4/posts/${kept}`)).json, {
    props: { holdfast_delivery: { word: 'on this kit' } },
  })
})

test('a message that goes while its list is answered does not take the list with it', async (t) => {
  const door = await aLanDoor(t, {
    change: (node) => ({
      ...node,
      delivery: () => Promise.reject(new EdgeError('NOT_FOUND', { what: 'message' })),
    }),
  })
  const { own } = await posted(door)
  const { status, json } = await door.ask('bo', 'GET', `/api/v4/posts/${own}`)

  t.equal(status, 200)
  t.strictSame((json as { props: object }).props, {})
})
