import { test } from 'tap'
import type { Condition } from '#model/policy.ts'
import { describe, evaluate, type Facts } from '#trust/condition.ts'

const FACTS: Facts = {
  subject: { clearance: 'restricted', location: ['hq', 'coast'], mission: 'sandbag' },
  channel: { mission: ['sandbag', 'bridge'], classification: 'secret' },
  message: {},
  environment: { link: 'lan', time: '23:30' },
  levels: ['open', 'restricted', 'secret'],
}
const yes: Condition = { attribute: 'subject.location', in: ['hq'] }
const no: Condition = { attribute: 'subject.location', in: ['north'] }
const open: Condition = { attribute: 'environment.link', in: ['lan'] }

test('each comparison holds or does not', async (t) => {
  const cases: readonly (readonly [Condition, boolean])[] = [
    [yes, true],
    [no, false],
    [{ attribute: 'subject.absent', in: ['x'] }, false],
    [{ attribute: 'subject.mission', in: { attribute: 'channel.mission' } }, true],
    [{ attribute: 'subject.location', covers: ['coast', 'hq'] }, true],
    [{ attribute: 'subject.location', covers: ['hq', 'north'] }, false],
    [{ attribute: 'subject.mission', covers: { attribute: 'channel.mission' } }, false],
    [{ attribute: 'subject.mission', covers: { attribute: 'channel.absent' } }, true],
    [{ attribute: 'subject.clearance', atLeast: ['restricted'] }, true],
    [{ attribute: 'subject.clearance', atLeast: { attribute: 'channel.classification' } }, false],
    [{ attribute: 'subject.clearance', atLeast: ['cosmic'] }, false],
    [{ attribute: 'subject.mission', atLeast: ['sandbag'] }, false],
    [{ attribute: 'environment.time', between: ['22:00', '06:00'] }, true],
    [{ attribute: 'environment.time', between: ['06:00', '23:30'] }, false],
    [{ attribute: 'environment.absent', between: ['00:00', '23:59'] }, false],
    [{ attribute: 'subject.constructor', in: ['Object'] }, false],
  ]
  for (const [condition, wanted] of cases)
    t.equal(evaluate(condition, FACTS).holds, wanted, describe(condition))
})

test('what is not known leaves a condition open, unless the rest decides', async (t) => {
  const unknown = { ...FACTS, environment: undefined }
  const cases: readonly (readonly [Condition, boolean | undefined])[] = [
    [open, undefined],
    [{ not: open }, undefined],
    [{ all: [yes, open] }, undefined],
    [{ all: [no, open] }, false],
    [{ any: [yes, open] }, true],
    [{ any: [no, open] }, undefined],
    [{ attribute: 'subject.location', in: { attribute: 'environment.link' } }, undefined],
  ]
  for (const [condition, wanted] of cases)
    t.equal(evaluate(condition, unknown).holds, wanted, describe(condition))
})

test('what is missing is told, with what was found and what is wanted', async (t) => {
  const condition: Condition = { all: [yes, { any: [no, { not: open }] }] }

  t.strictSame(evaluate(condition, FACTS), {
    holds: false,
    shortfalls: [
      { attribute: 'subject.location', found: 'hq, coast', wanted: 'subject.location among north' },
      { attribute: 'environment.link', found: 'lan', wanted: 'not environment.link among lan' },
    ],
  })
  t.strictSame(evaluate({ any: [yes, no] }, FACTS).shortfalls, [])
})

test('a condition in words', async (t) => {
  t.equal(
    describe({
      all: [yes, { any: [no, { not: { attribute: 'subject.a', covers: ['x', 'y'] } }] }],
    }),
    'subject.location among hq and (subject.location among north or not subject.a with all of x, y)',
  )
})
