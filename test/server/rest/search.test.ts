import { Readable } from 'node:stream'
import { test } from 'tap'
import { aLanDoor } from '../../support/lan-door.ts'

function namesIn(list: unknown): readonly string[] {
  return (list as { username: string }[]).map(({ username }) => username)
}

test('people are found by the beginning of their name or of a word of their full name', async (t) => {
  const door = await aLanDoor(t)
  await door.node.enrolPerson(door.people.amira.id, {
    username: 'dana',
    displayName: 'Dr. Dana Cheng',
    password: 'dana-password',
    isAdministrator: false,
  })
  for (const [term, found] of [
    ['CHE', ['chen', 'dana']],
    ['@bo', ['bo']],
    ['zzz', []],
    ['', ['amira', 'bo', 'chen', 'dana']],
  ] as const) {
    const { json } = await door.ask('bo', 'POST', '/api/v4/users/search', { term })
    t.strictSame(namesIn(json), found)
  }
  const limited = await door.ask('bo', 'POST', '/api/v4/users/search', { term: '', limit: 2 })
  t.equal(namesIn(limited.json).length, 2)
})

test('completing a name in a channel tells members from others', async (t) => {
  const door = await aLanDoor(t)
  const { amira, bo } = door.people
  const { id } = await door.node.createChannel(amira.id, {
    kind: 'private',
    name: 'two',
    displayName: 'Two',
    members: [bo.id],
  })
  const { json } = await door.ask('bo', 'GET', `/api/v4/users/autocomplete?in_channel=${id}&name=`)

  t.strictSame(namesIn(Object(json).users), ['amira', 'bo'])
  t.strictSame(namesIn(Object(json).out_of_channel), ['chen'])
  const everywhere = await door.ask('bo', 'GET', '/api/v4/users/autocomplete?name=ch')
  t.strictSame(namesIn(Object(everywhere.json).users), ['chen'])
})

test('messages are found in the shape of Mattermost, with what matched', async (t) => {
  const door = await aLanDoor(t)
  const { amira } = door.people
  const square = await door.node.channelByName(amira.id, 'town-square')
  const say = (body: string) => door.node.post(amira.id, { channel: square.id, body })
  const first = await say('Der Müller kommt')
  await door.clock.advance(1_000)
  const second = await say('die Mühle der muller')
  await say('something else')
  const team = await door.ask('amira', 'GET', '/api/v4/teams')
  const [{ id }] = team.json as [{ id: string }]
  const asked = { terms: 'muller', is_or_search: false, time_zone_offset: 0 }

  const found = await door.ask('amira', 'POST', `/api/v4/teams/${id}/posts/search`, asked)

  t.match(found.json, {
    order: [second.id, first.id],
    posts: { [first.id]: { message: 'Der Müller kommt', delete_at: 0 } },
    matches: { [first.id]: ['Müller'], [second.id]: ['muller'] },
    holdfast_search: { is_cut: false, is_index_whole: true, channels_with_gaps: [] },
  })
  const everywhere = await door.ask('amira', 'POST', '/api/v4/posts/search', {
    ...asked,
    terms: 'from:amira m*',
    per_page: 1,
    page: 1,
  })
  t.strictSame(Object(everywhere.json).order, [first.id])
  const client = await door.client('amira')
  t.strictSame((await client.searchPosts(id, 'muller', false)).order, [second.id, first.id])
})

test('files are found by what they are called, and messages that have some', async (t) => {
  const door = await aLanDoor(t)
  const { amira } = door.people
  const { id: channel } = await door.node.channelByName(amira.id, 'town-square')
  await door.node.post(amira.id, { channel, body: 'no map here' })
  const draft = { channel, name: 'Übersicht Nord.pdf', type: 'application/pdf' }
  const { id } = await door.node.keepFile(amira.id, draft, Readable.from([Buffer.from('x')]))
  const body = { channel_id: channel, message: '', file_ids: [id] }
  const { json: post } = await door.ask('amira', 'POST', '/api/v4/posts', body)
  const search = async (terms: string): Promise<unknown> =>
    Object((await door.ask('amira', 'POST', '/api/v4/posts/search', { terms })).json).order

  for (const terms of ['has:file', 'ubersicht', '"nord pdf"', '-map'])
    t.strictSame(await search(terms), [Object(post).id], terms)
  t.strictSame(await search('-has:file map'), await search('map'))
  const team = (await door.node.status()).organisation
  for (const path of ['/api/v4/files/search', `/api/v4/teams/${team}/files/search`])
    for (const terms of ['', 'ubersicht', '"nord pdf', '-map']) {
      const { json } = await door.ask('bo', 'POST', path, { terms })
      const file = { id, post_id: Object(post).id, name: draft.name, channel_id: channel }
      t.match(json, { order: [id], file_infos: { [id]: file } }, terms)
    }
  const none = await door.ask('bo', 'POST', '/api/v4/files/search', { terms: 'map' })
  t.match(none.json, { order: [], file_infos: {} })
  const client = await door.client('bo')
  t.strictSame((await client.searchFiles(team, 'ubersicht', false)).order, [id])
})

test('a search by nobody, in another team, or of the wrong form is refused', async (t) => {
  const door = await aLanDoor(t)
  const search = async (name: 'bo' | undefined, path: string, body: object) =>
    (await door.ask(name, 'POST', path, body)).status
  const path = '/api/v4/posts/search'

  t.equal(await search(undefined, path, { terms: 'a' }), 401)
  t.equal(await search('bo', path, {}), 400)
  t.equal(await search('bo', path, { terms: 'a'.repeat(2_000) }), 400)
  t.equal(await search('bo', path, { terms: 'on:never' }), 400)
  t.equal(
    await search('bo', '/api/v4/teams/yyyyyyyyyyyyyyyyyyyyyyyyyy/posts/search', { terms: 'a' }),
    404,
  )
})
