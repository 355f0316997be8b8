/** Proof that a node signed two changes under one number: made from what is here, and checked by whoever reads it. */
import { must } from '#base/assert.ts'
import { DELTA_CHANGES_MAX } from '#base/limits.ts'
import { writeChange, type Change } from '#model/change.ts'
import type { ForkBranch, ForkProof } from '#model/fork-content.ts'
import { attestationOf } from '#trust/attestation.ts'
import type { Fork, SyncContext } from './context.ts'
import { key } from './keys.ts'
import type { Tx } from './replica.ts'

/** Most bytes of entries in one proof: it must fit into an entry itself. */
const PROOF_BYTES_MAX = 50_000

/** The proof that our branch and the other one make; undefined when it does not fit, or nothing vouches for ours. */
export async function proofOf(
  tx: Tx,
  context: SyncContext,
  { document, actor, seq, branch, signature }: Fork,
): Promise<ForkProof | undefined> {
  const ours = await signedBranch(tx, context, { document, actor, seq })
  const theirs = { values: branch.map(({ value }) => value), signature }
  const previous = (await tx.log(document)).before(actor, seq)
  if (ours === undefined || previous === undefined || !fits([ours, theirs])) return undefined
  return { kind: 'fork', document, actor, seq, previous, branches: [ours, theirs] }
}

/** Whether there are two branches that differ in their first entry, both signed by the node whose list it is. */
export function isProof({ roster, identity }: SyncContext, proof: ForkProof): boolean {
  const { actor, document, branches } = proof
  const node = roster.ofActor(actor)?.node
  if (node === undefined) return false
  const firsts = new Set<string>()
  for (const { values, signature } of branches) {
    const chain = chainOf(proof, values)
    firsts.add(must(chain[0], 'a branch has an entry').hash)
    const head = must(chain.at(-1), 'a branch has an entry')
    const statement = attestationOf(identity.organisation.id, document, head.hash)
    if (!roster.proves(node, { part: 'change', statement }, signature)) return false
  }
  return firsts.size === branches.length
}

/** Our own copy of the list from `seq` to its first signed change there. */
async function signedBranch(
  tx: Tx,
  context: SyncContext,
  { document, actor, seq }: Pick<Fork, 'document' | 'actor' | 'seq'>,
): Promise<ForkBranch | undefined> {
  const log = await tx.log(document)
  const values: Uint8Array[] = []
  for (let at = seq; ; at += 1) {
    const change = log.find(actor, at)
    if (change === undefined) break
    values.push(change.value)
    const signature = await tx.get(key.attestation(document, actor, at))
    if (signature !== undefined) return { values, signature }
  }
  const last = log.find(actor, seq + values.length - 1)
  if (actor !== context.replica.actor || last === undefined) return undefined
  // A copy of this very node writes elsewhere: what we wrote ourselves we can sign now.
  const { organisation } = context.identity
  const statement = attestationOf(organisation.id, document, last.hash)
  return { values, signature: context.identity.sign(statement) }
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
