/** A node with a history: people, channels and messages, written through the node itself and left on disk. */
import { openAlone } from '#compose.ts'
import { realWorld } from '#compose/world.ts'
import { must } from '#base/assert.ts'
import type { ChannelId, UserId } from '#base/ids.ts'
import type { EdgeNode } from '#app/node.ts'
import { LANES, type Lane } from '#model/precedence.ts'
import type { Node } from '../fleet/node.ts'
import { OWN_MESSAGES } from '../trial/own-messages.ts'

/** A data folder that is ready to be started. */
export interface Built {
  readonly channels: readonly ChannelId[]
  /** Sessions of as many people, each good on this node only, also after a start. */
  readonly tokens: readonly string[]
}

/** How much is built. */
export interface BuildOptions {
  readonly messages: number
  readonly people: number
  readonly channels: number
}

/** Posts under way at once; the node writes them to disk together. */
const AT_ONCE = 256
/** Of everybody who is enrolled. */
export const PASSWORD = 'correct horse battery'
/** Every so many messages one goes by a more urgent lane. */
const URGENT_EVERY = 12

/** Founds the organisation of `node` and fills it. The node is not running before and after. */
export async function build(node: Node, options: BuildOptions): Promise<Built> {
  await node.found('Relief')
  await using alone = await openAlone(node.dataFolder, realWorld('warn'))
  const people = await enrol(alone.node, options.people)
  const channels = await makeChannels(alone.node, people, options.channels)
  await write(alone.node, { people, channels, count: options.messages })
  const tokens: string[] = []
  for (const { username } of await alone.node.people(people))
    tokens.push((await alone.node.signIn(username, PASSWORD)).token)
  return { channels, tokens }
}

async function enrol(node: EdgeNode, count: number): Promise<readonly UserId[]> {
  const admin = must(await node.personByName('admin'), 'a founded node has an administrator')
  const people: UserId[] = []
  for (let number = 1; number <= count; number += 1) {
    const username = `person-${number}`
    const draft = { username, displayName: username, password: PASSWORD, isAdministrator: false }
    people.push((await node.enrolPerson(admin.id, draft)).id)
  }
  return people
}

async function makeChannels(
  node: EdgeNode,
  people: readonly UserId[],
  count: number,
): Promise<readonly ChannelId[]> {
  const founder = must(people[0], 'there are people')
  const channels: ChannelId[] = []
  for (let number = 1; number <= count; number += 1) {
    const name = `channel-${number}`
    const draft = { kind: 'public', name, displayName: name, members: people } as const
    channels.push((await node.createChannel(founder, draft)).id)
  }
  return channels
}

async function write(
  node: EdgeNode,
  {
    people,
    channels,
    count,
  }: {
    readonly people: readonly UserId[]
    readonly channels: readonly ChannelId[]
    readonly count: number
  },
): Promise<void> {
  let next = 0
  const writer = async (): Promise<void> => {
    for (let number = next++; number < count; number = next++) {
      const person = must(people[number % people.length], 'there are people')
      const channel = must(channels[number % channels.length], 'there are channels')
      const { text } = must(OWN_MESSAGES[number % OWN_MESSAGES.length], 'there are messages')
      await node.post(person, { channel, body: `${number} ${text}`, lane: laneOf(number) })
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, writer))
}

function laneOf(number: number): Lane {
  if (number % URGENT_EVERY !== 0) return 'routine'
  return must(LANES[(number / URGENT_EVERY) % 3], 'there are three lanes before routine')
}
