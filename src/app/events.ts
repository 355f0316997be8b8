/** From what sync tells to what doors hear, in order. */
import type { ChannelId, PostId } from '#base/ids.ts'
import { EVENTS_WAITING_MAX } from '#base/limits.ts'
import type { DirectoryChange } from '#model/directory.ts'
import { channelOfDocument, parseDocumentId } from '#model/document-id.ts'
import { postIdOf } from '#model/log.ts'
import type { Span, SyncEvent } from '#sync/context.ts'
import { notifyPropsIn } from './arrangements.ts'
import { channelOf, personOf, type AppContext } from './context.ts'
import { membershipOf } from './members.ts'
import type { NodeEvent } from './node.ts'
import { messageFrom } from './present.ts'
import { fallenSessions } from './shut-out.ts'
import { replyHeard } from './threads.ts'
import type { Channel, Person, Reaction } from './types.ts'

/** Listeners and the line of events that wait for them. */
export interface Events {
  readonly subscribe: (listener: (event: NodeEvent) => void) => () => void
  /** Takes an event of the app; doors hear of it after all earlier ones. */
  readonly publish: (event: NodeEvent) => void
  /** Takes an event of sync; doors hear of it after all earlier ones. */
  readonly relay: (context: AppContext, event: SyncEvent) => void
  /** Resolves at once unless very many wait; then once they have been passed on. Whoever can cause many waits for it. */
  readonly calm: () => Promise<void>
  /** Resolves once everything taken so far has been passed on. */
  readonly settled: () => Promise<void>
}

/** Most messages named in one `delivery-changed`. */
const DELIVERIES_MAX = 500

