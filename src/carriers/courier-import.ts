/**
 * Taking what lies on a stick: every envelope of every file that is not settled yet becomes an arrival. Each is noted in
 * the batch that brings its content to the disk; a file is done with when its end was read and all in it is settled.
 */
import { must } from '#base/assert.ts'
import { EdgeError } from '#base/errors.ts'
import { openCourierFile, type CourierReader } from '#codec/courier-file.ts'
import type {
  CourierKeys,
  CourierRefusal,
  CourierReport,
  CourierVisit,
  CourierWait,
} from '#ports/courier.ts'
import type { StickDisk } from '#ports/stick.ts'
import type { Store } from '#ports/store.ts'
import { suiteOf } from '#trust/keys.ts'
import type { ArrivalQueue } from './arrival-queue.ts'
import {
  isSettled,
  peerOf,
  withSettled,
  type Books,
  type StickBook,
  type Taken,
} from './courier-books.ts'
import { partsOf, type StickContent, type StickFile } from './courier-stick.ts'

/** What an import works with. */
export interface Importing {
  readonly store: Store
  readonly disk: StickDisk
  readonly books: Books
  readonly arrivals: ArrivalQueue
  readonly keys: CourierVisit['keys']
  readonly onProgress?: CourierVisit['onProgress']
  /** Aborts when the import is to end. */
  readonly signal: AbortSignal
}

/**
 * Takes all of `content` that is not settled. What does not open is tried again once something else was taken: a file may
 * bring the secret of the next. @throws EdgeError STOPPING, STORE_FULL, STORE_BROKEN
 */
export async function takeAll(
  importing: Importing,
  book: StickBook,
  content: StickContent,
): Promise<CourierReport> {
  const tally = openTally(content.refused)
  let left = content.files.filter(({ id }) => book.files.get(id)?.isDone !== true)
  const of = left.reduce((sum, { size }) => sum + size, 0)
  let read = 0
  const onRead: Task['onRead'] = (bytes, waitsFor = 'stick') => {
    read += bytes
    importing.onProgress?.(Math.min(read, of), of, waitsFor)
  }
  for (let before = left.length + 1; left.length > 0 && left.length < before;) {
    before = left.length
    // oxlint-disable-next-line no-await-in-loop -- what came may have brought new ones
    const keys = await importing.keys()
    const shut: StickFile[] = []
    for (const file of left) {
      const fresh = { size: file.size, upTo: 0, beyond: [], isDone: false }
      const taken = { ...(book.files.get(file.id) ?? fresh), size: file.size }
      // oxlint-disable-next-line no-await-in-loop -- one file after another, in bounded memory
      if (!(await takeFile({ importing, keys, book, file, tally, taken, onRead }))) shut.push(file)
    }
    left = shut
  }
  for (const _ of left) tally.refuse('file', 'does not open')
  if (importing.signal.aborted) throw new EdgeError('STOPPING', { carrier: 'courier' })
  return tally.report()
}

interface Task {
  readonly importing: Importing
  readonly keys: CourierKeys
  readonly book: StickBook
  readonly file: StickFile
  readonly tally: Tally
  /** So many more bytes were read; and what is waited for now, the stick unless given. */
  readonly onRead: (bytes: number, waitsFor?: CourierWait) => void
  /** Grows with what is settled. */
  taken: Taken
}

/** Reads one file and offers what is in it, until all of that is answered. False when no key opens it. */
async function takeFile(task: Task): Promise<boolean> {
  const { tally, file } = task
  const answers = new Set<Promise<void>>()
  let reader: CourierReader | undefined
  let header: Uint8Array | undefined
  let index = 0
  let end = 'open'
  const take = async (frame: Uint8Array): Promise<void> => {
    reader ??= readerFor(task, must(header, 'the header comes first'), frame)
    const part = reader?.next(frame)
    if (part === undefined) end = 'does not open'
    else if (!part.ok) end = part.reason
    else {
      if (part.isEnd) end = 'whole'
      for (const bytes of part.envelopes) {
        // oxlint-disable-next-line no-await-in-loop -- waits while there is no room for more
        if (!isSettled(task.taken, index)) await offer(task, { bytes, index }, answers)
        index += 1
      }
    }
  }
  for await (const part of partsOf(task.importing.disk, file)) {
    if (task.importing.signal.aborted) break
    if (part.kind !== 'broken') task.onRead(part.bytes.length)
    if (part.kind === 'header') header = part.bytes
    else if (part.kind === 'broken') end = part.reason
    else if (end === 'whole')
      end = 'malformed' // something stands behind the end
    else await take(part.bytes)
    if (end !== 'open' && end !== 'whole') break
  }
  const outcome = end === 'open' ? 'truncated' : end
  if (outcome === 'does not open') return false
  if (outcome !== 'unreadable') tally.read(file)
  if (outcome !== 'whole' && !task.importing.signal.aborted) tally.refuse('file', outcome)
  await finish(task, answers, outcome === 'whole')
  return true
}

