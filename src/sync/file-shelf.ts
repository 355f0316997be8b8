/**
 * Fetching what lies on the shelf of a post office (`file-lying.ts`), one file after another, the most urgent first, about two seconds of
 * the link at a time: so what is asked for meanwhile goes first, and no flash message waits behind a whole file.
 */
import { codeOf } from '#base/errors.ts'
import { SMALL_BYTES_MAX } from '#base/limits.ts'
import { bytesIn, commonSpans, type Spans } from '#base/spans.ts'
import type { FileName } from '#codec/piece.ts'
import type { Shelf } from '#ports/carrier.ts'
import type { Clock } from '#ports/clock.ts'
import { spentUntil } from './affording.ts'
import { openBell, rungWithin, type Bell } from './bell.ts'
import type { ContactState } from './contact-state.ts'
import type { SyncContext } from './context.ts'
import { askedOf } from './file-asked.ts'
import { askedFromMs, isAskedNow, isFat } from './file-asking.ts'
import { fetchOf, putFetch } from './file-desk.ts'
import { FETCH_PATIENCE_MS } from './file-limits.ts'
import { fileKey, type AskedRecord, type FetchRecord } from './file-records.ts'
import { wantedAt } from './file-wanted.ts'
import { allWishers, type Wisher } from './file-wishes.ts'
import { believedOf, forgetLying, lyingAt } from './file-words.ts'
import { untilDone } from './patience.ts'
import { pack } from './records.ts'
import type { Tx } from './replica.ts'

/** Where it is fetched, and until when. */
export interface Fetching {
  readonly shelf: Shelf
  readonly state: ContactState
  readonly signal: AbortSignal
}

/** What a node has for it. */
interface Bench {
  readonly context: SyncContext
  readonly clock: Clock
  readonly bells: Set<Bell>
}

/** Longest time between two looks, in milliseconds: somebody may set the clock. Looking sends nothing. */
const LOOK_MS_MAX = 3_600_000
/** So often in a row nobody answers before what was said to lie there is asked for. */
const AWAY_TIMES_MAX = 3

/** Nobody answered there so often in a row, and until when it is not tried again, by the running time. */
interface Away {
  readonly times: number
  readonly untilMs: number
}

/** Fetches what is wanted as it comes to lie there, until the contact ends. */
export async function keepFetching(bench: Bench, fetching: Fetching): Promise<void> {
  const { context, clock, bells } = bench
  const { time } = context
  const { state, signal } = fetching
  const bell = openBell()
  bells.add(bell)
  signal.addEventListener('abort', bell.ring)
  let away: Away = { times: 0, untilMs: 0 }
  let seen: string | undefined
  let last: NextOnShelf | undefined
  while (!signal.aborted) {
    const now = `${context.files.version()} ${isFat(state)}`
    if (seen !== now || isToLook(context, last)) last = await look(bench, fetching)
    seen = now
    if (last?.name !== undefined && away.untilMs <= time.nowMs()) {
      const outcome = await fetchSome(bench, fetching, { name: last.name, away })
      if (outcome === undefined) break
      away = outcome === 'away' ? onceMoreAway(context, away) : { times: 0, untilMs: 0 }
      seen = undefined
      continue
    }
    await rungWithin(bell, { clock, ms: waitMs(context, last, away) })
  }
  signal.removeEventListener('abort', bell.ring)
  bells.delete(bell)
}

function isToLook({ time }: SyncContext, last: NextOnShelf | undefined): boolean {
  return last?.isPaused === true || (last?.lookAgainMs ?? Infinity) <= time.nowMs()
}

/** Until there may be more to do; undefined: until something changes. */
function waitMs(
  { time }: SyncContext,
  last: NextOnShelf | undefined,
  away: Away,
): number | undefined {
  const at = last?.name === undefined ? last?.lookAgainMs : away.untilMs
  return at && Math.min(LOOK_MS_MAX, Math.max(1, at - time.nowMs()))
}

function onceMoreAway({ time }: SyncContext, { times }: Away): Away {
  return { times: times + 1, untilMs: time.nowMs() + FETCH_PATIENCE_MS }
}

function look({ context, clock }: Bench, { shelf, state, signal }: Fetching) {
  return untilDone({ log: context.log, clock, signal }, () =>
    context.replica.commit((tx) => nextOnShelf(tx, context, { shelf, state })),
  )
}

/** Fetches some more of a file; undefined when there is no way there any more. */
async function fetchSome(
  { context, clock }: Bench,
  { shelf, state, signal }: Fetching,
  { name, away }: { readonly name: FileName; readonly away: Away },
): Promise<'more' | 'end' | 'away' | undefined> {
  try {
    const outcome = await shelf.fetch(state.peer, name, signal)
    const isLost = outcome === 'away' && (away.times + 1) % AWAY_TIMES_MAX === 0
    if (outcome === 'end' || isLost)
      await untilDone({ log: context.log, clock, signal }, () =>
        context.replica.commit((tx) => nothingMore(tx, context, { state, name })),
      )
    return outcome
  } catch (error) {
    const code = codeOf(error) ?? String(error)
    if (code !== 'CARRIER_UNREACHABLE') context.log.error('file.failed', { code })
    return undefined
  }
}

