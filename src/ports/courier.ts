/** What a courier does with one stick, for the app: the carrier of sticks (`carriers/courier.ts`) is behind it. */
import type { PeerId } from './carrier.ts'

/** Secrets of the organisation, 32 bytes each, and the number of its suite. */
export interface CourierKeys {
  readonly suite: number
  /** The one that is sealed under now; undefined while this node knows nobody else who could open it. */
  readonly now: Uint8Array | undefined
  /** What whoever was ever let in has: for parcels that bring the others (`Parcel.isForAll`). */
  readonly forAll: Uint8Array
  /** All that this node can open files with, the newest first. */
  readonly held: readonly Uint8Array[]
}

/** What the work with a stick waits for: that it reads or writes, or that the node has more for it, or takes what was read. */
export type CourierWait = 'stick' | 'node'

/** A stick in hand. */
export interface CourierVisit {
  /** Absolute, and without a symbolic link in it. */
  readonly folder: string
  /** Asked again once something was taken: there may be new ones in it. */
  readonly keys: () => Promise<CourierKeys>
  /**
   * Told of every file written and every stretch read: bytes so far, and of how many where that is known; and whenever it waits for
   * something else from then on.
   */
  readonly onProgress?: (bytes: number, of: number | undefined, waitsFor: CourierWait) => void
  /** A stick that was not seen for longest makes room: what is known of it is to be let go. */
  readonly forget: (peer: PeerId) => Promise<void>
}

/** A stick that is to be written to. */
export interface CourierExport extends CourierVisit {
  /** Asked once it is known which stick this is: whether there is anything for it. */
  readonly begin: (peer: PeerId) => Promise<boolean>
}

/** A stick that is to be read. */
export interface CourierImport extends CourierVisit {
  /** Some of its files cannot be read to their end: what they held may be missing here, and others believe it to be there. */
  readonly missed: (peer: PeerId) => Promise<void>
}

/** Files, or envelopes in them, that were not taken. */
export interface CourierRefusal {
  readonly what: 'file' | 'envelope'
  /** In words, as the audit has them where it has them. */
  readonly reason: string
  readonly count: number
}

/** What was written, or taken. */
export interface CourierReport {
  /** Files written, or read for the first time. */
  readonly files: number
  /** Length of those, in bytes. */
  readonly bytes: number
  readonly envelopes: number
  readonly refused: readonly CourierRefusal[]
}

/** What lies on a stick. */
export interface StickStatus {
  /** What the stick is called here; undefined when this node has neither read from it nor written to it. */
  readonly peer: PeerId | undefined
  /** Courier files, whoever wrote them. */
  readonly files: number
  readonly bytes: number
  /** Of those, the ones that this node has not taken. */
  readonly fresh: number
  readonly refused: readonly CourierRefusal[]
}

/** The sticks of one node. */
export interface Courier {
  /**
   * Writes all that the node has for this stick. Resolves once it is on the stick (synced).
   * @throws EdgeError INPUT_INVALID (not a folder, not writable), STICK_FULL, STOPPING
   */
  readonly exportTo: (visit: CourierExport, signal: AbortSignal) => Promise<CourierReport>
  /**
   * Takes all on this stick that the node has not taken yet. Resolves once that is on its disk. What cannot be taken is
   * counted, and stays on the stick. @throws EdgeError INPUT_INVALID, STOPPING
   */
  readonly importFrom: (visit: CourierImport, signal: AbortSignal) => Promise<CourierReport>
  /** @throws EdgeError INPUT_INVALID */
  readonly statusOf: (folder: string) => Promise<StickStatus>
}
