/** Labels and rules: what they take away, and what is told of it. */
import { test } from 'tap'
import type { Rule } from '#model/policy.ts'
import { decide, explain, type Situation } from '#trust/access.ts'

const LEVELS = ['open', 'restricted', 'secret']
const nights: Rule = {
  actions: ['post'],
  when: { attribute: 'channel.classification', in: ['secret'] },
  require: { attribute: 'environment.time', between: ['06:00', '22:00'] },
}

function situation(
  part: Partial<Situation> = {},
  rules: readonly { readonly name: string; readonly rule: Rule | 'unreadable' }[] = [],
): Situation {
  return {
    action: 'read channel',
    isAdministrator: false,
    isMember: true,
    subject: {},
    channel: { kind: 'private' },
    environment: { time: '12:00' },
    policy: { levels: () => LEVELS, role: () => undefined, rules: () => rules },
    ...part,
  }
}

test('a label wants a clearance as high as it is, of administrators, too', async (t) => {
  const channel = { classification: 'restricted' }
  const reasonFor = (clearance: string | undefined, isAdministrator = false) => {
    const subject = clearance === undefined ? {} : { clearance }
    return decide(situation({ channel, subject, isAdministrator }))
  }
  t.strictSame(reasonFor('secret'), { ok: true })
  t.strictSame(reasonFor('restricted'), { ok: true })
  for (const clearance of ['open', 'cosmic', undefined])
    t.strictSame(reasonFor(clearance), { ok: false, reason: 'not cleared' })
  t.strictSame(reasonFor(undefined, true), { ok: false, reason: 'not cleared' })
  const strange = situation({
    channel: { classification: 'cosmic' },
    subject: { clearance: 'secret' },
  })
  t.strictSame(decide(strange), { ok: false, reason: 'not cleared' })
})

test('what is releasable to some is for them and for our own', async (t) => {
  const channel = { releasableTo: ['redcross'] }
  const of = (organisation?: string) =>
    decide(situation({ channel, subject: organisation === undefined ? {} : { organisation } }))
  t.strictSame(of(), { ok: true })
  t.strictSame(of('redcross'), { ok: true })
  t.strictSame(of('press'), { ok: false, reason: 'not releasable' })
})

test('a message that is marked higher than its channel is refused', async (t) => {
  const channel = { classification: 'restricted' }
  const subject = { clearance: 'secret' }
  const post = { action: 'post', channel, subject } as const
  t.strictSame(decide(situation({ ...post, message: { classification: 'restricted' } })), {
    ok: true,
  })
  t.strictSame(decide(situation({ ...post, message: { classification: 'secret' } })), {
    ok: false,
    reason: 'label too high',
  })
})

test('a rule forbids where it applies and does not hold, and says what is missing', async (t) => {
  const rules = [{ name: 'nights', rule: nights }]
  const secret = { channel: { classification: 'secret' }, subject: { clearance: 'secret' } }
  const late = { environment: { time: '23:00' } }
  t.strictSame(decide(situation({ ...secret, action: 'post' }, rules)), { ok: true })
  t.strictSame(
    decide(situation({ ...secret, ...late }, rules)),
    { ok: true },
    'it is about posting',
  )
  t.strictSame(decide(situation({ ...late, action: 'post' }, rules)), { ok: true })
  const refused = situation({ ...secret, ...late, action: 'post' }, rules)
  t.strictSame(decide(refused), { ok: false, reason: 'rule' })
  t.match(
    explain(refused).find(({ ok }) => !ok),
    {
      check: 'rule',
      rule: 'nights',
      needs: 'environment.time from 06:00 to 22:00 UTC',
      shortfalls: [{ attribute: 'environment.time', found: '23:00' }],
    },
  )
})

function about(require: Rule['require']) {
  const rule = { actions: ['*'], require }
  return decide(situation({ environment: 'any' }, [{ name: 'r', rule }]))
}

test('who gets keys is not kept back by what only a request knows', async (t) => {
  t.strictSame(about({ attribute: 'environment.device', in: ['certified'] }), { ok: true })
  t.strictSame(about({ attribute: 'subject.mission', in: ['sandbag'] }), {
    ok: false,
    reason: 'rule',
  })
})

test('a rule that this version cannot read forbids all but administrators', async (t) => {
  const rules = [{ name: 'later', rule: 'unreadable' as const }]
  t.strictSame(decide(situation({}, rules)), { ok: false, reason: 'rule' })
  t.strictSame(decide(situation({ isAdministrator: true }, rules)), { ok: true })
  t.strictSame(decide(situation({ environment: 'any' }, rules)), { ok: true })
})

test('rules and labels say nothing of what is not done in a channel', async (t) => {
  const rule: Rule = { actions: ['*'], require: { attribute: 'subject.none', in: ['x'] } }
  const rules = [{ name: 'never', rule }]
  const manage = situation({ action: 'manage policy', isAdministrator: true }, rules)
  t.strictSame(decide(manage), { ok: true }, 'nobody locks themselves out')
  t.strictSame(decide(situation({ action: 'create channel' }, rules)), { ok: true })
})

test('the role is an attribute, and nobody has another by their attributes', async (t) => {
  const rule: Rule = {
    actions: ['*'],
    require: { attribute: 'subject.role', in: ['administrator'] },
  }
  const rules = [{ name: 'staff', rule }]
  t.strictSame(decide(situation({ subject: { role: 'administrator' } }, rules)), {
    ok: false,
    reason: 'rule',
  })
  t.strictSame(decide(situation({ isAdministrator: true }, rules)), { ok: true })
})

test('an explanation names all that stands in the way', async (t) => {
  const checks = explain(
    situation({ isMember: false, isGuest: true, channel: { classification: 'secret' } }, [
      { name: 'staff', rule: { actions: ['*'], require: { attribute: 'subject.a', in: ['x'] } } },
    ]),
  )
  t.strictSame(
    checks.filter(({ ok }) => !ok).map(({ check, reason }) => [check, reason]),
    [
      ['facts', 'not a member'],
      ['role', 'not permitted'],
      ['label', 'not cleared'],
      ['rule', 'rule'],
    ],
  )
})
