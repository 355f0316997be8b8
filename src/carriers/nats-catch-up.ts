/**
 * Fetching what we lack from the stream, by direct get: no consumer stands on the server, and being up to date costs
 * one question and one "nothing" (126 bytes).
 *
 * Servers from 2.12 send a page without headers, 20 bytes around each message; older ones are asked for one number
 * after another, a few at a time. When much is missing, the flash lane is fetched first.
 */
import type { Lane } from '#model/precedence.ts'
import { bytesFromText } from '#base/bytes.ts'
import type { ArrivalQueue } from './arrival-queue.ts'
import { findingOf, type Finding } from './nats-answer.ts'
import { backOffMs } from './nats-back-off.ts'
import type { Exchange } from './nats-exchange.ts'
import type { Entry } from './nats-books.ts'
import type { Ledger } from './nats-ledger.ts'
import type { LineMessage } from './nats-line.ts'
import type { NatsOptions, NatsPorts } from './nats-options.ts'
import { everySubject, isOwnSubject, laneOfSubject, laneSubjects } from './nats-subject.ts'

/** What catching up works with. */
export interface CatchUpParts {
  readonly exchange: Exchange
  readonly ledger: Ledger
  readonly options: NatsOptions
  readonly ports: Pick<NatsPorts, 'clock' | 'random' | 'log'>
  readonly arrivals: Pick<ArrivalQueue, 'calm'>
  readonly deliver: (entry: Entry, bytes: Uint8Array, lane?: Lane) => void
  /** Hears that nothing is missing any more. */
  readonly onComplete: () => void
}

/** Catching up on one line. */
export interface CatchUp {
  /** Runs until the line ends. */
  readonly run: () => Promise<void>
  /** Has a look at the books: something may be missing, or unproven. */
  readonly wake: () => void
  /** Resolves once nothing is missing, nobody has it, or the line has ended. */
  readonly caughtUp: () => Promise<void>
}

type Outcome = 'more' | 'end' | 'nobody'

/** Questions under way at once on servers that answer one at a time. */
const PIPELINE_MAX = 8
/** With its headers, on a thin line. */
const USUAL_MESSAGE_BYTES = 1_000
const PAGE_MESSAGES_MAX = 64
const PAGE_BYTES_MIN = 4_096
const PAGE_BYTES_MAX = 65_536
/** A page is about two seconds of the line, so that live flash does not wait longer (design 6). */
const PAGE_SECONDS = 2
/** Looks at the end of a stream in which others are writing, before it is fetched instead. */
const LOOKS_MAX = 4

/** Ready to run. */
export function openCatchUp(parts: CatchUpParts): CatchUp {
  const { exchange, ledger } = parts
  const { over } = exchange.line
  let bell = Promise.withResolvers<void>()
  let rest = Promise.withResolvers<void>()
  const wake = (): void => {
    bell.resolve()
    bell = Promise.withResolvers()
  }
  const tell = (): void => {
    rest.resolve()
    rest = Promise.withResolvers()
  }
  over.addEventListener('abort', () => (wake(), tell()), { once: true })
  return {
    wake,
    caughtUp: async () => {
      if (!ledger.isComplete() && !over.aborted) await rest.promise
    },
    run: async () => {
      while (!over.aborted) {
        // oxlint-disable-next-line no-await-in-loop -- one thing after another, as long as the line lives
        if (!ledger.isComplete()) await fetchAll(parts, tell).then(tell)
        // oxlint-disable-next-line no-await-in-loop -- one thing after another, as long as the line lives
        else if (ledger.isCrowded()) await look(parts)
        // oxlint-disable-next-line no-await-in-loop -- one thing after another, as long as the line lives
        else await bell.promise
      }
    },
  }
}

/** The first message at or after `seq` among `filter`, everything in the stream unless given. */
export async function firstFrom(
  exchange: Exchange,
  { stream, seq, filter }: { stream: string; seq: number; filter?: string },
): Promise<Finding> {
  const wanted = { seq, next_by_subj: filter ?? everySubject(stream) }
  return findingOf(await exchange.ask(directGet(stream, wanted)))
}

/** Whether the server sends a page without headers. */
export function canFetchBare({ line }: Exchange): boolean {
  const [major, minor] = line.version
  return major > 2 || (major === 2 && minor >= 12)
}

/** The question for what a stream has. */
export function directGet(
  stream: string,
  wanted: object,
): { readonly subject: string; readonly bytes: Uint8Array } {
  const bytes = bytesFromText(JSON.stringify(wanted))
  return { subject: `$JS.API.DIRECT.GET.${stream}`, bytes }
}

async function fetchAll(parts: CatchUpParts, onNobody: () => void): Promise<void> {
  const { exchange, ledger, options, ports, arrivals } = parts
  const { over } = exchange.line
  let [pages, failures] = [0, 0]
  while (!over.aborted && !ledger.isComplete()) {
    // oxlint-disable-next-line no-await-in-loop -- page after page
    await arrivals.calm(over)
    if (!ledger.asking()) break
    // oxlint-disable-next-line no-await-in-loop -- page after page
    const outcome = await fetchPage(parts, pages)
    if (outcome === 'nobody') {
      failures += 1
      const waitMs = backOffMs(failures, options.backOffMaxMs, ports.random)
      ports.log.warn('nats.no-stream', { carrier: options.name, waitMs })
      onNobody()
      // oxlint-disable-next-line no-await-in-loop -- page after page
      await ports.clock.sleep(waitMs, over)
      continue
    }
    failures = 0
    pages += 1
    // oxlint-disable-next-line no-await-in-loop -- page after page
    if (outcome === 'end') await finish(parts, pages)
    // oxlint-disable-next-line no-await-in-loop -- page after page
    else if (pages === 2) await fetchFlash(parts)
  }
  if (ledger.isComplete()) parts.onComplete()
}

