/** JSON of files that people edit: the same values as JSON.parse, and better words about mistakes. */
import assert from 'node:assert/strict'
import fc from 'fast-check'
import { test } from 'tap'
import { parseJson } from '#config/json.ts'

/** Bits of text that are JSON together or not. */
const PIECES = [
  ...Array.from('{}[]:,-"\\/ \n\u0001\u00e9'),
  '"\\n"',
  '"\\x"',
  '0',
  '-1.5e3',
  '01',
  '1.',
  'true',
  'nul',
]

test('a mistake is named by line and column, with what was found and what was wanted', async (t) => {
  const mistakes: readonly (readonly [string, string])[] = [
    ['{\n  "port": 8065,\n}', '3:1 found } wanted a key in double quotes'],
    ['{\n  "a": 1\n  "b": 2\n}', '3:3 found "b" wanted a comma or the closing bracket'],
    ['', '1:1 found the end of the file wanted a value'],
    ['{"a": [1, 2', '1:12 found the end of the file wanted a comma or the closing bracket'],
    ['{a: 1}', '1:2 found a wanted a key in double quotes or }'],
    ["{'a': 1}", "1:2 found 'a' wanted a key in double quotes or }"],
    ['{"a" 1}', '1:6 found 1 wanted a colon'],
    ['{"a": True}', '1:7 found True wanted a value'],
    ['{"a": 01}', '1:7 found 01 wanted a value'],
    ['[1,]', '1:4 found ] wanted a value'],
    ['[}', '1:2 found } wanted a value or ]'],
    ['{}\n{}', '2:1 found { wanted nothing more'],
    ['{"a": "open}', '1:7 found "open wanted a value'],
  ]

  for (const [text, expected] of mistakes) {
    const outcome = parseJson(text)
    t.equal(
      outcome.ok ||
        `${outcome.line}:${outcome.column} found ${outcome.found} wanted ${outcome.wanted}`,
      expected,
      JSON.stringify(text),
    )
  }
})

test('a comment and a key that stands twice are mistakes with a reason', async (t) => {
  t.match(parseJson('{\n  // the port\n  "port": 1\n}'), {
    ok: false,
    line: 2,
    column: 3,
    found: 'a comment, which JSON has not',
  })
  t.match(parseJson('{"port": 1, "port": 2}'), {
    ok: false,
    column: 13,
    found: '"port"',
    wanted: 'each key once',
  })
  t.match(parseJson('[{"port": 1}, {"port": 2}]'), { ok: true })
})

test('whatever JSON.stringify writes is read as JSON.parse reads it', async (t) => {
  const isSame = fc.property(fc.jsonValue(), fc.nat(3), (value, indent) => {
    const text = JSON.stringify(value, undefined, indent)
    assert.deepEqual(parseJson(text), { ok: true, value: JSON.parse(text) })
  })

  t.doesNotThrow(() => fc.assert(isSame, { numRuns: 200, seed: 1 }))
})

test('it takes and refuses what JSON.parse takes and refuses', async (t) => {
  const pieces = fc.constantFrom(...PIECES)
  const isSame = fc.property(fc.array(pieces, { maxLength: 8 }), (parts) => {
    const text = parts.join('')
    const ours = parseJson(text)
    assert.equal(ours.ok || ours.wanted === 'each key once', isJson(text))
  })

  t.doesNotThrow(() => fc.assert(isSame, { numRuns: 3_000, seed: 2 }))
})

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}