/** The file of which more is to be fetched now, or when there may be one, by the running time. */
interface NextOnShelf {
  readonly name: FileName | undefined
  readonly lookAgainMs: number | undefined
  /** Nothing is left of the budget; an operator may grant more at any time. */
  readonly isPaused: boolean
}

/** The most urgent file that lies there and is wanted here: asked-for ones first, of these small pictures, then what was wanted first. */
async function nextOnShelf(
  tx: Tx,
  context: SyncContext,
  { shelf, state }: Omit<Fetching, 'signal'>,
): Promise<NextOnShelf> {
  const { now, time } = context
  const found: { readonly name: FileName; readonly fetch: FetchRecord }[] = []
  let atMs = Infinity
  for (const one of await wantedThere(tx, context, state)) {
    const turnMs = isAskedNow(one.before) ? 0 : askedFromMs(context, state, one)
    const isDue = one.spans.length > 0 && turnMs <= time.nowMs()
    if (isDue) found.push(one)
    else atMs = Math.min(atMs, Math.max(turnMs, one.spans.length > 0 ? 0 : one.moreMs))
  }
  const [first] = found.toSorted(
    ({ fetch: a }, { fetch: b }) =>
      Number(b.isAsked) - Number(a.isAsked) ||
      Number(a.bytes > SMALL_BYTES_MAX) - Number(b.bytes > SMALL_BYTES_MAX) ||
      a.begunMs - b.begunMs,
  )
  const until = first && (await spentUntil(tx, context, state))
  if (until !== undefined) {
    const lookAgainMs = time.nowMs() + until - now()
    return { name: undefined, lookAgainMs, isPaused: true }
  }
  if (first !== undefined) beginReading(tx, context, { shelf, state, first })
  return {
    name: first?.name,
    lookAgainMs: atMs === Infinity ? undefined : atMs,
    isPaused: false,
  }
}

/** What came of it in an earlier fetch was let go of, so it is read from its beginning. */
function beginReading(
  tx: Tx,
  { files }: SyncContext,
  {
    shelf,
    state: { peer },
    first: { name, fetch },
  }: Omit<Fetching, 'signal'> & { readonly first: Pick<WantedThere, 'name' | 'fetch'> },
): void {
  const { readAt = [] } = fetch
  if (readAt.includes(peer)) return
  putFetch(tx, files, { name, fetch: { ...fetch, readAt: [...readAt, peer] } })
  tx.afterwards(() => shelf.again?.(name))
}

/** A file that lies there, of which something lacks here. */
interface WantedThere {
  readonly name: FileName
  readonly fetch: FetchRecord
  readonly before: AskedRecord | undefined
  /** What lies there of it and is wanted, as far as who says so is believed now. */
  readonly spans: Spans
  /** When others may be, by the running time. */
  readonly moreMs: number
}

async function wantedThere(
  tx: Tx,
  context: SyncContext,
  state: ContactState,
): Promise<readonly WantedThere[]> {
  const { peer } = state
  const lying = await lyingAt(tx, peer)
  if (lying.size === 0) return []
  const asked = await askedOf(tx, peer)
  const isFresh = ({ node, wish }: Wisher): boolean =>
    wish.isStale !== true && context.roster.revokedSince(node) === undefined
  const all = (await allWishers(tx)).filter(isFresh)
  const wanted: WantedThere[] = []
  for (const [name, told] of lying) {
    const fetch = await fetchOf(tx, name)
    if (fetch === undefined) continue
    const before = asked.get(name)
    const wishers = all.filter((one) => one.name === name)
    const asking = { name, fetch, peer, wishers, isFat: isFat(state) }
    const { wish } = wantedAt(context, { ...asking, isStanding: isAskedNow(before) })
    const { spans: there, moreMs } = believedOf(context, told)
    const spans = commonSpans(wish.spans, there)
    if (spans.length > 0 || moreMs < Infinity) wanted.push({ name, fetch, before, spans, moreMs })
  }
  return wanted
}

/** All that lay there has come. What lacks all the same was lost there: it is asked for again, after a while. */
async function nothingMore(
  tx: Tx,
  context: SyncContext,
  { state, name }: { readonly state: ContactState; readonly name: FileName },
): Promise<void> {
  const { peer } = state
  const one = (await wantedThere(tx, context, state)).find((wanted) => wanted.name === name)
  if (one === undefined || one.spans.length === 0) return
  const { before, spans } = one
  await forgetLying(tx, context, { peer, name, lacking: spans })
  if (before !== undefined) {
    const off = { ...before, atMs: context.time.nowMs(), isOff: true }
    tx.put(fileKey.asked(peer, name), pack(off satisfies AskedRecord))
  }
  tx.afterwards(() => context.log.warn('file.not-there', { bytes: bytesIn(spans) }))
  tx.afterwards(context.files.changed)
  tx.afterwards(context.ring)
}
