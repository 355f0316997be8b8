/** Who writes and where: accounts on both kits, channels made by the hub, everybody a member where they write. */
import { z } from 'zod'
import { must as known } from '#base/assert.ts'
import { must, type Ask } from '../fleet/client.ts'
import type { Node } from '../fleet/node.ts'
import { nodesOf, type Fleet } from './fleet.ts'
import type { Plan } from './messages.ts'
import type { Pause } from './pause.ts'

/** Somebody with an account. */
export interface Writer {
  readonly id: string
  /** Place of the home kit among the kits. */
  readonly kit: number
  /** Open on the home kit; survives its restarts. */
  readonly token: string
}

/** Who and where, in the order of the plan. */
export interface People {
  readonly writers: readonly Writer[]
  /** Ids of the channels. */
  readonly channels: readonly string[]
}

const WithId = z.object({ id: z.string() })
const Teams = z.array(WithId).min(1)
const Count = z.object({ total_users_count: z.int() })
const PASSWORD = 'correct horse battery'

/** Makes all of them, and waits until every node knows them. */
export async function settle(fleet: Fleet, plan: Plan, pause: Pause): Promise<People> {
  const { hub } = fleet
  const writers: Writer[] = []
  for (const [index, name] of plan.authors.entries())
    writers.push(await enrol(fleet, name, index % fleet.kits.length))
  const channels: string[] = []
  for (const name of plan.channels) channels.push(await makeChannel(hub, name))

  const people = plan.authors.length + nodesOf(fleet).length
  for (const node of nodesOf(fleet)) {
    await pause.until(async () => (await countOfPeople(node)) >= people, `${node.name} knows all`)
    for (const channel of channels)
      await pause.until(
        () => isThere(node, `/api/v4/channels/${channel}`),
        'the channels are known',
      )
  }
  const pairs = new Set(plan.messages.map(({ author, channel }) => `${author} ${channel}`))
  for (const pair of pairs) {
    const [author = 0, channel = 0] = pair.split(' ').map(Number)
    const writer = known(writers[author], 'the plan names its authors')
    await join(fleet, writer, known(channels[channel], 'the plan names its channels'))
  }
  return { writers, channels }
}

async function enrol({ kits }: Fleet, name: string, kit: number): Promise<Writer> {
  const { node } = known(kits[kit], 'there are two kits')
  const { ask } = node
  const body = { username: name, password: PASSWORD }
  const made = await must(ask, { method: 'POST', path: '/api/v4/users', token: node.token(), body })
  const { id } = WithId.parse(made)
  return { id, kit, token: await signIn(ask, name) }
}

async function signIn(ask: Ask, name: string): Promise<string> {
  const body = { login_id: name, password: PASSWORD }
  const { status, header } = await ask({ method: 'POST', path: '/api/v4/users/login', body })
  return known(header('token'), `${name} can sign in (${status})`)
}

async function makeChannel(hub: Node, name: string): Promise<string> {
  const token = hub.token()
  const teams = await must(hub.ask, { method: 'GET', path: '/api/v4/users/me/teams', token })
  const [team] = Teams.parse(teams)
  const body = { type: 'O', team_id: team?.id, name, display_name: name }
  return WithId.parse(
    await must(hub.ask, { method: 'POST', path: '/api/v4/channels', token, body }),
  ).id
}

async function join({ kits }: Fleet, { id, kit, token }: Writer, channel: string): Promise<void> {
  const { node } = known(kits[kit], 'there are two kits')
  const path = `/api/v4/channels/${channel}/members`
  await must(node.ask, { method: 'POST', path, token, body: { user_id: id } })
}

async function countOfPeople({ ask, token }: Node): Promise<number> {
  const answer = await ask({ method: 'GET', path: '/api/v4/users/stats', token: token() })
  return answer.status === 200 ? Count.parse(answer.value).total_users_count : 0
}

async function isThere({ ask, token }: Node, path: string): Promise<boolean> {
  return (await ask({ method: 'GET', path, token: token() })).status === 200
}
