/** The node's side of one post office: what outlives a line. Books, queues, and the place on disk. */
import type { Lane } from '#model/precedence.ts'
import type { Arrival, PeerId } from '#ports/carrier.ts'
import { openArrivalQueue, type ArrivalQueue } from './arrival-queue.ts'
import { openContactQueue, type ContactQueue } from './contact-queue.ts'
import { openTokens, type Tokens } from './nats-exchange.ts'
import type { Entry } from './nats-books.ts'
import { openKeeper, type Keeper } from './nats-keeper.ts'
import { openLedger, type Ledger } from './nats-ledger.ts'
import type { NatsOptions, NatsPorts } from './nats-options.ts'
import { envelopesIn } from './nats-pack.ts'
import { bytesFromPlace, placeFromBytes, placeKey } from './nats-place.ts'
import { openShelfBooks, type ShelfBooks } from './nats-shelf-books.ts'

/** Everything that one line after another works with. */
export interface Office {
  readonly peer: PeerId
  readonly options: NatsOptions
  readonly ports: NatsPorts
  readonly ledger: Ledger
  /** Of the pieces of files. */
  readonly shelf: ShelfBooks
  readonly contacts: ContactQueue
  readonly waiting: ArrivalQueue
  readonly tokens: Tokens
  /** Puts what a message holds into the queue; `lane` where its subject is known. */
  readonly deliver: (entry: Entry, bytes: Uint8Array, lane?: Lane) => void
  /** What was put into the queue, for the node. */
  readonly arrivals: () => AsyncIterable<Arrival>
  /** Writes the place to the store unless it stands there. A store that fails means that more is fetched again. */
  readonly save: () => Promise<void>
}

/**
 * Half of it is in use at most when a page is asked for, and a page has up to 64 messages of 64 envelopes: what did not fit would never
 * come again on this line. What it takes is told by the bytes.
 */
const WAITING_MAX = { arrivalsMax: 16_384, bytesMax: 8_000_000 }

/** The office as the store knows it. */
export async function openOffice(options: NatsOptions, ports: NatsPorts): Promise<Office> {
  const peer: PeerId = `post:${options.name}`
  const key = placeKey(options.keyPrefix, options.workspace)
  const stored = await ports.store.get(key)
  const place = stored === undefined ? undefined : placeFromBytes(stored)
  const ledger = openLedger(place)
  if (stored !== undefined && place === undefined) {
    ports.log.error('nats.place-unreadable', { carrier: options.name })
    ledger.setForgotten(true)
  }
  const waiting = openArrivalQueue(WAITING_MAX)
  const value = (): Uint8Array => bytesFromPlace(ledger.place())
  const keeper = openKeeper({ key, ports, carrier: options.name, value })
  const covers = new WeakMap<Arrival, Cover>()
  const waitingFor = new WeakMap<Entry, Message[]>()

  return {
    peer,
    options,
    ports,
    ledger,
    shelf: await openShelfBooks(options, ports),
    contacts: openContactQueue(),
    waiting,
    tokens: openTokens(ports.random.bytes(16)),
    save: keeper.save,
    deliver: (entry, bytes, lane) => {
      const push = (cover: Cover): void => {
        const arrival = arrivalOf({ peer, key, lane, cover, ledger, keeper, waiting })
        covers.set(arrival, cover)
        waiting.push(arrival)
      }
      const envelopes = envelopesIn(bytes)
      if (envelopes.length === 1) return push({ bytes, entry, messages: [] })
      const message = { entry, open: new Set<Entry>() }
      for (const envelope of envelopes) {
        const part = ledger.enclosed(envelope)
        if (part.state === 'held' || message.open.has(part)) continue
        message.open.add(part)
        const messages = waitingFor.get(part)
        if (messages !== undefined) {
          messages.push(message)
          continue
        }
        const first = [message]
        waitingFor.set(part, first)
        push({ bytes: envelope, entry: part, messages: first })
      }
      if (message.open.size === 0) ledger.hold(entry)
    },
    arrivals: async function* give() {
      for await (const arrival of waiting.arrivals()) {
        const cover = covers.get(arrival)
        if (cover !== undefined) giving(cover)
        yield arrival
      }
    },
  }
}

/** A message with several envelopes: it is settled once they all are. */
interface Message {
  readonly entry: Entry
  readonly open: Set<Entry>
}

/** One envelope in the queue, and the messages that hold it besides others; none where it came alone. */
interface Cover {
  readonly bytes: Uint8Array
  readonly entry: Entry
  readonly messages: readonly Message[]
}

/** The node has it now: on a new line it comes again, and with it what it came in. */
function giving({ entry, messages }: Cover): void {
  for (const each of [entry, ...messages.map((message) => message.entry)])
    if (each.state === 'queued') each.state = 'given'
}

interface ArrivalParts {
  readonly peer: PeerId
  readonly key: string
  readonly lane: Lane | undefined
  readonly cover: Cover
  readonly ledger: Ledger
  readonly keeper: Keeper
  readonly waiting: ArrivalQueue
}

/** The bookmark is made when it is read: it says what is settled by then, and this arrival with it. */
function arrivalOf(parts: ArrivalParts): Arrival {
  const { peer, key, lane, cover, ledger, keeper, waiting } = parts
  const { bytes, entry, messages } = cover
  let bookmark: Uint8Array | undefined
  const settle = (): void => {
    ledger.hold(entry)
    for (const { entry: whole, open } of messages)
      if (open.delete(entry) && open.size === 0) ledger.hold(whole)
    if (waiting.size() === 0) void keeper.save()
  }
  return {
    peer,
    bytes,
    ...(lane !== undefined && { lane }),
    get bookmark() {
      const over = messages.find(({ open }) => open.size === 1 && open.has(entry))
      bookmark = bytesFromPlace(ledger.placeWith(over?.entry ?? entry))
      return [{ key, value: bookmark }]
    },
    acceptCustody: () => {
      if (bookmark !== undefined) keeper.isKept(bookmark)
      settle()
    },
    refuse: settle,
  }
}
