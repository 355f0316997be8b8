/**
 * The clocks of the lanes (ACP 121). A message written here that is not stored at headquarters within its lane's time is
 * overdue: its author sees since when, and the operator is alarmed, once for each message. Headquarters has it as soon as one
 * hub has signed for it, since hubs pass on; a hub has its own messages. Where there is no hub that may hold the message,
 * any other node counts.
 *
 * A message is put into an index by its deadline and looked at once, when that has passed: receipts cost nothing, and nothing
 * walks through history. Deadlines are in running time (`running-time.ts`), so that no clock that is set makes all overdue.
 */
import { must } from '#base/assert.ts'
import type { ActorId, DocumentId, Instant, NodeId } from '#base/ids.ts'
import { OVERDUE_AT_ONCE_MAX, OVERDUE_LOGGED_MAX } from '#base/limits.ts'
import { laneOfDocument } from '#model/document-id.ts'
import { covers, postIdOf, type Clock as ListClock, type Logged } from '#model/log.ts'
import { laneNumber, LANES, type Lane } from '#model/precedence.ts'
import type { MessageRecord } from '#model/view.ts'
import type { Clock } from '#ports/clock.ts'
import type { Certificate } from '#trust/identity.ts'
import { isMeant } from './agreement.ts'
import { mayHold } from './audience.ts'
import { openBell, type Bell } from './bell.ts'
import type { SyncContext } from './context.ts'
import { key, range } from './keys.ts'
import { receiptOf } from './ledger.ts'
import { untilDone } from './patience.ts'
import { pack, unpack, type LateRecord } from './records.ts'
import type { Reader, Tx } from './replica.ts'

/** For each lane, how long a message may take to headquarters, in milliseconds; 0 for no limit. */
export type LaneTimes = Readonly<Record<Lane, number>>

/** How many messages of each lane are overdue. */
export type OverdueCounts = Readonly<Record<Lane, number>>

/** The clocks of one node. */
export interface Deadlines {
  /** A message was written here: its clock runs. */
  readonly start: (tx: Tx, written: Written) => void
  /** A node has said what it has of a document: what is stored by that is not overdue any more. */
  readonly heard: (tx: Tx, word: Word) => Promise<void>
  /** Watches the deadlines until `signal` aborts. */
  readonly keep: (signal: AbortSignal) => Promise<void>
}

interface Written {
  readonly document: DocumentId
  readonly logged: Pick<Logged, 'actor' | 'seq'>
}

interface Word {
  readonly node: NodeId
  readonly document: DocumentId
  readonly clock: ListClock
}

/** Longest wait between two looks at the next deadline: time in which a machine sleeps is seen then. */
const LOOK_MS_MAX = 3_600_000

interface Bench {
  readonly contextOf: () => SyncContext
  readonly clock: Clock
  readonly times: LaneTimes | undefined
  readonly bell: Bell
  /** The deadline that is waited for. */
  nextMs: number
}

/** Clocks that give each lane its time; without times no message is ever overdue. */
export function openDeadlines(
  contextOf: () => SyncContext,
  { clock, times }: { readonly clock: Clock; readonly times: LaneTimes | undefined },
): Deadlines {
  const bench: Bench = { contextOf, clock, times, bell: openBell(), nextMs: Infinity }
  return {
    start: (tx, written) => start(bench, tx, written),
    heard: (tx, word) => clear(tx, contextOf(), word),
    keep: (signal) => keep(bench, signal),
  }
}

/** Since when a message is overdue; undefined when it is not. */
export async function overdueSince(
  reader: Pick<Reader, 'get'>,
  message: Pick<MessageRecord, 'document' | 'actor' | 'seq'>,
): Promise<Instant | undefined> {
  return unpack<LateRecord>(await reader.get(lateKey(message)))?.since
}

/** How many messages of each lane are overdue now. */
export async function overdueCounts(reader: Pick<Reader, 'get'>): Promise<OverdueCounts> {
  return unpack<OverdueCounts>(await reader.get(key.lateCounts)) ?? NONE
}

