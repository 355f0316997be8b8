import fc from 'fast-check'
import { test } from 'tap'
import { parseQuery } from '#search/query.ts'
import { openTable, type Table } from '#search/table.ts'
import { wordsOf } from '#search/words.ts'

const PLAIN = { isAny: false, offsetMs: 0 }

test('whatever is typed is a question, and never another one', async (t) => {
  const table = openTable()
  table.add(0, 'one two')
  t.teardown(() => table.close())
  const hostile = [
    `'; DROP TABLE words; --`,
    `" OR 1=1 --`,
    `NEAR(a b)`,
    `text : one`,
    `{text tags} : one`,
    `^one`,
    `one AND (`,
    `"""`,
    `*`,
    `-*"`,
    `(((((`,
    `one + two`,
    '\0one\0',
    '%s%n',
  ]
  for (const text of hostile)
    t.ok([...table.matching(parseQuery(text, PLAIN), 1)].length <= 1, text)
  const units = fc.string({ unit: 'binary' })
  fc.assert(
    fc.property(fc.oneof(units, fc.string({ unit: 'grapheme' })), (text) => {
      const words = text.replaceAll(':', ' ')
      return [...table.matching(parseQuery(words, PLAIN), 1)].length <= 1
    }),
  )
  t.strictSame([...table.matching(parseQuery('two', PLAIN), 1)], [0])
})

test('any text is found by each of its words and by all of them as a phrase', async () => {
  const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 })
  fc.assert(
    fc.property(text, (body) => {
      const table = openTable()
      try {
        table.add(7, body)
        const all = wordsOf(body)
        const asked = [...all.slice(0, 8).map((word) => [word]), all.slice(0, 8)]
        return asked.every((words) => {
          if (words.length === 0) return true
          const term = { typed: '', words, isPrefix: false, isHashtag: false }
          const query = { ...parseQuery('', PLAIN), wanted: [term] }
          return [...table.matching(query, 8)].join() === '7'
        })
      } finally {
        table.close()
      }
    }),
    { numRuns: 60 },
  )
})

test('a table is the same after it was stored', async (t) => {
  const table = openTable()
  for (let row = 0; row < 50; row += 1) table.add(row, row % 2 === 0 ? 'even #tag' : 'odd words')
  const again = openTable(table.bytes())
  t.teardown(() => {
    table.close()
    again.close()
  })
  for (const text of ['even', '#tag', '"odd words"', 'od*', 'none', '-even'])
    t.strictSame(rowsFor(again, text), rowsFor(table, text), text)
})

function rowsFor(table: Table, text: string): readonly number[] {
  return [...table.matching(parseQuery(text, PLAIN), 50)].toSorted((a, b) => a - b)
}
