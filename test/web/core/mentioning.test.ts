import { test } from 'tap'
import { beginningAt, completed, matching } from '#web/core/mentioning.ts'
import { personFrom } from '#web/core/wire.ts'

const people = [
  personFrom({ id: '1', username: 'olena', first_name: 'Олена', last_name: 'Коваль' }),
  personFrom({ id: '2', username: 'bo', first_name: 'Bo' }),
]

function found(term: string) {
  return matching(people, term).map(({ username }) => username)
}

test('a name is completed where the caret stands', async (t) => {
  const beginning = beginningAt('Ask @b about it', 6)

  t.strictSame(beginning, { from: 4, to: 6, term: 'b' })
  t.strictSame(completed('Ask @b about it', { from: 4, to: 6, term: 'b' }, 'bo'), {
    text: 'Ask @bo  about it',
    caret: 8,
  })
})

test('an address of mail is no beginning', async (t) => {
  t.equal(beginningAt('bo@exam', 7), undefined)
  t.equal(beginningAt('no name', 7), undefined)
})

test('people are found by username and by any part of their name', async (t) => {
  t.strictSame(
    [found('ol'), found('кова'), found(''), found('x')],
    [['olena'], ['olena'], ['bo', 'olena'], []],
  )
})
