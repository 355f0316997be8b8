import { test } from 'tap'
import { CREDENTIAL_NAME_CHARACTERS_MAX, PASSKEYS_PER_PERSON_MAX } from '#base/limits.ts'
import { aPasskey } from '../support/accounts.ts'
import { aTeam } from '../support/app.ts'

async function failing(): Promise<never> {
  throw new Error('no proof')
}

const counting = (counter: number) => async () => ({ counter })

test('who proves to have the passkey is signed in, and its counter has to grow', async (t) => {
  const { node, bo } = await aTeam(t)
  await node.addPasskey(bo.id, aPasskey('one', { counter: 4 }))

  t.match(await node.signInWithPasskey('one', counting(5)), { person: bo.id, by: 'passkey' })
  for (const counter of [5, 4, 0])
    await t.rejects(node.signInWithPasskey('one', counting(counter)), { code: 'NOT_SIGNED_IN' })
  t.ok(await node.signInWithPasskey('one', counting(6)))
})

test('a device that does not count is let in as often as it proves itself', async (t) => {
  const { node, bo } = await aTeam(t)
  await node.addPasskey(bo.id, aPasskey('one'))

  for (let turn = 0; turn < 2; turn += 1) t.ok(await node.signInWithPasskey('one', counting(0)))
  await t.rejects(node.signInWithPasskey('one', failing), { message: 'no proof' })
  t.equal((await node.sessionsOf(bo.id, bo.id)).length, 2)
})

test('one that is removed while it proves itself, or was never there, opens nothing', async (t) => {
  const { node, amira, bo } = await aTeam(t)
  await node.addPasskey(bo.id, aPasskey('one'))
  const late = async (): Promise<{ counter: number }> => {
    await node.removePasskey(bo.id, 'one')
    return { counter: 1 }
  }

  await t.rejects(node.removePasskey(amira.id, 'one'), { code: 'NOT_FOUND' }, 'of another')
  await t.rejects(node.signInWithPasskey('one', late), { code: 'NOT_SIGNED_IN' })
  await t.rejects(node.signInWithPasskey('two', counting(1)), { code: 'NOT_SIGNED_IN' })
})

test('a passkey of who may not sign in opens nothing', async (t) => {
  const { node, amira, bo } = await aTeam(t)
  await node.addPasskey(bo.id, aPasskey('one'))
  await node.setActive(amira.id, bo.id, false)

  await t.rejects(node.signInWithPasskey('one', counting(1)), { code: 'NOT_SIGNED_IN' })
})

test('nobody takes the passkey of another over, or has more than there is room for', async (t) => {
  const { node, amira, bo } = await aTeam(t)
  for (let count = 0; count < PASSKEYS_PER_PERSON_MAX; count += 1)
    await node.addPasskey(bo.id, aPasskey(`of bo ${count}`))

  await t.rejects(node.addPasskey(bo.id, aPasskey('more')), { code: 'NOT_ALLOWED' })
  await t.rejects(node.addPasskey(amira.id, aPasskey('of bo 1')), { code: 'ALREADY_EXISTS' })
  for (const name of ['', 'x'.repeat(CREDENTIAL_NAME_CHARACTERS_MAX + 1)])
    await t.rejects(node.addPasskey(amira.id, aPasskey('a', { name })), { code: 'INPUT_INVALID' })
  t.equal((await node.passkeysOf(bo.id)).length, PASSKEYS_PER_PERSON_MAX)
  t.strictSame(await node.passkeysOf(amira.id), [])
})
