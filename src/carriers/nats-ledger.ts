/**
 * What of the stream we have, and up to where: the books behind the cursor.
 *
 * Fetched messages carry their number, live ones do not. The cursor moves over live ones only by proof: everything
 * was fetched up to `reached`, we have been listening since, and an acknowledgement of our own (or one look at the
 * stream) says that the newest number is `reached` plus exactly as many as we heard and sent. Fewer heard means that
 * something passed us by: then we fetch from `reached` on. More heard means that some were not stored (a full stream
 * refuses what was heard all the same): then we wait. So an acknowledgement proves, for no bytes, what came before it.
 */
import { sha256 } from '#base/hash.ts'
import { NOWHERE, withMark, type Mark, type Place } from './nats-place.ts'

/** One envelope on its way to the node. `queued`: not yet taken; `given`: taken, not settled; `held`: settled. */
export interface Entry {
  readonly print: string
  state: 'queued' | 'given' | 'held'
  /** Its number in the stream, once fetched. */
  seq?: number
}

/** What an acknowledgement told: all is well, something passed us by, or the stream is not the one we know. */
export type Balance = 'even' | 'open' | 'gap' | 'other-stream'

/** The books of one stream. */
export interface Ledger {
  /** A new line: what was given and not settled will come again. */
  readonly begin: () => void
  readonly marks: () => readonly Mark[]
  readonly knowsServer: (serverId: string) => boolean
  /** This server has the stream as our marks say. */
  readonly trustServer: (serverId: string) => void
  /** No server is trusted until the marks have been looked up again. */
  readonly trustNoServer: () => void
  /** Nothing after `seq` can be trusted any more. */
  readonly rewind: (seq: number) => void
  /** Whether the node has yet to hear that the post office may have forgotten. */
  readonly setForgotten: (mayHaveForgotten: boolean) => void
  readonly streamMadeAt: () => string | undefined
  readonly setStreamMadeAt: (madeAt: string) => void

  /** First number not yet fetched. */
  readonly next: () => number
  /** What could stand at the end of the stream, were all that we heard and sent stored. */
  readonly expectedLast: () => number
  /** Notes what has been heard before the stream is asked for more. */
  readonly asking: () => void
  /** The stream has nothing from `next` on. */
  readonly nothingMore: () => void
  /** Fetched, with its number. The entry to deliver, or undefined when we had it. */
  readonly fetched: (mark: Mark, bytes: Uint8Array) => Entry | undefined
  /** Fetched without a number: it stands at `next` or later. */
  readonly fetchedBare: (bytes: Uint8Array) => Entry | undefined
  /** Fetched, and our own. */
  readonly fetchedOwn: (mark: Mark, bytes: Uint8Array) => void
  /** Everything up to `seq` has been fetched. */
  readonly fetchedUpTo: (seq: number) => void

  /** Heard live. The entry to deliver, or undefined when we had it. */
  readonly heard: (bytes: Uint8Array) => Entry | undefined
  /** Something was heard that could not be kept: it has to be fetched. */
  readonly missed: () => void
  /** On its way out: never to be delivered here. */
  readonly sending: (bytes: Uint8Array) => void
  /** Our own was stored at `mark.seq`. */
  readonly acknowledged: (mark: Mark, bytes: Uint8Array) => Balance
  /** A look at the stream's end found this one, at `mark.seq`. */
  readonly looked: (mark: Mark, bytes: Uint8Array) => Balance
  /** Whether all up to now was fetched or heard. */
  readonly isComplete: () => boolean
  /** Whether so much is unproven that a look at the stream is worth its bytes. */
  readonly isCrowded: () => boolean

  /** The node has settled this one. */
  readonly hold: (entry: Entry) => void
  readonly place: () => Place
  /** The place once `entry` is settled as well. */
  readonly placeWith: (entry: Entry) => Place
}

/** The cursor may move to `upTo` once all of `entries` are held. */
interface Step {
  readonly upTo: number
  readonly entries: readonly Entry[]
}

