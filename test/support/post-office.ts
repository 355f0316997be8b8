/**
 * A post office in the memory of a test, as a NATS stream is one: a parcel is known by its sender, lane and number and is taken
 * once; everybody reads on from a bookmark on their own disk. It can be purged, and made anew.
 */
import { EdgeError } from '#base/errors.ts'
import { ENVELOPE_BYTES_MAX } from '#base/limits.ts'
import type { NodeId } from '#base/ids.ts'
import { equalBytes } from '#base/bytes.ts'
import type { Arrival, Carrier, Contact, PeerId } from '#ports/carrier.ts'
import type { Store } from '#ports/store.ts'
import { pack, unpack } from '#sync/records.ts'
import { aQueue, type Queue } from './hand-carrier.ts'

/** What nodes call it. */
const POST: PeerId = 'post:office'

/** The shared place. */
export interface PostOffice {
  /** The carrier of a node, in contact until `close`. `life` names its numbers, as parcels are counted anew in each. */
  readonly open: (node: NodeId, life: string, store: Store) => Promise<PostCarrier>
  /** All that lies there is gone; nobody is told. */
  readonly purge: () => void
  /** It is gone with all it held, and made anew: whoever reads there sees that. */
  readonly remake: () => void
}

/** A way to the post office. */
export interface PostCarrier extends Carrier {
  readonly cut: () => void
  readonly heal: () => void
}

interface Item {
  readonly sequence: number
  readonly name: string
  readonly by: NodeId
  readonly bytes: Uint8Array
}

interface Bookmark {
  readonly era: number
  readonly sequence: number
}

const BOOKMARK = 'test/bookmark'

/** An empty post office. */
export function aPostOffice(): PostOffice {
  const state: Office = { era: 0, last: 0, items: [], desks: new Set() }
  return {
    open: async (node, life, store) => {
      const known = unpack<Bookmark>(await store.get(BOOKMARK))
      const desk: Desk = {
        node,
        life,
        place: known ?? { era: state.era, sequence: 0 },
        isUp: false,
        contacts: aQueue<Contact>(),
        arrivals: aQueue<Arrival>(),
      }
      state.desks.add(desk)
      const carrier = carrierOf(state, desk)
      carrier.heal()
      return carrier
    },
    purge: () => {
      state.items = []
    },
    remake: () => {
      state.items = []
      state.last = 0
      state.era += 1
      for (const desk of state.desks) {
        if (!desk.isUp) continue
        close(desk)
        begin(state, desk)
      }
    },
  }
}

interface Office {
  era: number
  last: number
  items: readonly Item[]
  readonly desks: Set<Desk>
}

interface Desk {
  readonly node: NodeId
  readonly life: string
  place: Bookmark
  isUp: boolean
  readonly contacts: Queue<Contact>
  readonly arrivals: Queue<Arrival>
}

function carrierOf(office: Office, desk: Desk): PostCarrier {
  return {
    name: 'office',
    envelopeBytesMax: ENVELOPE_BYTES_MAX,
    receiptDelayMs: 1_000,
    contacts: desk.contacts.all,
    arrivals: desk.arrivals.all,
    send: async (_, { lane, number, bytes }) => {
      if (!desk.isUp) throw new EdgeError('CARRIER_UNREACHABLE', {})
      const name = `${desk.node} ${desk.life} ${lane} ${number}`
      const known = office.items.find((item) => item.name === name)
      if (known !== undefined && !equalBytes(known.bytes, bytes))
        throw new EdgeError('ALREADY_EXISTS', { number })
      if (known !== undefined) return 'departed'
      office.last += 1
      const item = { sequence: office.last, name, by: desk.node, bytes: Uint8Array.from(bytes) }
      office.items = [...office.items, item]
      for (const other of office.desks) give(other, item)
      return 'departed'
    },
    cut: () => close(desk),
    heal: () => {
      if (!desk.isUp) begin(office, desk)
    },
    [Symbol.asyncDispose]: async () => {
      close(desk)
      office.desks.delete(desk)
      desk.contacts.close()
      desk.arrivals.close()
    },
  }
}

function begin(office: Office, desk: Desk): void {
  const mayHaveForgotten = desk.place.era !== office.era
  if (mayHaveForgotten) desk.place = { era: office.era, sequence: 0 }
  desk.isUp = true
  desk.contacts.push({ peer: POST, isUp: true, mayHaveForgotten })
  const from = desk.place.sequence
  for (const item of office.items) if (item.sequence > from) give(desk, item)
}

function close(desk: Desk): void {
  if (desk.isUp) desk.contacts.push({ peer: POST, isUp: false, mayHaveForgotten: false })
  desk.isUp = false
}

/** Answers are not waited for: tests here lose what lies at the office, not what is under way. */
function give(desk: Desk, { sequence, by, bytes }: Item): void {
  if (!desk.isUp || by === desk.node) return
  desk.place = { ...desk.place, sequence }
  desk.arrivals.push({
    peer: POST,
    bytes,
    bookmark: [{ key: BOOKMARK, value: pack(desk.place) }],
    acceptCustody: () => undefined,
    refuse: () => undefined,
  })
}
