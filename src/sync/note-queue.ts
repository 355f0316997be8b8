/**
 * Notes that wait for a peer: our own, and others' receipts, each with its node's own signature. They wait a moment for a delta
 * to ride along with (`contact-notes.ts`), and go back here when the envelope that held them is given up.
 */
import { bytesFromHex, hexFromBytes } from '#base/bytes.ts'
import { sha256 } from '#base/hash.ts'
import { nodePrefixOfActor, type ActorId, type Instant, type NodeId } from '#base/ids.ts'
import type { SignedNote } from '#codec/load.ts'
import { encodeNote, type Note } from '#codec/note.ts'
import type { PeerId } from '#ports/carrier.ts'
import { noteStatement } from '#trust/attestation.ts'
import type { SyncContext } from './context.ts'
import { key, range } from './keys.ts'
import { pack, unpack, type NoteRecord, type ParcelRecord, type QueuedNote } from './records.ts'
import type { Tx } from './replica.ts'

/** Notes that are looked at for one envelope. */
const LOOKED_AT_MAX = 500
/** What a note costs in an envelope beside its own bytes, at most, its signature not counted. */
const AROUND_BYTES = 10

/** This node's signed word. */
export function signNote({ identity, roster, replica }: SyncContext, note: Note): SignedNote {
  const { actor } = replica
  const body = encodeNote(note, roster)
  const signature = identity.sign(noteStatement(identity.organisation.id, { actor, body }))
  return { actor, body, signature }
}

/** A note is its node's own word. Only a receipt holds for good: what somebody has, wants or gave is for them alone to say (`spoken`). */
export function isVouchedFor(
  { identity, roster }: SyncContext,
  said: {
    readonly signed: SignedNote
    readonly node: NodeId
    readonly spoken: { readonly actor: ActorId }
  },
  isReceipt: boolean,
): boolean {
  const { signed, node, spoken } = said
  if (!isReceipt && signed.actor !== spoken.actor) return false
  const statement = noteStatement(identity.organisation.id, signed)
  return roster.proves(node, { part: 'note', statement }, signed.signature)
}

/** A name for a note, for keys: of what it says, not of its signature. */
export function noteName({ actor, body }: Pick<SignedNote, 'actor' | 'body'>): string {
  return hexFromBytes(sha256(bytesFromHex(actor), body).subarray(0, 12))
}

/** Puts a note on its way. `since` 0: it goes at once, alone if need be. */
export function queueNote(
  tx: Tx,
  peer: PeerId,
  {
    name,
    since,
    note,
  }: { readonly name: string; readonly since: Instant; readonly note: SignedNote },
): void {
  const { actor, body, signature } = note
  tx.put(key.note(peer, name), pack({ actor, body, signature, since } satisfies NoteRecord))
}

/** Since when the first of them waits; undefined when none does. */
export async function oldestNote(tx: Tx, peer: PeerId): Promise<Instant | undefined> {
  const notes = await tx.list({ ...range.notes(peer), limit: LOOKED_AT_MAX })
  const times = notes.map(([, bytes]) => unpack<NoteRecord>(bytes)?.since ?? 0)
  return times.length === 0 ? undefined : Math.min(...times)
}

/** Takes as many of the first as fit into so many bytes; with `isAlone`, the first of them whatever its length. */
export async function takeQueued(
  tx: Tx,
  context: SyncContext,
  room: {
    readonly peer: PeerId
    readonly bytes: number
    readonly isAlone: boolean
    /** None but the one of this name. */
    readonly only?: string
    /** All but the one of this name. */
    readonly but?: string | undefined
  },
): Promise<readonly QueuedNote[]> {
  const taken: QueuedNote[] = []
  let bytes = 0
  for (const [place, value] of await tx.list({ ...range.notes(room.peer), limit: LOOKED_AT_MAX })) {
    const name = place.slice(place.lastIndexOf('/') + 1)
    if ((room.only !== undefined && name !== room.only) || name === room.but) continue
    const record = unpack<NoteRecord>(value)
    // Nobody could be told whose word it is: it waits for the certificate.
    if (record === undefined || context.roster.ofActor(record.actor) === undefined) continue
    if (isOfEarlierLife(context, record)) {
      tx.delete(place)
      continue
    }
    const more = noteBytes(context, record)
    if (bytes + more > room.bytes && !(room.isAlone && taken.length === 0)) continue
    bytes += more
    tx.delete(place)
    taken.push({ ...record, name })
  }
  return taken
}

/** What this node had to say in an earlier life it says no more: by now it may not be so. */
function isOfEarlierLife({ replica }: SyncContext, { actor }: NoteRecord): boolean {
  return actor !== replica.actor && nodePrefixOfActor(actor) === nodePrefixOfActor(replica.actor)
}

/** Bytes of a note in an envelope, before compression. */
export function noteBytes({ roster }: SyncContext, { body }: Pick<SignedNote, 'body'>): number {
  return body.length + roster.suite.signatureBytes + AROUND_BYTES
}

/** The envelope that held these will not arrive: they wait again, unless there is something newer in their place. */
export async function restoreNotes(
  tx: Tx,
  peer: PeerId,
  { notes = [] }: Pick<ParcelRecord, 'notes'>,
): Promise<void> {
  for (const { name, since, ...note } of notes)
    if ((await tx.get(key.note(peer, name))) === undefined)
      queueNote(tx, peer, { name, since, note })
}
