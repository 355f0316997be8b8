/** Records of shares: halves of what opens other nodes, as hubs keep them, and the one that opens this node. */
import type { ActorId } from '#base/ids.ts'

/** Half of what opens another node. */
export interface ShareRecord {
  /** 32 bytes; none once the node is out: what is left tells who still asks. */
  readonly share: Uint8Array
  /** 32 bytes by which the node shows that it is the one that asks. */
  readonly authentication: Uint8Array
  /** The life of this hub in which it came: a hub that was put back to an earlier state is in another. */
  readonly takenAs: ActorId
}

/** The share that opens this node. */
export interface OwnShareRecord extends Pick<ShareRecord, 'share' | 'authentication'> {
  /** 32 hexadecimal digits. */
  readonly id: string
}

/** An operator's decision, and the life of the hub in which it was made. */
export interface HoldRecord {
  readonly isHeld: boolean
  readonly decidedAs: ActorId
}
