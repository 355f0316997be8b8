import { test } from 'tap'
import { levelsIn, policyFrom, withLevel } from '#web/core/policy.ts'

test('a policy is read as the node tells it', async (t) => {
  const rule = { actions: ['post'], require: { attribute: 'subject.role', in: ['x'] }, note: 'why' }
  const policy = policyFrom({
    levels: ['open', 'secret'],
    rules: [
      { name: 'a', rule },
      { name: 'b', rule: 'unreadable' },
    ],
    people: [{ person: 'p', username: 'bo', attributes: { clearance: 'secret' } }],
    channels: [{ channel: 'c', label: { classification: 'open' }, positions: 'ask' }],
    positions: 'strip',
  })
  t.strictSame(policy.levels, ['open', 'secret'])
  t.equal(policy.rules[0]?.note, 'why')
  t.strictSame(JSON.parse(policy.rules[0]?.content ?? ''), rule)
  t.equal(policy.rules[1]?.content, 'unreadable')
  t.strictSame(policy.people.get('p'), { clearance: 'secret' })
  t.strictSame(policy.channels.get('c'), { classification: 'open' })
  t.equal(policy.positions, 'strip')
  t.strictSame(policyFrom('nonsense').levels, [])
})

test('a level is set beside what else is there, and taken away', async (t) => {
  t.strictSame(withLevel(undefined, 'clearance', 'open'), { clearance: 'open' })
  t.strictSame(withLevel({ role: 'medic' }, 'clearance', 'open'), {
    role: 'medic',
    clearance: 'open',
  })
  t.strictSame(withLevel({ role: 'medic', clearance: 'open' }, 'clearance', ''), { role: 'medic' })
})

test('levels are typed a line each', async (t) => {
  t.strictSame(levelsIn(' open \n\nsecret\nopen\n'), ['open', 'secret'])
  t.strictSame(levelsIn(''), [])
})
