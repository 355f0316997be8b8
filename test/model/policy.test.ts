/** Rules as they come in: what people write is read, what is too large or strange is refused, and nothing throws. */
import assert from 'node:assert/strict'
import fc from 'fast-check'
import { test } from 'tap'
import { ATTRIBUTES_MAX, CONDITION_DEPTH_MAX } from '#model/policy-limits.ts'
import { Attributes, Levels, Moderation, PolicyName, Rule, valuesOf } from '#model/policy.ts'
import { holds } from '../support/property.ts'

const atHome = { attribute: 'subject.location', in: ['hq'] }

test('a rule is read with every form of condition', async (t) => {
  const whole = {
    actions: ['read channel', 'post'],
    when: { attribute: 'channel.classification', atLeast: ['secret'] },
    require: {
      all: [
        { any: [atHome, { not: { attribute: 'environment.link', in: ['remote'] } }] },
        { attribute: 'subject.mission', covers: { attribute: 'channel.mission' } },
        { attribute: 'environment.time', between: ['22:00', '06:30'] },
      ],
    },
    note: 'nights',
  }

  t.strictSame(Rule.safeParse(whole).data, whole)
})

function rule(require: unknown): object {
  return { actions: ['*'], require }
}

test('what is no rule is refused', async (t) => {
  for (const value of [
    undefined,
    {},
    { actions: [], require: atHome },
    { actions: ['*'] },
    { actions: ['*'], require: atHome, extra: 1 },
    rule({ attribute: 'subject.location', in: [] }),
    rule({ attribute: 'location', in: ['hq'] }),
    rule({ attribute: 'subject.__proto__', in: ['hq'] }),
    rule({ attribute: 'subject.a', in: ['hq'], covers: ['hq'] }),
    rule({ attribute: 'environment.time', between: ['22:00', '24:00'] }),
    rule({ all: [] }),
    rule({ matches: '(a+)+$' }),
    rule('subject.location == "hq"'),
  ])
    t.notOk(Rule.safeParse(value).success, JSON.stringify(value))
})

test('a condition deeper or wider than people write them is refused at once', async (t) => {
  let deep: unknown = atHome
  for (let each = 0; each < 5_000; each += 1) deep = { not: deep }
  t.notOk(Rule.safeParse({ actions: ['*'], require: deep }).success)
  const wide = {
    all: Array.from({ length: 30 }, () => ({ any: Array.from({ length: 30 }, () => atHome) })),
  }
  t.notOk(Rule.safeParse({ actions: ['*'], require: wide }).success)
  let fine: unknown = atHome
  for (let each = 1; each < CONDITION_DEPTH_MAX; each += 1) fine = { not: fine }
  t.ok(Rule.safeParse({ actions: ['*'], require: fine }).success)
})

test('anything at all is read or refused', async (t) => {
  holds(
    t,
    fc.property(fc.anything(), (value) => {
      for (const schema of [Rule, Attributes, Levels, Moderation, PolicyName])
        assert.equal(typeof schema.safeParse(value).success, 'boolean')
    }),
  )
})

test('attributes are texts and lists of texts, and not too many', async (t) => {
  t.ok(Attributes.safeParse({ clearance: 'secret', mission: ['a', 'b'] }).success)
  for (const value of [
    { clearance: 1 },
    { clearance: '' },
    { Clearance: 'x' },
    { ['x'.repeat(40)]: 'a' },
    Object.fromEntries(Array.from({ length: ATTRIBUTES_MAX + 1 }, (_, at) => [`a${at}`, 'x'])),
  ])
    t.notOk(Attributes.safeParse(value).success)
  t.notOk(Levels.safeParse(['open', 'open']).success)
})

test('an attribute that only every object has is none', async (t) => {
  t.strictSame(valuesOf({}, 'constructor'), [])
  t.strictSame(valuesOf(undefined, 'clearance'), [])
  t.strictSame(valuesOf({ clearance: 'open' }, 'clearance'), ['open'])
})
