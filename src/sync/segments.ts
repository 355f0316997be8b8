/** Which segment a new message goes to: the newest one known here, or the next when that is full or old. */
import type { ChannelId, DocumentId, Instant } from '#base/ids.ts'
import { SEGMENT_ENTRIES_MAX, SEGMENT_PERIOD_MS } from '#base/limits.ts'
import { parseDocumentId, SEGMENT_NUMBER_MAX, segmentDocument } from '#model/document-id.ts'
import { LANES, type Lane } from '#model/precedence.ts'
import { key } from './keys.ts'
import { pack, unpack, type DocumentRecord, type SegmentRecord } from './records.ts'
import type { Tx } from './replica.ts'

/** The segment for a message written now. Latecomers elsewhere may still write to an older one. */
export async function segmentFor(
  tx: Tx,
  lane: {
    readonly channel: ChannelId
    readonly lane: Lane
    /** Some member may read only from this segment on: what is written now is for them, too. */
    readonly from?: number
  },
  now: Instant,
): Promise<DocumentId> {
  const place = key.segment(lane.channel, lane.lane)
  const known = unpack<SegmentRecord>(await tx.get(place))
  const least = Math.min(lane.from ?? 0, SEGMENT_NUMBER_MAX)
  if (known === undefined || known.number < least) {
    tx.put(place, pack({ number: least, openedAt: now } satisfies SegmentRecord))
    return segmentDocument(lane.channel, lane.lane, least)
  }
  const document = segmentDocument(lane.channel, lane.lane, known.number)
  const size = unpack<DocumentRecord>(await tx.get(key.document(document)))?.size ?? 0
  const isOld = size > 0 && now - known.openedAt > SEGMENT_PERIOD_MS
  // Whoever announces the last number there is must not stop the lane: then the last segment grows.
  const isLast = known.number >= SEGMENT_NUMBER_MAX
  if (isLast || (size < SEGMENT_ENTRIES_MAX && !isOld)) return document
  const next = { number: known.number + 1, openedAt: now } satisfies SegmentRecord
  tx.put(place, pack(next))
  return segmentDocument(lane.channel, lane.lane, next.number)
}

/** The first segment that nobody has written to yet, in any lane. */
export async function freshSegment(tx: Pick<Tx, 'get'>, channel: ChannelId): Promise<number> {
  let fresh = 0
  for (const lane of LANES) {
    const known = unpack<SegmentRecord>(await tx.get(key.segment(channel, lane)))
    if (known !== undefined) fresh = Math.max(fresh, known.number + 1)
  }
  return fresh
}

/** A segment has grown by somebody else's changes: it may be the newest. */
export async function noteSegment(tx: Tx, document: DocumentId, now: Instant): Promise<void> {
  const name = parseDocumentId(document)
  if (name?.kind !== 'segment') return
  const place = key.segment(name.channel, name.lane)
  const known = unpack<SegmentRecord>(await tx.get(place))
  if (known !== undefined && known.number >= name.number) return
  tx.put(place, pack({ number: name.number, openedAt: now } satisfies SegmentRecord))
}
