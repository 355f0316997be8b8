/** A carrier in the hands of a test: it says when a contact begins, what arrives, and what becomes of each parcel. */
import { EdgeError } from '#base/errors.ts'
import { ENVELOPE_BYTES_MAX } from '#base/limits.ts'
import type { Arrival, Carrier, Contact, Handover, Parcel, PeerId } from '#ports/carrier.ts'
import type { Write } from '#ports/store.ts'

/** One parcel that the node gave to the carrier. */
export interface Sending {
  readonly peer: PeerId
  readonly parcel: Parcel
  readonly answer: (handover: Handover) => void
  readonly fail: (error: unknown) => void
}

/** What arrives by hand. */
export interface HandArrival {
  readonly bytes: Uint8Array
  readonly from: PeerId
  readonly bookmark?: readonly Write[]
}

/** The carrier and its strings. */
export interface HandCarrier extends Carrier {
  /** Everything the node sent so far. */
  readonly sent: readonly Sending[]
  readonly begin: (peer: PeerId, facts?: Partial<Contact>) => void
  /** Ends the contact; what is under way fails. */
  readonly end: (peer: PeerId) => void
  /** Resolves with what the node answered. */
  readonly arrive: (arrival: HandArrival) => Promise<'custody' | 'refused'>
}

/** What the carrier does with a parcel at once; `undefined` leaves it to the test. */
export type Answer = (sending: Sending, count: number) => Handover | EdgeError | undefined

/** A carrier without contacts. Unless told otherwise it takes every parcel: `custody`. */
export function aHandCarrier(
  answer: Answer = () => 'custody',
  facts: Partial<Pick<Carrier, 'name' | 'receiptDelayMs' | 'room'>> = {},
): HandCarrier {
  const contacts = aQueue<Contact>()
  const arrivals = aQueue<Arrival>()
  const sent: Sending[] = []
  const open = new Set<Sending>()
  return {
    name: 'hand',
    receiptDelayMs: 0,
    ...facts,
    envelopeBytesMax: ENVELOPE_BYTES_MAX,
    contacts: contacts.all,
    arrivals: arrivals.all,
    send: async (peer, parcel, signal) => {
      const { promise, resolve, reject } = Promise.withResolvers<Handover>()
      const sending = { peer, parcel, answer: resolve, fail: reject }
      sent.push(sending)
      const now = answer(sending, sent.length)
      if (now instanceof EdgeError) reject(now)
      else if (now !== undefined) resolve(now)
      const onOver = (): void => reject(unreachable(peer))
      signal.addEventListener('abort', onOver)
      open.add(sending)
      return promise.finally(() => {
        open.delete(sending)
        signal.removeEventListener('abort', onOver)
      })
    },
    sent,
    begin: (peer, contact) =>
      contacts.push({ peer, isUp: true, mayHaveForgotten: false, ...contact }),
    end: (peer) => {
      for (const sending of open) if (sending.peer === peer) sending.fail(unreachable(peer))
      contacts.push({ peer, isUp: false, mayHaveForgotten: false })
    },
    arrive: ({ bytes, from, bookmark }) => {
      const { promise, resolve } = Promise.withResolvers<'custody' | 'refused'>()
      arrivals.push({
        peer: from,
        bytes,
        bookmark: bookmark ?? [],
        acceptCustody: () => resolve('custody'),
        refuse: () => resolve('refused'),
      })
      return promise
    },
    [Symbol.asyncDispose]: async () => {
      contacts.close()
      arrivals.close()
    },
  }
}

/** What a carrier says when the contact has ended. */
export function unreachable(peer: PeerId): EdgeError {
  return new EdgeError('CARRIER_UNREACHABLE', { carrier: 'hand', peer })
}

/** Items in their order, for one reader. */
export interface Queue<T> {
  readonly push: (item: T) => void
  readonly all: () => AsyncIterable<T>
  readonly close: () => void
}

/** An empty queue. */
export function aQueue<T>(): Queue<T> {
  const items: T[] = []
  const state = { isClosed: false }
  let change = Promise.withResolvers<void>()
  const changed = (): void => {
    change.resolve()
    change = Promise.withResolvers()
  }
  return {
    push: (item) => {
      items.push(item)
      changed()
    },
    all: async function* all() {
      while (!state.isClosed) {
        const item = items.shift()
        if (item === undefined)
          // oxlint-disable-next-line no-await-in-loop -- one after another, as they come
          await change.promise
        else yield item
      }
    },
    close: () => {
      state.isClosed = true
      changed()
    },
  }
}
