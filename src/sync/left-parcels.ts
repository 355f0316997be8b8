/** What an earlier contact has numbered and nobody has answered for. */
import { laneFromNumber } from '#model/precedence.ts'
import type { ContactState } from './contact-state.ts'
import { cutOf, type Cut } from './cut.ts'
import { range } from './keys.ts'
import { restoreNotes } from './note-queue.ts'
import { unpack, type ParcelRecord } from './records.ts'
import type { Tx } from './replica.ts'

/**
 * Numbered bytes stay as they are until they are answered for: a post office takes a number once. A node tells by
 * its own note what it has, so there (`isStale`) all is cut anew, and notes wait again.
 */
export async function leftParcels(
  tx: Tx,
  state: ContactState,
  isStale: boolean,
): Promise<readonly Cut[]> {
  const cuts: Cut[] = []
  for (const [place, bytes] of await tx.list(range.parcels(state.peer))) {
    const [laneText, numberText] = place.split('/').slice(-2)
    const lane = laneFromNumber(Number(laneText))
    const record = unpack<ParcelRecord>(bytes)
    if (lane === undefined || record === undefined) continue
    const isAnswered = record.isAnswered === true
    if (isStale && !isAnswered) await restoreNotes(tx, state.peer, record)
    if (isAnswered || isStale) tx.delete(place)
    else cuts.push(cutOf(record, lane, Number(numberText)))
  }
  return cuts
}
