/**
 * A node that signs two different changes under one number is captured, copied or broken. The list it did that in ends
 * for everybody with the last change before: the proof travels in the keys document, and whoever has it decides the
 * same. Other lists do not depend on it, so honest nodes go on and converge.
 */
import type { ActorId, DocumentId, NodeId } from '#base/ids.ts'
import { must } from '#base/assert.ts'
import { DELTA_CHANGES_MAX } from '#base/limits.ts'
import { writeChange, type Change } from '#model/change.ts'
import { channelOfDocument, KEYS } from '#model/document-id.ts'
import type { ForkBranch, ForkProof } from '#model/key-content.ts'
import type { Log, Logged } from '#model/log.ts'
import { attestationOf } from '#trust/attestation.ts'
import { alarm, disbelieved } from './alarms.ts'
import { writeHere } from './author.ts'
import type { Fork, SyncContext } from './context.ts'
import { key, range } from './keys.ts'
import { pack, unpack, type AsideRecord, type RebornRecord } from './records.ts'
import { noteLoss, sentOf } from './rebirth.ts'
import type { Reader, Tx } from './replica.ts'
import { reproject } from './reproject.ts'

/** Most bytes of entries in one proof: it must fit into an entry itself. */
const PROOF_BYTES_MAX = 50_000

/** Up to which number an actor's list counts; undefined while it was never proved to fork. */
export async function frozenAt(
  reader: Pick<Reader, 'get'>,
  document: DocumentId,
  actor: ActorId,
): Promise<number | undefined> {
  return unpack<number>(await reader.get(key.frozen(document, actor)))
}

/** Another branch of an actor's list came in, and its signature holds: ends the list here and tells everybody. */
export async function proveFork(tx: Tx, context: SyncContext, fork: Fork): Promise<void> {
  const { document, actor, seq, branch, signature } = fork
  const frozen = await frozenAt(tx, document, actor)
  if (frozen !== undefined && frozen < seq) return
  // A disk that was put back: nobody has seen our branch, and in a new life it is written again (`rebirth.ts`).
  if (actor === context.replica.actor && seq > (await sentOf(tx, document, actor)))
    return noteLoss(tx, context, { [document]: seq - 1 + branch.length })
  alarm(tx, context, { deed: 'fork found', document, actor, seq })
  const log = await tx.log(document)
  const ours = await signedBranch(tx, context, { log, actor, seq })
  const theirs = { values: branch.map(({ value }) => value), signature }
  const previous = log.before(actor, seq)
  if (ours !== undefined && previous !== undefined && fits([ours, theirs])) {
    const content = {
      kind: 'fork' as const,
      document,
      actor,
      seq,
      previous,
      branches: [ours, theirs] as const,
    }
    const entry = { author: undefined, claimedAt: context.now(), content }
    await writeHere(tx, context, { document: KEYS, entry })
    return // the entry has frozen the list already
  }
  await freeze(tx, context, { document, actor, seq: seq - 1 })
}

/** A proof came in, or was written here: checks it and ends the list. */
export async function takeForkProof(
  tx: Tx,
  context: SyncContext,
  { proof, by }: { readonly proof: ForkProof; readonly by: NodeId },
): Promise<void> {
  const node = context.roster.ofActor(proof.actor)?.node
  if (node === undefined || !holds(context, proof))
    return disbelieved(tx, context, { deed: 'fork unproved', node: by, document: proof.document })
  tx.afterwards(() => context.log.error('node.forked', { node, document: proof.document }))
  await freeze(tx, context, { document: proof.document, actor: proof.actor, seq: proof.seq - 1 })
}

interface ListEnd {
  readonly document: DocumentId
  readonly actor: ActorId
  /** The last change that counts. */
  readonly seq: number
}