/** The first two pages are one message each: nothing or one missing is the rule, and costs no more than that. */
async function fetchPage(parts: CatchUpParts, pages: number): Promise<Outcome> {
  if (pages < 2) return fetchNumbers(parts, 1)
  if (canFetchBare(parts.exchange)) return fetchBare(parts)
  return fetchNumbers(parts, Math.min(pipelineOn(parts), 2 ** (pages - 1)))
}

/** As many as the line takes in a round trip and about two seconds: what is asked for stands before live flash. */
function pipelineOn({ exchange }: CatchUpParts): number {
  const { bytesPerSecond, rttMs } = exchange.pace()
  const bytes = bytesPerSecond * (rttMs / 1_000 + PAGE_SECONDS)
  return Math.min(PIPELINE_MAX, Math.max(1, Math.round(bytes / USUAL_MESSAGE_BYTES)))
}

/** Asks for `width` numbers at once. */
async function fetchNumbers(parts: CatchUpParts, width: number): Promise<Outcome> {
  const { exchange, ledger, options } = parts
  const { workspace } = options
  const from = ledger.next()
  const findings = await Promise.all(
    Array.from({ length: width }, (_, at) =>
      firstFrom(exchange, { stream: workspace, seq: from + at }),
    ),
  )
  for (const finding of findings) {
    if (finding.kind === 'nothing') return 'end'
    if (finding.kind === 'nobody') return ledger.next() > from ? 'more' : 'nobody'
    take(parts, finding)
  }
  return 'more'
}

function take(
  { ledger, options, deliver }: CatchUpParts,
  { mark, bytes }: Extract<Finding, { kind: 'found' }>,
): void {
  if (isOwnSubject(options, mark.subject)) return ledger.fetchedOwn(mark, bytes)
  const entry = ledger.fetched(mark, bytes)
  if (entry !== undefined) deliver(entry, bytes, laneOfSubject(mark.subject))
}

/** Asks for a page without headers; only its end says which number it reached. */
async function fetchBare(parts: CatchUpParts): Promise<Outcome> {
  const { exchange, ledger, options, deliver } = parts
  const { workspace } = options
  const { bytesPerSecond } = exchange.pace()
  const pageBytes = Math.round(PAGE_SECONDS * bytesPerSecond)
  const question = directGet(workspace, {
    seq: ledger.next(),
    batch: PAGE_MESSAGES_MAX,
    max_bytes: Math.min(PAGE_BYTES_MAX, Math.max(PAGE_BYTES_MIN, pageBytes)),
    next_by_subj: everySubject(workspace),
    no_hdr: true,
  })
  const isLast = (message: LineMessage): boolean => {
    if (message.status !== 0) return true
    const finding = findingOf(message)
    if (finding.kind === 'found') take(parts, finding)
    else {
      const entry = ledger.fetchedBare(message.bytes)
      if (entry !== undefined) deliver(entry, message.bytes)
    }
    return false
  }
  const last = await exchange.ask({ ...question, isLast })
  if (last?.status === 404) return 'end'
  if (last?.status !== 204) return 'nobody'
  ledger.fetchedUpTo(Number(last.header('Nats-Last-Sequence') ?? 0))
  return 'more'
}

/**
 * Flash first: these are fetched twice, which is cheaper than waiting for everything before them. A line that ends
 * before all is there does not make it thrice: where calls are short, nothing else would ever come.
 */
async function fetchFlash({
  exchange,
  ledger,
  options,
  arrivals,
  deliver,
}: CatchUpParts): Promise<void> {
  const { workspace } = options
  const filter = laneSubjects(workspace, 'flash')
  for (let seq = ledger.nextFlash(); ;) {
    // oxlint-disable-next-line no-await-in-loop -- one after another
    await arrivals.calm(exchange.line.over)
    // oxlint-disable-next-line no-await-in-loop -- one after another
    const finding = await firstFrom(exchange, { stream: workspace, seq, filter })
    if (finding.kind !== 'found') return
    seq = finding.mark.seq + 1
    if (isOwnSubject(options, finding.mark.subject)) continue
    const entry = ledger.fetchedFlash(finding.mark.seq, finding.bytes)
    if (entry !== undefined) deliver(entry, finding.bytes, 'flash')
  }
}

/** All is there. Pages without headers leave no mark by which the stream can be known again, so one is fetched. */
async function finish(parts: CatchUpParts, pages: number): Promise<void> {
  const { exchange, ledger, options } = parts
  if (pages > 3 && canFetchBare(exchange)) {
    const seq = ledger.next() - 1
    const finding = await firstFrom(exchange, { stream: options.workspace, seq })
    if (finding.kind === 'found') take(parts, finding)
  }
  ledger.nothingMore()
}

/** Proves what we heard by the stream's own end; when others keep writing, fetches it instead. */
async function look({ exchange, ledger, options }: CatchUpParts): Promise<void> {
  const { workspace } = options
  for (let looks = 0; looks < LOOKS_MAX; looks += 1) {
    // oxlint-disable-next-line no-await-in-loop -- one look after another
    const finding = await firstFrom(exchange, { stream: workspace, seq: ledger.expectedLast() })
    if (finding.kind !== 'found') break
    const balance = ledger.looked(finding.mark, finding.bytes)
    if (balance === 'even') return
    if (balance === 'gap') break
  }
  ledger.missed()
}
