/** Taking away for good: orders by hand and by retention, and holds, which beat both. */
import { codeOf, EdgeError } from '#base/errors.ts'
import type { ChannelId, Instant, UserId } from '#base/ids.ts'
import { PURGE_LOOK_MS } from '#base/limits.ts'
import { aboutChannel, aboutPerson, type AuditSubject } from '#model/audit-content.ts'
import type { Deed } from '#model/audit-words.ts'
import { DIRECTORY } from '#model/document-id.ts'
import type { PolicyPart } from '#model/policy.ts'
import type { MessageRecord } from '#model/view.ts'
import type { Clock } from '#ports/clock.ts'
import { audit } from '#sync/audit.ts'
import { key } from '#sync/keys.ts'
import { purgeRange, type PurgeRecord } from '#sync/purge-keys.ts'
import { orderPurge, type PurgeWish } from '#sync/purge-orders.ts'
import { unpack } from '#sync/records.ts'
import type { Tx } from '#sync/replica.ts'
import {
  insist,
  insistOnAdministeringNode,
  insistInChannel,
  isAdministrator,
  write,
  type AppContext,
} from './context.ts'
import type {
  Keeping,
  PurgeAnswer,
  PurgeOrderPicture,
  PurgeRequest,
  Purging,
} from './purge-types.ts'

const DAY_MS = 86_400_000

/** The part of the app that takes away for good. */
export function openPurging(context: AppContext): Purging {
  return {
    purge: (subject, request) => purge(context, subject, request),
    purges: async (subject, channel) => {
      await insistInChannel(context, subject, { channel, action: 'read channel' })
      return purgesOf(context, channel)
    },
    keeping: async (subject) => {
      insist(context, subject, {
        action: 'hold messages',
        isAdministrator: isAdministrator(context, subject),
      })
      return keepingOf(context)
    },
    hold: async (subject, { channel, person, isHeld }) => {
      if ((channel === undefined) === (person === undefined))
        throw new EdgeError('INPUT_INVALID', { field: 'channel', wanted: 'a channel or a person' })
      insistOn(context, subject, 'hold messages')
      const deed = isHeld ? 'hold set' : 'hold ended'
      if (channel !== undefined)
        await say(context, subject, { deed, part: { about: 'channel hold', channel, isHeld } })
      if (person !== undefined)
        await say(context, subject, { deed, part: { about: 'person hold', person, isHeld } })
      return keepingOf(context)
    },
    compactPurged: async (subject) => {
      insist(context, subject, {
        action: 'purge messages',
        isAdministrator: isAdministrator(context, subject),
      })
      await context.sync.replica.compact()
    },
    setRetention: async (subject, { channel, days }) => {
      insistOn(context, subject, 'purge messages')
      const part: PolicyPart = { about: 'retention', channel, days }
      await say(context, subject, { deed: 'retention set', part })
      return keepingOf(context)
    },
    setOnceDays: async (subject, days) => {
      insistOn(context, subject, 'purge messages')
      const part: PolicyPart = { about: 'shown once', days }
      await say(context, subject, { deed: 'retention set', part })
      return keepingOf(context)
    },
  }
}

/**
 * Once a day: a hub that administers purges what is older than the policy lets messages get, so that one order goes out; and
 * every node makes its disk drop what was purged since it last did.
 */
export async function keepPurging(
  context: AppContext,
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  const { replica, log, identity } = context.sync
  const { role, rights } = identity.certificate
  let compactedAt = 0
  while (!signal.aborted) {
    await clock.sleep(PURGE_LOOK_MS, signal)
    if (signal.aborted) return
    try {
      if (role === 'hub' && rights.administers) await purgeOld(context)
      const at = await lastPurgedAt(context)
      if (at > compactedAt) await replica.compact()
      compactedAt = at
    } catch (error) {
      const code = codeOf(error) ?? 'unknown'
      if (code === 'STOPPING') return
      log.warn('kept.failed', { code })
    }
  }
}

async function lastPurgedAt({ sync }: AppContext): Promise<Instant> {
  const records = await sync.replica.read.list(purgeRange.orders)
  return Math.max(0, ...records.map(([, bytes]) => unpack<PurgeRecord>(bytes)?.at ?? 0))
}

