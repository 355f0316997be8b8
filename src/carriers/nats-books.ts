/**
 * The numbers behind the ledger: what was reached, what waits to be settled, what is unproven, and where the cursor
 * may stand. Functions on one record, which they change in place.
 */
import { sha256 } from '#base/hash.ts'
import type { Place } from './nats-place.ts'

/** One envelope on its way to the node. `queued`: not yet taken; `given`: taken, not settled; `held`: settled. */
export interface Entry {
  readonly print: string
  state: 'queued' | 'given' | 'held'
  /** Its number in the stream once fetched, or one at or after it once proven. */
  seq?: number
}

/** What an acknowledgement told: all is well, something passed us by, or the stream is not the one we know. */
export type Balance = 'even' | 'open' | 'gap' | 'other-stream'

/** Up to where a lane was fetched ahead of the rest, and what of it the node has not settled yet. */
interface Ahead {
  /** All up to here is held: a new line need not ask for it again. */
  cursor: number
  steps: Step[]
}

/** The cursor may move to `upTo` once all of `entries` are held. */
interface Step {
  readonly upTo: number
  readonly entries: readonly Entry[]
}

/** One stream as this node has it. */
export interface Books {
  cursor: number
  reached: number
  isComplete: boolean
  /** Something passed us by since the stream was last asked. */
  hasMissed: boolean
  /** Numbers of our own that were acknowledged, those after `reached`. */
  ownSeqs: readonly number[]
  /** The first of our own that was stored while we listened on this line, Infinity before; undefined once something has passed us by there. */
  joinSeq: number | undefined
  steps: Step[]
  /** The flash lane, which is fetched first. */
  readonly flash: Ahead
  /** Heard live after `reached`, number unknown. */
  readonly unproven: Set<Entry>
  /** Those of them that were heard before the stream was asked for more, and not again since. */
  asked: Set<Entry>
  /** By fingerprint, oldest first. */
  readonly recent: Map<string, Entry>
}

const RECENT_MAX = 512
const ACCEPTED_MAX = 64

/** The books as they were kept. */
export function booksFrom({ cursor, accepted }: Place): Books {
  return {
    cursor,
    reached: cursor,
    isComplete: false,
    hasMissed: false,
    ownSeqs: [],
    joinSeq: Infinity,
    steps: [],
    flash: { cursor: 0, steps: [] },
    unproven: new Set(),
    asked: new Set(),
    recent: new Map(accepted.map((print) => [print, { print, state: 'held' }])),
  }
}

/** A new line: what was given and not settled will come again. */
export function begin(books: Books): void {
  books.reached = books.cursor
  books.isComplete = false
  books.ownSeqs = []
  books.joinSeq = Infinity
  books.steps = []
  books.flash.steps = []
  books.unproven.clear()
  books.asked = new Set()
  for (const entry of books.recent.values()) {
    if ((entry.seq ?? 0) > books.cursor) delete entry.seq
    if (entry.state === 'given') books.recent.delete(entry.print)
  }
}

/** Messages heard and sent after what was reached. */
export function unprovenCount({ unproven, ownSeqs }: Books): number {
  return unproven.size + ownSeqs.length
}

/** The entry to deliver, or undefined when we have it or it is behind us. */
export function fetched(books: Books, seq: number, bytes: Uint8Array): Entry | undefined {
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

/** A flash message that was fetched ahead of the rest. The entry to deliver, or undefined when we have it. */
export function fetchedFlash(books: Books, seq: number, bytes: Uint8Array): Entry | undefined {
  const entry = remember(books, bytes, 'queued')
  const known = entry ?? books.recent.get(fingerprint(bytes))
  if (known !== undefined && known.seq === undefined) books.unproven.add(known)
  books.flash.steps.push({ upTo: seq, entries: known === undefined ? [] : [known] })
  settle(books)
  return entry
}

/** Whether our own envelope was met while fetching, at `seq` or before (bare ones may stand later than noted). */
export function wasFetched({ recent }: Books, bytes: Uint8Array, seq: number): boolean {
  const at = recent.get(fingerprint(bytes))?.seq
  return at !== undefined && at <= seq
}

/** All up to a number is fetched; the cursor may follow once its entries are held. */
export function step(books: Books, next: Step): void {
  if (next.upTo <= books.reached) return
  books.reached = next.upTo
  books.ownSeqs = books.ownSeqs.filter((seq) => seq > next.upTo)
  books.steps.push(next)
  settle(books)
}

/**
 * What was stored after the first of our own on this line was heard, as we listened before: fetching is over once it has come so far, and
 * nothing of our own is read back. Whether anything passed us by all the same, what was acknowledged since tells.
 */
export function join(books: Books): void {
  const { isComplete, joinSeq, reached } = books
  if (!isComplete && joinSeq !== undefined && reached + 1 >= joinSeq) complete(books)
}

/** All there was is fetched. What was acknowledged meanwhile proves what it would have proven then, so that a new line does not ask for it. */
export function complete(books: Books): void {
  books.isComplete = true
  const last = books.ownSeqs.at(-1)
  if (last !== undefined) balance(books, last)
}

/** Whether the newest number is explained by what we heard and sent since `reached`. */
export function balance(books: Books, seq: number): Balance {
  const missing = seq - books.reached - unprovenCount(books)
  if (missing < 0) return 'open'
  if (missing > 0) {
    books.isComplete = false
    books.joinSeq = undefined
    return 'gap'
  }
  const entries = [...books.unproven]
  for (const entry of entries) entry.seq = seq
  books.unproven.clear()
  step(books, { upTo: seq, entries })
  return 'even'
}

/** Moves the cursors over all steps that wait for nothing. */
export function settle(books: Books): void {
  for (const way of [books, books.flash]) {
    const open = way.steps.findIndex((each) => !isOver(each))
    const over = open < 0 ? way.steps : way.steps.slice(0, open)
    way.cursor = over.at(-1)?.upTo ?? way.cursor
    way.steps = way.steps.slice(over.length)
  }
}

/** Where the cursor stands once `settling` is held as well. */
export function cursorWith({ cursor, steps }: Books, settling: Entry | undefined): number {
  const open = steps.findIndex((each) => !isOver(each, settling))
  const over = open < 0 ? steps : steps.slice(0, open)
  return over.at(-1)?.upTo ?? cursor
}

function isOver({ entries }: Step, settling?: Entry): boolean {
  return entries.every((entry) => entry === settling || entry.state === 'held')
}

/** Fingerprints of what was held last, once `settling` is held as well. */
export function acceptedWith({ recent }: Books, settling: Entry | undefined): readonly string[] {
  const held = [...recent.values()].filter((entry) => entry === settling || entry.state === 'held')
  return held.slice(-ACCEPTED_MAX).map(({ print }) => print)
}

/** A new entry for these bytes, or undefined when they are known. */
export function remember(
  books: Books,
  bytes: Uint8Array,
  state: Entry['state'],
): Entry | undefined {
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
export function fingerprint(bytes: Uint8Array): string {
  return Buffer.from(sha256(bytes)).toString('base64url', 0, 8)
}
