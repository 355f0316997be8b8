/** Saying something of a message that stands: edits, deletions, reactions, pins, acknowledgements and ticks. */
import { EdgeError } from '#base/errors.ts'
import type { ChannelId, DocumentId, PostId, UserId } from '#base/ids.ts'
import { EMOJI_PER_MESSAGE_MAX } from '#base/limits.ts'
import { aboutChannel, aboutMessage, aboutPerson } from '#model/audit-content.ts'
import { itemsOf, numberOf, type ChecklistItem } from '#model/checklist.ts'
import { burnSecondsIn } from '#model/once.ts'
import type { Lane } from '#model/precedence.ts'
import { mayDelete, type Amendment, type MessageRecord } from '#model/view.ts'
import { audit, type AuditNote } from '#sync/audit.ts'
import type { Tx } from '#sync/replica.ts'
import { segmentFor } from '#sync/segments.ts'
import {
  insistInChannel,
  isAdministrator as isAdministratorHere,
  recordOf,
  write,
  type AppContext,
} from './context.ts'
import type { Conversations } from './conversation-types.ts'
import { checkBody } from './draft-checks.ts'
import { bodyOf, messageFrom } from './present.ts'
import type { Message, Reaction } from './types.ts'

type Amending = Omit<Conversations, 'post' | 'pinned' | 'openOnce'>

/** What may be said of messages. */
export function openAmending(context: AppContext): Amending {
  return {
    edit: (subject, id, body) =>
      amendMessage(context, {
        subject,
        id,
        action: 'edit message',
        check: ({ files = [], props }) =>
          checkBody(body, { isAlone: files.length === 0 && props === undefined }),
        content: (target) => ({ kind: 'edit', target, body }),
      }),
    deletePost: async (subject, id) => {
      await amendMessage(context, {
        subject,
        id,
        action: 'delete message',
        content: (target) => ({ kind: 'deletion', target }),
      })
    },
    pin: (subject, id, isSet) =>
      amendMessage(context, {
        subject,
        id,
        action: 'pin message',
        content: (target) => ({ kind: 'pin', target, isSet }),
      }),
    acknowledge: (subject, id) =>
      amendMessage(context, {
        subject,
        id,
        action: 'react',
        content: (target) => ({ kind: 'acknowledgement', target }),
      }),
    tick: (subject, id, { item, before, isSet }) =>
      amendMessage(context, {
        subject,
        id,
        action: 'react',
        content: (target) => ({ kind: 'tick', target, item: numberOf(item, before), isSet }),
      }),
    react: (subject, id, emoji) => setReaction(context, { subject, id, emoji, isSet: true }),
    unreact: async (subject, id, emoji) => {
      await setReaction(context, { subject, id, emoji, isSet: false })
    },
  }
}

type AmendmentContent = Amendment['content']

interface AmendRequest {
  readonly subject: UserId
  readonly id: PostId
  readonly action: 'edit message' | 'delete message' | 'react' | 'pin message'
  /** What else has to be so, once it is known that they may. */
  readonly check?: (found: MessageRecord) => void
  readonly content: (target: PostId) => AmendmentContent
}

/** An entry about a message goes to the newest segment of the message's own lane. */
async function amendMessage(context: AppContext, request: AmendRequest): Promise<Message> {
  const { subject, id, action } = request
  const { replica } = context.sync
  if (action !== 'delete message') await context.sync.room.insist()
  const found = await recordOf(replica.read, id)
  const isAuthor = found.author === subject
  // Who administers by the word of their own node alone deletes what was written there: elsewhere it would not count.
  const isAdministrator =
    isAdministratorHere(context, subject) &&
    mayDelete(context.sync.directory().person(subject), subject, found)
  const { channel, label: message } = found
  const hidden = { what: 'message', id }
  const asked = { channel, action, isAuthor, isAdministrator, message, hidden }
  await insistInChannel(context, subject, asked)
  request.check?.(found)
  return replica.commit(async (tx) => {
    const record = await recordOf(tx, id)
    if (isDone(record, request)) return messageFrom(record)
    if (record.deletedAt !== 0)
      throw new EdgeError('NOT_FOUND', { what: 'message', id, found: 'deleted' })
    checkEmoji(record, request.content(id))
    checkItem(record, request.content(id))
    const document = await segmentHere(tx, context, { channel: record.channel, lane: record.lane })
    await write(tx, context, { document, author: subject, content: request.content(id) })
    if (action === 'delete message' && !isAuthor)
      await audit(tx, context.sync, deletedByAnother(subject, record))
    return messageFrom(await recordOf(tx, id))
  })
}

