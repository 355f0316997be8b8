import { test } from 'tap'
import { isTight, roomyShelf } from '#web/core/room.ts'
import { dropOldest } from '#web/state/keeping.ts'
import { aSmallShelf } from '../../support/small-shelf.ts'

test('what was seen longest ago makes way for what is written, and nothing else does', async (t) => {
  const shelf = aSmallShelf(260)
  const roomy = roomyShelf(shelf, () => dropOldest(shelf))
  await roomy.put('outbox:one', 'x'.repeat(30))
  await roomy.put('draft:town', 'x'.repeat(30))
  for (const at of [2, 1, 3]) await roomy.put(`channel:c${at}`, { at, posts: 'x'.repeat(10) })

  await roomy.put('outbox:two', 'x'.repeat(40))

  t.strictSame(await shelf.keys(''), [
    'channel:c2',
    'channel:c3',
    'draft:town',
    'outbox:one',
    'outbox:two',
  ])
  await t.rejects(roomy.put('outbox:three', 'x'.repeat(400)), { name: 'QuotaExceededError' })
  t.strictSame(await shelf.keys(''), ['draft:town', 'outbox:one', 'outbox:two'])
})

test('what fails for another reason is told, and costs nothing', async (t) => {
  const shelf = aSmallShelf(1_000)
  await shelf.put('channel:c', { at: 1 })
  const locked = { ...shelf, put: async () => Promise.reject(new Error('this device is locked')) }
  const roomy = roomyShelf(locked, () => dropOldest(shelf))

  await t.rejects(roomy.put('outbox:x', 1), { message: 'this device is locked' })
  t.strictSame(await shelf.keys(''), ['channel:c'])
})

test('a tenth of a small room is left free, and little of a large one', (t) => {
  const mib = 1_048_576

  t.strictSame(
    [
      isTight({ used: 8 * mib, quota: 10 * mib }),
      isTight({ used: 9.5 * mib, quota: 10 * mib }),
      isTight({ used: 900 * mib, quota: 1_000 * mib }),
      isTight({ used: 990 * mib, quota: 1_000 * mib }),
    ],
    [false, true, false, true],
  )
  t.end()
})
