/** Cutting an envelope: from "this peer lacks something of this document" to sealed, numbered bytes. */
import {
  nodePrefix,
  nodePrefixOfActor,
  type ActorId,
  type ChangeHash,
  type DocumentId,
} from '#base/ids.ts'
import { CUT_BYTES_MAX, CUT_CHANGES_MAX } from '#base/limits.ts'
import { encodeDelta } from '#codec/delta.ts'
import { sealEnvelope } from '#codec/envelope.ts'
import { encodeNote, type Note } from '#codec/note.ts'
import { channelOfDocument } from '#model/document-id.ts'
import type { Clock, Log, Logged } from '#model/log.ts'
import type { Lane } from '#model/precedence.ts'
import type { Parcel, PeerId } from '#ports/carrier.ts'
import { attestationOf, noteStatement } from '#trust/attestation.ts'
import type { SyncContext } from './context.ts'
import { key, range } from './keys.ts'
import { pack, unpack, type ParcelRecord } from './records.ts'
import { noteSent } from './rebirth.ts'
import type { Tx } from './replica.ts'

/** A parcel that is on disk and may be sent. */
export interface Cut {
  readonly parcel: Parcel
  readonly record: ParcelRecord
}

/** Cuts what follows `clock` of a document, as much as fits; undefined when nothing does. */
export async function cutDelta(
  tx: Tx,
  context: SyncContext,
  want: {
    readonly peer: PeerId
    readonly lane: Lane
    readonly document: DocumentId
    readonly clock: Clock
  },
): Promise<Cut | undefined> {
  const log = await tx.log(want.document)
  const missing = log.since(want.clock)
  const changes = await attestedPrefix(tx, context, { log, missing })
  if (changes.length === 0) return undefined
  const attestations = await attestationsFor(tx, context, { log, changes })
  const sender = context.replica.actor
  const body = encodeDelta({ log, changes, sender, roster: context.roster, attestations })
  const own = newestOf(changes, sender)
  if (own !== undefined) await noteSent(tx, want.document, own)
  const bytes = await sealBody(tx, context, {
    body,
    document: want.document,
    sign: own === undefined ? undefined : () => attest(context, want.document, own.hash),
  })
  const first: Record<string, number> = {}
  const clock: Record<string, number> = {}
  for (const change of changes) {
    first[change.actor] ??= change.seq
    clock[change.actor] = change.seq
  }
  return keepParcel(tx, want, { bytes, document: want.document, first, clock })
}

/** Seals a note of our own. */
export async function sealNote(tx: Tx, context: SyncContext, note: Note): Promise<Uint8Array> {
  const body = encodeNote(note, context.roster)
  const { organisation } = context.identity
  return sealBody(tx, context, {
    body,
    document: undefined,
    sign: (header) => context.identity.sign(noteStatement(organisation.id, header, body)),
  })
}

/** Puts a note's envelope on its way. */
export async function cutNote(
  tx: Tx,
  want: { readonly peer: PeerId; readonly lane: Lane },
  bytes: Uint8Array,
): Promise<Cut> {
  return keepParcel(tx, want, { bytes, document: undefined, first: {}, clock: {} })
}

async function sealBody(
  tx: Tx,
  context: SyncContext,
  plain: {
    readonly body: Uint8Array
    readonly document: DocumentId | undefined
    readonly sign: ((header: Uint8Array) => Uint8Array) | undefined
  },
): Promise<Uint8Array> {
  const counter = unpack<number>(await tx.get(key.counter)) ?? 0
  tx.put(key.counter, pack(counter + 1))
  const channel = plain.document === undefined ? undefined : channelOfDocument(plain.document)
  return sealEnvelope({
    sender: context.identity.certificate,
    life: context.life,
    counter,
    key: context.keyring.current(channel ?? 'directory'),
    body: plain.body,
    sign: plain.sign,
  })
}

