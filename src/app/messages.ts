/** Writing: each is decide, change, commit. Every promise resolves only once it is on disk. */
import { EdgeError } from '#base/errors.ts'
import { sha256 } from '#base/hash.ts'
import { bytesFromText, hexFromBytes } from '#base/bytes.ts'
import type { ChannelId, DocumentId, PostId, UserId } from '#base/ids.ts'
import { EMOJI_PER_MESSAGE_MAX } from '#base/limits.ts'
import { aboutChannel, aboutMessage, aboutPerson } from '#model/audit-content.ts'
import { postIdOf } from '#model/log.ts'
import type { Attributes } from '#model/policy.ts'
import { laneNumber, type Lane } from '#model/precedence.ts'
import type { PostContent } from '#model/post-content.ts'
import { mayDelete, type Amendment, type ChannelRecord, type MessageRecord } from '#model/view.ts'
import { audit, type AuditNote } from '#sync/audit.ts'
import { key } from '#sync/keys.ts'
import { pack, unpack, type ViewedRecord } from '#sync/records.ts'
import type { Tx } from '#sync/replica.ts'
import { segmentFor } from '#sync/segments.ts'
import { spend } from './allowance.ts'
import {
  insistInChannel,
  isAdministrator as isAdministratorHere,
  mayRead,
  recordOf,
  write,
  type AppContext,
} from './context.ts'
import type { Conversations, Draft } from './conversation-types.ts'
import { checkBody, checkBytes, checkDraft } from './draft-checks.ts'
import { attachFiles, headersFor } from './files.ts'
import { messageFrom } from './present.ts'
import type { Message, Reaction } from './types.ts'

type Messages = Omit<Conversations, 'pinned' | 'openOnce'>

/** The writing part of the app. */
export function openMessages(context: AppContext): Messages {
  const { replica } = context.sync
  return {
    post: async (subject, draft) => {
      checkDraft(draft)
      const environment = context.surroundings?.now() ?? {} // the commit is run by whoever comes first
      return replica.commit((tx) => writePost(tx, context, { subject, draft, environment }))
    },
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
    react: (subject, id, emoji) => setReaction(context, { subject, id, emoji, isSet: true }),
    unreact: async (subject, id, emoji) => {
      await setReaction(context, { subject, id, emoji, isSet: false })
    },
  }
}

/** What was posted before comes back to its author, unless they may not read there any more. */
async function again(
  tx: Tx,
  context: AppContext,
  asked: { readonly subject: UserId; readonly id: PostId; readonly environment: Attributes },
): Promise<Message> {
  const { subject, id, environment } = asked
  const record = await recordOf(tx, id)
  if (!mayRead(context, subject, { channel: record.channel, environment }))
    throw new EdgeError('NOT_FOUND', { what: 'message', id })
  return messageFrom(record)
}

interface Posting {
  readonly subject: UserId
  readonly draft: Draft
  /** The circumstances in which it was asked for. */
  readonly environment: Attributes
}

/** One post, in a commit. A client's id that is known is the message it became. */
export async function writePost(tx: Tx, context: AppContext, posting: Posting): Promise<Message> {
  const { subject, draft, environment } = posting
  const { channel, pendingId = '', lane = 'routine', props, asksAcknowledgement } = draft
  const once = pendingId === '' ? undefined : onceKey(subject, pendingId)
  const before = once === undefined ? undefined : unpack<PostId>(await tx.get(once))
  if (before !== undefined) return again(tx, context, { subject, id: before, environment })
  await context.sync.room.insist()
  await insistOnPost(context, posting)
  const root = await rootOf(tx, draft)
  const files = await headersFor(tx, subject, draft)
  checkBytes(draft, files)
  const spending = await spend(tx, context, { person: subject, lane, draft })
  const document = await segmentHere(tx, context, { channel, lane })
  const content: PostContent = {
    kind: 'post',
    body: draft.body,
    root,
    ...spending,
    ...(draft.label !== undefined && { label: draft.label }),
    ...(files.length > 0 && { files }),
    ...(props !== undefined && { props }),
    ...(asksAcknowledgement === true && { asksAcknowledgement }),
  }
  const { logged } = await write(tx, context, { document, author: subject, content, pendingId })
  const id = postIdOf(document, logged.actor, logged.seq)
  if (once !== undefined) tx.put(once, pack(id))
  await attachFiles(tx, context, { message: id, headers: files })
  await seeOwn(tx, { subject, channel, isRoot: root === undefined })
  if (spending !== undefined)
    await audit(tx, context.sync, overridden(subject, { id, channel, lane }))
  return messageFrom(await recordOf(tx, id))
}

