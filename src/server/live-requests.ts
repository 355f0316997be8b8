/** What a client may ask over its WebSocket, and the answers. Answers carry the request's number, not the stream's. */
import { z } from 'zod'
import { EdgeError } from '#base/errors.ts'
import type { ChannelId, UserId } from '#base/ids.ts'
import type { Attributes } from '#model/policy.ts'
import type { Clock } from '#ports/clock.ts'
import { wireErrorFrom } from './errors.ts'
import { IDS_PER_REQUEST_MAX } from './limits.ts'
import { idSchema, optionalIdSchema, parse } from './input.ts'
import { typing } from './live-events.ts'
import type { Hearing } from './live-hub.ts'
import type { Announcement } from './live-text.ts'
import type { MembersHere } from './members-here.ts'
import type { Presence } from './presence.ts'

/** One request. */
export interface LiveRequest {
  readonly action: string
  /** Chosen by the client, from 1. */
  readonly seq: number
  readonly data?: unknown
}

/** What requests act on. */
export interface RequestPorts {
  readonly clock: Clock
  readonly members: MembersHere
  readonly presence: Presence
  readonly announce: (announcement: Announcement) => void
  /** Version and name that `ping` answers with. */
  readonly version: string
  /** Who may know of whom, and be told what happens in a channel: nobody else says something there. */
  readonly hearing: Hearing
}

const Request = z.object({
  action: z.string().min(1).max(64),
  seq: z.int().positive(),
  data: z.unknown().optional(),
})
const Typing = z.object({ channel_id: idSchema<ChannelId>(), parent_id: optionalIdSchema() })
const Active = z.object({ user_is_active: z.boolean() })
const Ids = z.object({ user_ids: z.array(idSchema<UserId>()).max(IDS_PER_REQUEST_MAX) })

/** The request in a message, or undefined when there is no making sense of it. */
export function readRequest(text: string): LiveRequest | undefined {
  const outcome = Request.safeParse(jsonOrNothing(text))
  return outcome.success ? outcome.data : undefined
}

/** Who asks, and under which circumstances. */
export interface Asker {
  readonly person: UserId
  readonly told: Attributes
}

/** Does what `person` asks, and gives the data of the answer. @throws EdgeError INPUT_INVALID, NOT_ALLOWED */
export function answerRequest(
  request: LiveRequest,
  asker: Asker,
  ports: RequestPorts,
): object | undefined {
  const { clock, presence } = ports
  const { person } = asker
  const isKnown = (other: UserId): boolean => ports.hearing.maySee(person, other)
  switch (request.action) {
    case 'ping':
      return { text: 'pong', version: ports.version, server_time: clock.now(), node_id: '' }
    case 'user_typing':
      return relayTyping(asker, parse('data', Typing, request.data), ports)
    case 'user_update_active_status': {
      const { user_is_active: isActive } = parse('data', Active, request.data)
      presence.setActive(person, isActive, clock.now())
      return undefined
    }
    case 'get_statuses':
      return statuses([...ports.members.all()].filter(isKnown), presence)
    case 'get_statuses_by_ids':
      return statuses(parse('data', Ids, request.data).user_ids.filter(isKnown), presence)
    case 'presence':
    case 'posted_notify_ack':
      return undefined
    default:
      throw new EdgeError('INPUT_INVALID', {
        field: 'action',
        found: 'an unknown action',
        wanted: 'ping, user_typing, presence, get_statuses, ...',
      })
  }
}

/** The answer to a request that was done. */
export function doneText(request: LiveRequest, data: object | undefined): string {
  return JSON.stringify({
    status: 'OK',
    ...(data === undefined ? {} : { data }),
    seq_reply: request.seq,
  })
}

/** The answer to a request that was refused. */
export function refusedText(request: LiveRequest, error: unknown): string {
  return JSON.stringify({ status: 'FAIL', error: wireErrorFrom(error, ''), seq_reply: request.seq })
}

function relayTyping(
  { person, told }: Asker,
  data: z.infer<typeof Typing>,
  ports: RequestPorts,
): undefined {
  const { channel_id: channel, parent_id: parent } = data
  const isThere = ports.members.of(channel).has(person)
  if (!isThere || !ports.hearing.whoMayHear(channel)(person, told)) {
    throw new EdgeError('NOT_ALLOWED', { found: 'not a member of the channel' })
  }
  ports.announce(typing(person, channel, parent ?? ''))
  return undefined
}

function statuses(people: readonly UserId[], presence: Presence): object {
  return Object.fromEntries(people.map((person) => [person, presence.of(person).status]))
}

function jsonOrNothing(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
