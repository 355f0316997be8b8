import { test } from 'tap'
import { opensNext, windowAt } from '#tariff/windows.ts'

const at = (text: string): number => Date.parse(text)
const span = (from: string, to: string) => ({ startsAt: at(from), endsAt: at(to) })

test('a day and a pass begin where they do for everybody', async (t) => {
  const now = at('2026-11-21T22:30:00Z')

  t.strictSame(windowAt({ kind: 'day' }, now), span('2026-11-21T00:00Z', '2026-11-22T00:00Z'))
  t.strictSame(
    windowAt({ kind: 'pass', ms: 6 * 3_600_000 }, now),
    span('2026-11-21T18:00Z', '2026-11-22T00:00Z'),
  )
})

test('months are those of the calendar, in any year', async (t) => {
  const months = ['1970-01', '1999-12', '2000-02', '2024-02', '2026-11', '2060-03', '2100-02']
  for (const month of months) {
    const first = at(`${month}-01T00:00:00Z`)
    const date = new Date(first)
    const next = Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 1)
    for (const moment of [first, first + 86_400_000 * 15, next - 1])
      t.strictSame(windowAt({ kind: 'month' }, moment), { startsAt: first, endsAt: next }, month)
  }
})

test('a link with times opens when they say, also over midnight', async (t) => {
  const night = { fromMinute: 18 * 60, toMinute: 6 * 60 }
  const noon = at('2026-11-21T12:00:00Z')

  t.equal(opensNext(undefined, noon), noon)
  t.equal(opensNext(night, noon), at('2026-11-21T18:00:00Z'))
  t.equal(opensNext(night, noon - 8 * 3_600_000), noon - 8 * 3_600_000)
  const morning = { fromMinute: 6 * 60, toMinute: 8 * 60 }
  t.equal(opensNext(morning, noon), at('2026-11-22T06:00:00Z'))
})
