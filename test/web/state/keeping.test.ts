import { test } from 'tap'
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
  const keeping = createKeeping({
    store,
    shelf,
    now: () => (now += 1),
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
  return { store, shelf, keeping, settle }
}

test('only the newest messages of the channels looked at last are kept', async (t) => {
  const { store, shelf, keeping, settle } = aKeeping()
  const posts = Array.from({ length: KEPT_POSTS_MAX + 50 }, (_, index) => aPost(`p${index}`, index))
  store.timeline('big').value = withNewest(EMPTY, aPage(posts))
  for (let index = 0; index < KEPT_CHANNELS_MAX + 1; index += 1) {
    keeping.keep(index === 0 ? 'first' : index === 1 ? 'big' : `c${index}`)
    await settle()
  }
  const kept = await shelf.entries('channel:')

  t.equal(kept.length, KEPT_CHANNELS_MAX)
  t.equal(await shelf.get('channel:first'), undefined)
  const { posts: big } = (await shelf.get('channel:big')) as { posts: { id: string }[] }
  t.strictSame([big.length, big.at(-1)?.id], [KEPT_POSTS_MAX, `p${KEPT_POSTS_MAX + 49}`])
})

test('several changes are kept once, and forgetting leaves the outbox', async (t) => {
  const { shelf, keeping, settle } = aKeeping()
  await shelf.put('outbox:x', 1)
  keeping.keep('town')
  keeping.keep('town')
  await settle()
  t.equal((await shelf.entries('channel:')).length, 1)
  keeping.keep('town')
  await keeping.forget()
  await settle()

  t.strictSame(await shelf.entries(''), [['outbox:x', 1]])
})
