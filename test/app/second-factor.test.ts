import { test } from 'tap'
import { aTeam, type Team } from '../support/app.ts'
import { codeAt } from '../support/accounts.ts'

const STEP_MS = 30_000

/** Bo has a second factor; the digits that set it up are used. */
async function bosFactor(team: Team): Promise<string> {
  const { node, bo, clock } = team
  const { secret } = await node.newSecondFactor(bo.id, bo.id)
  await node.activateSecondFactor(bo.id, bo.id, codeAt(secret, clock.now()))
  await clock.advance(STEP_MS)
  return secret
}

test('who has a second factor needs digits beside the password, and hears so only with the right one', async (t) => {
  const team = await aTeam(t)
  const { node, bo, clock } = team
  const secret = await bosFactor(team)
  const code = codeAt(secret, clock.now())

  await t.rejects(node.signIn('bo', 'bo-password'), { code: 'CODE_WANTED' })
  await t.rejects(node.signIn('bo', 'wrong', { code }), { code: 'NOT_SIGNED_IN' })
  t.match(
    await node.signIn('bo', 'bo-password', { code: ` ${code.slice(0, 3)} ${code.slice(3)}` }),
    {
      person: bo.id,
    },
  )
  t.ok(await node.signIn('amira', 'amira-password'), 'nobody else does')
})

test('digits count once, those before them never again, and of two at once one', async (t) => {
  const team = await aTeam(t)
  const { node, clock } = team
  const secret = await bosFactor(team)
  const [before, now, after] = [-1, 0, 1].map((steps) =>
    codeAt(secret, clock.now() + steps * STEP_MS),
  )
  const signIn = (code: string | undefined) => node.signIn('bo', 'bo-password', { code })

  t.match(
    (await Promise.allSettled([signIn(now), signIn(now)])).map(({ status }) => status).toSorted(),
    ['fulfilled', 'rejected'],
  )
  await t.rejects(signIn(now), { code: 'CODE_WANTED', facts: { found: /used before/ } })
  await t.rejects(signIn(before), { code: 'CODE_WANTED' })
  t.ok(await signIn(after), 'an authenticator may be a step ahead')
  await clock.advance(STEP_MS)
  await t.rejects(signIn(after), { code: 'CODE_WANTED' }, 'and its digits count once, too')
})

test('digits of long ago or ahead, and what are no digits, do not count', async (t) => {
  const team = await aTeam(t)
  const { node, clock } = team
  const secret = await bosFactor(team)
  const at = (steps: number) => codeAt(secret, clock.now() + steps * STEP_MS)

  for (const code of [
    at(-2),
    at(2),
    '',
    '12345',
    '1234567',
    'abcdef',
    '１２３４５６',
    '0'.repeat(99),
  ])
    await t.rejects(node.signIn('bo', 'bo-password', { code }), { code: 'CODE_WANTED' }, code)
})

test('a secret counts only once its digits were shown, and the digits that showed it are used', async (t) => {
  const { node, bo, clock } = await aTeam(t)
  const { secret } = await node.newSecondFactor(bo.id, bo.id)
  t.match(secret, /^[A-Z2-7]{32}$/)
  t.ok(await node.signIn('bo', 'bo-password'))
  t.equal(await node.hasSecondFactor(bo.id), false)
  await t.rejects(node.activateSecondFactor(bo.id, bo.id, '000000'), { code: 'CODE_WANTED' })
  const code = codeAt(secret, clock.now())

  await node.activateSecondFactor(bo.id, bo.id, code)

  t.equal(await node.hasSecondFactor(bo.id), true)
  await t.rejects(node.signIn('bo', 'bo-password', { code }), { code: 'CODE_WANTED' })
})

test('nobody sets up the factor of another, replaces one in use, or reads it again', async (t) => {
  const team = await aTeam(t)
  const { node, amira, bo } = team
  const secret = await bosFactor(team)

  await t.rejects(node.newSecondFactor(amira.id, bo.id), { code: 'NOT_ALLOWED' })
  await t.rejects(node.activateSecondFactor(amira.id, bo.id, '0'), { code: 'NOT_ALLOWED' })
  await t.rejects(node.newSecondFactor(bo.id, bo.id), { code: 'ALREADY_EXISTS' })
  await t.rejects(node.removeSecondFactor(bo.id, amira.id), { code: 'NOT_ALLOWED' })
  const onDisk = await team.store.list({ from: '', to: '~' })
  t.notOk(onDisk.some(([, value]) => Buffer.from(value).includes(secret)))
})

test('who has lost the authenticator is let in again by who administers', async (t) => {
  const team = await aTeam(t)
  await bosFactor(team)

  await team.node.removeSecondFactor(team.amira.id, team.bo.id)

  t.ok(await team.node.signIn('bo', 'bo-password'))
})
