import { test } from 'tap'
import {
  EMPTY,
  keptTimeline,
  newestOf,
  threadOf,
  withNewest,
  withOlder,
  withPosts,
  withReaction,
} from '#web/core/timeline.ts'
import { aPage, aPost } from '../../support/posts.ts'

const [a, b, c, d] = [aPost('a', 1), aPost('b', 2), aPost('c', 3), aPost('d', 4)]

test('pages and single messages give one order, each message once', async (t) => {
  const newest = withNewest(EMPTY, aPage([c, d], true))
  const all = withOlder(withPosts(newest, [d, c]), aPage([a, b]))

  t.strictSame(all.order, ['a', 'b', 'c', 'd'])
  t.match([newest.hasOlder, all.hasOlder, all.isFresh], [true, false, true])
})

test('a late message older than what is known waits for its page', async (t) => {
  const newest = withNewest(EMPTY, aPage([c, d], true))
  const late = withPosts(newest, [a])

  t.strictSame(late.order, ['c', 'd'])
  t.strictSame(withOlder(late, aPage([a, b])).order, ['a', 'b', 'c', 'd'])
})

test('what was kept goes on where the page reaches it, and is dropped where there is a hole', async (t) => {
  const kept = keptTimeline([a, b])

  t.strictSame(withNewest(kept, aPage([b, c], true)).order, ['a', 'b', 'c'])
  t.strictSame(withNewest(kept, aPage([c, d], true)).order, ['c', 'd'])
})

test('what was deleted meanwhile goes, whether the node says so or is silent', async (t) => {
  const all = withNewest(EMPTY, aPage([a, b, c]))

  t.strictSame(withPosts(all, [{ ...b, deletedAt: 9 }]).order, ['a', 'c'])
  t.strictSame(withNewest(all, aPage([a, c])).order, ['a', 'c'])
  t.strictSame(withNewest(withNewest(EMPTY, aPage([a, b, c], true)), aPage([b, d], true)).order, [
    'a',
    'b',
    'd',
  ])
})

test('what came while a page was on its way stays, though the page does not have it', async (t) => {
  const asked = withNewest(EMPTY, aPage([a, b], true))
  const edited = { ...a, message: 'edited', updatedAt: 9 }
  const meanwhile = withPosts(asked, [c, edited, { ...b, deletedAt: 9 }])

  const timeline = withNewest(meanwhile, aPage([a, b], true), asked)
  t.strictSame(timeline.order, ['a', 'c'])
  t.equal(timeline.posts.get('a')?.message, 'edited')
  t.strictSame(withNewest(withPosts(EMPTY, [d]), aPage([b, c], true), EMPTY).order, ['b', 'c', 'd'])
})

test('an older picture of a message does not replace a newer one', async (t) => {
  const edited = { ...b, message: 'edited', updatedAt: 9 }
  const timeline = withPosts(withNewest(EMPTY, aPage([a, edited])), [b])

  t.equal(timeline.posts.get('b')?.message, 'edited')
})

test('a reaction comes once and goes', async (t) => {
  const reaction = { userId: 'chen', emoji: '+1' }
  const timeline = withNewest(EMPTY, aPage([a]))
  const on = withReaction(timeline, 'a', { reaction, isThere: true })
  const twice = withReaction(on, 'a', { reaction, isThere: true })

  t.strictSame(twice.posts.get('a')?.reactions, [reaction])
  t.strictSame(withReaction(twice, 'a', { reaction, isThere: false }).posts.get('a')?.reactions, [])
  t.equal(withReaction(timeline, 'x', { reaction, isThere: true }), timeline)
})

test('a thread is its root and replies; the newest are what is kept', async (t) => {
  const reply = aPost('r', 5, { rootId: 'a' })
  const timeline = withNewest(EMPTY, aPage([a, b, reply]))

  t.strictSame(
    threadOf(timeline, 'a').map(({ id }) => id),
    ['a', 'r'],
  )
  t.strictSame(
    newestOf(timeline, 2).map(({ id }) => id),
    ['b', 'r'],
  )
})

test('what the node tells again stays the same object: nothing is drawn anew', async (t) => {
  const first = withNewest(EMPTY, aPage([a, b]))
  const again = withNewest(first, aPage([{ ...a }, { ...b, message: 'edited' }]))

  t.equal(again.posts.get('a'), first.posts.get('a'))
  t.equal(again.posts.get('b')?.message, 'edited')
})
