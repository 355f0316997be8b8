import { test } from 'tap'
import type { Answer } from '#web/core/client.ts'
import { createStore } from '#web/state/store.ts'
import { createStories } from '#web/state/stories.ts'

const ME = { id: 'me', username: 'bo', name: 'Bo' }

test('a question that nobody answered is asked again; one that was refused is not', async (t) => {
  const answers: Answer[] = [{ kind: 'away' }, { kind: 'refused', status: 404, reason: '' }]
  const asked: unknown[] = []
  const due: (() => void)[] = []
  const store = createStore()
  store.me.value = { ...store.me.value, ...ME } as typeof store.me.value
  const ask = async (_: string, path: string, body: unknown): Promise<Answer> => {
    asked.push([path, body])
    return answers.shift() ?? { kind: 'away' }
  }
  const stories = createStories(ask, store, (_, then) => {
    due.push(then)
    return () => undefined
  })
  const pass = async (): Promise<void> => {
    for (const then of due.splice(0)) then()
    await new Promise((resolve) => void setImmediate(resolve))
  }

  stories.want(['a', 'b'])
  for (let turn = 0; turn < 6; turn += 1) await pass()

  const question = ['/api/holdfast/v1/posts/delivery', { post_ids: ['a', 'b'] }]
  t.strictSame(asked, [question, question])
  stories.want(['a'])
  store.me.value = undefined
  for (let turn = 0; turn < 6; turn += 1) await pass()
  t.equal(asked.length, 3, 'nobody is signed in any more')
})
