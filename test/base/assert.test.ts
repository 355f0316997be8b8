import { test } from 'tap'
import { assert, AssertionFailure, must } from '#base/assert.ts'

test('what must hold and does passes without a word', async (t) => {
  assert(true, 'true is true')
  t.equal(must(0, 'a number is there'), 0)
  t.equal(must('', 'a text is there'), '')
})

test('what must hold and does not stops, with the rule that was broken', async (t) => {
  const broken = new AssertionFailure('must hold: a node has a name')

  t.throws(() => assert(false, 'a node has a name'), broken)
  t.throws(() => must(undefined, 'a node has a name'), broken)
  t.throws(() => must(null, 'a node has a name'), broken)
})
