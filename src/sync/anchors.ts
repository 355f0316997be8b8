/**
 * A hub that hears of a fork says, in the same commit, which branch of the list it held before, and how far. So whoever
 * takes a node's key cannot take back what a hub had: everybody ends the list there instead of before the fork.
 */
import { nodePrefix, nodePrefixOfActor, type ActorId } from '#base/ids.ts'
import { KEYS } from '#model/document-id.ts'
import type { Log } from '#model/log.ts'
import { attestationOf } from '#trust/attestation.ts'
import type { Anchor } from '#model/fork-content.ts'
import { covers } from '#model/log.ts'
import { writeHere } from './author.ts'
import type { SyncContext } from './context.ts'
import { key, range } from './keys.ts'
import { clockOf, receiptOf } from './ledger.ts'
import { endOf, forkOf, topOf, type ListName } from './list-end.ts'
import type { AnchorRecord } from './records.ts'
import type { Reader, Tx } from './replica.ts'

/**
 * A hub's word, before it takes the proof of a fork at `forkAt`. What it took after it had heard of an earlier fork it does
 * not vouch for, but for what lies before that and what it said then.
 */
export async function anchorHere(
  tx: Tx,
  context: SyncContext,
  { document, actor, forkAt }: ListName & { readonly forkAt: number },
): Promise<void> {
  const self = context.identity.certificate
  if (self.role !== 'hub' || nodePrefixOfActor(actor) === nodePrefix(self.node)) return
  const known = await forkOf(tx, { document, actor })
  if (known.forkAt !== undefined && known.forkAt <= forkAt) return
  const said = known.anchors.filter(({ by }) => nodePrefixOfActor(by) === nodePrefix(self.node))
  if (said.some((one) => one.forkAt === forkAt)) return
  const log = await tx.log(document)
  const branch = log.trail(actor, forkAt)
  const seq = await newestSigned(tx, {
    document,
    actor,
    until: heldUntil(log, actor, { known, said }),
  })
  const trail = log.trail(actor, seq)
  const signature = await tx.get(key.attestation(document, actor, seq))
  if (branch === undefined || trail === undefined || seq < forkAt || signature === undefined) return
  const at = { forkAt, branch, seq, trail }
  const content = { kind: 'anchor' as const, document, actor, ...at, signature }
  const entry = { author: undefined, claimedAt: context.now(), content }
  tx.afterwards(() => context.log.info('list.anchored', { document, actor, seq }))
  await writeHere(tx, context, { document: KEYS, entry })
}

/** Whether the signature in an anchor is that of the list's node. */
export function isSigned({ roster, identity }: SyncContext, anchor: Anchor): boolean {
  const node = roster.ofActor(anchor.actor)?.node
  const statement = attestationOf(identity.organisation.id, anchor)
  const stated = { part: 'change', statement } as const
  return node !== undefined && roster.proves(node, stated, anchor.signature)
}

/**
 * Whether every other hub has said what it held of a list, as far as its fork is known here: it has heard of the fork, by its
 * own word, and all it had written by then is here. A hub that held nothing of it says nothing.
 */
export async function haveHubsSpoken(
  tx: Tx,
  context: SyncContext,
  list: ListName,
): Promise<boolean> {
  const { roster, identity } = context
  const { proofs } = await forkOf(tx, list)
  const mine = await clockOf(tx, KEYS)
  for (const { node, role } of roster.all()) {
    const isAsked =
      role === 'hub' &&
      node !== identity.certificate.node &&
      roster.revokedSince(node) === undefined
    if (!isAsked) continue
    const word = (await receiptOf(tx, node, KEYS))?.clock ?? {}
    if (!proofs.some(({ actor, seq }) => covers(word, actor, seq))) return false
    for (const [name, seq] of Object.entries(word)) {
      const actor = name as ActorId
      if (nodePrefixOfActor(actor) !== nodePrefix(node)) continue
      const end = await endOf(tx, roster, { document: KEYS, actor })
      if (!covers(mine, actor, end === undefined ? seq : Math.min(seq, topOf(end)))) return false
    }
  }
  return true
}

function heldUntil(
  log: Log,
  actor: ActorId,
  {
    known,
    said,
  }: { readonly known: { forkAt: number | undefined }; readonly said: readonly AnchorRecord[] },
): number {
  if (known.forkAt === undefined) return log.clock()[actor] ?? 0
  const held = said.filter(({ seq, trail }) => log.trail(actor, seq) === trail)
  return Math.max(known.forkAt - 1, ...held.map(({ seq }) => seq))
}

async function newestSigned(
  reader: Pick<Reader, 'list'>,
  { document, actor, until }: ListName & { readonly until: number },
): Promise<number> {
  const places = await reader.list(range.attestations(document, actor))
  const signed = places.map(([place]) => Number(place.slice(place.lastIndexOf('/') + 1)))
  return Math.max(0, ...signed.filter((seq) => seq <= until))
}
