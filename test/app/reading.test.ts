import { test, type Test } from 'tap'
import { must } from '#base/assert.ts'
import type { PostId } from '#base/ids.ts'
import { PAGE_POSTS_MAX } from '#base/limits.ts'
import { virtualClock } from '../support/clock.ts'
import { aWorkspace } from '../support/nodes.ts'

test('a channel is read in pages, the newest first', async (t) => {
  const { page, ids } = await aLongChannel(t, 7)

  t.strictSame(await page({ limit: 3 }), {
    bodies: ['6', '5', '4'],
    older: ids[3],
    newer: undefined,
  })
  t.strictSame(await page({ limit: 3, page: 1 }), {
    bodies: ['3', '2', '1'],
    older: ids[0],
    newer: ids[4],
  })
  t.strictSame(await page({ limit: 3, page: 2 }), {
    bodies: ['0'],
    older: undefined,
    newer: ids[1],
  })
  t.strictSame(await page({ limit: 3, page: 3 }), {
    bodies: [],
    older: undefined,
    newer: undefined,
  })
})

test('pages go on before a message', async (t) => {
  const { page, ids } = await aLongChannel(t, 7)
  const before = at(ids, 5)

  t.strictSame(await page({ limit: 2, before }), {
    bodies: ['4', '3'],
    older: ids[2],
    newer: ids[5],
  })
  t.strictSame(await page({ limit: 2, before, page: 1 }), {
    bodies: ['2', '1'],
    older: ids[0],
    newer: ids[3],
  })
  t.strictSame(await page({ limit: 9, before: at(ids, 0) }), {
    bodies: [],
    older: undefined,
    newer: ids[0],
  })
})

test('pages go on after a message, each with its newest first', async (t) => {
  const { page, ids } = await aLongChannel(t, 7)
  const after = at(ids, 1)

  t.strictSame(await page({ limit: 2, after }), {
    bodies: ['3', '2'],
    older: ids[1],
    newer: ids[4],
  })
  t.strictSame(await page({ limit: 2, after, page: 1 }), {
    bodies: ['5', '4'],
    older: ids[3],
    newer: ids[6],
  })
  t.strictSame(await page({ limit: 9, after }), {
    bodies: ['6', '5', '4', '3', '2'],
    older: ids[1],
    newer: undefined,
  })
})

test('a walk in either direction meets every message once', async (t) => {
  const { node, amira, square, ids } = await aLongChannel(t, 23)
  const walk = async (direction: 'before' | 'after') => {
    const met: string[] = []
    let edge = direction === 'before' ? undefined : ids[0]
    for (;;) {
      const request = edge === undefined ? { limit: 4 } : { limit: 4, [direction]: edge }
      const { messages } = await node.page(amira.id, square.id, request)
      if (messages.length === 0) return met
      met.push(...messages.map(({ id }) => id))
      edge = direction === 'before' ? messages.at(-1)?.id : messages[0]?.id
    }
  }

  t.strictSame(await walk('before'), ids.toReversed())
  t.strictSame((await walk('after')).toSorted(), ids.slice(1).toSorted())
})

test('a page is at most so long, and at least one message', async (t) => {
  const { node, amira, square } = await aLongChannel(t, PAGE_POSTS_MAX + 2)

  t.equal((await node.page(amira.id, square.id, { limit: 9_999 })).messages.length, PAGE_POSTS_MAX)
  t.equal((await node.page(amira.id, square.id, { limit: 0 })).messages.length, 1)
})

test('what changed since then is told, deleted messages too, each once', async (t) => {
  const { node, amira, square, ids, clock } = await aLongChannel(t, 4)
  await clock.advance(1_000)
  const since = clock.now()
  await node.edit(amira.id, at(ids, 0), 'edited')
  await node.edit(amira.id, at(ids, 0), 'edited again')
  await node.deletePost(amira.id, at(ids, 1))
  await node.react(amira.id, at(ids, 2), 'heart')
  await node.post(amira.id, { channel: square.id, body: 'new' })

  const changed = await node.changedSince(amira.id, square.id, since)

  t.strictSame(
    changed.map(({ body }) => body),
    ['new', '2', '', 'edited again'],
  )
  await clock.advance(1_000)
  t.strictSame(await node.changedSince(amira.id, square.id, clock.now()), [])
})

test('with the clock set back since, nothing that changed is left out', async (t) => {
  const { node, amira, square, ids, clock } = await aLongChannel(t, 2)
  await clock.advance(3_600_000)
  const last = await node.post(amira.id, { channel: square.id, body: 'last' })
  const since = last.updatedAt

  clock.setWall(clock.now() - 3_000_000)
  await node.edit(amira.id, at(ids, 0), 'edited')
  await node.post(amira.id, { channel: square.id, body: 'new' })

  const changed = await node.changedSince(amira.id, square.id, since)
  t.strictSame(changed.map(({ body }) => body).toSorted(), ['edited', 'last', 'new'])
})

test('a thread is its root and all replies, oldest first, whichever of them is asked for', async (t) => {
  const { node, amira, square, ids, clock } = await aLongChannel(t, 2)
  const root = at(ids, 0)
  const replies = []
  for (const body of ['one', 'two', 'three']) {
    await clock.advance(1_000)
    replies.push(await node.post(amira.id, { channel: square.id, body, root }))
  }

  const wanted = ['0', 'one', 'two', 'three']
  for (const id of [root, replies[1]?.id ?? root])
    t.strictSame(
      (await node.thread(amira.id, id)).map(({ body }) => body),
      wanted,
    )
})

test('who may not read a channel reads nothing of it', async (t) => {
  const { node, amira, bo } = await aLongChannel(t, 0)
  const draft = { kind: 'private', name: 'inner', displayName: 'Inner' } as const
  const { id } = await node.createChannel(amira.id, draft)
  const message = await node.post(amira.id, { channel: id, body: 'secret' })

  await t.rejects(node.page(bo.id, id, { limit: 1 }), { code: 'NOT_FOUND' })
  await t.rejects(node.changedSince(bo.id, id, 0), { code: 'NOT_FOUND' })
  await t.rejects(node.thread(bo.id, message.id), { code: 'NOT_FOUND' })
  await t.rejects(node.delivery(bo.id, message.id), { code: 'NOT_FOUND' })
})

function at(ids: readonly PostId[], index: number): PostId {
  return must(ids[index], 'there are so many')
}

/** Messages '0', '1', … in the first channel, a second apart. */
async function aLongChannel(t: Test, count: number) {
  const clock = virtualClock()
  const { node, amira, bo, square } = await aWorkspace('alpha', { clock })
  t.teardown(node[Symbol.asyncDispose])
  const ids: PostId[] = []
  for (let number = 0; number < count; number += 1) {
    ids.push((await node.post(amira.id, { channel: square.id, body: String(number) })).id)
    await clock.advance(1_000)
  }
  const page = async (request: Parameters<typeof node.page>[2]) => {
    const { messages, olderId, newerId } = await node.page(amira.id, square.id, request)
    return { bodies: messages.map(({ body }) => body), older: olderId, newer: newerId }
  }
  return { node, amira, bo, square, clock, ids, page }
}
