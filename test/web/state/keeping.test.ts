import { test } from 'tap'
import type { Room } from '#web/core/room.ts'
import { textShelf } from '#web/core/shelf.ts'
import { EMPTY, withNewest } from '#web/core/timeline.ts'
import { createKeeping, KEPT_CHANNELS_MAX, KEPT_POSTS_MAX } from '#web/state/keeping.ts'
import { createStore } from '#web/state/store.ts'
import { personFrom } from '#web/core/wire.ts'
import { aPage, aPost } from '../../support/posts.ts'

function aKeeping() {
  const store = createStore()
  const shelf = textShelf(undefined)
  const due: (() => void)[] = []
  let now = 0
  const given: { room: Room | undefined } = { room: undefined }
  const keeping = createKeeping({
    store,
    shelf,
    now: () => (now += 1),
    room: async () => given.room,
    after: (_, then) => {
      due.push(then)
      return () => void due.splice(due.indexOf(then) >>> 0, 1)
    },
  })
  store.me.value = personFrom({ id: 'bo' })
  const settle = async () => {
    for (const then of due.splice(0)) {
      then()
      for (let turn = 0; turn < 200; turn += 1) await Promise.resolve()
    }
  }
  return { store, shelf, keeping, settle, given, due }
}

test('only the newest messages of the channels looked at last are kept', async (t) => {
  const { store, shelf, keeping, settle } = aKeeping()
  const posts = Array.from({ length: KEPT_POSTS_MAX + 50 }, (_, index) => aPost(`p${index}`, index))
  store.timeline('big').value = withNewest(EMPTY, aPage(posts))
  for (let index = 0; index < KEPT_CHANNELS_MAX + 1; index += 1) {
    const id = index === 0 ? 'first' : index === 1 ? 'big' : `c${index}`
    if (id !== 'big') store.timeline(id).value = withNewest(EMPTY, aPage([]))
    keeping.keep(id)
    await settle()
  }
  const kept = await shelf.entries('channel:')

  t.equal(kept.length, KEPT_CHANNELS_MAX)
  t.equal(await shelf.get('channel:first'), undefined)
  const { posts: big } = (await shelf.get('channel:big')) as { posts: { id: string }[] }
  t.strictSame([big.length, big.at(-1)?.id], [KEPT_POSTS_MAX, `p${KEPT_POSTS_MAX + 49}`])
})

test('what changes again and again is kept in time all the same, as it is by then', async (t) => {
  const { store, shelf, keeping, settle, due } = aKeeping()
  store.timeline('town').value = withNewest(EMPTY, aPage([aPost('p', 1)]))
  keeping.keep('town')
  const [first] = due
  store.timeline('town').value = withNewest(EMPTY, aPage([aPost('p', 1), aPost('q', 2)]))
  keeping.keep('town')

  t.strictSame([due.length, due[0] === first], [1, true])
  await settle()
  const { posts } = (await shelf.get('channel:town')) as { posts: readonly unknown[] }
  t.equal(posts.length, 2)
})

test('several changes are kept once, and forgetting leaves the outbox', async (t) => {
  const { store, shelf, keeping, settle } = aKeeping()
  await shelf.put('outbox:x', 1)
  await shelf.put('link:lan bravo', [])
  store.timeline('town').value = withNewest(EMPTY, aPage([aPost('p', 1)]))
  keeping.keep('town')
  keeping.keep('town')
  await settle()
  t.equal((await shelf.entries('channel:')).length, 1)
  keeping.keep('town')
  await keeping.forget()
  await settle()

  t.strictSame(await shelf.entries(''), [['outbox:x', 1]])
})

test('where the browser has little room left, what was looked at longest ago goes, one channel at a time', async (t) => {
  const { store, shelf, keeping, settle, given } = aKeeping()
  const look = async (id: string): Promise<void> => {
    store.timeline(id).value = withNewest(EMPTY, aPage([]))
    keeping.keep(id)
    await settle()
  }
  await shelf.put('outbox:x', 1)
  for (const id of ['first', 'second', 'third']) await look(id)
  given.room = { used: 95, quota: 100 }

  await look('second')

  const kept = ['channel:second', 'channel:third', 'outbox:x']
  t.strictSame(await shelf.keys(''), kept)
  given.room = { used: 50, quota: 100 }
  await look('second')
  t.strictSame(await shelf.keys(''), kept)
})

test('the channel that is looked at comes back first, and nothing that was forgotten meanwhile', async (t) => {
  const { store, shelf, keeping } = aKeeping()
  const me = personFrom({ id: 'bo' })
  const kept = { at: 1, posts: [aPost('p', 1)], stories: [] }
  await shelf.put('me', me)
  await shelf.put('lists', {
    me,
    workspace: { id: 'w', name: '' },
    people: [me],
    channels: [],
    memberships: [],
  })
  for (const id of ['channel:here', 'channel:there']) await shelf.put(id, kept)
  const orders = (): number[] =>
    ['here', 'there'].map((id) => store.timeline(id).value.order.length)

  await keeping.restore('here')
  t.strictSame(orders(), [1, 0])
  const rest = keeping.restoreRest()
  await keeping.forget()
  await rest

  t.strictSame(orders(), [1, 0])
})

test('a channel of which nothing is known yet does not take the place of what was kept of it', async (t) => {
  const { shelf, keeping, settle } = aKeeping()
  await shelf.put('channel:town', 'kept')
  keeping.keep('town')
  await settle()

  t.equal(await shelf.get('channel:town'), 'kept')
})
