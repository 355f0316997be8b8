/**
 * What we wrote and damage tore off: it lies here whole, and what it goes on from is gone (`healing.ts`). Once that has come back from
 * others it is put in its place again. It was sent, and may yet have come to nobody: on a stick that was lost, to a node that is shut out.
 */
import { nodePrefix, nodePrefixOfActor, type ActorId, type DocumentId } from '#base/ids.ts'
import type { Change } from '#model/change.ts'
import type { Log } from '#model/log.ts'
import { compareReturned } from './agreement.ts'
import type { SyncContext } from './context.ts'
import { oweReceipts } from './debts.ts'
import { holeOf } from './healing.ts'
import { key, range } from './keys.ts'
import { offerToPeers } from './ledger.ts'
import type { Tx } from './replica.ts'
import { noteSegment } from './segments.ts'
import { settle } from './standing.ts'

/**
 * Puts back what has its place again, of our own lists alone: others' want a signature, and come with it. What is not asked
 * for was never sent, and is written again (`rebirth.ts`). True when the document has more than before.
 */
export async function regain(tx: Tx, context: SyncContext, document: DocumentId): Promise<boolean> {
  const hole = await tx.get(key.hole(document))
  if (hole === undefined) return false
  const { wanted } = holeOf(hole)
  const self = nodePrefix(context.identity.certificate.node)
  const isOurs = ({ actor, seq }: Change): boolean =>
    nodePrefixOfActor(actor) === self && seq <= (wanted[actor] ?? 0)
  const regained = new Set<ActorId>()
  let count = 0
  for (const [, bytes] of await tx.list(range.broken(document))) {
    const change = nextIn(await tx.log(document), bytes)
    if (change === undefined || !isOurs(change)) continue
    const logged = await tx.take(document, change)
    const source = { isLate: true, pendingId: '', now: context.now() }
    const event = await context.projector.apply(tx, { document, logged }, source)
    if (event !== undefined) tx.afterwards(() => context.emit(event))
    regained.add(change.actor)
    count += 1
  }
  if (count === 0) return false
  await noteSegment(tx, document, context.now())
  await settle(tx, context, { document, from: undefined })
  await offerToPeers(tx, context, { document, from: undefined })
  await oweReceipts(tx, context, document)
  for (const actor of regained) await compareReturned(tx, context, { document, actor })
  tx.afterwards(() => context.log.info('document.regained', { document, count }))
  return true
}

/** A change that its list can go on with. */
function nextIn(log: Log, bytes: Uint8Array): Change | undefined {
  const admission = log.admit(bytes)
  return admission.ok && admission.isNew ? admission.change : undefined
}
