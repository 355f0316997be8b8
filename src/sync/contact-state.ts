/** One contact with one peer: what it knows beyond the store, and what it decides. */
import type { DocumentId, Instant } from '#base/ids.ts'
import type { Clock } from '#model/log.ts'
import type { Lane } from '#model/precedence.ts'
import type { PeerId } from '#ports/carrier.ts'
import type { Cut } from './cut.ts'
import type { FileLook } from './file-desk.ts'
import type { LinkState } from './links.ts'
import type { ParcelRecord } from './records.ts'
import type { MeteredCarrier } from './spending.ts'

/** What may be cut now. */
export interface Room {
  /** Enough of everything else is on its way. */
  readonly isFlashOnly: boolean
  /** Plain bytes of one cut; as many as ever unless given. */
  readonly plainBytesMax?: number
  /** Sealed bytes of one; as many as ever unless given. */
  readonly parcelBytes?: number
}

/** What this contact knows beyond the store. */
export interface ContactState {
  readonly peer: PeerId
  readonly carrier: string
  readonly receiptDelayMs: number
  /** It ends once all is sent: nothing waits for company. */
  readonly isVisit?: boolean
  /** See `Carrier`. */
  readonly lanes?: readonly Lane[]
  readonly isMetered?: boolean
  /** Pieces of files lie there apart: who is to have them has to hear of them. */
  readonly hasShelf?: boolean
  /** Carriers by which the peer is in contact and that cost nothing, where this one does: what may go by one of them does. */
  readonly beside?: () => readonly string[]
  /** Everything unless given. */
  readonly room?: Room
  /** What the link was measured to carry. */
  readonly measured?: () => Pick<LinkState, 'bytesPerSecond' | 'roundTripMs'> | undefined
  /** What this contact was asked for of files. */
  files?: FileLook
  /** The carrier, where its use is billed. */
  readonly metered?: MeteredCarrier
  /** Numbered by an earlier contact, and waiting for the budget to allow it. */
  readonly left: Cut[]
  /** What is on its way. */
  readonly flying: Set<Cut>
  /** Answered, and waiting for the answer to what stands before it (`handover.ts`). */
  early?: readonly ParcelRecord[]
  /** When this contact was last asked for what a document lacks, and how often before. */
  readonly wanted: Map<DocumentId, { readonly at: Instant; readonly times: number }>
  /** When notes last went to the peer in this contact. */
  toldAt?: Instant | undefined
  /**
   * Documents this contact refused, and what the peer had of each: they are offered again once it says to have less, or, if it is a node, something else. And those of
   * which a visit has sent all there was (undefined): not before the next.
   */
  readonly refused: Map<DocumentId, Clock | undefined>
}

/** The next parcel, or when to look again (undefined: when something changes). */
export interface Next {
  readonly cut: Cut | undefined
  readonly lookAgainAt: Instant | undefined
}
