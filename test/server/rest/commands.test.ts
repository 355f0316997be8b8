/** Slash commands: what they do, and that only the one who asks is answered. */
import { test, type Test } from 'tap'
import type { ChannelId } from '#base/ids.ts'
import { aLanDoor, type Answer, type LanDoor, type Name } from '../../support/lan-door.ts'

test('every command is offered by name, and completed', async (t) => {
  const { door, team } = await aScene(t)
  const { json } = await door.ask('bo', 'GET', `/api/v4/teams/${team}/commands/autocomplete`)
  const typed = `/api/v4/teams/${team}/commands/autocomplete_suggestions?user_input=/fl`

  t.strictSame(
    (json as readonly { trigger: string }[]).map(({ trigger }) => trigger),
    ['flash', 'where', 'gaps', 'link', 'budget'],
  )
  t.match((await door.ask('bo', 'GET', typed)).json, [{ Complete: 'flash' }])
})

test('/flash sends the text as it is, before everything else', async (t) => {
  const { door, run, channel } = await aScene(t)
  t.equal((await run('bo', '/flash two hurt\nat km 14 "now"')).status, 200)

  const { messages } = await door.node.page(door.people.bo.id, channel, { limit: 5 })
  t.match(messages, [
    { body: 'two hurt\nat km 14 "now"', lane: 'flash', author: door.people.bo.id },
  ])
  t.equal((await run('bo', '/flash')).status, 400)
})

test('/flash says why it cannot wait when the allowance is spent', async (t) => {
  const { door, run, channel } = await aScene(t, { flash: 0, immediate: 0, withinMs: 60_000 })
  t.equal((await run('bo', '/flash fire')).status, 403)
  t.equal((await run('bo', '/flash --override "three are hurt" fire')).status, 200)

  const { messages } = await door.node.page(door.people.bo.id, channel, { limit: 5 })
  t.match(messages, [{ body: 'fire', overrideReason: 'three are hurt' }])
})

test('/where tells of one’s newest messages, or of one that is named', async (t) => {
  const { door, run, channel } = await aScene(t)
  t.match((await run('bo', '/where')).json, { text: /nothing here lately/ })
  const { id } = await door.node.post(door.people.bo.id, { channel, body: 'on our way' })

  for (const command of ['/where', `/where ${door.url}/relief/pl/${id}`])
    t.match((await run('bo', command)).json, {
      response_type: 'ephemeral',
      text: /> on our way\n- on this kit/,
    })
  t.equal((await run('bo', '/where is it')).status, 400)
})

test('/gaps, /link and /budget say how it is, and nothing they do not know', async (t) => {
  const { run } = await aScene(t)

  t.match((await run('bo', '/gaps')).json, { text: /lacks nothing/ })
  t.match((await run('bo', '/link')).json, { text: /no link|by courier/ })
  t.match((await run('bo', '/budget')).json, { text: /No link of this node is billed/ })
})

test('an unknown command is not found, and says which there are', async (t) => {
  const { run } = await aScene(t)
  const answer = await run('bo', '/dance')

  t.equal(answer.status, 404)
  t.match((answer.json as { detailed_error: string }).detailed_error, '/flash, /where')
})

test('nobody gives a command in a channel that they may not read', async (t) => {
  const { door, run } = await aScene(t)
  const { id } = await door.node.createChannel(door.people.amira.id, {
    kind: 'private',
    name: 'ops',
    displayName: 'Ops',
  })
  for (const command of ['/where', '/link', '/flash x'])
    t.equal((await run('bo', command, id)).status, 404, command)
})

interface Scene {
  readonly door: LanDoor
  readonly team: string
  readonly channel: ChannelId
  readonly run: (name: Name, command: string, channel?: ChannelId) => Promise<Answer>
}

async function aScene(
  t: Test,
  allowance?: { readonly flash: number; readonly immediate: number; readonly withinMs: number },
): Promise<Scene> {
  const door = await aLanDoor(t, allowance === undefined ? {} : { options: { allowance } })
  const { id: channel } = await door.node.channelByName(door.people.amira.id, 'town-square')
  return {
    door,
    team: (await door.node.status()).organisation,
    channel,
    run: (name, command, asked = channel) =>
      door.ask(name, 'POST', '/api/v4/commands/execute', { command, channel_id: asked }),
  }
}
