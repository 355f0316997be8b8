import { test } from 'tap'
import { createLoading } from '#web/state/loading.ts'
import { createStore } from '#web/state/store.ts'
import { keptTimeline } from '#web/core/timeline.ts'
import { postFrom } from '#web/core/wire.ts'

const post = (index: number) => ({ id: `p${index}`, create_at: index, update_at: index })

test('whoever asks for older messages at the moment a page comes gets the page before it', async (t) => {
  const store = createStore()
  store.timeline('town').value = keptTimeline([postFrom(post(3))])
  const asked: string[] = []
  const loading = createLoading(async (_method, path) => {
    asked.push(path.replace(/.*before=/, ''))
    const next = 3 - asked.length
    const value = {
      order: [`p${next}`],
      posts: { [`p${next}`]: post(next) },
      prev_post_id: next > 1 ? `p${next - 1}` : '',
    }
    return { kind: 'ok', value }
  }, store)
  // As the list does, which is drawn in that moment.
  const stop = store.timeline('town').subscribe(({ order, hasOlder }) => {
    if (order.length > 1 && hasOlder) void loading.older('town')
  })
  t.teardown(stop)

  await Promise.all([loading.older('town'), loading.older('town')])
  await new Promise((resolve) => setImmediate(resolve))

  t.strictSame(asked, ['p3', 'p2'], 'and two at once ask once')
  t.strictSame(store.timeline('town').value.order, ['p1', 'p2', 'p3'])
})
