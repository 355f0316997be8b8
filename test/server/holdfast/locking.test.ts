import { test } from 'tap'
import { aLanDoor } from '../../support/lan-door.ts'

const LOCK = '/api/holdfast/v1/lock'

test('only an administrator locks the node, and the answer comes before it closes', async (t) => {
  const locked = Promise.withResolvers<void>()
  const door = await aLanDoor(t, { onLock: () => locked.resolve() })

  t.equal((await door.ask('bo', 'POST', LOCK)).status, 403)
  t.equal((await door.ask(undefined, 'POST', LOCK)).status, 401)
  const { status, json } = await door.ask('amira', 'POST', LOCK)
  t.equal(status, 200)
  t.match(json, { status: 'OK' })
  await locked.promise
  const { amira, bo } = door.people
  const deeds = ['store locked', 'action refused'] as const
  t.match(await door.node.audit(amira.id, { limit: 10, deeds }), [
    { deed: 'store locked', by: amira.id },
    { deed: 'action refused', by: bo.id },
  ])
})

test('a node that nobody could unlock again is not locked', async (t) => {
  const door = await aLanDoor(t)

  const { status, text } = await door.ask('amira', 'POST', LOCK)
  t.equal(status, 403)
  t.match(text, 'no passphrase')
})

test('whether somebody could unlock it is asked when it is to be locked', async (t) => {
  const locked = Promise.withResolvers<void>()
  let hasPassphrase = false
  const onLock = (): void => locked.resolve()
  const door = await aLanDoor(t, { onLock, canLock: async () => hasPassphrase })

  t.equal((await door.ask('amira', 'POST', LOCK)).status, 403)
  hasPassphrase = true
  t.equal((await door.ask('amira', 'POST', LOCK)).status, 200)
  await locked.promise
})

test('writing counts as use, looking and what apps ask by themselves does not', async (t) => {
  let uses = 0
  const door = await aLanDoor(t, {
    onUse: () => {
      uses += 1
    },
  })

  await door.ask('bo', 'GET', '/api/v4/users/me')
  await door.ask('bo', 'POST', '/api/v4/users/status/ids', [])
  await door.ask(undefined, 'POST', '/api/v4/posts', {})
  t.equal(uses, 0)
  await door.ask('bo', 'POST', '/api/v4/posts', {})
  t.equal(uses, 1)
})
