/** What somebody here has had on a screen: the base of the word "read". It travels with receipts. */
import type { ChannelId } from '#base/ids.ts'
import { segmentDocument } from '#model/document-id.ts'
import { countBeyond, type Clock } from '#model/log.ts'
import { LANES } from '#model/precedence.ts'
import type { SyncContext } from './context.ts'
import { key } from './keys.ts'
import { oweReceipts } from './debts.ts'
import { clockOf } from './ledger.ts'
import { pack, unpack, type SegmentRecord } from './records.ts'
import type { Tx } from './replica.ts'

/**
 * Somebody here has the channel on a screen: the newest two segments of each lane count as seen. Where others are not to be
 * told, it is not noted either: who changes that later tells nothing of before.
 */
export async function markSeen(tx: Tx, context: SyncContext, channel: ChannelId): Promise<void> {
  if (!context.tellsRead(channel)) return
  for (const lane of LANES) {
    const newest = unpack<SegmentRecord>(await tx.get(key.segment(channel, lane)))?.number
    if (newest === undefined) continue
    for (const number of newest === 0 ? [0] : [newest - 1, newest]) {
      await markDocument(tx, context, segmentDocument(channel, lane, number))
    }
  }
}

async function markDocument(
  tx: Tx,
  context: SyncContext,
  document: ReturnType<typeof segmentDocument>,
): Promise<void> {
  const clock = await clockOf(tx, document)
  const before = unpack<Clock>(await tx.get(key.seenHere(document))) ?? {}
  if (countBeyond(clock, before) === 0) return
  tx.put(key.seenHere(document), pack(clock))
  const { actor } = context.replica
  const isOthers = Object.keys(clock).some(
    (one) => one !== actor && (clock[one] ?? 0) > (before[one] ?? 0),
  )
  if (!isOthers) return
  await oweReceipts(tx, context, document)
}
