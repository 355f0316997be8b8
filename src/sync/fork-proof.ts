/** Proof that a node signed two changes under one number: made from what is here, and checked by whoever reads it. */
import type { ActorId, Step } from '#base/ids.ts'
import { DELTA_CHANGES_MAX } from '#base/limits.ts'
import { KEYS } from '#model/document-id.ts'
import type { ForkBranch, ForkProof } from '#model/fork-content.ts'
import type { Clock, Log } from '#model/log.ts'
import { stepOf, trailAfter, upTo } from '#model/trail.ts'
import { attestationOf, type Attested } from '#trust/attestation.ts'
import type { Fork, SyncContext } from './context.ts'
import { isOwn } from './cut-changes.ts'
import { key } from './keys.ts'
import { allForks, forkOf } from './list-end.ts'
import type { Reader, Tx } from './replica.ts'

/** The proof that our branch and the other one make; undefined when nothing vouches for ours. */
export async function proofOf(
  tx: Tx,
  context: SyncContext,
  { document, actor, seq, branch, signature }: Fork,
): Promise<ForkProof | undefined> {
  const ours = await signedBranch(tx, context, { document, actor, seq })
  const theirs = { steps: branch.map(({ hash }) => stepOf(hash)), signature }
  const before = (await tx.log(document)).trail(actor, seq - 1)
  if (ours === undefined || before === undefined) return undefined
  return { kind: 'fork', document, actor, seq, before, branches: [ours, theirs] }
}

/** Whether there are two branches that differ in their first change, both signed by the node whose list it is. */
export function isProof({ roster, identity }: SyncContext, proof: ForkProof): boolean {
  const { actor, document, before, branches } = proof
  const node = roster.ofActor(actor)?.node
  if (node === undefined) return false
  const isSigned = ({ steps, signature }: ForkBranch): boolean => {
    const seq = proof.seq + steps.length - 1
    const end = { document, actor, seq, trail: trailAfter(before, steps) }
    const statement = attestationOf(identity.organisation.id, end)
    return roster.proves(node, { part: 'change', statement }, signature)
  }
  const firsts = new Set(branches.map(({ steps }) => steps[0]))
  return firsts.size === branches.length && branches.every(isSigned)
}

/**
 * Whether both branches of a list that forked go on from this change of it: then their signatures vouch for all up to there. Looked at
 * again where it stands: the list with the proof may have been cut since.
 */
export async function isBeforeFork(
  reader: Pick<Reader, 'get' | 'log'>,
  context: SyncContext,
  { document, actor, seq, trail }: Attested,
): Promise<boolean> {
  const { forkAt, proofs } = await forkOf(reader, { document, actor })
  if (forkAt !== seq + 1) return false
  const keys = await reader.log(KEYS)
  return proofs.some((at) => {
    const proof = keys.find(at.actor, at.seq)?.entry.content
    if (proof?.kind !== 'fork' || proof.document !== document || proof.actor !== actor) return false
    return proof.seq === forkAt && proof.before === trail && isProof(context, proof)
  })
}

/** The last changes before forks of lists, by actor, where the proof is all that vouches for what a peer lacks that has `clock`. */
export async function endsBeforeForks(
  tx: Tx,
  context: SyncContext,
  { log, clock }: { readonly log: Log; readonly clock: Clock },
): Promise<ReadonlyMap<ActorId, number>> {
  const ends = new Map<ActorId, number>()
  if (!context.run.hasForks) return ends
  for (const { document, actor } of await allForks(tx)) {
    if (document !== log.document || isOwn(context, actor)) continue
    const seq = ((await forkOf(tx, { document, actor })).forkAt ?? 0) - 1
    if (seq <= (clock[actor] ?? 0)) continue
    if ((await tx.get(key.attestation(document, actor, seq))) !== undefined) continue
    const trail = log.trail(actor, seq)
    if (trail !== undefined && (await isBeforeFork(tx, context, { document, actor, seq, trail })))
      ends.set(actor, seq)
  }
  return ends
}

/** Our own copy of the list from `seq` to its first signed change there. */
async function signedBranch(
  tx: Tx,
  context: SyncContext,
  { document, actor, seq }: Pick<Fork, 'document' | 'actor' | 'seq'>,
): Promise<ForkBranch | undefined> {
  const { identity } = context
  const log = await tx.log(document)
  const steps: Step[] = []
  while (steps.length < DELTA_CHANGES_MAX) {
    const change = log.find(actor, seq + steps.length)
    if (change === undefined) return undefined
    steps.push(stepOf(change.hash))
    // What we wrote ourselves, in this life or one before, we can sign now.
    const signature = isOwn(context, actor)
      ? identity.sign(attestationOf(identity.organisation.id, upTo(log, change)))
      : await tx.get(key.attestation(document, actor, change.seq))
    if (signature !== undefined) return { steps, signature }
  }
  return undefined
}
