import { test } from 'tap'
import type { ChannelId, PostId, UserId } from '#base/ids.ts'
import type { MessagePage, PageRequest } from '#app/types.ts'
import { livePage } from '#server/rest/post-pages.ts'
import { aMessage } from '../../support/messages.ts'

const reading = { subject: 'bo' as UserId, channel: 'ops' as ChannelId }

/** A channel of messages 0 to `count` - 1, some of them deleted, paged as the node does. */
function aChannelOf(count: number, isDeleted: (number: number) => boolean) {
  const newestFirst = Array.from({ length: count }, (_, number) =>
    aMessage({ id: String(number) as PostId, deletedAt: isDeleted(number) ? 1 : 0 }),
  ).toReversed()
  let reads = 0
  const page = async (_: UserId, __: ChannelId, request: PageRequest): Promise<MessagePage> => {
    reads += 1
    const edge = newestFirst.findIndex(({ id }) => id === (request.before ?? request.after))
    const skip = (request.page ?? 0) * request.limit
    const isForward = request.after !== undefined
    const from = isForward ? Math.max(0, edge - skip - request.limit) : edge + 1 + skip
    const until = isForward ? edge - skip : from + request.limit
    return {
      messages: newestFirst.slice(from, until),
      newerId: newestFirst[from - 1]?.id,
      olderId: newestFirst[until]?.id,
    }
  }
  return { node: { page }, reads: () => reads }
}

function numbers(page: MessagePage): readonly number[] {
  return page.messages.map(({ id }) => Number(id))
}

test('a page without deleted messages is one read', async (t) => {
  const { node, reads } = aChannelOf(10, () => false)

  t.strictSame(numbers(await livePage(node, reading, { limit: 3 })), [9, 8, 7])
  t.equal(reads(), 1)
})

test('a page is filled up from what lies beyond, and ends are named truly', async (t) => {
  const { node } = aChannelOf(10, (number) => number === 8 || number === 5)
  const page = await livePage(node, reading, { limit: 4 })

  t.strictSame(numbers(page), [9, 7, 6, 4])
  t.equal(page.olderId, '3')
  t.equal(page.newerId, undefined)
})

test('forward, too', async (t) => {
  const { node } = aChannelOf(10, (number) => number === 1 || number === 2)
  const page = await livePage(node, reading, { limit: 3, after: '0' as PostId })

  t.strictSame(numbers(page), [5, 4, 3])
  t.equal(page.newerId, '6')
})

test('walking by the oldest of each page meets every standing message once', async (t) => {
  const { node } = aChannelOf(200, (number) => number % 3 !== 0)
  const met: number[] = []
  let before: PostId | undefined
  for (;;) {
    const page = await livePage(node, reading, {
      limit: 7,
      ...(before === undefined ? {} : { before }),
    })
    met.push(...numbers(page))
    before = page.messages.at(-1)?.id
    if (page.olderId === undefined || before === undefined) break
  }

  t.strictSame(
    met,
    Array.from({ length: 67 }, (_, index) => 198 - 3 * index),
  )
})

test('a channel where everything is deleted ends the search in time', async (t) => {
  const { node, reads } = aChannelOf(100_000, () => true)
  const page = await livePage(node, reading, { limit: 60 })

  t.strictSame(page.messages, [])
  t.ok(reads() <= 20)
})
