import { test } from 'tap'
import type { UserId } from '#base/ids.ts'
import { aLanDoor } from '../../support/lan-door.ts'
import { aLiveClient } from '../../support/live-client.ts'

test('whoever is connected is online, until they choose otherwise', async (t) => {
  const door = await aLanDoor(t)
  const bo = door.people.bo.id
  t.match((await door.ask('bo', 'GET', '/api/v4/users/me/status')).json, { status: 'offline' })
  const client = await aLiveClient(door, 'bo')
  await client.event('status_change')
  const chosen = await door.ask('bo', 'PUT', `/api/v4/users/${bo}/status`, {
    user_id: bo,
    status: 'dnd',
  })

  t.match(chosen.json, { user_id: bo, status: 'dnd', manual: true })
  const told = await client.when(({ data }) => data?.status === 'dnd')
  t.match(told.data, { user_id: bo })
  t.match((await door.ask('chen', 'POST', '/api/v4/users/status/ids', [bo])).json, [
    { user_id: bo, status: 'dnd' },
  ])
})

test('nobody chooses for another, and only known words count', async (t) => {
  const door = await aLanDoor(t)
  const other = `/api/v4/users/${door.people.chen.id}/status`

  t.equal((await door.ask('bo', 'PUT', other, { status: 'away' })).status, 403)
  const wrong = await door.ask('bo', 'PUT', '/api/v4/users/me/status', { status: 'asleep' })
  t.match(wrong.json, {
    message: /^status: found text of 6 characters, wanted one of online, away/,
  })
})

test('what somebody says of themselves is told to those who may know them, kept, and taken back', async (t) => {
  const door = await aLanDoor(t)
  const bo = door.people.bo.id
  const client = await aLiveClient(door, 'chen')
  const custom = '/api/v4/users/me/status/custom'
  const said = { emoji: 'hospital', text: 'on the ward', duration: 'today', expires_at: '' }
  const shown = async (): Promise<string> => {
    const { json } = await door.ask('chen', 'GET', `/api/v4/users/${bo}`)
    return (json as { readonly props: { readonly customStatus: string } }).props.customStatus
  }

  await door.clock.advance(1)
  t.equal((await door.ask('bo', 'PUT', custom, said)).status, 200)
  const { data } = await client.event('user_updated')
  t.match(data, { user: { id: bo, props: { customStatus: JSON.stringify(said) } } })
  t.equal(await shown(), JSON.stringify(said))
  t.equal((await door.ask('bo', 'PUT', custom, { text: 'x'.repeat(101) })).status, 400)
  const others = `/api/v4/users/${bo}/status/custom`
  t.equal((await door.ask('chen', 'DELETE', others)).status, 403)

  await door.clock.advance(1)
  await door.ask('bo', 'DELETE', custom)
  t.equal(await shown(), '')
})

test('people of a partner are marked so, in their status and beside their name, until they are ours', async (t) => {
  const door = await aLanDoor(t)
  const { amira, bo, chen } = door.people
  const client = await aLiveClient(door, 'chen')
  const mark = (person: UserId, organisation?: string): Promise<void> =>
    door.node.changePolicy(amira.id, {
      about: 'person',
      person,
      attributes: organisation === undefined ? {} : { organisation },
    })
  const statuses = async (): Promise<unknown> =>
    (await door.ask('chen', 'POST', '/api/v4/users/status/ids', [bo.id, chen.id])).json

  await mark(bo.id, 'redcross')
  const { data } = await client.event('user_updated')
  const shown = { props: { holdfast_partner: 'redcross' }, position: 'Partner: redcross' }
  t.match(data, { user: { id: bo.id, ...shown } })
  t.match((await door.ask('chen', 'GET', `/api/v4/users/${bo.id}`)).json, shown)
  t.match(await statuses(), [{ holdfast_partner: 'redcross' }, { holdfast_partner: undefined }])

  await mark(bo.id)
  t.match(await statuses(), [{ user_id: bo.id, holdfast_partner: undefined }, {}])
  t.match((await door.ask('chen', 'GET', `/api/v4/users/${bo.id}`)).json, {
    props: { holdfast_partner: undefined },
    position: '',
  })
})

test('who lives on a kit that is not heard is marked so', async (t) => {
  const kit = { name: 'bravo', heardAt: 1_000, isOffline: true }
  const door = await aLanDoor(t, {
    change: (node) => ({
      ...node,
      homesOf: async (_, people) => new Map(people.slice(-1).map((id) => [id, kit])),
    }),
  })
  const { bo, chen } = door.people
  const mark = { name: 'bravo', is_offline: true, heard_at: 1_000 }
  const both = await door.ask('amira', 'POST', '/api/v4/users/status/ids', [bo.id, chen.id])

  t.match(both.json, [{ holdfast_kit: undefined }, { status: 'offline', holdfast_kit: mark }])
  const one = await door.ask('amira', 'GET', `/api/v4/users/${chen.id}/status`)
  t.match(one.json, { status: 'offline', holdfast_kit: mark })
})
