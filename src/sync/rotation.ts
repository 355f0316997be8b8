/**
 * Epochs by the calendar. A hub begins new ones, so that a secret that leaked unseen opens no more than its own time; a kit
 * destroys what it no longer needs, so that whoever takes it opens no more than the last weeks. Secrets stand wrapped in
 * the keys document for ever: burning one means to destroy the keys it was wrapped under as well.
 */
import type { ActorId, Instant } from '#base/ids.ts'
import type { Log as EventLog } from '#ports/log.ts'
import type { Clock } from '#ports/clock.ts'
import type { AudienceId } from '#trust/epoch.ts'
import type { SyncContext } from './context.ts'
import { burn, heldAudiences, publishSealingKey, rotate } from './epochs.ts'
import { nodesOf } from './audience.ts'
import { goodEpochs } from './good-epochs.ts'
import { key, range } from './keys.ts'
import { unpack, type EpochRecord, type SealingSeedRecord } from './records.ts'
import type { Tx } from './replica.ts'

/** When secrets change and go. */
export interface EpochPolicy {
  /** A hub begins a new epoch when the present one is so old; undefined for never. */
  readonly rotateAfterMs: number | undefined
  /** A secret is destroyed so long after its successor came; undefined for never. */
  readonly burnAfterMs: number | undefined
}

/** How often is looked whether something is due. */
const LOOK_MS = 3_600_000

/** Looks now and then, until `signal` aborts. */
export async function keepRotating(
  context: SyncContext,
  {
    policy,
    clock,
    log,
  }: { readonly policy: EpochPolicy; readonly clock: Clock; readonly log: EventLog },
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    try {
      await context.replica.commit((tx) => turnOver(tx, context, policy))
    } catch (error) {
      log.warn('rotation.failed', { reason: String(error) })
    }
    await clock.sleep(LOOK_MS, signal)
  }
}

/** Does what is due by the calendar. */
export async function turnOver(tx: Tx, context: SyncContext, policy: EpochPolicy): Promise<void> {
  const { rotateAfterMs, burnAfterMs } = policy
  const isHub = context.identity.certificate.role === 'hub'
  if (isHub && rotateAfterMs !== undefined) await rotateOld(tx, context, rotateAfterMs)
  if (burnAfterMs !== undefined) await burnOld(tx, context, burnAfterMs)
}

async function rotateOld(tx: Tx, context: SyncContext, afterMs: number): Promise<void> {
  const organisation = context.identity.organisation.id
  const audiences = new Set<AudienceId>([organisation, ...heldAudiences(context)])
  for (const audience of audiences) {
    const nodes = nodesOf(context, audience)
    const [best] = goodEpochs(context, audience, nodes)
    const held = best && unpack<EpochRecord>(await tx.get(key.epoch(best.id)))
    const since = held?.heldSince ?? context.foundedAt()
    if (best !== undefined && nodes.size > 1 && isOlder(context, since, afterMs))
      await rotate(tx, context, audience)
  }
}

async function burnOld(tx: Tx, context: SyncContext, afterMs: number): Promise<void> {
  let hasBurned = false
  for (const audience of heldAudiences(context)) {
    const [best] = goodEpochs(context, audience, nodesOf(context, audience))
    const present = best && unpack<EpochRecord>(await tx.get(key.epoch(best.id)))
    if (present === undefined || !isOlder(context, present.heldSince, afterMs)) continue
    const old = (await tx.list(range.epochs)).flatMap(([place, bytes]) => {
      const record = unpack<EpochRecord>(bytes)
      if (record?.audience !== audience || record.number >= present.number) return []
      return { id: place.slice('epoch/'.length), audience, number: record.number }
    })
    await burn(tx, context, old)
    hasBurned ||= old.length > 0
  }
  await burnWrappingKeys(tx, context, { afterMs, hasBurned })
}

/** A new sealing key when secrets were burned; the old one and its pairs go once that one is old enough, too. */
async function burnWrappingKeys(
  tx: Tx,
  context: SyncContext,
  { afterMs, hasBurned }: { readonly afterMs: number; readonly hasBurned: boolean },
): Promise<void> {
  const { node } = context.identity.certificate
  const counting = context.keyBook().sealingKey(node)?.name
  const seeds = (await tx.list(range.sealingSeeds)).map(([place, bytes]) => ({
    name: place.slice('seal/'.length),
    madeAt: unpack<SealingSeedRecord>(bytes)?.madeAt ?? 0,
  }))
  const present = seeds.find(({ name }) => name === counting)
  if (hasBurned && present !== undefined && isOlder(context, present.madeAt, afterMs))
    return publishSealingKey(tx, context)
  if (present === undefined || !isOlder(context, present.madeAt, afterMs)) return
  for (const { name } of seeds) {
    if (name === counting) continue
    tx.delete(key.sealingSeed(name))
    for (const { actor, seq } of context.keyBook().pairsFor(name))
      tx.delete(key.pairSecret(actor as ActorId, seq))
  }
}

/** Clocks may have been set back: a time that lies ahead is not old. */
function isOlder({ now }: SyncContext, since: Instant, afterMs: number): boolean {
  return now() - since >= afterMs
}
