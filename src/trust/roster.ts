/** The nodes whose certificates this node holds: who is behind a number in an envelope or a prefix in an actor. */
import type { KeyObject } from 'node:crypto'
import { nodePrefix, nodePrefixOfActor, type ActorId, type NodeId } from '#base/ids.ts'
import { verifierOf, type Certificate } from './identity.ts'
import { verify } from './keys.ts'

/** Grows by `add`; a certificate is only ever added after `readCertificate` found it good. */
export interface Roster {
  readonly add: (certificate: Certificate) => void
  readonly all: () => readonly Certificate[]
  readonly byNumber: (number: number) => Certificate | undefined
  readonly byNode: (node: NodeId) => Certificate | undefined
  /** The node whose life `actor` is. */
  readonly ofActor: (actor: ActorId) => Certificate | undefined
  /** Whether `node` signed exactly `statement`; false when the node is unknown. */
  readonly verify: (node: NodeId, statement: Uint8Array, signature: Uint8Array) => boolean
}

/** An empty roster. */
export function openRoster(): Roster {
  const byNode = new Map<NodeId, Certificate>()
  const byNumber = new Map<number, Certificate>()
  const byPrefix = new Map<string, Certificate>()
  const verifiers = new Map<NodeId, KeyObject>()
  return {
    add: (certificate) => {
      byNode.set(certificate.node, certificate)
      byNumber.set(certificate.number, certificate)
      byPrefix.set(nodePrefix(certificate.node), certificate)
      verifiers.set(certificate.node, verifierOf(certificate))
    },
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
