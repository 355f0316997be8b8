/**
 * Bugs that a node's program could have, planted to prove the checkers: each lies between the program and one of its ports,
 * where it does what the bug in the program would do. Nothing in `src` knows of them.
 */
import type { DocumentId } from '#base/ids.ts'
import { laneOfDocument, parseDocumentId } from '#model/document-id.ts'
import { laneNumber, LANES } from '#model/precedence.ts'
import type { MessageRecord } from '#model/view.ts'
import type { Arrival, Carrier } from '#ports/carrier.ts'
import type { Entry, Store, Write } from '#ports/store.ts'
import { within } from '#sync/keys.ts'
import { unpack, type DocumentRecord } from '#sync/records.ts'
import type { Bug, Plant } from './options.ts'
import type { Timeline } from './timeline.ts'

/** The bugs of one node, for all its lives. */
export interface Bugs {
  readonly store: (store: Store) => Store
  readonly carrier: (carrier: Carrier) => Carrier
}

const MINUTE_MS = 60_000
/** A client's id for a message is remembered for this long. */
const DEDUPLICATED_MS = 10 * MINUTE_MS
/** An offer is dropped when it has waited for this long. */
const EXPIRED_MS = 30 * MINUTE_MS

const ONCE = 'once/'
const OUTBOX = 'out/'
const MESSAGE = 'view/post/'
const PARCEL = 'fly/'
const DOCUMENT = 'doc/'

/** The planted ones of a node's bugs; none unless planted. */
export function openBugs(planted: readonly Plant[], timeline: Timeline): Bugs {
  const has = (bug: Bug): boolean => planted.includes(bug)
  /** When a key was first written, while it is there. */
  const since = new Map<string, number>()
  const ageMs = (key: string): number => timeline.now() - (since.get(key) ?? timeline.now())

  const note = (batch: readonly Write[]): void => {
    for (const { key, value } of batch) {
      if (value === undefined) since.delete(key)
      else if (!since.has(key)) since.set(key, timeline.now())
    }
  }
  const isForgotten = (key: string): boolean =>
    has('time-window-dedup') && key.startsWith(ONCE) && ageMs(key) > DEDUPLICATED_MS
  const dropped = async (store: Store, batch: readonly Write[]): Promise<readonly string[]> => {
    const isExpired = (key: string): boolean => has('silent-expiry') && ageMs(key) > EXPIRED_MS
    if (!has('silent-expiry')) return []
    const waiting = await store.list(within(OUTBOX))
    const keys = [...waiting.map(([key]) => key), ...batch.map(({ key }) => key)]
    return keys.filter((key) => key.startsWith(OUTBOX) && isExpired(key))
  }

  /** Of what begins so a purge takes nothing away. */
  const forgottenBy = async (store: Store, batch: readonly Write[]): Promise<readonly string[]> => {
    const kept = [
      ...(has('purge-forgets-outbox') ? [PARCEL] : []),
      ...(has('purge-forgets-view') ? [MESSAGE] : []),
    ]
    return kept.length > 0 && (await purges(store, batch)) ? kept : []
  }

  return {
    store: (store) => {
      if (planted.length === 0) return store
      const shown = has('lane-inversion') ? turned : (entry: Entry): Entry => entry
      const get: Store['get'] = async (key) =>
        isForgotten(key) ? undefined : store.get(has('lane-inversion') ? righted(key) : key)
      return {
        ...store,
        get,
        getMany: (keys) => Promise.all(keys.map(get)),
        list: async (range) => {
          const entries = (await store.list(range)).map(shown)
          return has('lane-inversion') && range.from.startsWith(OUTBOX)
            ? entries.toSorted(([a], [b]) => (a < b ? -1 : 1))
            : entries
        },
        write: async (writes) => {
          const gone = await dropped(store, writes)
          const forgotten = await forgottenBy(store, writes)
          const left: Write[] = []
          for (const write of writes) {
            const { key } = write
            if (gone.includes(key)) continue
            if (write.value === undefined && forgotten.some((one) => key.startsWith(one))) continue
            if (has('view-merged') && (await isOlderThanShown(store, write))) continue
            left.push(has('lane-inversion') ? { ...write, key: righted(key) } : write)
          }
          const batch = [...left, ...gone.map((key) => ({ key, value: undefined }))]
          note(batch)
          await store.write(batch)
        },
      }
    },
    carrier: (carrier) => {
      const change = has('receipt-before-write')
        ? answeredAtOnce
        : has('cursor-not-persisted')
          ? withoutBookmark
          : undefined
      return change === undefined ? carrier : { ...carrier, arrivals: () => each(carrier, change) }
    },
  }
}

/** Whether a batch puts a stub in the place of something. */
async function purges(store: Store, batch: readonly Write[]): Promise<boolean> {
  for (const { key, value } of batch.filter((one) => one.key.startsWith(DOCUMENT))) {
    const next = unpack<DocumentRecord>(value)?.stubs
    const before = unpack<DocumentRecord>(await store.get(key))?.stubs
    if (next !== undefined && JSON.stringify(next) !== JSON.stringify(before)) return true
  }
  return false
}

/** Whether the picture of a message on the disk claims to be as new as this one: then it is taken for the newest, as a whole. */
async function isOlderThanShown(store: Store, { key, value }: Write): Promise<boolean> {
  if (value === undefined || !key.startsWith(MESSAGE)) return false
  const [next, shown] = [unpack<MessageRecord>(value), unpack<MessageRecord>(await store.get(key))]
  return next !== undefined && shown !== undefined && touchedAt(next) <= touchedAt(shown)
}

/** When anything that people see of a message was last changed, by the clock of whoever changed it. */
function touchedAt(message: MessageRecord): number {
  const { createdAt, editedAt, deletedAt, lastReplyAt, reactions } = message
  return Math.max(createdAt, editedAt, deletedAt, lastReplyAt, ...reactions.map(({ at }) => at))
}

/** An offer as the program sees it: of two lanes it takes the less urgent one for the more urgent one. */
function turned([key, value]: Entry): Entry {
  const offer = offerIn(key)
  if (offer === undefined) return [key, value]
  const lane = LANES.length - 1 - laneNumber(laneOfDocument(offer.document))
  return [`${offer.to}/${lane}/${offer.document}`, value]
}

/** The key under which an offer lies, whatever lane the program takes it for. */
function righted(key: string): string {
  const offer = offerIn(key)
  if (offer === undefined) return key
  return `${offer.to}/${laneNumber(laneOfDocument(offer.document))}/${offer.document}`
}

/** An offer of a segment: all others are as urgent as what needs them. */
function offerIn(key: string): { readonly to: string; readonly document: DocumentId } | undefined {
  const parts = key.split('/')
  const document = parts.pop() as DocumentId
  if (!key.startsWith(OUTBOX) || parseDocumentId(document)?.kind !== 'segment') return undefined
  return { to: parts.slice(0, -1).join('/'), document }
}

async function* each(
  carrier: Carrier,
  change: (arrival: Arrival) => Arrival,
): AsyncIterable<Arrival> {
  for await (const arrival of carrier.arrivals()) yield change(arrival)
}

/** Custody is accepted before anything is written. */
function answeredAtOnce(arrival: Arrival): Arrival {
  arrival.acceptCustody()
  return {
    peer: arrival.peer,
    bytes: arrival.bytes,
    get bookmark() {
      return arrival.bookmark
    },
    acceptCustody: () => undefined,
    refuse: () => undefined,
  }
}

function withoutBookmark({ peer, bytes, acceptCustody, refuse }: Arrival): Arrival {
  return { peer, bytes, bookmark: [], acceptCustody, refuse }
}
