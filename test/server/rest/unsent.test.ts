/** What is not sent yet: drafts that outlive a phone, and messages that go when it is time. */
import { test } from 'tap'
import { aLanDoor, type LanDoor } from '../../support/lan-door.ts'

const MINUTE_MS = 60_000

test('a draft is kept, changed and taken away, and nobody else sees it', async (t) => {
  const door = await aLanDoor(t)
  const channel = await square(door)
  const { organisation } = await door.node.status()
  const list = `/api/v4/users/me/teams/${organisation}/drafts`
  await door.ask('bo', 'POST', '/api/v4/drafts', { channel_id: channel, message: 'half a thou' })
  await door.ask('bo', 'POST', '/api/v4/drafts', { channel_id: channel, message: 'a thought' })

  t.match((await door.ask('bo', 'GET', list)).json, [{ message: 'a thought', root_id: '' }])
  t.strictSame((await door.ask('amira', 'GET', list)).json, [])
  await door.ask('bo', 'DELETE', `/api/v4/users/me/channels/${channel}/drafts`)
  t.strictSame((await door.ask('bo', 'GET', list)).json, [])
})

test('a scheduled message goes when it is time, once, without its author', async (t) => {
  const door = await aLanDoor(t)
  const channel = await square(door)
  const { organisation } = await door.node.status()
  const list = `/api/v4/posts/scheduled/team/${organisation}?includeDirectChannels=true`
  const at = door.clock.now() + 10 * MINUTE_MS
  const body = { channel_id: channel, message: 'moving out', scheduled_at: at }
  const { id } = (await door.ask('bo', 'POST', '/api/v4/posts/schedule', body)).json as {
    id: string
  }
  const later = { ...body, message: 'moving out now', id }
  t.equal((await door.ask('bo', 'PUT', `/api/v4/posts/schedule/${id}`, later)).status, 200)

  t.match((await door.ask('bo', 'GET', list)).json, { [organisation]: [{ id, scheduled_at: at }] })
  await door.clock.advance(9 * MINUTE_MS)
  t.strictSame(await bodies(door), [])
  await door.clock.advance(2 * MINUTE_MS)
  t.strictSame(await bodies(door), ['moving out now'])
  t.match((await door.ask('bo', 'GET', list)).json, { [organisation]: [] })
  await door.clock.advance(60 * MINUTE_MS)
  t.equal((await bodies(door)).length, 1)
})

test('what may not be sent any more says why, and stays until somebody decides', async (t) => {
  const door = await aLanDoor(t)
  const { amira, bo } = door.people
  const { id: channel } = await door.node.createChannel(amira.id, {
    kind: 'private',
    name: 'ops',
    displayName: 'Ops',
    members: [bo.id],
  })
  const { organisation } = await door.node.status()
  const at = door.clock.now() + MINUTE_MS
  await door.ask('bo', 'POST', '/api/v4/posts/schedule', {
    channel_id: channel,
    message: 'too late',
    scheduled_at: at,
  })
  await door.node.removeMember(amira.id, channel, bo.id)
  await door.clock.advance(2 * MINUTE_MS)

  const list = await door.ask('bo', 'GET', `/api/v4/posts/scheduled/team/${organisation}`)
  t.match(list.json, { [organisation]: [{ error_code: 'channel_not_found' }] })
})

test('what is over cannot be scheduled, and what is taken back does not go', async (t) => {
  const door = await aLanDoor(t)
  const channel = await square(door)
  const now = door.clock.now()
  const body = { channel_id: channel, message: 'x', scheduled_at: now }
  t.equal((await door.ask('bo', 'POST', '/api/v4/posts/schedule', body)).status, 400)
  const ahead = { ...body, scheduled_at: now + MINUTE_MS }
  const { id } = (await door.ask('bo', 'POST', '/api/v4/posts/schedule', ahead)).json as {
    id: string
  }

  t.equal((await door.ask('amira', 'DELETE', `/api/v4/posts/schedule/${id}`)).status, 404)
  t.equal((await door.ask('bo', 'DELETE', `/api/v4/posts/schedule/${id}`)).status, 200)
  await door.clock.advance(5 * MINUTE_MS)
  t.strictSame(await bodies(door), [])
})

test('what could not be kept of a message that is sent later refuses it', async (t) => {
  const door = await aLanDoor(t)
  const body = {
    channel_id: await square(door),
    message: 'the well is dry',
    scheduled_at: door.clock.now() + MINUTE_MS,
  }
  for (const props of [{ holdfast_burn_seconds: 30 }, { holdfast_label: { level: 'secret' } }]) {
    const asked = { ...body, props }
    const { status, text } = await door.ask('bo', 'POST', '/api/v4/posts/schedule', asked)
    t.equal(status, 400)
    t.match(text, `props.${Object.keys(props)[0]}`)
  }

  await door.clock.advance(2 * MINUTE_MS)
  t.strictSame(await bodies(door), [])
})

async function square(door: LanDoor): Promise<string> {
  return (await door.node.channelByName(door.people.amira.id, 'town-square')).id
}

async function bodies(door: LanDoor): Promise<readonly string[]> {
  const { id } = await door.node.channelByName(door.people.bo.id, 'town-square')
  const { messages } = await door.node.page(door.people.bo.id, id, { limit: 10 })
  return messages.map(({ body }) => body)
}
