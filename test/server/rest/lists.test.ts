import { test } from 'tap'
import { parse } from '#server/input.ts'
import { PAGE_ITEMS_MAX } from '#server/limits.ts'
import { PageQuery, pageOf } from '#server/rest/lists.ts'

const items = Array.from({ length: 500 }, (_, number) => number)

test('lists end: a page past the end is empty', async (t) => {
  t.strictSame(pageOf(items, { page: 4, per_page: 120 }), items.slice(480))
  t.strictSame(pageOf(items, { page: 5, per_page: 120 }), [])
  t.strictSame(pageOf(items, { page: 1e9, per_page: 200 }), [])
})

test('page -1 is everything', async (t) => {
  t.strictSame(pageOf(items, { page: -1, per_page: 60 }), items)
})

test('sizes out of bounds are brought within them', async (t) => {
  t.equal(pageOf(items, { page: 0, per_page: 1e6 }).length, PAGE_ITEMS_MAX)
  t.equal(pageOf(items, { page: 0, per_page: 0 }).length, 1)
  t.equal(pageOf(items, { page: -7, per_page: 10 })[0], 0)
})

test('what clients leave out is the first 60', async (t) => {
  t.strictSame(parse('query', PageQuery, {}), { page: 0, per_page: 60 })
})
