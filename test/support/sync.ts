/** Sync of one node for tests, without the app above it: one channel, `ops`, and one person, amira. */
import {
  newPersonId,
  type ActorId,
  type DocumentId,
  type NodeId,
  type PostId,
  type UserId,
} from '#base/ids.ts'
import { must } from '#base/assert.ts'
import { openEnvelope } from '#codec/envelope.ts'
import { decodeLoad, type LoadedNote } from '#codec/load.ts'
import type { Note } from '#codec/note.ts'
import { channelDocument, DIRECTORY, KEYS, segmentDocument } from '#model/document-id.ts'
import type { Content } from '#model/entry.ts'
import { postIdOf, type Clock, type Logged } from '#model/log.ts'
import type { Lane } from '#model/precedence.ts'
import type { MessageRecord } from '#model/view.ts'
import { writeHere } from '#sync/author.ts'
import type { PeerId } from '#ports/carrier.ts'
import type { EpochKey, Scope } from '#trust/epoch.ts'
import type { Write } from '#ports/store.ts'
import type { Outcome, SyncContext, SyncEvent } from '#sync/context.ts'
import { cutDelta, cutNotes } from '#sync/cut.ts'
import { sealingKeyFor } from '#sync/epochs.ts'
import { receive } from '#sync/inbox.ts'
import { signNote } from '#sync/note-queue.ts'
import { key, range } from '#sync/keys.ts'
import type { LinkState } from '#sync/links.ts'
import { openNodeSync } from '#sync/node-sync.ts'
import { unpack } from '#sync/records.ts'
import { segmentFor } from '#sync/segments.ts'
import { openMemoryBlobs } from '#storage/memory-blobs.ts'
import { openMemoryStore } from '#storage/memory-store.ts'
import { newChannelId } from '#model/channel-id.ts'
import { virtualClock } from './clock.ts'
import { collectingLog, type CollectingLog } from './log.ts'
import {
  anIdentity,
  lifeOf,
  organisationSecret,
  rosterOf,
  seedOf,
  type NodeChoice,
} from './nodes.ts'
import { seededRandom } from './random.ts'

const alphaNode = anIdentity('alpha', 1).certificate.node

/** The channel of these tests. */
export const ops = newChannelId(alphaNode, 'public', seedOf('channel ops').subarray(0, 8))
/** Amira as somebody enrolled on this node: nobody can be written for from another. */
export function amiraOf(node: NodeId): UserId {
  return newPersonId(node, seedOf('person amira').subarray(0, 8))
}

/** The person who writes on alpha. */
export const amira = amiraOf(alphaNode)

/** The first routine segment of `ops`. */
export const routine = segmentDocument(ops, 'routine', 0)

/** Sync of one node and what it told. */
export interface SyncNode extends AsyncDisposable {
  readonly context: SyncContext
  readonly id: NodeId
  readonly actor: ActorId
  readonly links: () => readonly LinkState[]
  readonly events: readonly SyncEvent[]
  readonly log: CollectingLog
}

/** A running sync called `name`. Dispose it at the end of the test. */
export async function aSync(name: string, choice: NodeChoice = {}): Promise<SyncNode> {
  const events: SyncEvent[] = []
  const log = choice.log ?? collectingLog()
  const identity = anIdentity(name, choice.number ?? name.charCodeAt(0) - 96, choice.role)
  const sync = await openNodeSync({
    identity,
    organisationSecret,
    life: choice.life ?? lifeOf(name),
    roster: rosterOf(choice.knows ?? []),
    store: choice.store ?? openMemoryStore(),
    blobs: choice.blobs ?? openMemoryBlobs(),
    clock: choice.clock ?? virtualClock(),
    random: choice.random ?? seededRandom(name.charCodeAt(0)),
    log,
    carriers: choice.carriers ?? [],
    emit: (event) => void events.push(event),
    ...(choice.tellsRead && { tellsRead: choice.tellsRead }),
    ...(choice.onRebirth && { onRebirth: choice.onRebirth }),
    ...rulesOf(choice),
  })
  return {
    context: sync.context,
    id: identity.certificate.node,
    actor: sync.context.replica.actor,
    links: sync.links,
    events,
    log,
    [Symbol.asyncDispose]: sync[Symbol.asyncDispose],
  }
}

function rulesOf({ disk, options = {} }: NodeChoice) {
  const { room, overdueAfterMs, pace } = options
  return {
    ...(disk && { disk }),
    ...(room && { room }),
    ...(overdueAfterMs && { overdueAfterMs }),
    ...(pace && { pace }),
  }
}

/** Enters amira and the channel `ops` into the directory. */
export async function found({ context }: SyncNode): Promise<void> {
  const profile = { username: 'amira', displayName: 'Amira', isAdministrator: true }
  const settings = { name: 'ops', displayName: 'Operations' }
  const person = amiraOf(context.identity.certificate.node)
  const contents: readonly Content[] = [
    { kind: 'person', person, profile },
    { kind: 'channel', channel: ops, channelKind: 'public' },
    { kind: 'member', channel: ops, person, role: 'administrator' },
    { kind: 'settings', settings },
  ]
  for (const content of contents) {
    const document = content.kind === 'settings' ? channelDocument(ops) : DIRECTORY
    await context.replica.commit((tx) =>
      writeHere(tx, context, { document, entry: entryOf(context, content) }),
    )
  }
}

