import { test } from 'tap'
import { readJson } from '#server/json.ts'

test('a body that is JSON is read', async (t) => {
  t.strictSame(readJson('{"a":[1,"é"]}'), { a: [1, 'é'] })
  t.equal(readJson(''), undefined)
})

test('a body that is not says where, by line and column, and quotes nothing of it', async (t) => {
  for (const [text, place] of [
    ['{"a":1,\n "b" 2}', 'line 2, column 6'],
    ['{"secret":', 'line 1, column 11'],
    ['nonsense', 'line 1, column 2'],
  ] as const) {
    t.throws(() => readJson(text), { facts: { found: `a mistake at ${place}`, wanted: 'JSON' } }, text)
  }
})