async function keepParcel(
  tx: Tx,
  { peer, lane }: { readonly peer: PeerId; readonly lane: Lane },
  record: ParcelRecord,
): Promise<Cut> {
  const number = unpack<number>(await tx.get(key.nextNumber(peer, lane))) ?? 0
  tx.put(key.nextNumber(peer, lane), pack(number + 1))
  tx.put(key.parcel(peer, lane, number), pack(record))
  return { parcel: { bytes: record.bytes, lane, number }, record }
}

interface Selection {
  readonly log: Log
  readonly missing: readonly Logged[]
}

/**
 * As many changes as fit, ending for each other node's actor at a change its node has signed. When the first signed
 * point lies beyond the limit, the limit gives way: nothing may be sent that nobody vouches for.
 */
async function attestedPrefix(
  tx: Tx,
  context: SyncContext,
  { log, missing }: Selection,
): Promise<readonly Logged[]> {
  const signed = new Map<ActorId, ReadonlySet<number>>()
  for (const actor of new Set(missing.map((change) => change.actor))) {
    if (!isOwn(context, actor)) signed.set(actor, await signedSeqs(tx, log.document, actor))
  }
  for (let count = fitting(missing); ; count *= 2) {
    const kept = keepSigned(missing.slice(0, count), signed)
    if (kept.length > 0 || count >= missing.length) return kept
  }
}

function fitting(changes: readonly Logged[]): number {
  let bytes = 0
  let count = 0
  for (const change of changes) {
    bytes += change.value.length + 4
    if (count > 0 && (bytes > CUT_BYTES_MAX || count >= CUT_CHANGES_MAX)) break
    count += 1
  }
  return count
}

/** Drops what follows an actor's last signed change, and what depends on something dropped, until nothing does. */
function keepSigned(
  changes: readonly Logged[],
  signed: ReadonlyMap<ActorId, ReadonlySet<number>>,
): readonly Logged[] {
  let kept = changes
  for (;;) {
    const last = new Map<ActorId, number>()
    for (const change of kept) {
      const isEnd = signed.get(change.actor)?.has(change.seq) ?? true
      if (isEnd) last.set(change.actor, change.seq)
    }
    const dropped = new Set<ChangeHash>()
    for (const change of kept) {
      const isUnsigned = change.seq > (last.get(change.actor) ?? 0)
      if (isUnsigned || change.deps.some((hash) => dropped.has(hash))) dropped.add(change.hash)
    }
    if (dropped.size === 0) return kept
    kept = kept.filter((change) => !dropped.has(change.hash))
  }
}

async function signedSeqs(
  tx: Tx,
  document: DocumentId,
  actor: ActorId,
): Promise<ReadonlySet<number>> {
  const entries = await tx.list(range.attestations(document, actor))
  return new Set(entries.map(([place]) => Number(place.slice(place.lastIndexOf('/') + 1))))
}

async function attestationsFor(
  tx: Tx,
  context: SyncContext,
  { log, changes }: { readonly log: Log; readonly changes: readonly Logged[] },
): Promise<ReadonlyMap<ActorId, Uint8Array>> {
  const found = new Map<ActorId, Uint8Array>()
  for (const actor of new Set(changes.map((change) => change.actor))) {
    const newest = newestOf(changes, actor)
    if (actor === context.replica.actor || newest === undefined) continue
    const stored = await tx.get(key.attestation(log.document, actor, newest.seq))
    const signature =
      stored ?? (isOwn(context, actor) ? attest(context, log.document, newest.hash) : undefined)
    if (signature !== undefined) found.set(actor, signature)
  }
  return found
}

function attest(context: SyncContext, document: DocumentId, hash: ChangeHash): Uint8Array {
  return context.identity.sign(attestationOf(context.identity.organisation.id, document, hash))
}

/** Whether an actor is a life of this very node: what it wrote in an earlier one it may still sign for. */
function isOwn(context: SyncContext, actor: ActorId): boolean {
  return nodePrefixOfActor(actor) === nodePrefix(context.identity.certificate.node)
}

function newestOf(changes: readonly Logged[], actor: ActorId): Logged | undefined {
  return changes.findLast((change) => change.actor === actor)
}