interface Books {
  cursor: number
  reached: number
  isComplete: boolean
  /** Something passed us by since the stream was last asked. */
  hasMissed: boolean
  /** Own ones acknowledged after `reached`. */
  ownCount: number
  steps: Step[]
  /** Heard live after `reached`, number unknown. */
  readonly unproven: Set<Entry>
  asked: ReadonlySet<Entry>
  /** By fingerprint, oldest first. */
  readonly recent: Map<string, Entry>
}

const RECENT_MAX = 512
const ACCEPTED_MAX = 64
const UNPROVEN_MAX = 48
const SERVERS_MAX = 8

/** The books as the place on disk says; `undefined` for a new node. */
export function openLedger(kept: Place | undefined): Ledger {
  let place = kept ?? NOWHERE
  const books = booksFrom(place)
  const addMark = (mark: Mark): void => {
    place = { ...place, marks: withMark(place.marks, mark) }
  }
  const placeAt = (settling?: Entry): Place => ({
    ...place,
    cursor: cursorWith(books, settling),
    accepted: acceptedWith(books, settling),
  })

  return {
    begin: () => begin(books),
    marks: () => place.marks,
    knowsServer: (serverId) => place.servers.includes(serverId),
    trustServer: (serverId) => {
      const others = place.servers.filter((id) => id !== serverId)
      place = { ...place, servers: [...others, serverId].slice(-SERVERS_MAX) }
    },
    trustNoServer: () => {
      place = { ...place, servers: [] }
    },
    rewind: (seq) => {
      books.cursor = Math.min(books.cursor, seq)
      begin(books)
      const marks = place.marks.filter((mark) => mark.seq <= seq)
      place = { ...place, marks }
    },
    setForgotten: (mayHaveForgotten) => {
      place = { ...place, mayHaveForgotten }
    },
    streamMadeAt: () => place.streamMadeAt,
    setStreamMadeAt: (streamMadeAt) => {
      place = { ...place, streamMadeAt }
    },

    next: () => books.reached + 1,
    expectedLast: () => books.reached + unprovenCount(books),
    asking: () => {
      books.asked = new Set(books.unproven)
      books.hasMissed = false
    },
    nothingMore: () => {
      books.asked.forEach((entry) => books.unproven.delete(entry))
      books.ownCount = 0
      books.isComplete = !books.hasMissed
    },
    fetched: (mark, bytes) => {
      addMark(mark)
      return fetched(books, mark.seq, bytes)
    },
    fetchedBare: (bytes) => fetched(books, books.reached + 1, bytes),
    fetchedOwn: (mark, bytes) => {
      remember(books, bytes, 'held')
      addMark(mark)
      fetched(books, mark.seq, bytes)
    },
    fetchedUpTo: (seq) => step(books, { upTo: seq, entries: [] }),

    heard: (bytes) => {
      const entry = remember(books, bytes, 'queued')
      if (entry !== undefined) books.unproven.add(entry)
      return entry
    },
    missed: () => {
      books.isComplete = false
      books.hasMissed = true
    },
    sending: (bytes) => void remember(books, bytes, 'held'),
    acknowledged: (mark, bytes) => {
      if (mark.seq <= books.reached)
        return wasFetched(books, bytes, mark.seq) ? 'even' : 'other-stream'
      addMark(mark)
      if (!books.isComplete) return 'open'
      books.ownCount += 1
      return balance(books, mark.seq)
    },
    looked: (mark, bytes) => {
      addMark(mark)
      if (books.recent.has(fingerprint(bytes))) return balance(books, mark.seq)
      books.isComplete = false
      return 'gap'
    },
    isComplete: () => books.isComplete,
    isCrowded: () => unprovenCount(books) >= UNPROVEN_MAX,

    hold: (entry) => {
      entry.state = 'held'
      if (!books.recent.has(entry.print)) books.recent.set(entry.print, entry)
      settle(books)
    },
    place: () => placeAt(),
    placeWith: placeAt,
  }
}

