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
    ['{"a": nope}', 'line 1, column 8'],
    [`{"a":"${'x'.repeat(2_000)}", b}`, 'line 1, column 2010'],
    ['[1,2,]', 'line 1, column 6'],
    ['{}}', 'line 1, column 3'],
    ['-', 'line 1, column 2'],
    ['"open', 'line 1, column 6'],
  ] as const) {
    t.throws(
      () => readJson(text),
      { code: 'INPUT_INVALID', facts: { found: `a mistake at ${place}`, wanted: 'JSON' } },
      text.slice(0, 20),
    )
  }
})

test('in a very long body the place is not looked for', async (t) => {
  t.throws(() => readJson(`["${'x'.repeat(70_000)}",]`), {
    code: 'INPUT_INVALID',
    facts: { found: 'a mistake somewhere' },
  })
})
