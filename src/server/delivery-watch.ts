/**
 * Tells people that delivery words have changed: the author of a message, and whoever asked for its story. A link
 * that opens moves many messages at once, so changes are gathered for a moment and told together.
 */
import type { Message } from '#app/types.ts'
import type { ChannelId, PostId, UserId } from '#base/ids.ts'
import type { Clock } from '#ports/clock.ts'
import {
  DELIVERY_GATHER_MAX,
  DELIVERY_GATHER_MS,
  WATCHED_MESSAGES_MAX,
  WATCHERS_PER_MESSAGE_MAX,
} from './limits.ts'

/** A message and where it stands. */
export type Watched = Pick<Message, 'id' | 'channel'>

/** Who hears of which messages. */
export interface DeliveryWatch {
  /** `person` wants to hear of `message`. The messages watched for longest are forgotten first. */
  readonly watch: (message: Watched, person: UserId) => void
  /** The words of these messages have changed. */
  readonly changed: (messages: readonly PostId[]) => void
}

/** `tell` is called with the messages of one person in one channel, some DELIVERY_GATHER_MS after the first of them changed. */
export function createDeliveryWatch(
  clock: Clock,
  tell: (person: UserId, channel: ChannelId, messages: readonly PostId[]) => void,
  signal: AbortSignal,
): DeliveryWatch {
  const watchers: Watchers = new Map()
  const gathered = new Set<PostId>()
  let isGathering = false
  const tellAll = (): void => {
    for (const { person, channel, messages } of messagesByPerson(gathered, watchers))
      tell(person, channel, messages)
    gathered.clear()
  }
  const gather = async (): Promise<void> => {
    isGathering = true
    await clock.sleep(DELIVERY_GATHER_MS, signal)
    isGathering = false
    if (!signal.aborted) tellAll()
  }
  return {
    watch: ({ id, channel }, person) => {
      const watched = watchers.get(id) ?? { channel, people: new Set<UserId>() }
      if (watched.people.size < WATCHERS_PER_MESSAGE_MAX) watched.people.add(person)
      watchers.set(id, watched)
      if (watchers.size > WATCHED_MESSAGES_MAX) forgetOldest(watchers)
    },
    changed: (messages) => {
      for (const message of messages) if (watchers.has(message)) gathered.add(message)
      if (gathered.size >= DELIVERY_GATHER_MAX) tellAll()
      else if (gathered.size > 0 && !isGathering) void gather()
    },
  }
}

type Watchers = Map<PostId, { readonly channel: ChannelId; readonly people: Set<UserId> }>

interface Own {
  readonly person: UserId
  readonly channel: ChannelId
  readonly messages: PostId[]
}

function messagesByPerson(messages: Iterable<PostId>, watchers: Watchers): Iterable<Own> {
  const all = new Map<string, Own>()
  for (const message of messages) {
    const watched = watchers.get(message)
    if (watched === undefined) continue
    const { channel, people } = watched
    for (const person of people) {
      const name = `${person} ${channel}`
      const own = all.get(name) ?? { person, channel, messages: [] }
      own.messages.push(message)
      all.set(name, own)
    }
  }
  return all.values()
}

function forgetOldest(watchers: Map<PostId, unknown>): void {
  for (const message of watchers.keys()) {
    watchers.delete(message)
    return
  }
}
