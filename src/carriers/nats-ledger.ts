/**
 * What of the stream we have, and up to where: the books behind the cursor.
 *
 * Fetched messages carry their number, live ones do not. The cursor moves over live ones only by proof: everything
 * was fetched up to `reached`, we have been listening since, and an acknowledgement of our own (or one look at the
 * stream) says that the newest number is `reached` plus exactly as many as we heard and sent. Fewer heard means that
 * something passed us by: then we fetch from `reached` on. More heard means that some were not stored (a full stream
 * refuses what was heard all the same): then we wait. So an acknowledgement proves, for no bytes, what came before it.
 */
import { must } from '#base/assert.ts'
import {
  acceptedWith,
  balance,
  begin,
  booksFrom,
  complete,
  cursorWith,
  fetched,
  fetchedFlash,
  fingerprint,
  join,
  remember,
  settle,
  step,
  unprovenCount,
  wasFetched,
  type Balance,
  type Books,
  type Entry,
} from './nats-books.ts'
import { NOWHERE, withMark, type Mark, type Place } from './nats-place.ts'

/** What the stream was, when last seen. */
interface Memory {
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
}

/** What is fetched from the stream. */
interface Fetching {
  /** First number not yet fetched. */
  readonly next: () => number
  /** What could stand at the end of the stream, were all that we heard and sent stored. */
  readonly expectedLast: () => number
  /** Notes what has been heard before the stream is asked for more. False when that is not needed any more. */
  readonly asking: () => boolean
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
  /** First number from which flash was not fetched ahead of the rest, on this line or one before. */
  readonly nextFlash: () => number
  /** A flash message, fetched ahead of the rest. The entry to deliver, or undefined when we had it. */
  readonly fetchedFlash: (seq: number, bytes: Uint8Array) => Entry | undefined
}

/** What comes and goes live. */
interface Listening {
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
}

/** The books of one stream. */
export interface Ledger extends Memory, Fetching, Listening {
  /** A new line: what was given and not settled will come again. */
  readonly begin: () => void
  /** An envelope of a message with several: it is settled for itself, and known again. */
  readonly enclosed: (bytes: Uint8Array) => Entry
  /** The node has settled this one. */
  readonly hold: (entry: Entry) => void
  readonly place: () => Place
  /** The place once `entry` is settled as well. */
  readonly placeWith: (entry: Entry) => Place
}

const SERVERS_MAX = 8
const UNPROVEN_MAX = 48
/** Numbers of our own that are kept; a lost one only means that a little is fetched. */
const OWN_MAX = 256

interface State {
  /** What only the place knows; cursor and accepted are in the books. */
  place: Place
  readonly books: Books
}

/** The books as the place on disk says; `undefined` for a new node. */
export function openLedger(kept: Place | undefined): Ledger {
  const place = kept ?? NOWHERE
  const state: State = { place, books: booksFrom(place) }
  const { books } = state
  const placeWith = (settling?: Entry): Place => ({
    ...state.place,
    cursor: cursorWith(books, settling),
    accepted: acceptedWith(books, settling),
  })
  return {
    ...remembering(state),
    ...fetching(state),
    ...listening(state),
    begin: () => begin(books),
    enclosed: (bytes) => {
      const known = books.recent.get(fingerprint(bytes))
      return known ?? must(remember(books, bytes, 'queued'), 'it is not known')
    },
    hold: (entry) => {
      entry.state = 'held'
      if (!books.recent.has(entry.print)) books.recent.set(entry.print, entry)
      settle(books)
    },
    place: () => placeWith(),
    placeWith,
  }
}

function addMark(state: State, mark: Mark): void {
  state.place = { ...state.place, marks: withMark(state.place.marks, mark) }
}

function remembering(state: State): Memory {
  const { books } = state
  return {
    marks: () => state.place.marks,
    knowsServer: (serverId) => state.place.servers.includes(serverId),
    trustServer: (serverId) => {
      const others = state.place.servers.filter((id) => id !== serverId)
      state.place = { ...state.place, servers: [...others, serverId].slice(-SERVERS_MAX) }
    },
    trustNoServer: () => {
      state.place = { ...state.place, servers: [] }
    },
    rewind: (seq) => {
      books.cursor = Math.min(books.cursor, seq)
      books.flash.cursor = Math.min(books.flash.cursor, seq)
      begin(books)
      const marks = state.place.marks.filter((mark) => mark.seq <= seq)
      state.place = { ...state.place, marks }
    },
    setForgotten: (mayHaveForgotten) => {
      state.place = { ...state.place, mayHaveForgotten }
    },
    streamMadeAt: () => state.place.streamMadeAt,
    setStreamMadeAt: (streamMadeAt) => {
      state.place = { ...state.place, streamMadeAt }
    },
  }
}

function fetching(state: State): Fetching {
  const { books } = state
  return {
    next: () => books.reached + 1,
    expectedLast: () => books.reached + unprovenCount(books),
    asking: () => {
      join(books)
      if (books.isComplete) return false
      books.asked = new Set(books.unproven)
      books.hasMissed = false
      return true
    },
    nothingMore: () => {
      books.asked.forEach((entry) => books.unproven.delete(entry))
      if (!books.hasMissed) complete(books)
    },
    fetched: (mark, bytes) => {
      addMark(state, mark)
      return fetched(books, mark.seq, bytes)
    },
    fetchedBare: (bytes) => fetched(books, books.reached + 1, bytes),
    fetchedOwn: (mark, bytes) => {
      remember(books, bytes, 'held')
      addMark(state, mark)
      fetched(books, mark.seq, bytes)
    },
    fetchedUpTo: (seq) => step(books, { upTo: seq, entries: [] }),
    nextFlash: () => Math.max(books.reached, books.flash.cursor) + 1,
    fetchedFlash: (seq, bytes) => fetchedFlash(books, seq, bytes),
  }
}

function listening(state: State): Listening {
  const { books } = state
  return {
    heard: (bytes) => {
      const entry = remember(books, bytes, 'queued')
      const heard = entry ?? books.recent.get(fingerprint(bytes))
      if (heard === undefined) return entry
      // One that is heard again may have been refused by the stream before, and be stored only now.
      if (heard.seq === undefined) books.unproven.add(heard)
      books.asked.delete(heard)
      return entry
    },
    missed: () => {
      books.isComplete = false
      books.hasMissed = true
      books.joinSeq = undefined
    },
    sending: (bytes) => void remember(books, bytes, 'held'),
    acknowledged: (mark, bytes) => {
      const last = Math.max(books.reached, state.place.marks.at(-1)?.seq ?? 0)
      const isFetched = mark.seq <= last
      if (isFetched && !wasFetched(books, bytes, mark.seq)) return 'other-stream'
      if (books.joinSeq !== undefined) books.joinSeq = Math.min(books.joinSeq, mark.seq)
      if (isFetched) return 'even'
      addMark(state, mark)
      books.ownSeqs = [...books.ownSeqs, mark.seq].slice(-OWN_MAX)
      if (!books.isComplete) return 'open'
      return balance(books, mark.seq)
    },
    looked: (mark, bytes) => {
      addMark(state, mark)
      if (books.recent.has(fingerprint(bytes))) return balance(books, mark.seq)
      books.isComplete = false
      return 'gap'
    },
    isComplete: () => books.isComplete,
    isCrowded: () => unprovenCount(books) >= UNPROVEN_MAX,
  }
}
