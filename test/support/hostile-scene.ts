/** A door at which somebody types hostile texts: who asks, what there is, and what a refusal looks like. */
import type { Test } from 'tap'
import { must } from '#base/assert.ts'
import type { ChannelId } from '#base/ids.ts'
import { aLanDoor, fetched, type Answer, type LanDoor } from './lan-door.ts'
import { aLiveClient, type LiveClient } from './live-client.ts'

/** One place where something is typed: what of it is shown, there and elsewhere. */
export interface Place {
  readonly put: (scene: HostileScene, text: string) => Promise<readonly unknown[]>
  /** Texts that it does not take. */
  readonly refuses?: (text: string) => boolean
}

/** Whether nothing can be seen of it. */
export const isEmpty = (text: string): boolean => text.trim() === ''

/** Whether it has more characters. */
export const longerThan =
  (characters: number) =>
  (text: string): boolean =>
    Array.from(text).length > characters

/** What was typed was not taken. */
export class Refused extends Error {
  readonly answer: Answer
  constructor(answer: Answer) {
    super(`${answer.status} ${answer.text}`)
    this.answer = answer
  }
}

/** What there is. */
export interface HostileScene {
  readonly door: LanDoor
  readonly live: LiveClient
  readonly me: string
  readonly team: string
  readonly channel: ChannelId
  /** Another channel. */
  readonly room: string
  readonly post: string
  /** A message with an answer. */
  readonly root: string
  readonly hook: string
  readonly nextWord: () => string
  /** By amira. @throws Refused */
  readonly ask: Ask
  readonly send: (path: string, form: FormData) => Promise<Readonly<Record<string, unknown>>>
}

type Ask = (
  method: string,
  path: string,
  body?: unknown,
) => Promise<Readonly<Record<string, unknown>>>

/** A door with a channel, a room, a message, a thread and a webhook. */
export async function aHostileScene(t: Test): Promise<HostileScene> {
  const allowance = { flash: 0, immediate: 1_000, withinMs: 3_600_000 }
  const door = await aLanDoor(t, { options: { allowance } })
  const { node, people } = door
  const live = await aLiveClient(door, 'amira')
  const { token } = await node.openSession('amira')
  const headers = { authorization: `Bearer ${token}` }
  const ask: Ask = async (method, path, body) => taken(await door.ask('amira', method, path, body))
  const { id: channel } = await node.channelByName(people.amira.id, 'town-square')
  const post = await ask('POST', '/api/v4/posts', { channel_id: channel, message: 'post' })
  const root = await ask('POST', '/api/v4/posts', { channel_id: channel, message: 'root' })
  const hook = await ask('POST', '/api/v4/hooks/incoming', { channel_id: channel })
  const room = await ask('POST', '/api/v4/channels', { type: 'O', name: 'room', display_name: 'x' })
  let words = 0
  return {
    door,
    live,
    ask,
    channel,
    me: people.amira.id,
    team: (await node.status()).organisation,
    post: String(post['id']),
    root: String(root['id']),
    hook: String(hook['id']),
    room: String(room['id']),
    nextWord: () => `w${(words += 1).toString(36)}x`,
    send: async (path, body) =>
      taken(await fetched(door.url + path, { method: 'POST', headers, body })),
  }
}

function taken(answer: Answer): Readonly<Record<string, unknown>> {
  if (answer.status >= 400) throw new Refused(answer)
  return answer.json as Readonly<Record<string, unknown>>
}

/** One of those in a list that has them by id. */
export function within(list: Readonly<Record<string, unknown>>, field: string, id: string) {
  const all = list[field] as Readonly<Record<string, Readonly<Record<string, unknown>>>>
  return must(all[id], `${id} is in ${field}`)
}
