/** The part of the book of keys about shares: which node handed which half of its key to the owner of which sealing key. */
import type { ActorId, NodeId } from '#base/ids.ts'
import type { ShareParcel } from './key-content.ts'

/** A share of a node, for the owner of one sealing key. */
export interface SharePlace {
  readonly node: NodeId
  readonly id: string
  readonly keyName: string
}

/** Where an entry stands: what a node must have to have heard of it. */
export interface Place {
  readonly actor: ActorId
  readonly seq: number
}

/** A share that came to the book. */
export interface ShareNews {
  readonly kind: 'share'
  readonly node: NodeId
  readonly id: string
  /** Undefined: whoever keeps it is to forget it. */
  readonly parcel: ShareParcel | undefined
}

/** Grows by `add`. */
export interface ShareBook {
  /** False when the share is over: what was called back stays so, though its entry may be heard of later. */
  readonly add: (news: Omit<ShareNews, 'kind'>, place: Place) => boolean
  /** Where a node's share stands for the owner of a sealing key; undefined when it was never handed over, or is over. */
  readonly placeOf: (share: SharePlace) => Place | undefined
}

/** An empty book. */
export function openShareBook(): ShareBook {
  const places = new Map<string, Place>()
  const forgotten = new Set<string>()
  return {
    add: ({ node, id, parcel }, place) => {
      const name = `${node} ${id}`
      if (parcel === undefined) forgotten.add(name)
      else if (forgotten.has(name)) return false
      else places.set(`${name} ${parcel.keyName}`, place)
      return true
    },
    placeOf: ({ node, id, keyName }) =>
      forgotten.has(`${node} ${id}`) ? undefined : places.get(`${node} ${id} ${keyName}`),
  }
}
