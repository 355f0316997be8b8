/** A channel by the name a person types. */
import { z } from 'zod'
import type { LocalNode } from './local-node.ts'

const Teams = z.array(z.object({ id: z.string() })).min(1)
const Channel = z.object({ id: z.string(), name: z.string() })

/** The id of the channel with this name. @throws EdgeError NOT_FOUND, NOT_ALLOWED */
export async function channelId({ ask }: LocalNode, typed: string): Promise<string> {
  const [team] = Teams.parse(await ask('GET', '/api/v4/users/me/teams'))
  const name = encodeURIComponent(typed.replace(/^[~#]/, '').toLowerCase())
  return Channel.parse(await ask('GET', `/api/v4/teams/${team?.id}/channels/name/${name}`)).id
}
