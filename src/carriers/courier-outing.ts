/**
 * One export to one stick: parcels are gathered until the node has no more, written into a file, synced, noted as lying
 * there, and only then answered `departed`. What is not written by the end fails, and stays with the node.
 */
import { must } from '#base/assert.ts'
import { concatBytes, hexFromBytes } from '#base/bytes.ts'
import { EdgeError } from '#base/errors.ts'
import { ENVELOPE_BYTES_MAX } from '#base/limits.ts'
import { COURIER_SALT_BYTES, writeCourierFile } from '#codec/courier-file.ts'
import { compareLanes } from '#model/precedence.ts'
import type { Handover, Parcel, PeerId } from '#ports/carrier.ts'
import type { CourierKeys, CourierReport, CourierVisit } from '#ports/courier.ts'
import type { Random } from '#ports/random.ts'
import type { StickDisk } from '#ports/stick.ts'
import type { Store } from '#ports/store.ts'
import { suiteOf } from '#trust/keys.ts'
import { peerOf, type Books, type StickId } from './courier-books.ts'
import { writeStickFile } from './courier-stick.ts'

/** What an outing works with. */
export interface OutingPorts {
  readonly store: Store
  readonly random: Random
  readonly books: Books
  readonly disk: StickDisk
}

/** Where it goes, and what is sealed with on the way. */
export interface Destination {
  readonly folder: string
  /** On what that lay when the export began. */
  readonly medium: string | undefined
  readonly stick: StickId
  readonly keys: CourierKeys
  readonly onProgress?: CourierVisit['onProgress']
}

/** An export under way. */
export interface Outing {
  /** @throws EdgeError as `Carrier.send` does */
  readonly send: (parcel: Parcel, signal: AbortSignal) => Promise<Handover>
  /** The node has no more for now, and waits for so many answers. */
  readonly quiet: (underWay: number) => void
  /** Ends it, done or not. */
  readonly end: () => void
  /** What was written, once it is over. Rejects with what stopped it. */
  readonly result: Promise<CourierReport>
}

/** A parcel that is to go into the next file. */
interface Waiting {
  readonly parcel: Parcel
  readonly answer: (handover: Handover) => void
  readonly fail: () => void
}

interface State extends OutingPorts, Destination {
  readonly waiting: Set<Waiting>
  readonly over: PromiseWithResolvers<CourierReport>
  readonly sums: { files: number; bytes: number; envelopes: number }
  isWriting: boolean
  isOver: boolean
}

const NAME_BYTES = 8

/** Begins an export. */
export function openOuting(ports: OutingPorts, destination: Destination): Outing {
  const state: State = {
    ...ports,
    ...destination,
    waiting: new Set(),
    over: Promise.withResolvers(),
    sums: { files: 0, bytes: 0, envelopes: 0 },
    isWriting: false,
    isOver: false,
  }
  const end = (): void => {
    state.isOver = true
    for (const part of state.waiting) part.fail()
    state.over.resolve({ ...state.sums, refused: [] })
  }
  state.over.promise.catch(() => undefined) // who waits for it hears of it, and nobody need
  return {
    send: (parcel, signal) => gather(state, parcel, signal),
    quiet: (underWay) => {
      if (state.isWriting) return
      if (state.waiting.size > 0) void putDown(state)
      else if (underWay === 0) end()
    },
    end,
    result: state.over.promise,
  }
}

/** Waits with a parcel for its file. */
async function gather(state: State, parcel: Parcel, signal: AbortSignal): Promise<Handover> {
  const { length } = parcel.bytes
  const peer = peerOf(state.stick)
  if (length > ENVELOPE_BYTES_MAX)
    throw new EdgeError('ENVELOPE_TOO_LARGE', { bytes: length, bytesMax: ENVELOPE_BYTES_MAX })
  if (state.isOver || signal.aborted) throw notThere(peer)
  const { promise, resolve, reject } = Promise.withResolvers<Handover>()
  const waiting: Waiting = { parcel, answer: resolve, fail: () => reject(notThere(peer)) }
  state.waiting.add(waiting)
  signal.addEventListener('abort', waiting.fail)
  try {
    return await promise
  } finally {
    state.waiting.delete(waiting)
    signal.removeEventListener('abort', waiting.fail)
  }
}

/** Writes what waits, the most urgent first. Whatever goes wrong is the end of this export, and of nothing else. */
async function putDown(state: State): Promise<void> {
  const parts = [...state.waiting].toSorted((a, b) => compareLanes(a.parcel.lane, b.parcel.lane))
  const { now, forAll } = state.keys
  state.isWriting = true
  state.onProgress?.(state.sums.bytes, undefined, 'stick')
  try {
    await writeParts(state, parts.filter(isForAll), forAll)
    const others = parts.filter((part) => !isForAll(part))
    if (now === undefined) for (const part of others) part.fail()
    else await writeParts(state, others, now)
  } catch (error) {
    state.isOver = true
    for (const part of state.waiting) part.fail()
    state.over.reject(problemFrom(error, state))
  } finally {
    state.isWriting = false
  }
}

function isForAll({ parcel }: Waiting): boolean {
  return parcel.isForAll === true
}

/** Writes parcels into one file, and answers for them once it is on the stick and noted. */
async function writeParts(
  state: State,
  parts: readonly Waiting[],
  secret: Uint8Array,
): Promise<void> {
  if (parts.length === 0) return
  const { folder, medium, stick, keys, store, random, books, disk, sums } = state
  const suite = must(suiteOf(keys.suite), 'a node knows its own suite')
  const salt = random.bytes(COURIER_SALT_BYTES)
  const writer = writeCourierFile(suite, { secret, salt })
  const bytes = concatBytes(...parts.map(({ parcel }) => writer.add(parcel.bytes)), writer.end())
  const name = hexFromBytes(random.bytes(NAME_BYTES))
  await writeStickFile(disk, { folder, name, bytes, medium })
  const taken = { size: bytes.length, upTo: 0, beyond: [], isDone: true }
  await store.write([books.write(stick, hexFromBytes(salt), taken)])
  sums.files += 1
  sums.bytes += bytes.length
  sums.envelopes += parts.length
  state.onProgress?.(sums.bytes, undefined, 'node')
  for (const part of parts) part.answer('departed')
}

/** A full stick is told with what it took before. */
function problemFrom(error: unknown, { sums }: State): unknown {
  if (!(error instanceof EdgeError) || error.code !== 'STICK_FULL') return error
  const { files, envelopes } = sums
  return new EdgeError('STICK_FULL', { ...error.facts, files, envelopes }, { cause: error })
}

function notThere(peer: PeerId): EdgeError {
  return new EdgeError('CARRIER_UNREACHABLE', { carrier: 'courier', peer })
}
