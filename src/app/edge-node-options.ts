/** What `openEdgeNode` needs. */
import type { ChannelId } from '#base/ids.ts'
import type { Blobs } from '#ports/blobs.ts'
import type { Carrier } from '#ports/carrier.ts'
import type { Clock } from '#ports/clock.ts'
import type { Courier } from '#ports/courier.ts'
import type { Disk } from '#ports/disk.ts'
import type { Log } from '#ports/log.ts'
import type { Passwords } from '#ports/passwords.ts'
import type { PeopleSource } from '#ports/people-source.ts'
import type { Previewer } from '#ports/previewer.ts'
import type { Random } from '#ports/random.ts'
import type { Store } from '#ports/store.ts'
import type { Identity } from '#trust/identity.ts'
import type { DoorEpoch } from '#trust/join-grant.ts'
import type { KeyPair } from '#trust/keys.ts'
import type { LaneTimes } from '#sync/deadlines.ts'
import type { PacePolicy } from '#sync/pace-desk.ts'
import type { RoomRules } from '#sync/room.ts'
import type { EpochPolicy } from '#sync/rotation.ts'
import type { TrainingPolicy } from '#sync/training.ts'
import type { Roster } from '#trust/roster.ts'
import type { Allowance } from './allowance.ts'

/** Who this node is. */
export interface EdgeNodeOptions {
  readonly identity: Identity
  /** 32 bytes that every member node got when it joined. */
  readonly organisationSecret: Uint8Array
  /** Only where the organisation was founded: the root that issues certificates. */
  readonly root: KeyPair | undefined
  /** What the organisation sealed under when this node was let in; held when its store is new. */
  readonly doorEpoch?: DoorEpoch | undefined
  /** Told of this node's own certificate once a later one is on disk in the keys document, to be kept for the next start. */
  readonly keepCertificate?: (certificate: Uint8Array) => void
  /** What other layers answer to their block of a request to join; nothing unless given. */
  readonly answerBlock?: (request: Uint8Array, name: string) => Promise<Uint8Array>
  /** 4 random bytes: this life of the store. Kept with the store, new when the store is made or restored. */
  readonly life: Uint8Array
  /** Shared with the carriers. Holds, at first, the certificate of the node that let this one in. */
  readonly roster: Roster
  readonly version: string
  /** When secrets change and go; never by the calendar unless given. */
  readonly epochs?: EpochPolicy
  /** How often a hub looks for better dictionaries; only when asked unless given. */
  readonly training?: TrainingPolicy
  /** How long messages of each lane may take to headquarters; for ever unless given. */
  readonly overdueAfterMs?: LaneTimes
  /** How much room the disk has to have; any amount unless given. */
  readonly room?: RoomRules
  /** How many urgent messages one person may send; any number unless given. */
  readonly allowance?: Allowance
  /** By which way each channel's messages go; by any unless given. */
  readonly pace?: PacePolicy
  /** In which channels other nodes are told what was read here; in all unless given. */
  readonly tellsRead?: (channel: ChannelId) => boolean
  /** How long whom an outside source has confirmed may sign in without it; not at all unless given. */
  readonly offlineSignInMs?: number
  /** Called when the node has to be closed and opened again in a new life. */
  readonly onRebirth?: () => void
}

/** Every effect of the node. The node closes none of them. */
export interface EdgeNodePorts {
  readonly store: Store
  readonly clock: Clock
  readonly random: Random
  readonly passwords: Passwords
  /** Where the organisation keeps its people, if this node may ask there. */
  readonly peopleSource?: PeopleSource | undefined
  readonly log: Log
  readonly carriers: readonly Carrier[]
  /** Where files are kept. */
  readonly blobs: Blobs
  /** What looks at files that are handed in. */
  readonly previewer?: Previewer
  /** What of `store` a backup takes: everything as it lies on the disk, while writing goes on. */
  readonly image?: () => AsyncIterable<Uint8Array>
  /** The disk beneath `store`. */
  readonly disk?: Disk
  /** The one of `carriers` that people carry, if there is one. */
  readonly courier?: Courier
}