/** Ends an actor's list. What came after is taken out of document and view; people are told what is gone. */
async function freeze(tx: Tx, context: SyncContext, end: ListEnd): Promise<void> {
  const { document, actor, seq } = end
  const known = await frozenAt(tx, document, actor)
  if (known !== undefined && known <= seq) return
  tx.put(key.frozen(document, actor), pack(seq))
  const hadUnexplained = (await tx.log(document)).hasUnexplained()
  const gone = await tx.cutBack(document, { actor, seq, isProved: true })
  if (actor === context.replica.actor) await beginAnew(tx, context, { end, gone })
  for (const [place] of await tx.list(range.attestations(document, actor)))
    if (Number(place.slice(place.lastIndexOf('/') + 1)) > seq) tx.delete(place)
  if (gone.length === 0 && !hadUnexplained) return
  const channel = channelOfDocument(document)
  if (channel === undefined) return context.refold(tx)
  for (const message of await reproject(tx, context, channel))
    tx.afterwards(() => context.emit({ kind: 'withdrawn', message }))
  tx.afterwards(() => context.log.warn('list.frozen', { document, actor, count: gone.length }))
}

/**
 * A copy of this very node wrote elsewhere under our name. What we wrote since is kept, and written again in a new life,
 * in which the copy cannot follow.
 */
async function beginAnew(
  tx: Tx,
  context: SyncContext,
  { end, gone }: { readonly end: ListEnd; readonly gone: readonly Logged[] },
): Promise<void> {
  const { document, actor, seq: target } = end
  for (const { seq, hash, entry } of gone)
    tx.put(
      key.aside(document, seq),
      pack({ actor, seq, hash, entry, target } satisfies AsideRecord),
    )
  const before = unpack<RebornRecord>(await tx.get(key.reborn))
  const heard = { ...(before?.actor === actor ? before.heard : {}), [document]: target }
  tx.put(key.reborn, pack({ actor, heard, why: 'copied elsewhere' } satisfies RebornRecord))
  context.run.isOver = true
  tx.afterwards(() => {
    context.log.error('node.cloned', { actor, document })
    context.onRebirth()
  })
}

/** Our own copy of the list from `seq` to its first signed change there. */
async function signedBranch(
  tx: Tx,
  context: SyncContext,
  { log, actor, seq }: { readonly log: Log; readonly actor: ActorId; readonly seq: number },
): Promise<ForkBranch | undefined> {
  const values: Uint8Array[] = []
  for (let at = seq; ; at += 1) {
    const change = log.find(actor, at)
    if (change === undefined) break
    values.push(change.value)
    const signature = await tx.get(key.attestation(log.document, actor, at))
    if (signature !== undefined) return { values, signature }
  }
  const last = log.find(actor, seq + values.length - 1)
  if (actor !== context.replica.actor || last === undefined) return undefined
  // A copy of this very node writes elsewhere: what we wrote ourselves we can sign now.
  const { organisation } = context.identity
  const statement = attestationOf(organisation.id, log.document, last.hash)
  return { values, signature: context.identity.sign(statement) }
}

/** Two branches that differ in their first entry, both signed by the node whose list it is. */
function holds(context: SyncContext, proof: ForkProof): boolean {
  const { actor, document, branches } = proof
  const node = context.roster.ofActor(actor)?.node
  if (node === undefined) return false
  const firsts = new Set<string>()
  for (const { values, signature } of branches) {
    const chain = chainOf(proof, values)
    firsts.add(must(chain[0], 'a branch has an entry').hash)
    const head = must(chain.at(-1), 'a branch has an entry')
    const statement = attestationOf(context.identity.organisation.id, document, head.hash)
    if (!context.roster.verify(node, statement, signature)) return false
  }
  return firsts.size === branches.length
}

function chainOf({ actor, seq, previous }: ForkProof, values: readonly Uint8Array[]): Change[] {
  let before = previous
  return values.map((value, index) => {
    const change = writeChange({ actor, seq: seq + index, previous: before, value })
    before = change.hash
    return change
  })
}

function fits(branches: readonly ForkBranch[]): boolean {
  const isShort = branches.every(({ values }) => values.length <= DELTA_CHANGES_MAX)
  const bytes = branches.flatMap(({ values }) => values).reduce((sum, one) => sum + one.length, 0)
  return isShort && bytes <= PROOF_BYTES_MAX
}
