import { test } from 'tap'
import { isSameDay, timesIn } from '#web/core/times.ts'
import { LANGUAGES } from '#web/words/words.ts'

const NOON = new Date(2027, 0, 15, 12, 5).getTime()

test('clocks have 24 hours, days have names, and today goes without one', async (t) => {
  const { clock, day, moment, ago, span, bytes } = timesIn('en')

  t.strictSame([clock(NOON + 2 * 3_600_000), moment(NOON, NOON)], ['14:05', '12:05'])
  t.strictSame([day(NOON, NOON), day(NOON - 86_400_000, NOON)], ['Today', 'Yesterday'])
  t.equal(day(NOON - 5 * 86_400_000, NOON), 'Sunday, January 10')
  t.strictSame([ago(NOON - 180_000, NOON), span(240_000)], ['3 minutes ago', '4 minutes'])
  t.strictSame([bytes(512), bytes(1_234_567)], ['512 bytes', '1.2 MB'])
})

test('what is written by hand is what every language writes', async (t) => {
  for (const language of Object.keys(LANGUAGES)) {
    const { clock, number } = timesIn(language)
    const options = { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' } as const
    const format = new Intl.DateTimeFormat(language, options)
    for (const at of [NOON, NOON - 12 * 3_600_000, NOON + 11 * 3_600_000])
      t.equal(clock(at), format.format(at), language)
    for (const value of [0, 7, 999, 1_234, 0.5, 12_345.67])
      t.equal(
        number(value),
        new Intl.NumberFormat(language, { maximumFractionDigits: 1 }).format(value),
        language,
      )
  }
})

test('midnight parts days', async (t) => {
  t.ok(isSameDay(NOON, NOON + 3_600_000))
  t.notOk(isSameDay(NOON, NOON + 12 * 3_600_000))
})

test('the length of a sound is said in minutes and seconds', async (t) => {
  t.strictSame([4_600, 65_000, 600_000].map(timesIn('en').clockSpan), ['0:05', '1:05', '10:00'])
})

test('money is told to the hundredth, below one further, and never as nothing when it is some', async (t) => {
  const { money } = timesIn('en')
  t.strictSame(
    [money(12.345, 'USD'), money(0.1146, 'USD'), money(0.00007, 'USD'), money(0, 'USD')],
    ['12.35\u00a0USD', '0.115\u00a0USD', '< 0.001\u00a0USD', '0.00\u00a0USD'],
  )
})