/** Amira posts in `ops`. */
export async function say(
  { context }: SyncNode,
  body: string,
  lane: Lane = 'routine',
  root?: PostId,
): Promise<MessageRecord> {
  return context.replica.commit(async (tx) => {
    const document = await segmentFor(tx, { channel: ops, lane }, context.now())
    const entry = entryOf(context, { kind: 'post', body, root })
    const { logged } = await writeHere(tx, context, { document, entry })
    const id = postIdOf(document, logged.actor, logged.seq)
    return must(unpack<MessageRecord>(await tx.get(key.message(id))), 'the post is in the view')
  })
}

/** Amira writes an entry about messages of `ops`, in its newest routine segment. */
export async function amend({ context }: SyncNode, content: Content): Promise<Logged> {
  return context.replica.commit(async (tx) => {
    const document = await segmentFor(tx, { channel: ops, lane: 'routine' }, context.now())
    const written = await writeHere(tx, context, { document, entry: entryOf(context, content) })
    return written.logged
  })
}

/** The messages of `ops` in their order, as this node shows them. */
export async function shown({ context }: SyncNode): Promise<readonly MessageRecord[]> {
  const { read } = context.replica
  const order = await read.list(range.order(ops))
  const ids = order.map(([, bytes]) => unpack<MessageRecord['id']>(bytes))
  const values = await read.getMany(ids.map((id) => key.message(must(id, 'order names messages'))))
  return values.map((bytes) => must(unpack<MessageRecord>(bytes), 'order names messages that are'))
}

/** Their texts. */
export async function bodies(node: SyncNode): Promise<readonly string[]> {
  return (await shown(node)).map(({ body }) => body)
}

function entryOf(context: SyncContext, content: Content) {
  const author = amiraOf(context.identity.certificate.node)
  return { author, claimedAt: context.now(), content }
}

/** The envelope in which `node` would send what follows `clock` of a document. */
export async function envelopeOf(
  node: SyncNode,
  document: DocumentId,
  clock: Clock = {},
): Promise<Uint8Array> {
  const { context } = node
  const want = { peer: 'post:test', lane: 'routine', document, clock } as const
  const cut = await context.replica.commit((tx) => cutDelta(tx, context, want))
  return must(cut, 'there is something to send').parcel.bytes
}

/** The envelope of a note that `node` signs. */
export async function noteOf({ context }: SyncNode, note: Note): Promise<Uint8Array> {
  const queued = { ...signNote(context, note), name: 'a note', since: 0 }
  const want = { peer: 'post:test', lane: 'routine', take: async () => [queued] } as const
  const cut = await context.replica.commit((tx) => cutNotes(tx, context, want))
  return must(cut, 'there is a key for notes').parcel.bytes
}

/** The notes in an envelope, as they were signed; one that the envelope's own signature vouches for has that. */
export function notesIn({ context }: SyncNode, bytes: Uint8Array): readonly LoadedNote[] {
  const { roster, keyring } = context
  const opened = openEnvelope(bytes, roster, keyring)
  if (!opened.ok) throw new Error(opened.reason)
  const wrapping = { scope: opened.key.scope, sender: opened.actor, roster }
  const { notes, joint } = must(decodeLoad(opened.body, wrapping), 'it is read')
  const theirs = { actor: opened.actor, signature: opened.signature ?? new Uint8Array(0) }
  const ridden = joint === undefined ? [] : [{ ...theirs, body: joint }]
  return [...ridden, ...notes].map(({ actor, body, signature }) => ({
    actor,
    body: new Uint8Array(body),
    signature: new Uint8Array(signature),
  }))
}

/** The key under which `node` would seal for a scope now. */
export async function keyFor({ context }: SyncNode, scope: Scope): Promise<EpochKey> {
  const document = documentOf(scope)
  const sealing = await context.replica.commit((tx) => sealingKeyFor(tx, context, document))
  return must(sealing, 'there is a key for the scope')
}

function documentOf(scope: Scope): DocumentId {
  if (scope === 'keys') return KEYS
  return scope === 'directory' ? DIRECTORY : channelDocument(scope as typeof ops)
}

/** Hands `bytes` to `node` and tells what became of them and what the carrier was answered. */
export async function arrive(
  node: SyncNode,
  bytes: Uint8Array,
  facts: { readonly from?: PeerId; readonly bookmark?: readonly Write[] } = {},
): Promise<{ readonly outcome: Outcome; readonly answer: 'custody' | 'refused' }> {
  let answer: 'custody' | 'refused' | undefined
  const outcome = await receive(node.context, {
    peer: facts.from ?? 'post:test',
    bytes,
    bookmark: facts.bookmark ?? [],
    acceptCustody: () => {
      answer = 'custody'
    },
    refuse: () => {
      answer = 'refused'
    },
  })
  return { outcome, answer: must(answer, 'every arrival is answered') }
}
