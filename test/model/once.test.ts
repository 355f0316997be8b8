/** What an author's client says of a message that is shown once, and what it must look like to count. */
import { test } from 'tap'
import { burnProps, burnSecondsIn } from '#model/once.ts'

test('a whole number of seconds within the limits counts, and nothing else', async (t) => {
  const cases: readonly (readonly [string | undefined, number])[] = [
    [undefined, 0],
    ['{}', 0],
    ['{"holdfast_burn_seconds":30}', 30],
    ['{"a":1,"holdfast_burn_seconds":5}', 5],
    ['{"holdfast_burn_seconds":4}', 0],
    ['{"holdfast_burn_seconds":3601}', 0],
    ['{"holdfast_burn_seconds":7.5}', 0],
    ['{"holdfast_burn_seconds":"30"}', 0],
    ['{"a":{"holdfast_burn_seconds":30}}', 0],
    ['{"__proto__":{"holdfast_burn_seconds":30}}', 0],
    ['["holdfast_burn_seconds"]', 0],
    ['"holdfast_burn_seconds', 0],
    ['null', 0],
  ]
  for (const [props, seconds] of cases) t.equal(burnSecondsIn(props), seconds, props ?? 'none')
})

test('before it is opened its props say for how long it will be shown, and nothing else', async (t) => {
  t.strictSame(JSON.parse(burnProps(30)), { holdfast_burn_seconds: 30 })
  t.equal(burnSecondsIn(burnProps(30)), 30)
})
