import { test } from 'tap'
import type { PostId } from '#base/ids.ts'
import { DELIVERY_GATHER_MS } from '#server/limits.ts'
import { aLanDoor } from '../support/lan-door.ts'
import { aLiveClient, inner } from '../support/live-client.ts'

test('the author hears of new delivery words of what was written since, and nobody else', async (t) => {
  const door = await aLanDoor(t)
  const [bo, chen] = [await aLiveClient(door, 'bo'), await aLiveClient(door, 'chen')]
  const { id: channel } = await door.node.channelByName(door.people.bo.id, 'town-square')
  const { id } = await door.node.post(door.people.bo.id, { channel, body: 'urgent' })
  await chen.event('posted')
  door.tell({ kind: 'delivery-changed', messages: [id, 'other' as PostId] })
  await door.clock.advance(DELIVERY_GATHER_MS)

  t.strictSame(inner(await bo.event('holdfast_delivery'), 'post_ids'), [id])
  await chen.ask('ping')
  t.strictSame(chen.events('holdfast_delivery'), [])
})

test('a newcomer can be mentioned, and is told to everybody', async (t) => {
  const door = await aLanDoor(t)
  const chen = await aLiveClient(door, 'chen')
  const dana = await door.node.enrolPerson(door.people.amira.id, {
    username: 'dana',
    displayName: 'Dana',
    password: 'dana-password',
    isAdministrator: false,
  })
  t.match((await chen.event('new_user')).data, { user_id: dana.id })
  t.match((await chen.event('user_added')).data, { user_id: dana.id })
  const { status, json } = await door.ask('bo', 'GET', '/api/v4/users/username/dana')

  t.equal(status, 200)
  t.match(json, { id: dana.id })
})

test('both people of a new direct channel hear what is said there from the first word on', async (t) => {
  const door = await aLanDoor(t)
  const [bo, chen] = [await aLiveClient(door, 'bo'), await aLiveClient(door, 'chen')]
  const channel = await door.node.directChannel(door.people.bo.id, door.people.chen.id)
  await door.node.post(door.people.bo.id, { channel: channel.id, body: 'psst' })

  for (const client of [bo, chen]) {
    await client.event('posted')
    const names = client.frames
      .map(({ event }) => event)
      .filter((event) => event !== 'status_change')
    t.equal(names.indexOf('direct_added'), 1)
    t.equal(names.at(-1), 'posted')
  }
})

test('after the door is closed it follows the node no longer', async (t) => {
  const door = await aLanDoor(t)
  const bo = await aLiveClient(door, 'bo')
  await door.close()
  t.doesNotThrow(() => door.tell({ kind: 'links-changed' }))

  t.equal(await bo.closed, 1001)
})
