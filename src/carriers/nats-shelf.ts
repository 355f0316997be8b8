/**
 * The stream of pieces, on one line: a piece is asked for by whoever wants its file, and comes to nobody else. No piece is pushed:
 * the whole of a file from a fast giver would stand before flash on a thin link. So one page is asked for at a time, whatever the file,
 * about a round trip and two seconds of the line, and none while messages are still to be fetched.
 */
import { keepLast } from './nats-shelf-books.ts'
import { openPage, type Page } from './nats-shelf-page.ts'
import {
  fetchPieces,
  isFull,
  isSameStream,
  isUnsure,
  unreachable,
  type Asking,
  type Sight,
} from './nats-shelf-questions.ts'
import { fileStream, fileToken } from './nats-subject.ts'

/** What fetching pieces works with. */
export interface ShelfParts extends Omit<Asking, 'pace'> {
  /** Resolves once no message is to be fetched, or the line has ended. */
  readonly caughtUp: () => Promise<void>
  /** Hears that no stream answered. */
  readonly onNobody: () => void
}

/** Fetches on one line; ends with it. */
export interface LineShelf {
  /**
   * See `Shelf.fetch`. Calls for one file share a page.
   * @throws EdgeError CARRIER_UNREACHABLE when the line ends or `signal` aborts first
   */
  readonly fetch: (file: string, signal: AbortSignal) => Promise<Outcome>
}

type Outcome = 'more' | 'end' | 'away'

interface Desk extends Asking, ShelfParts {
  readonly sights: Map<string, Sight>
  readonly running: Map<string, Promise<Outcome>>
  /** Resolves when the page that is under way has come. */
  turn: Promise<unknown>
  hasWarned: boolean
}

/** So many files are known at once; of another, the last piece may be looked up once more. */
const SIGHTS_MAX = 256

/** Nothing is fetched yet. */
export function openLineShelf(parts: ShelfParts): LineShelf {
  const desk: Desk = {
    ...parts,
    sights: new Map(),
    running: new Map(),
    turn: Promise.resolve(),
    pace: undefined,
    hasWarned: false,
  }
  return {
    fetch: async (file, signal) => {
      const over = AbortSignal.any([signal, desk.exchange.line.over])
      if (over.aborted) throw unreachable(desk)
      const token = fileToken(file)
      return unlessOver(desk, over, desk.running.get(token) ?? begin(desk, token))
    },
  }
}

function begin(desk: Desk, token: string): Promise<Outcome> {
  const sight = desk.sights.get(token) ?? { token, isFound: false, foundMs: 0, width: 1 }
  desk.sights.set(token, sight)
  keepLast(desk.sights, SIGHTS_MAX)
  const running = fetchSome(desk, sight).finally(() => desk.running.delete(token))
  desk.running.set(token, running)
  return running
}

/** One page, settled and noted. What came before the line ended is noted once it is settled. */
async function fetchSome(desk: Desk, sight: Sight): Promise<Outcome> {
  const { books, exchange } = desk
  const { promise: turn, resolve: passOn } = Promise.withResolvers<void>()
  const before = desk.turn
  desk.turn = turn
  await before
  const pages = [openPage(books.reading(sight.token), books.save)]
  const settled = (): Promise<unknown> => Promise.all(pages.map((page) => page.settled()))
  try {
    const outcome = await fetchPage(desk, sight, pages)
    passOn()
    await unlessOver(desk, exchange.line.over, settled())
    return outcome
  } finally {
    passOn()
    void settled()
  }
}

/**
 * Asks until the page is full. Whoever fetches was told that more lies there: where nothing does, and nothing was found on this line, the
 * stream may have been made anew, and then a second page begins at its beginning.
 */
async function fetchPage(desk: Desk, sight: Sight, pages: Page[]): Promise<Outcome> {
  const { exchange, arrivals, books, ports } = desk
  const beganMs = ports.clock.monotonicMs()
  for (let page = pages.at(-1); page !== undefined; page = pages.at(-1)) {
    // oxlint-disable-next-line no-await-in-loop -- one question after another
    await desk.caughtUp()
    // oxlint-disable-next-line no-await-in-loop -- one question after another
    await arrivals.calm(exchange.line.over)
    // oxlint-disable-next-line no-await-in-loop -- one question after another
    const outcome = await fetchPieces(desk, sight, page)
    if (outcome === 'nobody') return nobody(desk, page)
    // oxlint-disable-next-line no-await-in-loop -- one question after another
    const isEmpty = outcome === 'end' && page.size().count === 0
    // oxlint-disable-next-line no-await-in-loop -- one question after another
    if (isEmpty && isUnsure(desk, sight) && !(await isSameStream(desk, sight)))
      pages.push(openPage(books.anew(sight.token), books.save))
    else if (outcome === 'end' || isFull(desk, page, ports.clock.monotonicMs() - beganMs))
      return outcome
  }
  return 'end'
}

/** There is no such stream, or none yet: whoever makes it is told. */
function nobody(desk: Desk, page: Page): Outcome {
  const { name: carrier, workspace } = desk.options
  if (!desk.hasWarned)
    desk.ports.log.warn('nats.no-stream', { carrier, stream: fileStream(workspace) })
  desk.hasWarned = true
  desk.onNobody()
  return page.size().count > 0 ? 'more' : 'away'
}

/** What it resolves with, or an error at once when `over` aborts. */
async function unlessOver<T>(desk: Desk, over: AbortSignal, promise: Promise<T>): Promise<T> {
  const ended = Promise.withResolvers<never>()
  const onOver = (): void => ended.reject(unreachable(desk))
  over.addEventListener('abort', onOver)
  if (over.aborted) onOver()
  try {
    return await Promise.race([promise, ended.promise])
  } finally {
    over.removeEventListener('abort', onOver)
  }
}
