/** Posting: decide, change, commit. Every promise resolves only once it is on disk. */
import { EdgeError } from '#base/errors.ts'
import { sha256 } from '#base/hash.ts'
import { bytesFromText, hexFromBytes } from '#base/bytes.ts'
import type { ChannelId, PostId, UserId } from '#base/ids.ts'
import { aboutChannel, aboutMessage } from '#model/audit-content.ts'
import { postIdOf } from '#model/log.ts'
import type { Attributes } from '#model/policy.ts'
import { laneNumber } from '#model/precedence.ts'
import type { PostContent } from '#model/post-content.ts'
import type { ChannelRecord, MessageRecord } from '#model/view.ts'
import { audit, type AuditNote } from '#sync/audit.ts'
import { key } from '#sync/keys.ts'
import { pack, unpack, type ViewedRecord } from '#sync/records.ts'
import type { Tx } from '#sync/replica.ts'
import { spend } from './allowance.ts'
import { insistInChannel, mayRead, recordOf, write, type AppContext } from './context.ts'
import { openAmending, segmentHere } from './amending.ts'
import type { Conversations, Draft } from './conversation-types.ts'
import { checkBytes, checkDraft } from './draft-checks.ts'
import { attachFiles, headersFor } from './files.ts'
import { messageFrom } from './present.ts'
import type { Message } from './types.ts'

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
    ...openAmending(context),
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

function overridden(
  by: UserId,
  { id, channel, lane }: Pick<MessageRecord, 'id' | 'channel' | 'lane'>,
): AuditNote {
  const subjects = [aboutMessage(id), aboutChannel(channel)]
  return { deed: 'allowance overridden', by, subjects, facts: { lane: laneNumber(lane) } }
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
