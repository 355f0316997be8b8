/**
 * The courier: a stick is a post office that people carry. What one node puts on it is found by every other node that the
 * stick comes to; several sticks, copies of them and other carriers beside make no doubles, as envelopes never do.
 *
 * A contact is one export. Receipts come home with the next import, and only they say that something was stored.
 */
import { EdgeError } from '#base/errors.ts'
import { COURIER_IN_FLIGHT_MAX, ENVELOPE_BYTES_MAX } from '#base/limits.ts'
import type { Carrier, PeerId } from '#ports/carrier.ts'
import type {
  Courier,
  CourierExport,
  CourierRefusal,
  CourierReport,
  CourierVisit,
  StickStatus,
} from '#ports/courier.ts'
import type { Random } from '#ports/random.ts'
import type { StickDisk } from '#ports/stick.ts'
import type { Store } from '#ports/store.ts'
import { openArrivalQueue } from './arrival-queue.ts'
import { openContactQueue, type ContactQueue } from './contact-queue.ts'
import { openBooks, peerOf, type StickBook } from './courier-books.ts'
import { takeAll } from './courier-import.ts'
import { openOuting, type Outing, type OutingPorts } from './courier-outing.ts'
import {
  clearUnfinished,
  folderInvalid,
  lookAt,
  wordOf,
  type StickContent,
} from './courier-stick.ts'

/** The carrier, and what people do with it. */
export interface CourierCarrier extends Carrier, Courier {}

/** What the carrier works with; it closes none of them. */
export interface CourierPorts {
  readonly store: Store
  readonly random: Random
  /** Where sticks are found. */
  readonly disk: StickDisk
}

interface Bench extends OutingPorts {
  readonly contacts: ContactQueue
  readonly outings: Map<PeerId, Outing>
}

const NAME = 'courier'
const KEY_PREFIX = 'carrier/courier/'
const WAITING_MAX = { arrivalsMax: 256, bytesMax: 4_000_000 }

/** Opens the carrier; it does nothing until a stick comes. */
export function openCourierCarrier(ports: CourierPorts): CourierCarrier {
  const { store, random, disk } = ports
  const books = openBooks(ports, KEY_PREFIX)
  const contacts = openContactQueue()
  const arrivals = openArrivalQueue(WAITING_MAX)
  const outings = new Map<PeerId, Outing>()
  const bench: Bench = { store, random, disk, books, contacts, outings }
  const closing = new AbortController()
  const either = (signal: AbortSignal): AbortSignal => AbortSignal.any([signal, closing.signal])
  return {
    name: NAME,
    envelopeBytesMax: ENVELOPE_BYTES_MAX,
    receiptDelayMs: 0,
    inFlightMax: COURIER_IN_FLIGHT_MAX,
    contacts: contacts.contacts,
    arrivals: arrivals.arrivals,
    send: async (peer, parcel, signal) => {
      const outing = outings.get(peer)
      if (outing !== undefined) return outing.send(parcel, signal)
      throw new EdgeError('CARRIER_UNREACHABLE', { carrier: NAME, peer })
    },
    onQuiet: (peer, underWay) => outings.get(peer)?.quiet(underWay),
    exportTo: (visit, signal) => exportTo(bench, visit, either(signal)),
    importFrom: async (visit, signal) => {
      const content = await lookAt(disk, visit.folder)
      const book = await know(bench, visit, content)
      const { keys, onProgress } = visit
      const signals = { signal: either(signal) }
      const importing = { store, disk, books, arrivals, keys, onProgress, ...signals }
      const report = await takeAll(importing, book, content)
      if (report.refused.some(isDamage)) await visit.missed(peerOf(book.stick))
      return report
    },
    statusOf: async (folder) => statusFrom(await lookAt(disk, folder), books.recognise),
    [Symbol.asyncDispose]: async () => {
      closing.abort()
      contacts.close()
      arrivals.close()
    },
  }
}

/** One contact with a stick, from its beginning to the end of all that was written. */
async function exportTo(
  bench: Bench,
  visit: CourierExport,
  stop: AbortSignal,
): Promise<CourierReport> {
  const { contacts, outings, disk } = bench
  const { folder, onProgress } = visit
  const content = await lookAt(disk, folder)
  // Which stick this is cannot be told; and whatever is put on it may go the same way.
  if (content.stopped !== undefined) throw content.stopped
  const medium = await mediumOf(disk, folder)
  await clearUnfinished(disk, folder)
  const { stick } = await know(bench, visit, content)
  const peer = peerOf(stick)
  if (outings.has(peer)) throw busy(folder)
  onProgress?.(0, undefined, 'node')
  const outing = openOuting(bench, { folder, medium, stick, keys: await visit.keys(), onProgress })
  outings.set(peer, outing)
  try {
    if (!(await visit.begin(peer))) return { files: 0, bytes: 0, envelopes: 0, refused: [] }
    stop.addEventListener('abort', outing.end)
    if (stop.aborted) outing.end()
    contacts.begin(peer, false)
    const report = await outing.result
    if (stop.aborted) throw new EdgeError('STOPPING', { carrier: NAME })
    return report
  } finally {
    stop.removeEventListener('abort', outing.end)
    contacts.end(peer)
    outings.delete(peer)
    outing.end()
  }
}

async function mediumOf(disk: StickDisk, folder: string): Promise<string | undefined> {
  try {
    return await disk.mediumOf?.(folder)
  } catch (cause) {
    throw folderInvalid(folder, [wordOf(cause), 'a folder that can be read'], cause)
  }
}

/** Which stick this is. One that is then one too many is forgotten. */
async function know(
  { books, store }: Bench,
  visit: CourierVisit,
  content: StickContent,
): Promise<StickBook> {
  const book = await books.recognise(sizesOf(content))
  for (const leaving of await books.use(book.stick)) {
    // oxlint-disable-next-line no-await-in-loop -- what is known of it goes first, then the files by which it is known
    await visit.forget(peerOf(leaving.stick))
    // oxlint-disable-next-line no-await-in-loop -- see above
    await store.write(leaving.writes)
  }
  return book
}

async function statusFrom(
  content: StickContent,
  recognise: (sizes: ReadonlyMap<string, number>) => Promise<StickBook>,
): Promise<StickStatus> {
  const { files, refused } = content
  const book = await recognise(sizesOf(content))
  return {
    peer: book.files.size === 0 ? undefined : peerOf(book.stick),
    files: files.length,
    bytes: files.reduce((sum, { size }) => sum + size, 0),
    fresh: files.filter(({ id }) => book.files.get(id)?.isDone !== true).length,
    refused,
  }
}

/** What a file is that was ours once, and is no longer whole. */
const DAMAGE: ReadonlySet<string> = new Set([
  'does not open',
  'not authentic',
  'truncated',
  'unreadable',
])

function isDamage({ what, reason }: CourierRefusal): boolean {
  return what === 'file' && DAMAGE.has(reason)
}

function sizesOf({ files }: StickContent): ReadonlyMap<string, number> {
  return new Map(files.map(({ id, size }) => [id, size]))
}

function busy(folder: string): EdgeError {
  const [found, wanted] = ['a stick that is being written to', 'a little patience']
  return new EdgeError('INPUT_INVALID', { field: 'folder', folder, found, wanted })
}
