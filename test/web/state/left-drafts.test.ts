import { test } from 'tap'
import { textShelf } from '#web/core/shelf.ts'
import { leaveDrafts, takeDrafts } from '#web/state/left-drafts.ts'

test('drafts are put aside without their files, and come back behind what was typed since', async (t) => {
  const shelf = textShelf(undefined)
  await shelf.put('draft:town', 'before')
  await shelf.put('draft:depot', 'fuel')
  await shelf.put('draft:files:town', [])
  await leaveDrafts(shelf, 'bo')

  t.strictSame(await shelf.keys('draft:'), ['draft:files:town'])
  await takeDrafts(shelf, 'amira')
  t.equal(await shelf.get('draft:town'), undefined)
  await shelf.put('draft:town', 'since')
  await takeDrafts(shelf, 'bo')
  t.equal(await shelf.get('draft:town'), 'since\nbefore')
  t.equal(await shelf.get('draft:depot'), 'fuel')
  t.strictSame(await shelf.keys('left:'), [])
})

test('put aside by another tab in between, a draft is there once and whole', async (t) => {
  const shelf = textShelf(undefined)
  await shelf.put('draft:town', 'before')
  await shelf.put('draft:depot', 'fuel')
  const slow = {
    ...shelf,
    keys: async (prefix: string) => {
      const names = await shelf.keys(prefix)
      await leaveDrafts(shelf, 'bo')
      return names
    },
  }
  await leaveDrafts(slow, 'bo')

  t.strictSame(await shelf.keys('draft:'), [])
  t.strictSame(await shelf.entries('left:'), [
    ['left:bo:depot', 'fuel'],
    ['left:bo:town', 'before'],
  ])
})
