/**
 * Questions for pieces of one file, among which may stand those of others. Servers from 2.12 send a page without headers; older ones are
 * asked for one piece after another, and for several at once only where the last two stood side by side, as any other would come
 * several times.
 */
import { EdgeError } from '#base/errors.ts'
import type { Arrival, PeerId } from '#ports/carrier.ts'
import type { ArrivalQueue } from './arrival-queue.ts'
import type { Finding } from './nats-answer.ts'
import { fingerprint } from './nats-books.ts'
import { canFetchBare, directGet, firstFrom } from './nats-catch-up.ts'
import { bytesOnLine, type Exchange } from './nats-exchange.ts'
import type { LineMessage } from './nats-line.ts'
import type { NatsOptions, NatsPorts } from './nats-options.ts'
import type { ShelfBooks } from './nats-shelf-books.ts'
import type { Page } from './nats-shelf-page.ts'
import { fileStream, isOwnSubject, piecesOf } from './nats-subject.ts'
import { paceAfter, type Pace } from './nats-window.ts'

/** What asking works with. */
export interface Asking {
  readonly peer: PeerId
  readonly exchange: Exchange
  readonly options: NatsOptions
  readonly ports: Pick<NatsPorts, 'clock' | 'log'>
  readonly books: ShelfBooks
  readonly arrivals: Pick<ArrivalQueue, 'push' | 'isCalm' | 'calm'>
  /** What pieces taught of the way here; the exchange knows the way there. */
  pace: Pace | undefined
}

/** A file, as far as it was seen on this line. */
export interface Sight {
  readonly token: string
  /** Something of it was found: the stream is the one that its place is in. */
  isFound: boolean
  /** When last, by the monotonic clock. */
  foundMs: number
  /** So many are asked for at once. */
  width: number
}

/** `nobody`: no stream answered. */
type Answer = 'more' | 'end' | 'nobody'

type Found = Extract<Finding, { kind: 'found' }>

const PAGE_SECONDS = 2
const PAGE_BYTES_MIN = 4_096
/** A quarter of what a server lets wait for one node (edge-config/nats/hub.conf). */
const PAGE_BYTES_MAX = 262_144
const PAGE_PIECES_MAX = 64
/** So long a stream is taken for the one in which something was found: 10 min. */
const SURE_MS = 600_000
/** Questions under way at once on servers that answer one at a time. */
const PIPELINE_MAX = 8

/** Some of what lies at and behind where the page has come to, put into it. */
export function fetchPieces(desk: Asking, sight: Sight, page: Page): Promise<Answer> {
  const isBare = sight.isFound && canFetchBare(desk.exchange)
  return isBare ? fetchBare(desk, sight, page) : fetchNumbers(desk, sight, page)
}

/** Whether it has to be made sure that the stream is the one of before: at first, and again after a while, as it may be made anew under a line. */
export function isUnsure({ ports }: Pick<Asking, 'ports'>, { isFound, foundMs }: Sight): boolean {
  return !isFound || ports.clock.monotonicMs() - foundMs >= SURE_MS
}

/** Whether the last piece of before still stands where it stood: it costs that piece. An answer that stays away says nothing against it. */
export async function isSameStream(desk: Asking, sight: Sight): Promise<boolean> {
  const { books, exchange, options } = desk
  const { seq, print } = books.reading(sight.token)
  if (seq === 0) return true
  const stream = fileStream(options.workspace)
  const filter = piecesOf(options.workspace, sight.token)
  const finding = await firstFrom(exchange, { stream, seq, filter })
  if (finding.kind === 'nobody') return true
  const isThere = finding.kind === 'found' && finding.mark.seq === seq
  sight.isFound = isThere && fingerprint(finding.bytes) === print
  sight.foundMs = desk.ports.clock.monotonicMs()
  return sight.isFound
}

/** Whether a page has as much as the line brings in a round trip and about two seconds. */
export function isFull(desk: Asking, page: Page, tookMs: number): boolean {
  const { count, bytes } = page.size()
  const bytesMax = Math.min(PAGE_BYTES_MAX, roomOn(desk))
  const msMax = paceOf(desk).rttMs + PAGE_SECONDS * 1_000
  return count >= PAGE_PIECES_MAX || bytes >= bytesMax || tookMs >= msMax
}

function paceOf({ pace, exchange }: Asking): Pace {
  return pace ?? exchange.pace()
}

/** What the line brings in a round trip and about two seconds. */
function roomOn(desk: Asking): number {
  const { bytesPerSecond, rttMs } = paceOf(desk)
  return bytesPerSecond * (rttMs / 1_000 + PAGE_SECONDS)
}

