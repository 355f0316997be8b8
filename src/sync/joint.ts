/**
 * A note and the newest change of its sender under one signature: that of the envelope in which both travel. It saves a signature,
 * which is most of a receipt. Whoever takes it keeps for each a proof of its own, and hands it on alone.
 */
import { concatBytes } from '#base/bytes.ts'
import type { DocumentId } from '#base/ids.ts'
import { decodeDelta, maySignTogether, type Delta } from '#codec/delta.ts'
import type { Opened } from '#codec/envelope.ts'
import type { Load, LoadedNote } from '#codec/load.ts'
import { rebuildDelta } from '#codec/rebuild.ts'
import {
  attestationOf,
  companionOf,
  jointStatement,
  noteStatement,
  type Attested,
} from '#trust/attestation.ts'
import type { SyncContext } from './context.ts'
import type { QueuedNote } from './records.ts'
import type { Tx } from './replica.ts'

/** What rides, apart from the note of ours that the envelope's signature is to vouch for too. */
export interface Riding {
  readonly joint: QueuedNote | undefined
  readonly notes: readonly QueuedNote[]
}

/** The first of our own notes rides under the envelope's signature, where that vouches for a change of a segment. */
export function ridingOf(
  { replica }: SyncContext,
  notes: readonly QueuedNote[],
  signed: DocumentId | undefined,
): Riding {
  const isOwn = ({ actor }: QueuedNote): boolean => actor === replica.actor
  const joint = signed !== undefined && maySignTogether(signed) ? notes.find(isOwn) : undefined
  return { joint, notes: notes.filter((note) => note !== joint) }
}

/** The signature over a list of ours up to a change and, if there is one, the note that rides with it. */
export function signTogether(
  { identity }: SyncContext,
  attested: Attested,
  joint: QueuedNote | undefined,
): Uint8Array {
  const { organisation } = identity
  const statement = attestationOf(organisation.id, attested)
  if (joint === undefined) return identity.sign(statement)
  const note = companionOf('note', noteStatement(organisation.id, joint))
  return identity.sign(jointStatement({ change: companionOf('change', statement), note }))
}

/**
 * What was opened, with the proof of the sender's change for itself, and the note with its own. The note's follows from the change:
 * while that cannot be written again, there is none, and what waits brings the note again.
 */
export async function takenApart(
  tx: Tx,
  { identity, roster }: SyncContext,
  { opened, load }: { readonly opened: Opened; readonly load: Load },
): Promise<{ readonly opened: Opened; readonly notes: readonly LoadedNote[] } | undefined> {
  const { joint, delta: bytes } = load
  if (joint === undefined) return { opened, notes: load.notes }
  const { signature, actor } = opened
  if (signature === undefined || bytes === undefined) return undefined
  const { organisation } = identity
  const companion = companionOf('note', noteStatement(organisation.id, { actor, body: joint }))
  const apart = { ...opened, signature: concatBytes(signature, companion) }
  const decoded = decodeDelta(bytes, { scope: opened.key.scope, sender: actor, roster })
  if (!decoded.ok)
    return decoded.reason === 'malformed' ? undefined : { opened: apart, notes: load.notes }
  const { document } = decoded.delta
  if (!maySignTogether(document)) return undefined
  const attested = await attestedIn(tx, decoded.delta, actor)
  if (attested === undefined) return { opened: apart, notes: load.notes }
  const statement = attestationOf(organisation.id, attested)
  const proof = concatBytes(signature, companionOf('change', statement))
  const note = { actor, body: joint, signature: proof }
  return { opened: apart, notes: [note, ...load.notes] }
}

/** The sender's list up to its newest change in a delta. */
async function attestedIn(
  tx: Tx,
  delta: Delta,
  sender: Opened['actor'],
): Promise<Attested | undefined> {
  const { document } = delta
  const runs = delta.runs.filter(({ actor }) => actor === sender)
  const [written] = rebuildDelta({ ...delta, runs }, await tx.log(document))
  if (written === undefined || written.kind === 'missing') return undefined
  const { actor, seq, trail } = written.newest
  return trail && { document, actor, seq, trail }
}