async function insistOnPost(context: AppContext, posting: Posting): Promise<void> {
  const { subject, draft, environment } = posting
  const { channel, files = [], label: message } = draft
  // By a webhook, or later, nobody looks at a session before.
  if (context.sync.directory().person(subject)?.deactivatedAt !== 0)
    throw new EdgeError('NOT_ALLOWED', { action: 'post', found: 'somebody who is deactivated' })
  await insistInChannel(context, subject, { channel, action: 'post', message, environment })
  if (files.length > 0)
    await insistInChannel(context, subject, { channel, action: 'send files', environment })
}

/** Who had read all before their own message has read all with it. */
async function seeOwn(
  tx: Tx,
  { subject, channel, isRoot }: { subject: UserId; channel: ChannelId; isRoot: boolean },
): Promise<void> {
  const counts = unpack<ChannelRecord>(await tx.get(key.channel(channel)))
  const place = key.viewed(subject, channel)
  const viewed = unpack<ViewedRecord>(await tx.get(place))
  if (counts === undefined || viewed?.count !== counts.messageCount - 1) return
  const rootCount = viewed.rootCount + (isRoot ? 1 : 0)
  tx.put(place, pack({ ...viewed, count: counts.messageCount, rootCount }))
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
    const document = await segmentHere(tx, context, { channel: record.channel, lane: record.lane })
    await write(tx, context, { document, author: subject, content: request.content(id) })
    if (action === 'delete message' && !isAuthor)
      await audit(tx, context.sync, deletedByAnother(subject, record))
    return messageFrom(await recordOf(tx, id))
  })
}

/** Where to write now: in a segment that every member may read. */
function segmentHere(
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

function overridden(
  by: UserId,
  { id, channel, lane }: Pick<MessageRecord, 'id' | 'channel' | 'lane'>,
): AuditNote {
  const subjects = [aboutMessage(id), aboutChannel(channel)]
  return { deed: 'allowance overridden', by, subjects, facts: { lane: laneNumber(lane) } }
}

function deletedByAnother(by: UserId, { id, channel, author }: MessageRecord): AuditNote {
  const subjects = [aboutMessage(id), aboutChannel(channel), aboutPerson(author)]
  return { deed: 'message deleted by another', by, subjects }
}

/** Deleting what is deleted, or reacting again, is done already: nothing is written for it. */
function isDone(record: MessageRecord, request: AmendRequest): boolean {
  const content = request.content(record.id)
  if (content.kind === 'deletion') return record.deletedAt !== 0
  if (content.kind === 'edit') return record.deletedAt === 0 && record.body === content.body
  if (content.kind === 'pin') return (record.pin?.isSet ?? false) === content.isSet
  if (content.kind === 'acknowledgement')
    return record.acknowledgements?.some(({ person }) => person === request.subject) === true
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

/** Threads are one level deep: a reply to a reply belongs to the same root. */
async function rootOf(
  tx: Parameters<typeof recordOf>[0],
  draft: Draft,
): Promise<PostId | undefined> {
  if (draft.root === undefined) return undefined
  const record = await recordOf(tx, draft.root)
  // As for an id that nothing has: nobody learns of what stands elsewhere.
  if (record.channel !== draft.channel)
    throw new EdgeError('NOT_FOUND', { what: 'message', id: draft.root })
  return record.root ?? record.id
}

function onceKey(subject: UserId, pendingId: string): string {
  return key.pending(subject, hexFromBytes(sha256(bytesFromText(pendingId)).subarray(0, 16)))
}
