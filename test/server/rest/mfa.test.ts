import { test } from 'tap'
import { codeAt } from '../../support/accounts.ts'
import { aLanDoor } from '../../support/lan-door.ts'

test('a second factor is set up with a picture and digits, and taken away', async (t) => {
  const door = await aLanDoor(t)
  const client = await door.client('bo')
  const { secret, qr_code: picture } = await client.generateMfaSecret('me')
  t.match(Buffer.from(picture, 'base64').toString('latin1'), /^\x89PNG/)

  const refused: unknown = await client.updateUserMfa('me', true, '000000').catch((error) => error)
  t.match(refused, { server_error_id: 'mfa.validate_token.authenticate.app_error' })
  await client.updateUserMfa('me', true, codeAt(secret, door.clock.now()))
  t.match(await client.getMe(), { mfa_active: true })
  t.equal(
    (await door.ask('chen', 'PUT', `/api/v4/users/${door.people.bo.id}/mfa`, { activate: false }))
      .status,
    403,
  )

  await client.updateUserMfa('me', false, '')
  t.match(await client.getMe(), { mfa_active: false })
  t.equal(
    (await door.ask('amira', 'POST', `/api/v4/users/${door.people.bo.id}/mfa/generate`)).status,
    403,
  )
})
