/** One end of a carrier under test: hears everything, and does to an arrival only what the test says. */
import type { Arrival, Carrier, Contact, Handover, Parcel, PeerId } from '#ports/carrier.ts'
import type { Store } from '#ports/store.ts'
import { codeOf } from '#base/errors.ts'

/** A carrier with its node's store, and what it has told so far. */
export interface CarrierSide {
  readonly carrier: Carrier
  readonly store: Store
  /** All contacts so far. */
  readonly contacts: readonly Contact[]
  /** All arrivals so far. */
  readonly arrivals: readonly Arrival[]
  /** The next arrival not yet asked for. */
  readonly nextArrival: () => Promise<Arrival>
  /** The next contact of this kind not yet asked for; others before it are passed over. */
  readonly nextContact: (isUp: boolean) => Promise<Contact>
  /** Resolves with the first contact that begins at or after this place in `contacts`, heard already or not. */
  readonly contactFrom: (place: number) => Promise<Contact>
  /** Resolves when both iterators have ended. */
  readonly ended: Promise<void>
}

/** Starts to listen to a carrier. */
export function hear(carrier: Carrier, store: Store): CarrierSide {
  const contacts = stream(carrier.contacts())
  const arrivals = stream(carrier.arrivals())
  return {
    carrier,
    store,
    contacts: contacts.all,
    arrivals: arrivals.all,
    nextArrival: () => arrivals.next(() => true),
    nextContact: (isUp) => contacts.next((contact) => contact.isUp === isUp),
    contactFrom: (place) => contacts.from(place, ({ isUp }) => isUp),
    ended: Promise.all([contacts.ended, arrivals.ended]).then(() => undefined),
  }
}

/** Does what a node does with a good envelope: its content and the bookmark reach the disk, then custody is taken. */
export async function accept(side: CarrierSide, arrival: Arrival): Promise<void> {
  await side.store.write(arrival.bookmark)
  arrival.acceptCustody()
}

/** Accepts all that comes from now on. */
export async function keepAccepting(side: CarrierSide): Promise<never> {
  // oxlint-disable-next-line no-await-in-loop -- one after the other, as they come
  for (;;) await accept(side, await side.nextArrival())
}

/** Does what a node does that wants a file: fetches until there is no more, in one contact after another. */
export async function fetchAll(side: CarrierSide, peer: PeerId, file: string): Promise<void> {
  for (let outcome = 'more'; outcome !== 'end';) {
    const heard = side.contacts.length
    try {
      // oxlint-disable-next-line no-await-in-loop -- one page after another
      outcome = (await side.carrier.shelf?.fetch(peer, file, new AbortController().signal)) ?? 'end'
    } catch (error) {
      if (codeOf(error) !== 'CARRIER_UNREACHABLE') throw error
      // oxlint-disable-next-line no-await-in-loop -- one try after another
      await side.contactFrom(heard)
    }
  }
}

/** Does what a node does to get a parcel across: offers it in one contact after another until it is handed over. */
export async function handOver(
  side: CarrierSide,
  peer: PeerId,
  outgoing: Parcel,
): Promise<Handover> {
  for (;;) {
    const heard = side.contacts.length
    try {
      // oxlint-disable-next-line no-await-in-loop -- one try after another
      return await side.carrier.send(peer, outgoing, new AbortController().signal)
    } catch (error) {
      if (codeOf(error) !== 'CARRIER_UNREACHABLE') throw error
      // oxlint-disable-next-line no-await-in-loop -- one try after another
      await side.contactFrom(heard)
    }
  }
}

/** A parcel of readable bytes. */
export function parcel(text: string, options: Partial<Parcel> = {}): Parcel {
  return { bytes: Buffer.from(text), lane: 'routine', number: 0, ...options }
}

/** The bytes of an arrival as text. */
export function textOf(arrival: Arrival): string {
  return Buffer.from(arrival.bytes).toString()
}

interface Stream<T> {
  readonly all: readonly T[]
  readonly next: (isWanted: (item: T) => boolean) => Promise<T>
  readonly from: (place: number, isWanted: (item: T) => boolean) => Promise<T>
  readonly ended: Promise<void>
}

function stream<T>(source: AsyncIterable<T>): Stream<T> {
  const all: T[] = []
  let taken = 0
  let change = Promise.withResolvers<void>()
  const pump = async (): Promise<void> => {
    for await (const item of source) {
      all.push(item)
      change.resolve()
      change = Promise.withResolvers()
    }
  }
  return {
    all,
    ended: pump(),
    next: async (isWanted) => {
      for (;;) {
        while (taken < all.length) {
          const item = all[taken++]
          if (item !== undefined && isWanted(item)) return item
        }
        // oxlint-disable-next-line no-await-in-loop -- until it has come
        await change.promise
      }
    },
    from: async (place, isWanted) => {
      for (;;) {
        const item = all.slice(place).find(isWanted)
        if (item !== undefined) return item
        // oxlint-disable-next-line no-await-in-loop -- until it has come
        await change.promise
      }
    },
  }
}
