/**
 * Files that are worth a session on a line that is dialled: those that somebody asked for here, and those that somebody asked for there
 * of which some lies here. A call that brought or gave nothing of one is not made for it again: the other end may not have it, or not
 * want it any more. Nobody is called who is there for less.
 */
import type { Instant } from '#base/ids.ts'
import { bytesIn, withoutSpans } from '#base/spans.ts'
import type { SyncContext } from './context.ts'
import { fetchOf } from './file-desk.ts'
import { askedFromMs } from './file-asking.ts'
import { fileKey, type AskedRecord, type FetchRecord } from './file-records.ts'
import { fileBehind } from './file-serving.ts'
import { turnMs } from './file-turns.ts'
import { wishesAt, type Wisher } from './file-wishes.ts'
import { mayCarryFile } from './pace.ts'
import { unpack } from './records.ts'
import type { Reader } from './replica.ts'
import type { DialledCarrier } from './worth.ts'

/** What waits of files: how much, since when, and when the first may go at the earliest; never, for Infinity. */
interface FilesWaiting {
  readonly bytes: number
  readonly since: Instant
  readonly from: Instant
}

/** A line, and when its last session began, by the running time. */
interface Call {
  readonly carrier: DialledCarrier
  readonly calledMs: number
}

const NOTHING: FilesWaiting = { bytes: 0, since: Infinity, from: Infinity }

/** What waits for the peer of a carrier. */
export async function filesWaiting(
  reader: Pick<Reader, 'get' | 'list'>,
  context: SyncContext,
  call: Call,
): Promise<FilesWaiting> {
  const { name, line } = call.carrier
  if (context.files.isCheaperThere(name, line.peer)) return NOTHING
  const fetched = await toFetch(reader, context, call)
  const given = await toGive(reader, context, call)
  return together(fetched, given)
}

function together(one: FilesWaiting, other: FilesWaiting): FilesWaiting {
  return {
    bytes: one.bytes + other.bytes,
    since: Math.min(one.since, other.since),
    from: Math.min(one.from, other.from),
  }
}

async function toFetch(
  reader: Pick<Reader, 'get' | 'list'>,
  context: SyncContext,
  { carrier, calledMs }: Call,
): Promise<FilesWaiting> {
  const { files } = context
  const { peer } = carrier.line
  let waiting = NOTHING
  for (const name of files.open) {
    const fetch = await fetchOf(reader, name)
    if (fetch?.isAsked !== true || fetch.liars.some((liar) => liar === peer)) continue
    if (!mayCarryFile(context, carrier.name, fetch.file?.channel)) continue
    const asked = unpack<AskedRecord>(await reader.get(fileKey.asked(peer, name)))
    const isStanding = asked !== undefined && asked.isOff !== true
    if (isStanding && fetch.movedMs < Math.max(1, calledMs)) continue
    const from = isStanding ? 0 : earliest(context, carrier, { fetch, asked })
    const bytes = fetch.bytes - bytesIn(fetch.have)
    waiting = together(waiting, { bytes, since: fetch.since, from })
  }
  return waiting
}

/** What was asked for at the peer, lies here, and is ours to give. */
async function toGive(
  reader: Pick<Reader, 'get' | 'list'>,
  context: SyncContext,
  { carrier, calledMs }: Call,
): Promise<FilesWaiting> {
  const { roster } = context
  let waiting = NOTHING
  for (const wisher of await wishesAt(reader, carrier.line.peer)) {
    const { name, node, wish } = wisher
    if (!wish.isAsked || wish.isStale === true || roster.revokedSince(node) !== undefined) continue
    const { known } = await fileBehind(reader, name)
    if (!mayCarryFile(context, carrier.name, known?.channel)) continue
    const turn = turnMs(context, wisher, known?.owner)
    // It was ours to give in the last session, and nothing of it went.
    if (Math.max(turn, wish.heardMs, wish.movedMs) < calledMs) continue
    const bytes = await givableBytes(reader, wisher)
    const since = instantOf(context, wish.heardMs)
    const from = instantOf(context, turn)
    if (bytes > 0) waiting = together(waiting, { bytes, since, from })
  }
  return waiting
}

/** How much of what somebody wants lies here. */
async function givableBytes(
  reader: Pick<Reader, 'get'>,
  { name, wish: { spans } }: Wisher,
): Promise<number> {
  const { here } = await fileBehind(reader, name)
  if (here !== undefined) return bytesIn(withoutSpans(spans, [[here.bytes, Infinity]]))
  const have = (await fetchOf(reader, name))?.have ?? []
  return bytesIn(spans) - bytesIn(withoutSpans(spans, have))
}

/** When it is asked for there, if nothing of it comes from elsewhere. */
function earliest(
  context: SyncContext,
  carrier: DialledCarrier,
  { fetch, asked }: { readonly fetch: FetchRecord; readonly asked: AskedRecord | undefined },
): Instant {
  const state = { peer: carrier.line.peer, carrier: carrier.name }
  return instantOf(context, askedFromMs(context, state, { before: asked, fetch }))
}

/** The time by the clock of what has a running time. */
function instantOf({ now, time }: SyncContext, ms: number): Instant {
  return now() + ms - time.nowMs()
}
