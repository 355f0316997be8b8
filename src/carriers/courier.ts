/**
 * The courier: a stick is a post office that people carry. What one node puts on it is found by every other node that the
 * stick comes to; several sticks, copies of them and other carriers beside make no doubles, as envelopes never do.
 *
 * A contact is one export: the node hands over all there is, it is written into a file, synced, and only then answered
 * `departed`. A stick that is full or pulled out took nothing that it does not have: the rest stays with the node.
 * Receipts come home with the next import, and only they say that something was stored.
 */
import { EdgeError } from '#base/errors.ts'
import { concatBytes, hexFromBytes } from '#base/bytes.ts'
import { COURIER_IN_FLIGHT_MAX, ENVELOPE_BYTES_MAX } from '#base/limits.ts'
import { must } from '#base/assert.ts'
import { COURIER_SALT_BYTES, writeCourierFile } from '#codec/courier-file.ts'
import { compareLanes } from '#model/precedence.ts'
import type { Carrier, Handover, Parcel, PeerId } from '#ports/carrier.ts'
import type {
  Courier,
  CourierExport,
  CourierKeys,
  CourierReport,
  CourierVisit,
  StickStatus,
} from '#ports/courier.ts'
import type { Random } from '#ports/random.ts'
import type { Store } from '#ports/store.ts'
import { suiteOf } from '#trust/keys.ts'
import { openArrivalQueue } from './arrival-queue.ts'
import { openContactQueue } from './contact-queue.ts'
import { openBooks, peerOf, type StickBook } from './courier-books.ts'
import { takeAll } from './courier-import.ts'
import {
  clearUnfinished,
  lookAt,
  writeStickFile,
  type StickContent,
  type WriteStickFile,
} from './courier-stick.ts'

/** The carrier, and what people do with it. */
export interface CourierCarrier extends Carrier, Courier {}

/** What the carrier works with; it closes none of them. */
export interface CourierPorts {
  readonly store: Store
  readonly random: Random
  /** How files come onto a stick; the system's way unless a test knows better. */
  readonly write?: WriteStickFile
}

/** A parcel that is to go into the next file. */
interface Waiting {
  readonly parcel: Parcel
  readonly answer: (handover: Handover) => void
  readonly fail: () => void
}

/** One export under way. */
interface Outing {
  readonly visit: CourierExport
  readonly keys: CourierKeys
  readonly stick: string
  readonly peer: PeerId
  readonly waiting: Set<Waiting>
  readonly sums: { files: number; bytes: number; envelopes: number }
  readonly over: PromiseWithResolvers<void>
  isWriting: boolean
  problem: unknown
}

const NAME = 'courier'
const KEY_PREFIX = 'carrier/courier/'
const NAME_BYTES = 8
const WAITING_MAX = { arrivalsMax: 256, bytesMax: 4_000_000 }

/** Opens the carrier; it does nothing until a stick comes. */
export function openCourierCarrier(ports: CourierPorts): CourierCarrier {
  const { store, random, write = writeStickFile } = ports
  const books = openBooks(ports, KEY_PREFIX)
  const contacts = openContactQueue()
  const arrivals = openArrivalQueue(WAITING_MAX)
  const outings = new Map<PeerId, Outing>()
  const closing = new AbortController()

  const know = async (visit: CourierVisit, content: StickContent): Promise<StickBook> => {
    const book = await books.recognise(new Map(content.files.map(({ id, size }) => [id, size])))
    for (const leaving of await books.use(book.stick)) {
      // oxlint-disable-next-line no-await-in-loop -- what is known of it goes first, then the files by which it is known
      await visit.forget(peerOf(leaving.stick))
      // oxlint-disable-next-line no-await-in-loop -- see above
      await store.write(leaving.writes)
    }
    return book
  }

  /** Writes parcels into one file, and answers for them once it is on the stick and noted. */
  const writeFile = async (
    outing: Outing,
    parts: readonly Waiting[],
    secret: Uint8Array | undefined,
  ): Promise<void> => {
    if (parts.length === 0) return
    if (secret === undefined) return parts.forEach((part) => part.fail())
    const { bytes, id } = fileOf(outing.keys, { parts, secret, random })
    await write(outing.visit.folder, hexFromBytes(random.bytes(NAME_BYTES)), bytes)
    const taken = { size: bytes.length, upTo: 0, beyond: [], isDone: true }
    await store.write([books.write(outing.stick, id, taken)])
    outing.sums.files += 1
    outing.sums.bytes += bytes.length
    outing.sums.envelopes += parts.length
    for (const part of parts) part.answer('departed')
  }

  /** Writes what waits, the most urgent first. Whatever goes wrong is the end of this export, and of nothing else. */
  const putDown = async (outing: Outing): Promise<void> => {
    const parts = [...outing.waiting].toSorted((a, b) => compareLanes(a.parcel.lane, b.parcel.lane))
    const isForAll = ({ parcel }: Waiting): boolean => parcel.isForAll === true
    const { now, forAll } = outing.keys
    outing.isWriting = true
    try {
      await writeFile(outing, parts.filter(isForAll), forAll)
      await writeFile(
        outing,
        parts.filter((part) => !isForAll(part)),
        now,
      )
    } catch (error) {
      outing.problem = error
      for (const part of outing.waiting) part.fail()
      outing.over.resolve()
    } finally {
      outing.isWriting = false
    }
  }

  const exportTo = async (visit: CourierExport, signal: AbortSignal): Promise<CourierReport> => {
    const content = await lookAt(visit.folder)
    await clearUnfinished(visit.folder)
    const { stick } = await know(visit, content)
    const peer = peerOf(stick)
    if (outings.has(peer)) throw busy(visit.folder)
    const outing = outingTo(visit, stick, await visit.keys())
    outings.set(peer, outing)
    const stop = AbortSignal.any([signal, closing.signal])
    const onStop = (): void => outing.over.resolve()
    try {
      if (!(await visit.begin(peer))) return { ...outing.sums, refused: [] }
      stop.addEventListener('abort', onStop)
      if (stop.aborted) onStop()
      contacts.begin(peer, false)
      await outing.over.promise
    } finally {
      stop.removeEventListener('abort', onStop)
      contacts.end(peer)
      outings.delete(peer)
      for (const part of outing.waiting) part.fail()
    }
    if (outing.problem !== undefined) throw problemOf(outing)
    if (stop.aborted) throw stopping()
    return { ...outing.sums, refused: [] }
  }

  return {
    name: NAME,
    envelopeBytesMax: ENVELOPE_BYTES_MAX,
    receiptDelayMs: 0,
    inFlightMax: COURIER_IN_FLIGHT_MAX,
    contacts: contacts.contacts,
    arrivals: arrivals.arrivals,
    send: (peer, parcel, signal) => gather(outings.get(peer), { peer, parcel, signal }),
    onQuiet: (peer, underWay) => {
      const outing = outings.get(peer)
      if (outing === undefined || outing.isWriting) return
      if (outing.waiting.size > 0) void putDown(outing)
      else if (underWay === 0) outing.over.resolve()
    },
    exportTo,
    importFrom: async (visit, signal) => {
      const content = await lookAt(visit.folder)
      const over = AbortSignal.any([signal, closing.signal])
      const importing = { store, books, arrivals, keys: visit.keys, signal: over }
      return takeAll(importing, await know(visit, content), content)
    },
    statusOf: async (folder) => statusFrom(await lookAt(folder), books.recognise),
    [Symbol.asyncDispose]: async () => {
      closing.abort()
      contacts.close()
      arrivals.close()
    },
  }
}