const NONE: OverdueCounts = { flash: 0, immediate: 0, priority: 0, routine: 0 }

function start(bench: Bench, tx: Tx, { document, logged }: Written): void {
  const { contextOf, times, bell } = bench
  const { identity, time } = contextOf()
  const afterMs = times?.[laneOfDocument(document)] ?? 0
  if (afterMs === 0 || identity.certificate.role === 'hub') return
  const dueMs = time.nowMs() + afterMs
  time.keep(tx)
  tx.put(key.due(dueMs, { document, ...logged }), pack(true))
  tx.afterwards(() => {
    if (dueMs < bench.nextMs) bell.ring()
  })
}

/** What was noted by an earlier run is looked at first: who counts as headquarters may have changed. */
async function keep(bench: Bench, signal: AbortSignal): Promise<void> {
  const { contextOf, clock, bell } = bench
  const context = contextOf()
  const patience = { log: context.log, clock, signal }
  signal.addEventListener('abort', bell.ring)
  await untilDone(patience, () => lookAgain(context))
  while (!signal.aborted) {
    const waitMs = await untilDone(patience, () => look(bench))
    if (waitMs !== undefined && !signal.aborted) await pause(bench, waitMs)
  }
  signal.removeEventListener('abort', bell.ring)
}

/** Takes what has passed; gives how long nothing passes then. */
async function look(bench: Bench): Promise<number> {
  const { replica, time } = bench.contextOf()
  bench.nextMs = Infinity // whatever is written meanwhile rings
  const [first] = await replica.read.list({ ...range.due, limit: 1 })
  bench.nextMs = first === undefined ? Infinity : Number(first[0].split('/')[1])
  const waitMs = bench.nextMs - time.nowMs()
  if (waitMs > 0) return waitMs
  await replica.commit((tx) => takePassed(tx, bench.contextOf()))
  return 0
}

async function pause({ clock, bell }: Bench, waitMs: number): Promise<void> {
  if (waitMs === 0) return
  const alarm = new AbortController()
  const ringLater = async (): Promise<void> => {
    await clock.sleep(Math.min(waitMs, LOOK_MS_MAX), alarm.signal)
    if (!alarm.signal.aborted) bell.ring()
  }
  if (waitMs !== Infinity) void ringLater()
  await bell.rung()
  alarm.abort('rung') // as in `service.ts`
}

/** Messages whose time is over: those that are not where they should be by now are overdue. */
async function takePassed(tx: Tx, context: SyncContext): Promise<void> {
  const { time } = context
  const nowMs = time.nowMs()
  const counts = { ...(await overdueCounts(tx)) }
  const late: MessageRecord[] = []
  time.keep(tx)
  const passed = await tx.list({ ...range.dueBefore(nowMs + 1), limit: OVERDUE_AT_ONCE_MAX })
  for (const [place] of passed) {
    tx.delete(place)
    const message = await messageOf(tx, place)
    if (message === undefined || (await isSettled(tx, context, message))) continue
    const since = context.now() - (nowMs - Number(place.split('/')[1]))
    tx.put(lateKey(message), pack({ since } satisfies LateRecord))
    counts[message.lane] += 1
    late.push(message)
  }
  if (late.length === 0) return
  tx.put(key.lateCounts, pack(counts satisfies OverdueCounts))
  tx.afterwards(() => tellLate(context, late, counts))
}

/** A line for each, the most urgent first; of very many at once the last line counts the rest. */
function tellLate(
  context: SyncContext,
  late: readonly MessageRecord[],
  counts: OverdueCounts,
): void {
  const sorted = late.toSorted((a, b) => laneNumber(a.lane) - laneNumber(b.lane))
  for (const { lane, channel, document, seq } of sorted.slice(0, OVERDUE_LOGGED_MAX))
    context.log.warn('message.overdue', { lane, channel, document, seq })
  const rest = late.length - OVERDUE_LOGGED_MAX
  if (rest > 0) context.log.warn('messages.overdue', { count: rest })
  for (const { document, actor, seq } of late)
    context.emit({ kind: 'delivery', span: { document, actor, from: seq, to: seq } })
  context.emit({ kind: 'overdue', counts, added: late.length })
}

