/**
 * Tells people that delivery words have changed: the author of a message, and whoever asked for its story. A link
 * that opens moves many messages at once, so changes are gathered for a moment and told together.
 */
import type { PostId, UserId } from '#base/ids.ts'
import type { Clock } from '#ports/clock.ts'
import {
  DELIVERY_GATHER_MAX,
  DELIVERY_GATHER_MS,
  WATCHED_MESSAGES_MAX,
  WATCHERS_PER_MESSAGE_MAX,
} from './limits.ts'

/** Who hears of which messages. */
export interface DeliveryWatch {
  /** `person` wants to hear of `message`. The messages watched for longest are forgotten first. */
  readonly watch: (message: PostId, person: UserId) => void
  /** The words of these messages have changed. */
  readonly changed: (messages: readonly PostId[]) => void
}

/** `tell` is called with the messages of one person, some DELIVERY_GATHER_MS after the first of them changed. */
export function createDeliveryWatch(
  clock: Clock,
  tell: (person: UserId, messages: readonly PostId[]) => void,
  signal: AbortSignal,
): DeliveryWatch {
  const watchers = new Map<PostId, Set<UserId>>()
  const gathered = new Set<PostId>()
  let isGathering = false
  const tellAll = (): void => {
    for (const [person, messages] of messagesByPerson(gathered, watchers)) tell(person, messages)
    gathered.clear()
  }
  const gather = async (): Promise<void> => {
    isGathering = true
    await clock.sleep(DELIVERY_GATHER_MS, signal)
    isGathering = false
    if (!signal.aborted) tellAll()
  }
  return {
    watch: (message, person) => {
      const people = watchers.get(message) ?? new Set<UserId>()
      if (people.size < WATCHERS_PER_MESSAGE_MAX) people.add(person)
      watchers.set(message, people)
      if (watchers.size > WATCHED_MESSAGES_MAX) forgetOldest(watchers)
    },
    changed: (messages) => {
      for (const message of messages) if (watchers.has(message)) gathered.add(message)
      if (gathered.size >= DELIVERY_GATHER_MAX) tellAll()
      else if (gathered.size > 0 && !isGathering) void gather()
    },
  }
}

function messagesByPerson(
  messages: Iterable<PostId>,
  watchers: ReadonlyMap<PostId, ReadonlySet<UserId>>,
): ReadonlyMap<UserId, readonly PostId[]> {
  const all = new Map<UserId, PostId[]>()
  for (const message of messages) {
    for (const person of watchers.get(message) ?? []) {
      const own = all.get(person) ?? []
      own.push(message)
      all.set(person, own)
    }
  }
  return all
}

function forgetOldest(watchers: Map<PostId, unknown>): void {
  for (const message of watchers.keys()) {
    watchers.delete(message)
    return
  }
}
