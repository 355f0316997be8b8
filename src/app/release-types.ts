/** Release by headquarters, as doors see it: a kit that opens by what a hub keeps for it. */
import type { NodeId, UserId } from '#base/ids.ts'

/** Half of what opens this node, for hubs to keep; each of the last two is 32 bytes. */
export interface ReleaseShare {
  /** 32 hexadecimal digits. */
  readonly id: string
  readonly share: Uint8Array
  readonly authentication: Uint8Array
}

/** A locked kit's question; see `#trust/release.ts` for the bytes. */
export interface ReleaseExchange {
  readonly request: Uint8Array
  /** Called once it is certain who asks, with a name for limits; what it throws refuses the release. */
  readonly admit: (share: string) => void
}

/** The part of the app about release. */
export interface Releasing {
  /** From now on this node opens by what a hub releases, too: hands the share to every hub. */
  readonly setShare: (subject: UserId, share: ReleaseShare) => Promise<void>
  /** From now on no hub can release this node. */
  readonly dropShare: (subject: UserId) => Promise<void>
  readonly releaseStatus: (subject: UserId) => Promise<ReleaseStatus>
  /** Whether this hub releases a kit when it asks. */
  readonly holdRelease: (subject: UserId, node: NodeId, isHeld: boolean) => Promise<void>
  /** Answers a locked kit. @throws EdgeError NOT_ALLOWED, which never says why */
  readonly releaseKit: (exchange: ReleaseExchange) => Promise<Uint8Array>
}

/** How this node stands with release by headquarters: as one that is released, and as a hub that releases. */
export interface ReleaseStatus {
  /** 32 hexadecimal digits: the share that opens this node; undefined when none does. */
  readonly share: string | undefined
  /** The hubs, and whether each has said that the share is on its disk. */
  readonly hubs: readonly {
    readonly id: NodeId
    readonly name: string
    readonly hasConfirmed: boolean
  }[]
  /** The kits whose shares this hub keeps, and what would become of their question now. */
  readonly kits: readonly {
    readonly id: NodeId
    readonly name: string
    readonly answer: 'given' | ReleaseObjection
  }[]
}

/** Why a hub does not release a kit that proves who it is. */
export type ReleaseObjection = 'revoked' | 'to be wiped' | 'held' | 'restored' | 'unsure'
