/**
 * Messages that are shown once (`#model/once.ts`). A node tells nobody what one says until they open it, and then for its time alone;
 * a node whose orders count everywhere purges it when all its readers have had that time, or when its days are over.
 */
import { codeOf, EdgeError } from '#base/errors.ts'
import type { ChannelId, Instant, PostId, UserId } from '#base/ids.ts'
import { ONCE_GRACE_MS, ONCE_LOOK_MS } from '#base/limits.ts'
import { aboutChannel } from '#model/audit-content.ts'
import { burnSecondsIn } from '#model/once.ts'
import type { MessageRecord } from '#model/view.ts'
import type { Clock } from '#ports/clock.ts'
import { audit } from '#sync/audit.ts'
import { keptRange } from '#sync/kept-keys.ts'
import { key } from '#sync/keys.ts'
import { orderPurge } from '#sync/purge-orders.ts'
import { unpack } from '#sync/records.ts'
import { insistInChannel, mayRead, recordOf, type AppContext } from './context.ts'
import type { Conversations } from './conversation-types.ts'
import { wholeMessageFrom } from './present.ts'

const DAY_MS = 86_400_000

/** Opening what is shown once; `acknowledge` tells its author. */
export function openOnce(
  context: AppContext,
  { acknowledge }: Pick<Conversations, 'acknowledge'>,
): Pick<Conversations, 'openOnce'> {
  const { replica } = context.sync
  return {
    openOnce: async (subject, id) => {
      const hidden = { what: 'message', id }
      const { channel, author, props, deletedAt } = await recordOf(replica.read, id)
      await insistInChannel(context, subject, { channel, action: 'read channel', hidden })
      if (burnSecondsIn(props) === 0 || deletedAt !== 0) throw new EdgeError('NOT_FOUND', hidden)
      if (author !== subject) await acknowledge(subject, id)
      const record = await recordOf(replica.read, id)
      if (!isOpenFor(record, subject, context.sync.now()))
        throw new EdgeError('NOT_ALLOWED', {
          found: 'a message that was shown to you',
          wanted: 'one that you have not opened yet',
        })
      return wholeMessageFrom(record)
    },
  }
}

/** Whether what a message says may be shown to somebody now: always, but where it is shown once. */
export function isOpenFor(record: MessageRecord, subject: UserId, now: Instant): boolean {
  const seconds = burnSecondsIn(record.props)
  if (seconds === 0 || record.author === subject) return true
  const opened = record.acknowledgements?.find(({ person }) => person === subject)
  return opened !== undefined && now - opened.at < seconds * 1_000 + ONCE_GRACE_MS
}

/** On a node whose orders count everywhere: purges what has been shown, as long as the node runs. */
export async function keepBurning(
  context: AppContext,
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  const { log, identity } = context.sync
  const { role, rights } = identity.certificate
  if (role !== 'hub' && !rights.administers) return
  while (!signal.aborted) {
    await clock.sleep(ONCE_LOOK_MS, signal)
    if (signal.aborted) return
    try {
      await burnShown(context)
    } catch (error) {
      const code = codeOf(error) ?? 'unknown'
      if (code === 'STOPPING') return
      log.warn('kept.failed', { code })
    }
  }
}

async function burnShown(context: AppContext): Promise<void> {
  const { sync } = context
  const { read } = sync.replica
  const due = new Map<ChannelId, Set<PostId>>()
  for (const [, bytes] of await read.list(keptRange.allOnce)) {
    const id = unpack<PostId>(bytes)
    const message = id && unpack<MessageRecord>(await read.get(key.message(id)))
    if (message === undefined || !isDue(context, message)) continue
    due.set(message.channel, (due.get(message.channel) ?? new Set()).add(message.id))
  }
  for (const [channel, messages] of due)
    await sync.replica.commit(async (tx) => {
      const draft = { channel, wish: { messages }, reason: 'shown once', by: undefined } as const
      const { messages: count } = await orderPurge(tx, sync, draft)
      if (count === 0) return
      await audit(tx, sync, { deed: 'purge ordered', subjects: [aboutChannel(channel)], count })
    })
}

/** All who may read it have had its time, or its days are over; and nothing holds it. */
function isDue(context: AppContext, message: MessageRecord): boolean {
  const { sync } = context
  const { channel, author, createdAt, deletedAt, acknowledgements = [] } = message
  const { policy } = sync.directory()
  if (policy.isHeld(channel) || policy.isPersonHeld(author)) return false
  const now = sync.now()
  if (deletedAt !== 0 || now - createdAt >= policy.onceDays() * DAY_MS) return true
  const openedAt = new Map(acknowledgements.map(({ person, at }) => [person, at]))
  const readers = readersOf(context, message)
  const timeMs = burnSecondsIn(message.props) * 1_000 + ONCE_GRACE_MS
  return (
    readers.length > 0 &&
    readers.every((person) => now - (openedAt.get(person) ?? Infinity) >= timeMs)
  )
}

/** Everybody but its author who is in the channel, may read there, and can still sign in. */
function readersOf(context: AppContext, { channel, author }: MessageRecord): readonly UserId[] {
  const directory = context.sync.directory()
  return directory
    .members(channel)
    .map(({ person }) => person)
    .filter((person) => {
      const known = directory.person(person)
      const isSomebody = known?.deactivatedAt === 0 && known.bot === undefined
      return person !== author && isSomebody && mayRead(context, person, { channel })
    })
}