/** Once all is answered, what was settled without a word to the disk is noted as well. */
async function finish(task: Task, answers: Set<Promise<void>>, isWhole: boolean): Promise<void> {
  const { importing, book, file } = task
  if (answers.size > 0) task.onRead(0, 'node')
  await Promise.all(answers)
  const isDone = isWhole && !importing.signal.aborted
  const hasNews = isDone || task.taken.upTo > 0 || task.taken.beyond.length > 0
  if (!hasNews) return
  task.taken = { ...task.taken, isDone }
  await importing.store.write([importing.books.write(book.stick, file.id, task.taken)])
}

function readerFor(
  { keys }: Task,
  header: Uint8Array,
  frame: Uint8Array,
): CourierReader | undefined {
  const suite = must(suiteOf(keys.suite), 'a node knows its own suite')
  return openCourierFile(suite, keys.held, { header, frame })
}

/** Puts one envelope before the node, waiting for room. Its answer joins `answers`. */
async function offer(
  task: Task,
  { bytes, index }: { readonly bytes: Uint8Array; readonly index: number },
  answers: Set<Promise<void>>,
): Promise<void> {
  const { importing, book, file, tally } = task
  const { arrivals, signal, books } = importing
  const answer = Promise.withResolvers<void>()
  const onAbort = (): void => answer.resolve()
  const settle = (note: () => void) => (): void => {
    if (signal.aborted || isSettled(task.taken, index)) return
    task.taken = withSettled(task.taken, index)
    note()
    answer.resolve()
  }
  const arrival = {
    peer: peerOf(book.stick),
    bytes,
    get bookmark() {
      return [books.write(book.stick, file.id, withSettled(task.taken, index))]
    },
    acceptCustody: settle(tally.take),
    refuse: (reason = 'refused') => settle(() => tally.refuse('envelope', reason))(),
  }
  signal.addEventListener('abort', onAbort, { once: true })
  while (!signal.aborted && !arrivals.push(arrival)) {
    task.onRead(0, 'node')
    // oxlint-disable-next-line no-await-in-loop -- until there is room
    await arrivals.calm(signal)
  }
  if (signal.aborted) answer.resolve()
  const over = answer.promise.finally(() => {
    signal.removeEventListener('abort', onAbort)
    answers.delete(over)
  })
  answers.add(over)
}

/** The numbers of one import. */
interface Tally {
  readonly read: (file: StickFile) => void
  readonly take: () => void
  readonly refuse: (what: CourierRefusal['what'], reason: string) => void
  readonly report: () => CourierReport
}

/** Different reasons in one report; further ones are counted together. */
const REASONS_MAX = 32

function openTally(before: readonly CourierRefusal[]): Tally {
  const sums = { files: 0, bytes: 0, envelopes: 0 }
  const refused = new Map<string, CourierRefusal>(
    before.map((one) => [`${one.what} ${one.reason}`, one]),
  )
  return {
    read: ({ size }) => {
      sums.files += 1
      sums.bytes += size
    },
    take: () => {
      sums.envelopes += 1
    },
    refuse: (what, given) => {
      const isKnown = refused.has(`${what} ${given}`) || refused.size < REASONS_MAX
      const reason = isKnown ? given : 'other'
      const name = `${what} ${reason}`
      refused.set(name, { what, reason, count: 1 + (refused.get(name)?.count ?? 0) })
    },
    report: () => ({ ...sums, refused: [...refused.values()] }),
  }
}