/** Asks for the first piece from several numbers on at once. What has come is delivered, should the line end before the rest. */
async function fetchNumbers(desk: Asking, sight: Sight, page: Page): Promise<Answer> {
  const { exchange, options, ports } = desk
  const from = page.next()
  const stream = fileStream(options.workspace)
  const filter = piecesOf(options.workspace, sight.token)
  const beganMs = ports.clock.monotonicMs()
  const came = { tookMs: 0, bytes: 0 }
  const asked = Array.from({ length: sight.width }, async (_, at) => {
    const finding = await firstFrom(exchange, { stream, seq: from + at, filter })
    came.tookMs = ports.clock.monotonicMs() - beganMs
    if (finding.kind === 'found') came.bytes += bytesOnLine(finding.bytes)
    return finding
  })
  for (const each of asked) each.catch(() => undefined)
  for (const each of asked) {
    // oxlint-disable-next-line no-await-in-loop -- in the order of their numbers
    const finding = await each
    if (finding.kind === 'nothing') return 'end'
    if (finding.kind === 'nobody') return page.next() > from ? 'more' : 'nobody'
    // oxlint-disable-next-line no-await-in-loop -- in the order of their numbers
    await take(desk, sight, { page, finding })
  }
  learn(desk, came)
  return page.next() > from ? 'more' : 'end'
}

/** Asks for a page without headers: only its end says which number it reached, and nothing says who wrote what. */
async function fetchBare(desk: Asking, sight: Sight, page: Page): Promise<Answer> {
  const { exchange, options, books, ports } = desk
  const from = page.next()
  const pageBytes = Math.round(PAGE_SECONDS * paceOf(desk).bytesPerSecond)
  const question = directGet(fileStream(options.workspace), {
    seq: from,
    batch: PAGE_PIECES_MAX,
    max_bytes: Math.min(PAGE_BYTES_MAX, Math.max(PAGE_BYTES_MIN, pageBytes)),
    next_by_subj: piecesOf(options.workspace, sight.token),
    no_hdr: true,
  })
  const pieces: Uint8Array[] = []
  const isLast = ({ status, bytes }: LineMessage): boolean => {
    if (status === 0) pieces.push(bytes)
    return status !== 0
  }
  const beganMs = ports.clock.monotonicMs()
  let last: LineMessage | undefined
  try {
    last = await exchange.ask({ ...question, isLast })
  } finally {
    const tookMs = ports.clock.monotonicMs() - beganMs
    learn(desk, { tookMs, bytes: pieces.reduce((sum, bytes) => sum + bytesOnLine(bytes), 0) })
    if (pieces.length > 0) sight.foundMs = ports.clock.monotonicMs()
    for (const bytes of pieces)
      if (books.hasSent(bytes)) page.pass(page.next(), bytes)
      // oxlint-disable-next-line no-await-in-loop -- in the order of their numbers
      else await deliver(desk, page, { seq: page.next(), bytes })
  }
  if (last?.status === 404) return 'end'
  if (last?.status !== 204) return 'nobody'
  page.reach(Number(last.header('Nats-Last-Sequence')))
  return page.next() > from ? 'more' : 'end'
}

/** A piece with its number, unless it came already. */
async function take(
  desk: Asking,
  sight: Sight,
  { page, finding }: { readonly page: Page; readonly finding: Found },
): Promise<void> {
  const { mark, bytes } = finding
  const { seq, subject } = mark
  if (seq < page.next()) return
  const wide = Math.min(
    PIPELINE_MAX,
    2 * sight.width,
    Math.round(roomOn(desk) / bytesOnLine(bytes)),
  )
  sight.width = seq === page.next() ? Math.max(1, wide) : 1
  sight.isFound = true
  sight.foundMs = desk.ports.clock.monotonicMs()
  if (isOwnSubject(desk.options, subject)) page.pass(seq, bytes)
  else await deliver(desk, page, { seq, bytes })
}

/** Puts a piece into the queue, once there is room to spare: it is the least urgent of all. */
async function deliver(
  desk: Asking,
  page: Page,
  { seq, bytes }: { readonly seq: number; readonly bytes: Uint8Array },
): Promise<void> {
  const { arrivals, exchange, peer } = desk
  const { over } = exchange.line
  // oxlint-disable-next-line no-await-in-loop -- others who waited may have been faster
  while (!arrivals.isCalm() && !over.aborted) await arrivals.calm(over)
  const settle = page.take(seq, bytes)
  const arrival: Arrival = { peer, bytes, bookmark: [], acceptCustody: settle, refuse: settle }
  if (!arrivals.isCalm() || !arrivals.push(arrival)) throw unreachable(desk)
}

function learn(desk: Asking, { tookMs, bytes }: { tookMs: number; bytes: number }): void {
  if (bytes === 0) return
  desk.pace = paceAfter(paceOf(desk), { tookMs, answeredBytes: bytes, underWayBytes: bytes })
}

/** The line ended. */
export function unreachable({ options }: Pick<Asking, 'options'>): EdgeError {
  return new EdgeError('CARRIER_UNREACHABLE', { carrier: options.name })
}
