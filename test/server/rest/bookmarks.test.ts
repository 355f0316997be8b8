import { test } from 'tap'
import { aLanDoor } from '../../support/lan-door.ts'
import { aLiveClient, inner } from '../../support/live-client.ts'

test('bookmarks of a channel by the addresses and events of Mattermost', async (t) => {
  const door = await aLanDoor(t)
  const { amira, bo } = door.people
  const draft = { kind: 'private', name: 'ops', displayName: 'Ops', members: [bo.id] } as const
  const { id: channel } = await door.node.createChannel(amira.id, draft)
  const client = await aLiveClient(door, 'bo')
  const all = `/api/v4/channels/${channel}/bookmarks`
  const link = {
    type: 'link',
    display_name: 'Map',
    link_url: 'https://example.org/',
    emoji: ':map:',
  }
  const made = await door.ask('amira', 'POST', all, link)
  const { id } = made.json as { readonly id: string }

  t.equal(made.status, 201)
  const shown = { id, channel_id: channel, owner_id: amira.id, ...link, emoji: 'map', delete_at: 0 }
  t.match(made.json, shown)
  t.match((await door.ask('bo', 'GET', all)).json, [shown])
  t.strictSame((await door.ask('bo', 'GET', `${all}?bookmarks_since=9999999999999`)).json, [])
  t.match(inner(await client.event('channel_bookmark_created'), 'bookmark'), shown)

  const patched = await door.ask('amira', 'PATCH', `${all}/${id}`, { display_name: 'Maps' })
  t.match(patched.json, { updated: { ...shown, display_name: 'Maps' } })
  t.match(inner(await client.event('channel_bookmark_updated'), 'bookmarks'), {
    updated: { id, display_name: 'Maps' },
  })
  const order = await door.ask('amira', 'POST', `${all}/${id}/sort_order`, 0)
  t.match(order.json, [{ id, sort_order: 0 }])
  const gone = await door.ask('amira', 'DELETE', `${all}/${id}`)
  t.match(gone.json, { id, delete_at: Number })
  t.match(inner(await client.event('channel_bookmark_deleted'), 'bookmark'), { id })
  t.strictSame((await door.ask('bo', 'GET', all)).json, [])

  const file = await door.ask('amira', 'POST', all, { ...link, type: 'file' })
  t.match(file.json, { message: /wanted link: a file travels with a message/, status_code: 400 })
  t.equal((await door.ask('chen', 'POST', all, link)).status, 404)
})