/** The message of an entry of either index; undefined when it went, or was written again in a new life. */
async function messageOf(tx: Pick<Tx, 'get'>, place: string): Promise<MessageRecord | undefined> {
  const [document, actor, seq] = place.split('/').slice(2)
  const id = postIdOf(document as DocumentId, actor as ActorId, Number(seq))
  return unpack<MessageRecord>(await tx.get(key.message(id)))
}

/** Nothing has to get to headquarters any more: it is there, or its author took it back. */
async function isSettled(tx: Tx, context: SyncContext, message: MessageRecord): Promise<boolean> {
  const { document, actor, seq, deletedAt } = message
  if (deletedAt !== 0) return true
  const counting = countingNodes(context, document)
  for (const { node } of counting) {
    const isNamed = covers((await receiptOf(tx, node, document))?.clock ?? {}, actor, seq)
    if (isNamed && (await isMeant(tx, context, { ...message, node }))) return true
  }
  return counting.length === 0
}

/** The nodes of which one has to store a message of this document. */
function countingNodes(context: SyncContext, document: DocumentId): readonly Certificate[] {
  const self = context.identity.certificate.node
  const others = context.roster
    .all()
    .filter(({ node }) => node !== self && mayHold(context, node, document))
  const hubs = others.filter(({ role }) => role === 'hub')
  return hubs.length > 0 ? hubs : others
}

async function clear(tx: Tx, context: SyncContext, { node, document, clock }: Word): Promise<void> {
  const counts = { ...(await overdueCounts(tx)) }
  const lane = laneOfDocument(document)
  if (counts[lane] === 0 || !countingNodes(context, document).some((one) => one.node === node))
    return
  const places: string[] = []
  for (const [place] of await tx.list(range.late(document))) {
    const [actorText, seqText] = place.split('/').slice(-2)
    const [actor, seq] = [actorText as ActorId, Number(seqText)]
    if (covers(clock, actor, seq) && (await isMeant(tx, context, { node, document, actor, seq })))
      places.push(place)
  }
  takeOut(tx, context, { counts, places })
}

function takeOut(
  tx: Tx,
  context: SyncContext,
  { counts, places }: { readonly counts: Record<Lane, number>; readonly places: readonly string[] },
): void {
  if (places.length === 0) return
  for (const place of places) {
    const lane = must(LANES[Number(place.split('/')[1])], 'the key names a lane')
    tx.delete(place)
    counts[lane] = Math.max(0, counts[lane] - 1)
  }
  tx.put(key.lateCounts, pack(counts satisfies OverdueCounts))
  tx.afterwards(() => context.emit({ kind: 'overdue', counts, added: 0 }))
}

/** Looks at all that is overdue, page by page. */
async function lookAgain(context: SyncContext): Promise<void> {
  let from: string | undefined = range.allLate.from
  while (from !== undefined) {
    const place: string = from
    from = await context.replica.commit(async (tx) => {
      const page = await tx.list({ ...range.allLate, from: place, limit: OVERDUE_AT_ONCE_MAX })
      const settled: string[] = []
      for (const [each] of page) {
        const message = await messageOf(tx, each)
        if (message === undefined || (await isSettled(tx, context, message))) settled.push(each)
      }
      takeOut(tx, context, { counts: { ...(await overdueCounts(tx)) }, places: settled })
      const last = page.at(-1)?.[0]
      return last === undefined ? undefined : `${last}\0`
    })
  }
}

function lateKey(message: Pick<MessageRecord, 'document' | 'actor' | 'seq'>): string {
  return key.late(laneOfDocument(message.document), message)
}