/** Purges what is too old in every channel, and what was said later of what was purged. */
async function purgeOld({ sync }: AppContext): Promise<PurgeAnswer> {
  let sum: PurgeAnswer = { messages: 0, held: 0 }
  for (const { id: channel } of sync.directory().channels()) {
    const days = sync.directory().policy.retentionOf(channel)
    const isPurged = (await sync.replica.read.list(purgeRange.ordersIn(channel))).length > 0
    if (days === 0 && !isPurged) continue
    const wish: PurgeWish =
      days === 0 ? { messages: new Set() } : { before: sync.now() - days * DAY_MS }
    const draft = { channel, wish, reason: 'retention', by: undefined } as const
    const { messages, held } = await sync.replica.commit((tx) => orderPurge(tx, sync, draft))
    sum = { messages: sum.messages + messages, held: sum.held + held }
  }
  return sum
}

async function purge(
  context: AppContext,
  subject: UserId,
  { channel, messages = [], before }: PurgeRequest,
): Promise<PurgeAnswer> {
  insistOn(context, subject, 'purge messages')
  const { sync } = context
  if (sync.directory().channel(channel) === undefined)
    throw new EdgeError('NOT_FOUND', { what: 'channel', id: channel })
  if ((messages.length === 0) === (before === undefined))
    throw new EdgeError('INPUT_INVALID', {
      field: 'messages',
      wanted: 'messages, or a time before',
    })
  const wish: PurgeWish = before === undefined ? { messages: new Set(messages) } : { before }
  return sync.replica.commit(async (tx) => {
    for (const id of messages) await insistIn(tx, channel, id)
    const answer = await orderPurge(tx, sync, { channel, wish, reason: 'by hand', by: subject })
    const subjects = [aboutChannel(channel)]
    const count = Math.max(1, answer.messages)
    await audit(tx, sync, { deed: 'purge ordered', by: subject, subjects, count })
    return answer
  })
}

async function insistIn(tx: Tx, channel: ChannelId, id: MessageRecord['id']): Promise<void> {
  const message = unpack<MessageRecord>(await tx.get(key.message(id)))
  if (message?.channel !== channel) throw new EdgeError('NOT_FOUND', { what: 'message', id })
}

function insistOn(
  context: AppContext,
  subject: UserId,
  action: 'purge messages' | 'hold messages',
): void {
  insist(context, subject, { action, isAdministrator: isAdministrator(context, subject) })
  insistOnAdministeringNode(context, action)
}

async function say(
  context: AppContext,
  subject: UserId,
  { deed, part }: { readonly deed: Deed; readonly part: PolicyPart },
): Promise<void> {
  const { sync } = context
  const directory = sync.directory()
  if ('channel' in part && part.channel !== undefined && !directory.channel(part.channel))
    throw new EdgeError('NOT_FOUND', { what: 'channel', id: part.channel })
  if ('person' in part && directory.person(part.person) === undefined)
    throw new EdgeError('NOT_FOUND', { what: 'person', id: part.person })
  await sync.replica.commit(async (tx) => {
    const content = { kind: 'policy' as const, part }
    await write(tx, context, { document: DIRECTORY, author: subject, content })
    await audit(tx, sync, { deed, by: subject, subjects: subjectsOf(part) })
  })
}

function subjectsOf(part: PolicyPart): readonly AuditSubject[] {
  if ('person' in part) return [aboutPerson(part.person)]
  return 'channel' in part && part.channel !== undefined ? [aboutChannel(part.channel)] : []
}

async function purgesOf(
  { sync }: AppContext,
  channel: ChannelId,
): Promise<readonly PurgeOrderPicture[]> {
  const found = (await sync.replica.read.list(purgeRange.ordersIn(channel))).flatMap(
    ([, bytes]) => unpack<PurgeRecord>(bytes) ?? [],
  )
  return found
    .map((record) => ({ channel, ...record }))
    .toSorted((a, b) => b.orderedAt - a.orderedAt)
}

function keepingOf({ sync }: AppContext): Keeping {
  const { policy } = sync.directory()
  const parts = policy.parts()
  return {
    onceDays: policy.onceDays(),
    heldChannels: parts.flatMap((part) =>
      part.about === 'channel hold' && part.isHeld ? [part.channel] : [],
    ),
    heldPeople: parts.flatMap((part) =>
      part.about === 'person hold' && part.isHeld ? [part.person] : [],
    ),
    retention: parts.flatMap((part) =>
      part.about === 'retention' && part.days !== undefined
        ? [{ channel: part.channel, days: part.days }]
        : [],
    ),
  }
}
