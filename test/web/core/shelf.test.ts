import { test } from 'tap'
import { textShelf } from '#web/core/shelf.ts'
import { aTextStore } from '../../support/text-store.ts'

test('what is kept is there for the next page, by name and by prefix', async (t) => {
  const texts = aTextStore({ other: 'of somebody else', 'holdfast:torn': '{' })
  const shelf = textShelf(texts)
  await shelf.put('outbox:b', { n: 2 })
  await shelf.put('outbox:a', { n: 1 })
  await shelf.put('draft:x', 'hello')
  await shelf.remove('draft:x')

  const next = textShelf(texts)

  t.ok(next.isLasting)
  t.strictSame(await next.entries('outbox:'), [
    ['outbox:a', { n: 1 }],
    ['outbox:b', { n: 2 }],
  ])
  t.equal(await next.get('draft:x'), undefined)
})

test('forgetting leaves what others keep there', async (t) => {
  const texts = aTextStore({ other: 'of somebody else' })
  const shelf = textShelf(texts)
  await shelf.put('a', 1)
  await shelf.clear()

  t.equal(texts.length, 1)
  t.equal(await textShelf(texts).get('a'), undefined)
})

test('without any storage it keeps for as long as the tab lives, and says so', async (t) => {
  const shelf = textShelf(undefined)
  await shelf.put('a', 1)

  t.notOk(shelf.isLasting)
  t.equal(await shelf.get('a'), 1)
})
