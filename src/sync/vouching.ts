/** Who vouches for what comes in: nothing is taken that its node has not signed, or that no order to purge and no proof of a fork goes on from. */
import type { ActorId, DocumentId } from '#base/ids.ts'
import type { Delta } from '#codec/delta.ts'
import type { Opened } from '#codec/envelope.ts'
import type { Rebuilt } from '#codec/rebuild.ts'
import { attestationOf } from '#trust/attestation.ts'
import type { Incoming, SyncContext } from './context.ts'
import { isBeforeFork } from './fork-proof.ts'
import type { Tx } from './replica.ts'

/** A delta that was opened and read. */
export interface DeltaArrival {
  readonly opened: Opened
  readonly delta: Delta
  readonly incoming: Incoming
}

/** The last change of a run, purged or not. */
export type Newest = Exclude<Rebuilt, { readonly kind: 'missing' }>['newest']

/**
 * What vouches for a run: its node's signature, an order to purge what comes after it, or the proof that its list forked there. Who
 * sends it says so where there is no signature (`cut.ts`), and the order or the proof may not have come here yet.
 */
export async function voucherOf(
  tx: Tx,
  context: SyncContext,
  {
    arrival,
    run,
  }: {
    readonly arrival: DeltaArrival
    readonly run: Exclude<Rebuilt, { readonly kind: 'missing' }>
  },
): Promise<'signature' | 'order' | 'proof' | 'awaited' | 'none'> {
  if (isVouchedFor(context, arrival, run.newest)) return 'signature'
  const { document } = arrival.delta
  const log = await tx.log(document)
  const last = run.kind === 'good' ? (run.changes.at(-1) ?? run.newest) : run.newest
  const stub = log.stubAt(run.actor, last.seq + 1)
  if (stub?.from === last.seq + 1 && stub.previous === last.hash) return 'order'
  const isSigned =
    run.actor === arrival.opened.actor || signatureOf(arrival, run.actor) !== undefined
  if (!isSigned && run.kind === 'good' && (await isProved(tx, context, { document, run })))
    return 'proof'
  return isSigned || run.kind === 'forked' || stub !== undefined ? 'none' : 'awaited'
}

async function isProved(
  tx: Tx,
  context: SyncContext,
  { document, run: { newest } }: { readonly document: DocumentId; readonly run: GoodRun },
): Promise<boolean> {
  const { actor, seq, trail } = newest
  return trail !== undefined && isBeforeFork(tx, context, { document, actor, seq, trail })
}

type GoodRun = Extract<Rebuilt, { readonly kind: 'good' }>

/** Whether the node of its list has signed a change that came in. */
export function isVouchedFor(context: SyncContext, arrival: DeltaArrival, newest: Newest): boolean {
  const node = context.roster.ofActor(newest.actor)?.node
  const signature = signatureOf(arrival, newest.actor)
  const { actor, seq, trail } = newest
  if (node === undefined || signature === undefined || trail === undefined) return false
  const { organisation } = context.identity
  const { document } = arrival.delta
  const statement = attestationOf(organisation.id, { document, actor, seq, trail })
  return context.roster.proves(node, { part: 'change', statement }, signature)
}

/** The signature that came with an actor's run. */
export function signatureOf(
  { opened, delta }: DeltaArrival,
  actor: ActorId,
): Uint8Array | undefined {
  if (actor === opened.actor) return opened.signature
  return delta.runs.find((run) => run.actor === actor)?.attestation
}