function booksFrom({ cursor, accepted }: Place): Books {
  return {
    cursor,
    reached: cursor,
    isComplete: false,
    hasMissed: false,
    ownCount: 0,
    steps: [],
    unproven: new Set(),
    asked: new Set(),
    recent: new Map(accepted.map((print) => [print, { print, state: 'held' }])),
  }
}

function begin(books: Books): void {
  books.reached = books.cursor
  books.isComplete = false
  books.ownCount = 0
  books.steps = []
  books.unproven.clear()
  books.asked = new Set()
  for (const entry of books.recent.values()) {
    delete entry.seq
    if (entry.state === 'given') books.recent.delete(entry.print)
  }
}

function unprovenCount({ unproven, ownCount }: Books): number {
  return unproven.size + ownCount
}

/** The entry to deliver, or undefined when we have it or it is behind us. */
function fetched(books: Books, seq: number, bytes: Uint8Array): Entry | undefined {
  if (seq <= books.reached) return undefined
  const known = books.recent.get(fingerprint(bytes))
  const entry = known ?? remember(books, bytes, 'queued')
  if (entry !== undefined) {
    entry.seq = seq
    books.unproven.delete(entry)
  }
  step(books, { upTo: seq, entries: entry === undefined ? [] : [entry] })
  return known === undefined ? entry : undefined
}

/** Whether our own envelope was met while fetching, at `seq` or before (bare ones may stand later than noted). */
function wasFetched({ recent }: Books, bytes: Uint8Array, seq: number): boolean {
  const at = recent.get(fingerprint(bytes))?.seq
  return at !== undefined && at <= seq
}

function step(books: Books, next: Step): void {
  if (next.upTo <= books.reached) return
  books.reached = next.upTo
  books.steps.push(next)
  settle(books)
}

/** Whether the newest number is explained by what we heard and sent since `reached`. */
function balance(books: Books, seq: number): Balance {
  const missing = seq - books.reached - unprovenCount(books)
  if (missing < 0) return 'open'
  if (missing > 0) {
    books.isComplete = false
    books.ownCount = 0
    return 'gap'
  }
  const entries = [...books.unproven]
  books.unproven.clear()
  books.ownCount = 0
  step(books, { upTo: seq, entries })
  return 'even'
}

/** Moves the cursor over all steps that wait for nothing. */
function settle(books: Books): void {
  const open = books.steps.findIndex((each) => !isOver(each))
  const over = open < 0 ? books.steps : books.steps.slice(0, open)
  books.cursor = over.at(-1)?.upTo ?? books.cursor
  books.steps = books.steps.slice(over.length)
}

function cursorWith({ cursor, steps }: Books, settling: Entry | undefined): number {
  const open = steps.findIndex((each) => !isOver(each, settling))
  const over = open < 0 ? steps : steps.slice(0, open)
  return over.at(-1)?.upTo ?? cursor
}

function isOver({ entries }: Step, settling?: Entry): boolean {
  return entries.every((entry) => entry === settling || entry.state === 'held')
}

function acceptedWith({ recent }: Books, settling: Entry | undefined): readonly string[] {
  const held = [...recent.values()].filter((entry) => entry === settling || entry.state === 'held')
  return held.slice(-ACCEPTED_MAX).map(({ print }) => print)
}

/** A new entry for these bytes, or undefined when they are known. */
function remember(books: Books, bytes: Uint8Array, state: Entry['state']): Entry | undefined {
  const print = fingerprint(bytes)
  if (books.recent.has(print)) return undefined
  const entry: Entry = { print, state }
  books.recent.set(print, entry)
  for (const oldest of books.recent.keys()) {
    if (books.recent.size <= RECENT_MAX) break
    books.recent.delete(oldest)
  }
  return entry
}

/** 8 bytes of SHA-256. Envelopes are sealed, so that no two are alike. */
function fingerprint(bytes: Uint8Array): string {
  return Buffer.from(sha256(bytes)).toString('base64url', 0, 8)
}
