import { test } from 'tap'
import { aTeam } from '../support/app.ts'

const WANTED = 'another password'

test('a changed password is the only one, and ends every other session but not the one it came by', async (t) => {
  const { node, bo } = await aTeam(t)
  const [here, stolen] = [
    await node.signIn('bo', 'bo-password'),
    await node.signIn('bo', 'bo-password'),
  ]
  const { token } = await node.makeAccessToken(bo.id, bo.id, 'a script')
  const change = { person: bo.id, present: 'bo-password', wanted: WANTED, except: here.token }

  await node.changePassword(bo.id, change)

  t.ok(await node.sessionOf(here.token))
  t.equal(await node.sessionOf(stolen.token), undefined)
  t.ok(await node.sessionOf(token), 'what programs keep is listed, and ended there')
  await t.rejects(node.signIn('bo', 'bo-password'), { code: 'NOT_SIGNED_IN' })
  t.ok(await node.signIn('bo', WANTED))
})

test('nobody changes their own without the present one, and others need to administer', async (t) => {
  const { node, amira, bo } = await aTeam(t)
  const person = bo.id

  await t.rejects(node.changePassword(bo.id, { person, present: 'guess', wanted: WANTED }), {
    code: 'INPUT_INVALID',
    facts: { field: 'current password' },
  })
  await t.rejects(node.changePassword(bo.id, { person, wanted: WANTED }), { code: 'INPUT_INVALID' })
  const others = { person: amira.id, present: 'amira-password', wanted: WANTED }
  await t.rejects(node.changePassword(bo.id, others), { code: 'NOT_ALLOWED' })
  await t.rejects(node.changePassword(amira.id, { person, wanted: 'short' }), {
    code: 'INPUT_INVALID',
    facts: { field: 'password', foundCharacters: 5 },
  })
  t.ok(await node.signIn('bo', 'bo-password'), 'nothing has changed')

  await node.changePassword(amira.id, { person, wanted: WANTED })
  t.ok(await node.signIn('bo', WANTED))
})

test('of two changes at once one counts', async (t) => {
  const { node, bo } = await aTeam(t)
  const wanted = ['first new password', 'second new password']

  const tried = await Promise.allSettled(
    wanted.map((one) =>
      node.changePassword(bo.id, { person: bo.id, present: 'bo-password', wanted: one }),
    ),
  )

  t.match(tried.map(({ status }) => status).toSorted(), ['fulfilled', 'rejected'])
})

test('a sign-in with the old password while it changes leaves no session', async (t) => {
  const { node, bo } = await aTeam(t)
  const change = { person: bo.id, present: 'bo-password', wanted: WANTED }

  const [signedIn] = await Promise.allSettled([
    node.signIn('bo', 'bo-password'),
    node.changePassword(bo.id, change),
  ])

  const token = signedIn.status === 'fulfilled' ? signedIn.value.token : 'none'
  t.equal(await node.sessionOf(token), undefined)
})
