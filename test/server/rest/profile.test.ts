/** What people set about themselves. */
import { test } from 'tap'
import { aLanDoor } from '../../support/lan-door.ts'
import { aLiveClient } from '../../support/live-client.ts'

test('what somebody sets is kept, shown to them alone, and told to their other devices', async (t) => {
  const door = await aLanDoor(t)
  const client = await aLiveClient(door, 'bo')
  const rings = { desktop: 'all', mention_keys: 'bo,flood' }
  const timezone = { useAutomaticTimezone: 'false', manualTimezone: 'Europe/Kyiv' }

  const answer = await door.ask('bo', 'PUT', '/api/v4/users/me/patch', {
    notify_props: rings,
    timezone,
    locale: 'uk',
    first_name: door.people.bo.displayName,
  })

  const wanted = { notify_props: { ...rings, push: 'mention' }, timezone, locale: 'uk' }
  t.match(answer.json, wanted)
  t.match((await door.ask('bo', 'GET', '/api/v4/users/me')).json, wanted)
  t.match((await client.event('user_updated')).data, { user: wanted })
  const seen = await door.ask('chen', 'GET', `/api/v4/users/${door.people.bo.id}`)
  t.match(seen.json, { locale: 'en' })
})

test('names stay as they were given, and nobody sets anything for another', async (t) => {
  const door = await aLanDoor(t)
  const patch = (user: string, body: object) =>
    door.ask('bo', 'PUT', `/api/v4/users/${user}/patch`, body)

  for (const names of [{ username: 'amira' }, { first_name: 'Boss' }, { position: 'chief' }])
    t.equal((await patch('me', names)).status, 403)
  t.equal((await patch(door.people.chen.id, { locale: 'fr' })).status, 403)
  t.equal((await patch('me', { locale: 'x'.repeat(17) })).status, 400)
})
