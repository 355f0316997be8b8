/** The nodes whose certificates this node holds: who is behind a number in an envelope or a prefix in an actor. */
import type { KeyObject } from 'node:crypto'
import { nodePrefix, nodePrefixOfActor, type ActorId, type NodeId } from '#base/ids.ts'
import { readCertificate, verifierOf, type Certificate } from './identity.ts'
import { verify } from './keys.ts'

/** Grows by `introduce`; only certificates that the organisation's root has signed get in. */
export interface Roster {
  /**
   * The node's certificate from now on: the one in `bytes`, or the one that is known where it was issued later.
   * Undefined when the root did not sign `bytes`.
   */
  readonly introduce: (bytes: Uint8Array) => Certificate | undefined
  /** The bytes of a certificate in the roster. */
  readonly bytesOf: (node: NodeId) => Uint8Array | undefined
  readonly all: () => readonly Certificate[]
  readonly byNumber: (number: number) => Certificate | undefined
  readonly byNode: (node: NodeId) => Certificate | undefined
  /** The node whose life `actor` is. */
  readonly ofActor: (actor: ActorId) => Certificate | undefined
  /** Whether `node` signed exactly `statement`; false when the node is unknown. */
  readonly verify: (node: NodeId, statement: Uint8Array, signature: Uint8Array) => boolean
}

/** An empty roster of the organisation whose root has this public key. */
export function openRoster(rootKey: Uint8Array): Roster {
  const bytesByNode = new Map<NodeId, Uint8Array>()
  const byNode = new Map<NodeId, Certificate>()
  const byNumber = new Map<number, Certificate>()
  const byPrefix = new Map<string, Certificate>()
  const verifiers = new Map<NodeId, KeyObject>()
  return {
    introduce: (bytes) => {
      const certificate = readCertificate(rootKey, bytes)
      if (certificate === undefined) return undefined
      const known = byNode.get(certificate.node)
      if (known !== undefined && known.issuedAt > certificate.issuedAt) return known
      bytesByNode.set(certificate.node, Uint8Array.from(bytes))
      byNode.set(certificate.node, certificate)
      if (!isTaken(byNumber.get(certificate.number), certificate))
        byNumber.set(certificate.number, certificate)
      byPrefix.set(nodePrefix(certificate.node), certificate)
      verifiers.set(certificate.node, verifierOf(certificate))
      return certificate
    },
    bytesOf: (node) => bytesByNode.get(node),
    all: () => [...byNode.values()].toSorted((a, b) => a.number - b.number),
    byNumber: (number) => byNumber.get(number),
    byNode: (node) => byNode.get(node),
    ofActor: (actor) => byPrefix.get(nodePrefixOfActor(actor)),
    verify: (node, statement, signature) => {
      const key = verifiers.get(node)
      return key !== undefined && verify(key, statement, signature)
    },
  }
}

/**
 * Whether a number stays with the node that has it. A root restored from a backup may give one twice, and every node
 * must find the same node behind it, whichever it heard of first.
 */
function isTaken(holder: Certificate | undefined, certificate: Certificate): boolean {
  if (holder === undefined || holder.node === certificate.node) return false
  if (holder.issuedAt !== certificate.issuedAt) return holder.issuedAt < certificate.issuedAt
  return holder.node < certificate.node
}
