/**
 * A way to move sealed envelopes between nodes: what DTN calls a convergence layer adapter.
 *
 * A carrier knows nothing of documents. It tells when a peer is in contact, hands over one envelope at a time,
 * and passes on what arrives. A peer is another node, or a post office: a shared place (a NATS stream) where
 * an envelope that was put once is found by every node.
 */
import type { Instant, NodeId } from '#base/ids.ts'
import type { Lane } from '#model/precedence.ts'
import type { LinkProfile } from '#tariff/profile.ts'
import type { Terms } from '#tariff/terms.ts'
import type { Write } from './store.ts'

/** A node id, or `post:` and the name of a post office. */
export type PeerId = NodeId | `post:${string}`

/** `custody`: the peer itself has it on disk. `departed`: it left here and a receipt will follow. */
export type Handover = 'custody' | 'departed'

/** One envelope on its way out. */
export interface Parcel {
  /** Sealed bytes; the carrier never looks inside. */
  readonly bytes: Uint8Array
  readonly lane: Lane
  /** Whoever was ever let in may open it: it brings keys to those who lack them, so nothing may stand before it. */
  readonly isForAll?: boolean
  /** Number among this node's parcels to this peer in this lane and life; starts at 0, no gaps. */
  readonly number: number
  /** It is a piece of this file, by its name on the way (16 hexadecimal digits): where pieces are kept apart, it lies there. */
  readonly file?: string
}

/** The peer can be reached (`isUp`), or no longer. A contact begins with `isUp` true and ends with false. */
export interface Contact {
  readonly peer: PeerId
  readonly isUp: boolean
  /**
   * True when the peer may have lost what it took from us before (new stream, restarted server, restored disk).
   * The node then offers again what no receipt has covered. Applying twice is harmless.
   */
  readonly mayHaveForgotten: boolean
  /** The peer's certificate, where the carrier has made sure that it is the peer's (a LAN session has). */
  readonly certificate?: Uint8Array
}

/** An envelope that came in. */
export interface Arrival {
  /** Who handed it over; not necessarily who wrote it. A hint, never trusted. */
  readonly peer: PeerId
  readonly bytes: Uint8Array
  /** The lane in which it came, where the carrier can tell: the more urgent is taken first. A hint, never trusted. */
  readonly lane?: Lane
  /** Carrier state (a cursor) that must reach the disk in the same batch as the envelope's content. */
  readonly bookmark: readonly Write[]
  /** Call once that batch is on disk; never before. */
  readonly acceptCustody: () => void
  /** Call instead when the envelope was refused for good (forged, malformed): the carrier need not offer it again. */
  readonly refuse: (reason?: string) => void
}

/** What a link is good for now, by what its peer has answered so far. Sealed bytes. */
export interface LinkRoom {
  /** A parcel should have about so many: it is soon through, and little is lost when the contact ends before. */
  readonly parcelBytes: number
  /** So many should be under way, flash not counted: more would only be cut too early. */
  readonly underWayBytes: number
}

/** Somebody will not talk to us, and says why. Nobody has proven that it is so, or who says it: it is for people to know. */
export interface Refusal {
  /** The node that was met there before; undefined when none was. */
  readonly peer: NodeId | undefined
  /** Where it was said, `host:port`; '' when they had called us. */
  readonly place: string
  /** We are shut out of the organisation, or our certificate has run out. */
  readonly why: 'revoked' | 'expired'
  readonly since: Instant
}

/** Of a post office that keeps the pieces of each file apart: a piece is given to whoever fetches that file, and to nobody else. */
export interface Shelf {
  /**
   * Fetches some more of what lies there of a file: about as much as the link carries in two seconds, and no piece twice while the place is
   * kept. It comes with the arrivals. Resolves once the node has settled all that came: `end` when there was nothing more, `away` when
   * nobody answers there for now, so that nothing is known of what lies there.
   * @throws EdgeError CARRIER_UNREACHABLE when the contact ends first
   */
  readonly fetch: (
    peer: PeerId,
    file: string,
    signal: AbortSignal,
  ) => Promise<'more' | 'end' | 'away'>
  /** What came of a file was let go of: the next fetch begins at its beginning. */
  readonly again?: (file: string) => void
}

/** A line on which nothing is sent: what it would take. */
export interface LineRehearsal {
  /** What it would be good for by now. */
  readonly room: () => LinkRoom
  readonly send: (bytes: number) => void
  /** When the last answer would have come, in milliseconds since the dial, or since now where the line stands. */
  readonly endMs: () => number
}

/** A line that is dialled on demand; it does not stand when the carrier is opened. */
export interface LineControl {
  readonly peer: PeerId
  readonly open: () => void
  readonly close: () => void
}

/** One carrier, opened and running. Disposing it ends its contacts and arrivals. */
export interface Carrier extends AsyncDisposable {
  /** Name in words shown to people, for example `lan` or `nats`. */
  readonly name: string
  /** Largest envelope this carrier takes, in bytes. */
  readonly envelopeBytesMax: number
  /** How long a receipt may wait here for other traffic to ride along with, in milliseconds. */
  readonly receiptDelayMs: number
  /** Parcels that may be under way to one peer at once; `IN_FLIGHT_MAX` unless said. */
  readonly inFlightMax?: number
  /** What it may be given; everything unless said. What it leaves waits for another way. Notes, and what a message needs to be read, go with any. */
  readonly lanes?: readonly Lane[]
  /**
   * Every byte is paid for: a contact says nothing at its beginning that nobody asked for, what lies numbered goes on as it is,
   * and nothing goes to a peer with which another carrier is in contact.
   */
  readonly isMetered?: boolean
  /** On what terms it may be used; for nothing unless given. */
  readonly terms?: Terms
  /** Bytes since it was opened, both ways, as its operator counts them, as far as it can tell. */
  readonly usedBytes?: () => number
  /** Plays through how parcels would go, on a line like that. */
  readonly rehearse?: (profile: LinkProfile) => LineRehearsal
  /** For a post office that keeps the pieces of files apart; where there is none, pieces lie among all else. */
  readonly shelf?: Shelf
  /** For a carrier whose line stands only while it is wanted. */
  readonly line?: LineControl
  /** For a carrier whose peers say why they refuse us. One listener, called when that changes. */
  readonly refusals?: {
    readonly all: () => readonly Refusal[]
    readonly onChange: (listener: () => void) => void
  }
  /** For a carrier whose links may be thin. */
  readonly room?: (peer: PeerId) => LinkRoom
  /**
   * For a carrier that gathers what it takes and leaves when there is no more (a stick): all there is for `peer` has been
   * handed to `send`, of which `underWay` parcels wait for their answer. Called again whenever that changes. In a contact of
   * such a carrier nothing is kept back to go with later traffic.
   */
  readonly onQuiet?: (peer: PeerId, underWay: number) => void
  /** Contacts as they begin and end, from the one consumer's first call on. Ends when the carrier is closed. */
  readonly contacts: () => AsyncIterable<Contact>
  /**
   * Hands one parcel to `peer`. Several may be under way at once; flash parcels overtake waiting others.
   * @throws EdgeError CARRIER_UNREACHABLE when the contact ends first, ENVELOPE_TOO_LARGE
   */
  readonly send: (peer: PeerId, parcel: Parcel, signal: AbortSignal) => Promise<Handover>
  /** Envelopes for one consumer: the most urgent that is here first, those of one lane in the order of arrival. Ends when the carrier is closed. */
  readonly arrivals: () => AsyncIterable<Arrival>
}
