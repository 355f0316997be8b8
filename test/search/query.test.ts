import { test } from 'tap'
import { QUERY_TERMS_MAX } from '#search/limits.ts'
import { isEmpty, parseQuery, type Query } from '#search/query.ts'

function parsed(text: string, offsetMs = 0): Query {
  return parseQuery(text, { isAny: false, offsetMs })
}

test('words, phrases, beginnings, tags and exclusions', async (t) => {
  const { wanted, unwanted } = parsed('water "Two Words" wor* #Tag-1 -no -"not this" e-mail')

  t.strictSame(
    wanted.map(({ words, isPrefix, isHashtag }) => [words.join(' '), isPrefix, isHashtag]),
    [
      ['water', false, false],
      ['two words', false, false],
      ['wor', true, false],
      ['tag_1', false, true],
      ['e mail', false, false],
    ],
  )
  t.strictSame(
    unwanted.map(({ words }) => words.join(' ')),
    ['no', 'not this'],
  )
})

test('filters with and without a minus, a space or a sign', async (t) => {
  const query = parsed('FROM:@Bo from: chen -from:amira in:~ops -in:"town-square" has:links')

  t.strictSame(query.authors, { wanted: ['bo', 'chen'], unwanted: ['amira'] })
  t.strictSame(query.channels, { wanted: ['ops'], unwanted: ['town-square'] })
  t.strictSame(query.having, [{ what: 'link', isUnwanted: false }])
  t.strictSame(query.wanted, [])
})

test('days begin where the person who asks is', async (t) => {
  const HOUR = 3_600_000
  for (const day of ['2026-01-01', '2024-02-29', '1970-01-01', '2000-12-31', '2026-3-1']) {
    const [year = 0, month = 0, date = 0] = day.split('-').map(Number)
    const from = Date.UTC(year, month - 1, date) - 3 * HOUR
    t.strictSame(
      parsed(`on:${day} before:${day} -after:${day}`, 3 * HOUR).spans,
      [
        { from, until: from + 24 * HOUR, isUnwanted: false },
        { from: -Infinity, until: from, isUnwanted: false },
        { from: from + 24 * HOUR, until: Infinity, isUnwanted: true },
      ],
      day,
    )
  }
  for (const day of ['2026-02-29', '2026-13-01', 'yesterday', '2026-00-10'])
    t.throws(() => parsed(`on:${day}`), { code: 'INPUT_INVALID' }, day)
})

test('a query without any word asks nothing, and a long one is cut', async (t) => {
  for (const text of ['', '   ', '* - "" !!', '-']) t.ok(isEmpty(parsed(text)), text)
  t.notOk(isEmpty(parsed('-a')))
  t.equal(parsed('a '.repeat(QUERY_TERMS_MAX + 5)).wanted.length, QUERY_TERMS_MAX)
})
