/** Whether what waits for a peer is worth a session on a line that is dialled on demand. */
import type { DocumentId, Instant } from '#base/ids.ts'
import type { LineControl } from '#ports/carrier.ts'
import type { LinkProfile } from '#tariff/profile.ts'
import type { SyncContext } from './context.ts'
import { range } from './keys.ts'
import { mayLeaveBy, shortFor } from './pace.ts'
import { lackingAt } from './queue.ts'
import { unpack, type OutboxRecord } from './records.ts'
import { filesWaiting } from './worth-files.ts'
import type { Reader } from './replica.ts'
import type { MeteredCarrier } from './spending.ts'

/** A carrier with terms whose line is in our hands. */
export type DialledCarrier = MeteredCarrier & { readonly line: LineControl }

/** From when on a session is worth it; never, for Infinity. */
export interface Wanted {
  readonly at: Instant
  readonly isFlash: boolean
}

/** A session is worth its connect when it carries so much more. */
const CONNECTS_WORTH = 4
/** A sealed change on its way in company (`queue.ts`). */
const CHANGE_BYTES = 160

/** When what waits for the peer is worth a session; `calledMs` is when the last one began, by the running time. */
export async function waitingFor(
  reader: Pick<Reader, 'get' | 'list' | 'log'>,
  context: SyncContext,
  { carrier: dialled, calledMs }: { readonly carrier: DialledCarrier; readonly calledMs: number },
): Promise<Wanted> {
  const { name: carrier, terms, line } = dialled
  const { now } = context
  const { profile, dialling } = terms
  let [bytes, oldest, isUrgent, isFlash] = [0, Infinity, false, false]
  for (const [place, value] of await reader.list(range.outbox(line.peer))) {
    const [lane, name] = place.split('/').slice(-2)
    const document = name as DocumentId
    if (!mayLeaveBy(context, carrier, document)) continue
    const at = { peer: line.peer, document, carrier }
    // Nobody is called for what is too long to go there.
    const changes =
      (await shortFor(reader, context, at))?.length ?? (await lackingAt(reader, context, at))
    if (changes === 0) continue
    bytes += changes * CHANGE_BYTES
    oldest = Math.min(oldest, unpack<OutboxRecord>(value)?.since ?? now())
    isUrgent ||= Number(lane) <= 1
    isFlash ||= lane === '0'
  }
  const files = await filesWaiting(reader, context, { carrier: dialled, calledMs })
  const gatherMs = dialling?.gatherMsMax ?? 0
  const isFull = bytes + files.bytes >= fillBytes(profile)
  const filesAt = Math.max(files.from, isFull ? now() : files.since + gatherMs)
  const isDue = isUrgent || bytes >= fillBytes(profile)
  return { at: Math.min(isDue ? now() : oldest + gatherMs, filesAt), isFlash }
}

/** What a session takes that is billed as the least, and never so little that most of it would be the connect. */
function fillBytes({ tariff, upBps, overhead }: LinkProfile): number {
  const worth = CONNECTS_WORTH * overhead.connectBytes
  if (tariff.shape === 'minutes') return Math.max(worth, (tariff.leastMs * upBps) / 8_000)
  return tariff.shape === 'flat' ? worth : Math.max(worth, tariff.leastBytes)
}
