/** The client under Mattermost's hubot: it signs in, loads, hears and answers. */
import { createRequire } from 'node:module'
import type { EventEmitter } from 'node:events'
import { test } from 'tap'
import { aLanDoor, passwordOf } from '../support/lan-door.ts'

interface Hubot extends EventEmitter {
  readonly channels: Readonly<Record<string, { readonly id: string; readonly name: string }>>
  readonly login: (name: string, password: string, token: null) => void
  readonly postMessage: (text: string, channel: string) => void
  readonly disconnect: () => void
  readonly findChannelByName: (name: string) => { readonly id: string } | null
}

test('a bot on the old client hears a message and answers it', async (t) => {
  const door = await aLanDoor(t)
  const { host, port } = { host: '127.0.0.1', port: Number(new URL(door.url).port) }
  process.env.MATTERMOST_USE_TLS = 'false' // it is read when the client is loaded
  const load = createRequire(import.meta.url)
  const Client = load('mattermost-client') as new (
    host: string,
    team: string,
    options: object,
  ) => Hubot
  const logger = { info: quiet, debug: quiet, error: quiet, warning: quiet }
  const bot = new Client(host, 'relief', { httpPort: port, wssPort: port, logger })
  const loaded = new Promise((resolve) => bot.once('channelsLoaded', resolve))
  const people = new Promise<readonly object[]>((resolve) => bot.once('profilesLoaded', resolve))
  const hello = new Promise((resolve) => bot.once('hello', resolve))
  const heard = new Promise<{ data: { post: string } }>((resolve) => bot.once('message', resolve))
  bot.login('chen', passwordOf('chen'), null)
  await Promise.all([loaded, hello])
  const square = bot.findChannelByName('town-square')

  t.equal((await people).length, 3)
  const { id: channel } = await door.node.channelByName(door.people.bo.id, 'town-square')
  t.equal(square?.id, channel)
  await door.node.post(door.people.bo.id, { channel, body: 'bot, are you there?' })
  t.match(JSON.parse((await heard).data.post), { message: 'bot, are you there?' })
  const answered = new Promise<void>((resolve) => {
    t.teardown(
      door.node.subscribe((event) => {
        if (event.kind === 'posted' && event.message.body === 'I am') resolve()
      }),
    )
  })
  bot.postMessage('I am', channel)
  await answered
  bot.disconnect()
})

function quiet(): void {
  // What it says of itself is not looked at.
}
