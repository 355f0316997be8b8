/** What of a channel somebody wants to be told of. Clients word it, and act by it; the node keeps it for them. */
import { z } from 'zod'
import { EdgeError } from '#base/errors.ts'
import type { ChannelId } from '#base/ids.ts'
import type { Door } from '#server/door.ts'
import { bodyOf, idParam, userParam } from '#server/input.ts'
import { memberChanged } from '#server/live-member-events.ts'
import { route, type Call, type Route } from '#server/route.ts'
import { OK } from './shapes.ts'

const Props = z.record(z.string().max(64), z.string().max(512))

/** The route about it. */
export function notifyRoutes(door: Door): readonly Route[] {
  return [
    route('PUT', '/api/v4/channels/:channel/members/:user/notify_props', (call) => set(door, call)),
  ]
}

async function set(door: Door, call: Call): Promise<object> {
  const { node } = door
  const person = userParam(call)
  if (person !== call.subject) throw new EdgeError('NOT_ALLOWED', { what: 'wishes of another' })
  const channel = idParam<ChannelId>(call, 'channel')
  const { user_id: _user, channel_id: _channel, ...props } = bodyOf(call, Props)
  await node.setNotifyProps(person, channel, props)
  const membership = await node.membership(channel, person)
  if (membership === undefined) throw new EdgeError('NOT_FOUND', { what: 'member' })
  const notify = (await node.notifyProps(person)).get(channel) ?? {}
  door.announce(memberChanged({ membership, notify }))
  return OK
}