/** Events with nobody listening yet. `onFailure` hears what a listener threw; the others are told all the same. */
export function openEvents(onFailure: (error: unknown) => void): Events {
  const listeners = new Set<(event: NodeEvent) => void>()
  let line: Promise<void> = Promise.resolve()
  let waiting = 0
  const tell = (event: NodeEvent): void => {
    for (const listener of listeners) {
      try {
        listener(event)
      } catch (error) {
        onFailure(error)
      }
    }
  }
  const passOn = async (
    before: Promise<void>,
    translated: () => Promise<readonly NodeEvent[]>,
  ): Promise<void> => {
    waiting += 1
    await before
    try {
      for (const one of await translated()) tell(one)
    } catch (error) {
      onFailure(error)
    }
    waiting -= 1
  }
  const isBehind = (): boolean => waiting >= EVENTS_WAITING_MAX
  return {
    subscribe: (listener) => {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    publish: (event) => {
      line = passOn(line, async () => [event])
    },
    calm: async () => {
      while (isBehind()) await line
    },
    settled: () => line,
    relay: (context, event) => {
      line = passOn(line, () => translate(context, event))
    },
  }
}

async function translate(context: AppContext, event: SyncEvent): Promise<readonly NodeEvent[]> {
  switch (event.kind) {
    case 'posted': {
      const channel = await channelNow(context, event.message.channel)
      if (channel === undefined) return []
      const { message, isLate } = event
      return [
        { kind: 'posted', message: messageFrom(message), channel, isLate },
        ...(await replyHeard(context, message)),
      ]
    }
    case 'amended':
      return amended(event)
    case 'settings': {
      if (event.bookmarks !== undefined)
        return [{ kind: 'bookmarks-changed', changes: event.bookmarks }]
      const channel = channelOfDocument(event.document)
      return channel === undefined ? [] : updated(context, channel, event)
    }
    case 'directory':
      return directoryChanged(context, event)
    case 'delivery':
      return [{ kind: 'delivery-changed', messages: messagesIn(event.span) }]
    case 'keys':
      return keysChanged(context, event)
    case 'withdrawn':
      return [{ kind: 'deleted', message: messageFrom(event.message) }]
    case 'links':
    case 'budget':
    case 'pace':
      return [{ kind: 'links-changed' }]
    case 'file': {
      const { file, have, isWhole } = event
      const { id, of, channel, bytes } = file
      const quality = of === undefined ? 'whole' : 'small'
      const progress = { id: of ?? id, quality, channel, bytes, have, isHere: isWhole } as const
      return [{ kind: 'file-changed', file: progress }]
    }
    case 'room':
      return [{ kind: 'room-changed', disk: await context.sync.room.now() }]
    case 'sessions-ended':
      return [event]
    case 'overdue':
      return [{ kind: 'overdue-changed', overdue: event.counts, isAlarm: event.added > 0 }]
  }
}

async function keysChanged(
  context: AppContext,
  { news }: Extract<SyncEvent, { kind: 'keys' }>,
): Promise<readonly NodeEvent[]> {
  if (news.kind === 'revocation')
    return [{ kind: 'node-revoked', node: news.revocation.node }, ...(await botsEnded(context))]
  const isOurs = news.kind === 'wipe order' && news.node === context.sync.identity.certificate.node
  return [isOurs ? { kind: 'wipe-ordered' } : { kind: 'links-changed' }]
}

async function botsEnded(context: AppContext): Promise<readonly NodeEvent[]> {
  const sessions = await fallenSessions(context)
  return sessions.length === 0 ? [] : [{ kind: 'sessions-ended', sessions }]
}

function amended(event: Extract<SyncEvent, { kind: 'amended' }>): readonly NodeEvent[] {
  const message = messageFrom(event.message)
  const { content, author, at } = event.by
  if (content.kind === 'edit') return [{ kind: 'edited', message }]
  if (content.kind === 'deletion') return [{ kind: 'deleted', message }]
  if (content.kind === 'pin' || content.kind === 'tick') return [{ kind: 'edited', message }]
  if (content.kind === 'acknowledgement') return [{ kind: 'acknowledged', message, person: author }]
  const reaction: Reaction = { person: author, emoji: content.emoji, at }
  return [{ kind: content.isSet ? 'reaction-added' : 'reaction-removed', message, reaction }]
}

async function updated(
  context: AppContext,
  id: ChannelId,
  { isRestored = false }: { readonly isRestored?: boolean },
): Promise<readonly NodeEvent[]> {
  const channel = await channelNow(context, id)
  if (channel === undefined) return []
  return [{ kind: 'channel-updated', channel, ...(isRestored && { isRestored }) }]
}

/** A channel, unless it has gone since the event, with the node that founded it. */
async function channelNow(context: AppContext, id: ChannelId): Promise<Channel | undefined> {
  return context.sync.directory().channel(id) === undefined ? undefined : channelOf(context, id)
}

async function directoryChanged(
  context: AppContext,
  { change }: Extract<SyncEvent, { kind: 'directory' }>,
): Promise<readonly NodeEvent[]> {
  switch (change.kind) {
    case 'person': {
      const person = personOf(context, change.person.id)
      if (person === undefined) return []
      const told: NodeEvent = { kind: 'person-updated', person, isNew: change.isNew }
      return person.deactivatedAt === 0 ? [told] : [told, ...(await botsEnded(context))]
    }
    case 'channel': {
      const channel = await channelNow(context, change.channel.id)
      if (channel === undefined) return []
      const joined = change.members.map((person) => ({
        kind: 'member-added' as const,
        channel,
        person,
      }))
      return [{ kind: 'channel-created', channel }, ...joined]
    }
    case 'members':
      return membersChanged(context, change)
    case 'policy': {
      const { part } = change
      const person = part.about === 'person' ? personOf(context, part.person) : undefined
      const news = person === undefined ? [] : [personUpdated(person)]
      // First who they are now: what ends by it is told of nothing any more.
      return [...news, { kind: 'access-changed', part }]
    }
    case 'nothing':
      return []
  }
}

/** Whoever came or went, and whoever has another role than before. */
async function membersChanged(
  context: AppContext,
  { channel: id, changes }: Extract<DirectoryChange, { kind: 'members' }>,
): Promise<readonly NodeEvent[]> {
  const channel = await channelNow(context, id)
  if (channel === undefined) return []
  const differ = changes.filter(({ member, before }) => member.role !== before)
  const told = differ.map(async ({ member, before }): Promise<NodeEvent> => {
    const { person, role } = member
    if (role === 'none') return { kind: 'member-removed', channel, person }
    if (before === 'none') return { kind: 'member-added', channel, person }
    const membership = await membershipOf(context, { channel: id, person })
    return { kind: 'member-changed', membership, notify: await notifyPropsIn(context, membership) }
  })
  return Promise.all(told)
}

/** A guest has other roles. */
function personUpdated(person: Person): NodeEvent {
  return { kind: 'person-updated', person, isNew: false }
}

function messagesIn(span: Span): readonly PostId[] {
  if (parseDocumentId(span.document)?.kind !== 'segment') return []
  const from = Math.max(span.from, span.to - DELIVERIES_MAX + 1)
  return Array.from({ length: span.to - from + 1 }, (_, index) =>
    postIdOf(span.document, span.actor, from + index),
  )
}