async function statusFrom(
  { files, refused }: StickContent,
  recognise: (sizes: ReadonlyMap<string, number>) => Promise<StickBook>,
): Promise<StickStatus> {
  const book = await recognise(new Map(files.map(({ id, size }) => [id, size])))
  return {
    peer: book.files.size === 0 ? undefined : peerOf(book.stick),
    files: files.length,
    bytes: files.reduce((sum, { size }) => sum + size, 0),
    fresh: files.filter(({ id }) => book.files.get(id)?.isDone !== true).length,
    refused,
  }
}

function outingTo(visit: CourierExport, stick: string, keys: CourierKeys): Outing {
  return {
    visit,
    keys,
    stick,
    peer: peerOf(stick),
    waiting: new Set(),
    sums: { files: 0, bytes: 0, envelopes: 0 },
    over: Promise.withResolvers<void>(),
    isWriting: false,
    problem: undefined,
  }
}

/** The bytes of one file with these parcels, and the id by which it is known again. */
function fileOf(
  { suite }: CourierKeys,
  made: {
    readonly parts: readonly Waiting[]
    readonly secret: Uint8Array
    readonly random: Random
  },
): { readonly bytes: Uint8Array; readonly id: string } {
  const { parts, secret, random } = made
  const salt = random.bytes(COURIER_SALT_BYTES)
  const writer = writeCourierFile(must(suiteOf(suite), 'a node knows its own suite'), {
    secret,
    salt,
  })
  const bytes = concatBytes(...parts.map(({ parcel }) => writer.add(parcel.bytes)), writer.end())
  return { bytes, id: hexFromBytes(salt) }
}

/** Waits with a parcel for its file. */
async function gather(
  outing: Outing | undefined,
  {
    peer,
    parcel,
    signal,
  }: { readonly peer: PeerId; readonly parcel: Parcel; readonly signal: AbortSignal },
): Promise<Handover> {
  const { length } = parcel.bytes
  if (length > ENVELOPE_BYTES_MAX)
    throw new EdgeError('ENVELOPE_TOO_LARGE', { bytes: length, bytesMax: ENVELOPE_BYTES_MAX })
  if (outing === undefined || outing.problem !== undefined || signal.aborted)
    throw unreachable(peer)
  const { promise, resolve, reject } = Promise.withResolvers<Handover>()
  const waiting: Waiting = { parcel, answer: resolve, fail: () => reject(unreachable(peer)) }
  outing.waiting.add(waiting)
  signal.addEventListener('abort', waiting.fail)
  try {
    return await promise
  } finally {
    outing.waiting.delete(waiting)
    signal.removeEventListener('abort', waiting.fail)
  }
}

function problemOf({ problem, sums }: Outing): unknown {
  if (!(problem instanceof EdgeError) || problem.code !== 'STICK_FULL') return problem
  return new EdgeError('STICK_FULL', { ...problem.facts, ...sums }, { cause: problem })
}

function unreachable(peer: PeerId): EdgeError {
  return new EdgeError('CARRIER_UNREACHABLE', { carrier: NAME, peer })
}

function busy(folder: string): EdgeError {
  const found = 'a stick that is being written to'
  return new EdgeError('INPUT_INVALID', {
    field: 'folder',
    folder,
    found,
    wanted: 'a little patience',
  })
}

function stopping(): EdgeError {
  return new EdgeError('STOPPING', { carrier: NAME })
}
