/** Who vouches for what comes in: nothing is taken that its node has not signed, or that no order to purge goes on from. */
import type { ActorId } from '#base/ids.ts'
import type { Delta } from '#codec/delta.ts'
import type { Opened } from '#codec/envelope.ts'
import type { Rebuilt } from '#codec/rebuild.ts'
import type { Log } from '#model/log.ts'
import { attestationOf } from '#trust/attestation.ts'
import type { Incoming, SyncContext } from './context.ts'

/** A delta that was opened and read. */
export interface DeltaArrival {
  readonly opened: Opened
  readonly delta: Delta
  readonly incoming: Incoming
}

/** The last change of a run, purged or not. */
export type Newest = Exclude<Rebuilt, { readonly kind: 'missing' }>['newest']

/**
 * What vouches for a run: its node's signature, or an order to purge what comes after it. Who sends it says so where there is no
 * signature (`cut.ts`), and the order may not have come here yet.
 */
export function voucherOf(
  context: SyncContext,
  {
    arrival,
    run,
  }: {
    readonly arrival: DeltaArrival
    readonly run: Exclude<Rebuilt, { readonly kind: 'missing' }>
  },
  log: Log,
): 'signature' | 'order' | 'awaited' | 'none' {
  if (isVouchedFor(context, arrival, run.newest)) return 'signature'
  const last = run.kind === 'good' ? (run.changes.at(-1) ?? run.newest) : run.newest
  const stub = log.stubAt(run.actor, last.seq + 1)
  if (stub?.from === last.seq + 1 && stub.previous === last.hash) return 'order'
  const isSigned =
    run.actor === arrival.opened.actor || signatureOf(arrival, run.actor) !== undefined
  return isSigned || run.kind === 'forked' || stub !== undefined ? 'none' : 'awaited'
}

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
