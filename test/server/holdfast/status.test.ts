import { test } from 'tap'
import { aLanDoor } from '../../support/lan-door.ts'

test('people who are signed in see how the node is', async (t) => {
  const door = await aLanDoor(t)
  const { status, json } = await door.ask('bo', 'GET', '/api/holdfast/v1/status')

  t.equal(status, 200)
  t.match(json, {
    node: { name: 'alpha', role: 'hub', isThisNode: true },
    organisationName: 'Relief',
    channels: 1,
    messages: 0,
    clock: { state: 'good' },
  })
})

test('watchers without a session learn only that it is up', async (t) => {
  const door = await aLanDoor(t)
  const { status, json } = await door.ask(undefined, 'GET', '/api/holdfast/v1/health')

  t.equal(status, 200)
  t.strictSame(json, { status: 'OK', node: 'alpha' })
})
