/**
 * Files that are worth a session on a line that is dialled: those that somebody asked for here. A call that brought
 * nothing of one is not made for it again: the other end may not have it.
 */
import type { Instant } from '#base/ids.ts'
import { bytesIn } from '#base/spans.ts'
import type { SyncContext } from './context.ts'
import { fetchOf } from './file-desk.ts'
import { askedFromMs } from './file-asking.ts'
import { fileKey, type AskedRecord, type FetchRecord } from './file-records.ts'
import { mayCarryFile } from './pace.ts'
import { unpack } from './records.ts'
import type { Reader } from './replica.ts'
import type { DialledCarrier } from './worth.ts'

/** What waits of files: how much, since when, and when the first is asked for at the earliest; never, for Infinity. */
interface FilesWaiting {
  readonly bytes: number
  readonly since: Instant
  readonly from: Instant
}

/** What waits for the peer of a carrier; `calledMs` is when the last session began, by the running time. */
export async function filesWaiting(
  reader: Pick<Reader, 'get' | 'list'>,
  context: SyncContext,
  { carrier, calledMs }: { readonly carrier: DialledCarrier; readonly calledMs: number },
): Promise<FilesWaiting> {
  const { files } = context
  const { peer } = carrier.line
  let waiting: FilesWaiting = { bytes: 0, since: Infinity, from: Infinity }
  for (const name of files.open) {
    const fetch = await fetchOf(reader, name)
    if (fetch?.isAsked !== true || fetch.liars.some((liar) => liar === peer)) continue
    if (!mayCarryFile(context, carrier.name, fetch.file?.channel)) continue
    const asked = unpack<AskedRecord>(await reader.get(fileKey.asked(peer, name)))
    const isStanding = asked !== undefined && asked.isOff !== true
    if (isStanding && fetch.movedMs < Math.max(1, calledMs)) continue
    const from = isStanding ? 0 : earliest(context, carrier, { fetch, asked })
    waiting = {
      bytes: waiting.bytes + fetch.bytes - bytesIn(fetch.have),
      since: Math.min(waiting.since, fetch.since),
      from: Math.min(waiting.from, from),
    }
  }
  return waiting
}

/** When it is asked for there, if nothing of it comes from elsewhere. */
function earliest(
  context: SyncContext,
  carrier: DialledCarrier,
  { fetch, asked }: { readonly fetch: FetchRecord; readonly asked: AskedRecord | undefined },
): Instant {
  const state = { peer: carrier.line.peer, metered: carrier }
  return instantOf(context, askedFromMs(context, state, { before: asked, fetch }))
}

/** The time by the clock of what has a running time. */
function instantOf({ now, time }: SyncContext, ms: number): Instant {
  return now() + ms - time.nowMs()
}