/** Where to write now: in a segment that every member may read. */
export function segmentHere(
  tx: Tx,
  { sync }: AppContext,
  lane: { readonly channel: ChannelId; readonly lane: Lane },
): Promise<DocumentId> {
  const froms = sync
    .directory()
    .members(lane.channel)
    .map(({ from }) => from)
  return segmentFor(tx, { ...lane, from: Math.max(0, ...froms) }, sync.now())
}

function deletedByAnother(by: UserId, { id, channel, author }: MessageRecord): AuditNote {
  const subjects = [aboutMessage(id), aboutChannel(channel), aboutPerson(author)]
  return { deed: 'message deleted by another', by, subjects }
}

/** Deleting what is deleted, or reacting again, is done already: nothing is written for it. */
function isDone(record: MessageRecord, request: AmendRequest): boolean {
  const content = request.content(record.id)
  if (content.kind === 'deletion') return record.deletedAt !== 0
  if (content.kind === 'edit') return record.deletedAt === 0 && bodyOf(record) === content.body
  if (content.kind === 'pin') return (record.pin?.isSet ?? false) === content.isSet
  if (content.kind === 'acknowledgement')
    return record.acknowledgements?.some(({ person }) => person === request.subject) === true
  if (content.kind === 'tick') return itemOf(record, content)?.isTicked === content.isSet
  const known = record.reactions.find(
    (one) => one.person === request.subject && one.emoji === content.emoji,
  )
  return (known?.isSet ?? false) === content.isSet
}

/** One more emoji that nobody has put on the message yet needs room; what other nodes send is not ours to refuse. */
function checkEmoji({ reactions }: MessageRecord, content: AmendmentContent): void {
  if (content.kind !== 'reaction' || !content.isSet) return
  const known = new Set(reactions.map(({ emoji }) => emoji))
  if (known.has(content.emoji) || known.size < EMOJI_PER_MESSAGE_MAX) return
  throw new EdgeError('INPUT_INVALID', {
    field: 'emoji_name',
    found: `a message with ${known.size} different emoji`,
    wanted: 'one of those',
  })
}

/** The item that a tick is about, as it stands now. Of what is shown once nobody is told what is in it. */
function itemOf(
  record: MessageRecord,
  { item }: { readonly item: number },
): ChecklistItem | undefined {
  if (burnSecondsIn(record.props) > 0) return undefined
  return itemsOf(bodyOf(record)).find(({ number }) => number === item)
}

function checkItem(record: MessageRecord, content: AmendmentContent): void {
  if (content.kind !== 'tick' || itemOf(record, content) !== undefined) return
  throw new EdgeError('INPUT_INVALID', {
    field: 'item',
    found: 'words of no item of its checklist',
    wanted: 'those of an item as it stands in the message now',
  })
}

async function setReaction(
  context: AppContext,
  request: {
    readonly subject: UserId
    readonly id: PostId
    readonly emoji: string
    readonly isSet: boolean
  },
): Promise<Reaction> {
  const { subject, id, emoji, isSet } = request
  if (!/^[a-zA-Z0-9_+-]{1,64}$/.test(emoji)) {
    throw new EdgeError('INPUT_INVALID', {
      field: 'emoji_name',
      wanted: '1 to 64 letters, digits, _, + or -',
    })
  }
  const message = await amendMessage(context, {
    subject,
    id,
    action: 'react',
    content: (target) => ({ kind: 'reaction', target, emoji, isSet }),
  })
  const set = message.reactions.find((one) => one.person === subject && one.emoji === emoji)
  return set ?? { person: subject, emoji, at: context.sync.now() }
}
