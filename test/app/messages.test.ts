import { test, type Test } from 'tap'
import { must } from '#base/assert.ts'
import { MESSAGE_BYTES_MAX, MESSAGE_CHARACTERS_MAX } from '#base/limits.ts'
import { idFromBytes, type PostId } from '#base/ids.ts'
import { openMemoryStore } from '#storage/memory-store.ts'
import { aNode, aWorkspace, seedOf, type NodeChoice, type Workspace } from '../support/nodes.ts'
import { virtualClock } from '../support/clock.ts'

const nobody = idFromBytes<PostId>(seedOf('no message').subarray(0, 16))

test('a message is there once it was answered', async (t) => {
  const { node, amira, square } = await aPlace(t)

  const message = await node.post(amira.id, { channel: square.id, body: 'hello', lane: 'flash' })

  t.match(message, {
    body: 'hello',
    author: amira.id,
    lane: 'flash',
    root: undefined,
    deletedAt: 0,
  })
  t.strictSame(await node.message(amira.id, message.id), message)
})

test('the same pending id from the same person is the same message for ever', async (t) => {
  const store = openMemoryStore()
  const clock = virtualClock()
  let first: PostId
  {
    const { node, amira, square } = await aWorkspace('alpha', { store, clock })
    const draft = { channel: square.id, body: 'once', pendingId: 'pending-1' }
    const both = await Promise.all([node.post(amira.id, draft), node.post(amira.id, draft)])
    t.equal(both[0].id, both[1].id)
    t.equal(both[0].pendingId, 'pending-1')
    first = both[0].id
    await node[Symbol.asyncDispose]()
  }
  await clock.advance(400 * 86_400_000)
  await using node = await aNode('alpha', { store, clock })
  const amira = must(await node.personByName('amira'), 'she is still there')
  const square = must((await node.channelsOf(amira.id))[0], 'the channel is still there')

  const again = { channel: square.id, body: 'once, said the client', pendingId: 'pending-1' }
  t.match(await node.post(amira.id, again), { id: first, body: 'once' })
  t.equal((await node.channel(amira.id, square.id)).messageCount, 1)
})

test('the same pending id from another person is another message', async (t) => {
  const { node, amira, bo, square } = await aPlace(t)
  const draft = { channel: square.id, body: 'mine', pendingId: 'pending-1' }

  const messages = [await node.post(amira.id, draft), await node.post(bo.id, draft)]

  t.equal(new Set(messages.map(({ id }) => id)).size, 2)
})

test('an empty pending id is none', async (t) => {
  const { node, amira, square } = await aPlace(t)
  const draft = { channel: square.id, body: 'twice', pendingId: '' }

  t.not((await node.post(amira.id, draft)).id, (await node.post(amira.id, draft)).id)
})

test('a message may be as long as it may be, and no longer', async (t) => {
  const { node, amira, square } = await aPlace(t)
  const post = (body: string) => node.post(amira.id, { channel: square.id, body })
  const longest = 'x'.repeat(MESSAGE_CHARACTERS_MAX)

  t.equal((await post(longest)).body, longest)
  await t.rejects(post(`${longest}x`), { code: 'TOO_LARGE' })
  const wide = '€'.repeat(Math.floor(MESSAGE_BYTES_MAX / 3))
  t.equal((await post(wide)).body, wide)
  await t.rejects(post(`${wide}€`), {
    code: 'TOO_LARGE',
    facts: { wantedBytesMax: MESSAGE_BYTES_MAX },
  })
})

test('a message of emoji is taken and read back, or refused as too long', async (t) => {
  const { node, amira, square } = await aPlace(t)
  const post = (body: string) => node.post(amira.id, { channel: square.id, body })
  const most = '🙂'.repeat(Math.floor(MESSAGE_CHARACTERS_MAX / 2))

  t.equal((await post(most)).body, most)
  await t.rejects(post('🙂'.repeat(9_000)), { code: 'TOO_LARGE' })
})

test('a message without words is refused', async (t) => {
  const { node, amira, square } = await aPlace(t)

  await t.rejects(node.post(amira.id, { channel: square.id, body: ' \n' }), {
    code: 'INPUT_INVALID',
    facts: { field: 'message' },
  })
})

test('threads are one level deep', async (t) => {
  const { node, amira, square } = await aPlace(t)
  const channel = square.id
  const root = await node.post(amira.id, { channel, body: 'root' })
  const reply = await node.post(amira.id, { channel, body: 'reply', root: root.id })

  const second = await node.post(amira.id, { channel, body: 'reply to the reply', root: reply.id })

  t.equal(second.root, root.id)
  t.match(await node.message(amira.id, root.id), { replyCount: 2, lastReplyAt: second.createdAt })
})

test('a reply needs a root, in its own channel', async (t) => {
  const { node, amira, square } = await aPlace(t)
  const draft = { kind: 'public', name: 'ops', displayName: 'Ops' } as const
  const ops = await node.createChannel(amira.id, draft)
  const elsewhere = await node.post(amira.id, { channel: ops.id, body: 'elsewhere' })

  const reply = { channel: square.id, body: 'reply' }
  await t.rejects(node.post(amira.id, { ...reply, root: elsewhere.id }), { code: 'NOT_FOUND' })
  await t.rejects(node.post(amira.id, { ...reply, root: nobody }), { code: 'NOT_FOUND' })
})

test('who is not in a channel writes nothing there', async (t) => {
  const { node, amira, bo } = await aPlace(t)
  const draft = { kind: 'private', name: 'inner', displayName: 'Inner' } as const
  const inner = await node.createChannel(amira.id, draft)
  const { id } = await node.post(amira.id, { channel: inner.id, body: 'secret' })

  const refusal = { code: 'NOT_FOUND' }
  await t.rejects(node.post(bo.id, { channel: inner.id, body: 'let me in' }), refusal)
  await t.rejects(node.react(bo.id, id, 'heart'), refusal)
  await t.rejects(node.message(bo.id, id), refusal)
})

async function aPlace(t: Test, choice: NodeChoice = {}): Promise<Workspace> {
  const place = await aWorkspace('alpha', choice)
  t.teardown(place.node[Symbol.asyncDispose])
  return place
}
