import { test } from 'tap'
import { createBuckets } from '#server/bucket.ts'

const RATE = { burst: 3, refillMs: 100 }

test('so many at once, then one more each interval', async (t) => {
  const buckets = createBuckets(RATE, 10)
  for (let turn = 0; turn < 3; turn += 1) {
    t.equal(buckets.waitMs('a', 0), 0)
    buckets.take('a', 0)
  }

  t.equal(buckets.waitMs('a', 0), 100)
  t.equal(buckets.waitMs('a', 40), 60)
  t.equal(buckets.waitMs('a', 100), 0)
})

test('an empty bucket does not go into debt', async (t) => {
  const buckets = createBuckets(RATE, 10)
  for (let turn = 0; turn < 30; turn += 1) buckets.take('a', 0)

  t.equal(buckets.waitMs('a', 0), 100)
})

test('keys do not disturb each other', async (t) => {
  const buckets = createBuckets({ burst: 1, refillMs: 100 }, 10)
  buckets.take('a', 0)

  t.equal(buckets.waitMs('b', 0), 0)
})

test('what is given back can be taken again, but never more than a full bucket', async (t) => {
  const buckets = createBuckets({ burst: 1, refillMs: 100 }, 10)
  buckets.take('a', 0)
  buckets.giveBack('a', 0)
  buckets.giveBack('a', 0)

  t.equal(buckets.waitMs('a', 0), 0)
  buckets.take('a', 0)
  t.equal(buckets.waitMs('a', 0), 100)
})

test('a refilled bucket is full', async (t) => {
  const buckets = createBuckets(RATE, 10)
  for (let turn = 0; turn < 3; turn += 1) buckets.take('a', 0)
  buckets.refill('a')

  t.equal(buckets.waitMs('a', 0), 0)
})

test('the key untouched for longest is forgotten first', async (t) => {
  const buckets = createBuckets({ burst: 1, refillMs: 100 }, 2)
  buckets.take('a', 0)
  buckets.take('b', 0)
  buckets.take('a', 0)
  buckets.take('c', 0)

  t.equal(buckets.waitMs('b', 0), 0)
  t.equal(buckets.waitMs('a', 0), 100)
})
