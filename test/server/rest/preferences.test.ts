import { test } from 'tap'
import { aLanDoor } from '../../support/lan-door.ts'

const PATH = '/api/v4/users/me/preferences'

test('settings are kept, changed, found by category and name, and taken away', async (t) => {
  const door = await aLanDoor(t)
  const one = { category: 'display', name: 'clock', value: 'true' }
  const two = { category: 'theme', name: '', value: 'dark' }
  t.strictSame((await door.ask('bo', 'GET', PATH)).json, [])
  t.match((await door.ask('bo', 'PUT', PATH, [one, two])).json, { status: 'OK' })
  await door.ask('bo', 'PUT', PATH, [{ ...one, value: 'false' }])

  t.match((await door.ask('bo', 'GET', `${PATH}/display`)).json, [
    { name: 'clock', value: 'false' },
  ])
  t.match((await door.ask('bo', 'GET', `${PATH}/display/name/clock`)).json, {
    user_id: door.people.bo.id,
    value: 'false',
  })
  t.equal((await door.ask('bo', 'GET', `${PATH}/display/name/nothing`)).status, 404)
  t.equal((await door.ask('bo', 'POST', `${PATH}/delete`, [one])).status, 200)
  t.match((await door.ask('bo', 'GET', PATH)).json, [two])
  t.strictSame((await door.ask('chen', 'GET', PATH)).json, [])
})

test('settings of others are none of your business', async (t) => {
  const door = await aLanDoor(t)
  const others = `/api/v4/users/${door.people.chen.id}/preferences`

  t.equal((await door.ask('bo', 'GET', others)).status, 403)
  t.equal(
    (await door.ask('bo', 'PUT', others, [{ category: 'a', name: 'b', value: 'c' }])).status,
    403,
  )
})

test('too many, too long or shapeless settings are refused by name', async (t) => {
  const door = await aLanDoor(t)
  const one = { category: 'a', name: 'b', value: 'c' }
  for (const [body, message] of [
    [Array.from({ length: 101 }, () => one), /at most 100 items/],
    [[{ ...one, value: 'x'.repeat(20_001) }], /^0\.value: .* at most 20000 characters/],
    [[{ ...one, category: '' }], /^0\.category: /],
    [[], /at least 1 items/],
    [one, /^body: found an object, wanted array/],
  ] as const) {
    const { status, json } = await door.ask('bo', 'PUT', PATH, body)
    t.equal(status, 400)
    t.match(json, { message })
  }
})
