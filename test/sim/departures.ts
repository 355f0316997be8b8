/** Whether a message ever left the node where it was written, as that node's disk has it. */
import type { ActorId, DocumentId } from '#base/ids.ts'
import { postIdOf } from '#model/log.ts'
import { range } from '#sync/keys.ts'
import { unpack, type DepartureRecord, type DocumentRecord } from '#sync/records.ts'
import type { Member } from './fleet.ts'
import type { Said } from './said.ts'

/** False only where its own node has the message, and no carrier ever answered for a parcel with it. */
export function hasLeft({ disk }: Member, { id, channel }: Said): boolean {
  const documents = `doc/s.${channel}.`
  for (const [place, bytes] of disk.durable({ from: documents, to: `${documents}~` })) {
    const document = place.slice('doc/'.length) as DocumentId
    const clock = unpack<DocumentRecord>(bytes)?.clock ?? {}
    for (const [actor, newest] of Object.entries(clock) as [ActorId, number][])
      for (let seq = 1; seq <= newest; seq += 1) {
        if (postIdOf(document, actor, seq) !== id) continue
        const departures = disk.durable(range.departures(document, actor, seq))
        return departures.some(([, one]) => (unpack<DepartureRecord>(one)?.from ?? 0) <= seq)
      }
  }
  return true
}
