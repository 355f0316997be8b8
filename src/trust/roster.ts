/** The nodes whose certificates this node holds: who is behind a number in an envelope or a prefix in an actor. */
import type { KeyObject } from 'node:crypto'
import { must } from '#base/assert.ts'
import {
  nodePrefix,
  nodePrefixOfActor,
  nodePrefixOfPerson,
  type ActorId,
  type Instant,
  type NodeId,
  type UserId,
} from '#base/ids.ts'
import {
  issuerOf,
  readCertificate,
  verifierOf,
  type Authority,
  type Certificate,
  type Organisation,
} from './identity.ts'
import { verify, type Suite } from './keys.ts'

/** Grows by `introduce`; only certificates that the organisation vouches for get in. */
export interface Roster {
  readonly suite: Suite
  /** Whose certificates are believed, as of now. */
  readonly authority: Authority
  /**
   * The node's certificate from now on: the one in `bytes`, or the one that is known where it was issued later.
   * Undefined when nobody we believe signed `bytes`; one whose issuer is not known yet is kept until it is.
   */
  readonly introduce: (bytes: Uint8Array) => Certificate | undefined
  /** The bytes of a certificate in the roster. */
  readonly bytesOf: (node: NodeId) => Uint8Array | undefined
  readonly all: () => readonly Certificate[]
  readonly byNumber: (number: number) => Certificate | undefined
  readonly byNode: (node: NodeId) => Certificate | undefined
  /** The node whose life `actor` is. */
  readonly ofActor: (actor: ActorId) => Certificate | undefined
  /** The node where a person was enrolled. */
  readonly homeOf: (person: UserId) => Certificate | undefined
  /** Whether `node` signed exactly `statement`; false when the node is unknown. */
  readonly verify: (node: NodeId, statement: Uint8Array, signature: Uint8Array) => boolean
  /** The node is not believed any more: since when what it claims to have written counts no longer. */
  readonly revoke: (node: NodeId, since: Instant) => void
  /** Since when a node is revoked; undefined when it is not. */
  readonly revokedSince: (node: NodeId) => Instant | undefined
}

/** Certificates kept until their issuer is known. */
const STRANGERS_MAX = 64

/** An empty roster of an organisation. */
export function openRoster({ suite, rootKey }: Pick<Organisation, 'suite' | 'rootKey'>): Roster {
  const papersOf = new Map<NodeId, Papers>()
  const bytesByNode = new Map<NodeId, Uint8Array>()
  const byNode = new Map<NodeId, Certificate>()
  const byNumber = new Map<number, Certificate>()
  const byPrefix = new Map<string, Certificate>()
  const verifiers = new Map<NodeId, KeyObject>()
  const revoked = new Map<NodeId, Instant>()
  const strangers = new Map<string, Uint8Array>()
  const authority = { suite, rootKey, certificateOf: (node: NodeId) => byNode.get(node) }

  const admit = (certificate: Certificate, bytes: Uint8Array): Certificate => {
    const { node } = certificate
    const papers = withPaper(papersOf.get(node), { certificate, bytes: Uint8Array.from(bytes) })
    const counting = countingOf(papers)
    papersOf.set(node, papers)
    bytesByNode.set(node, counting.bytes)
    byNode.set(node, counting.certificate)
    if (!isTaken(byNumber.get(counting.certificate.number), counting.certificate))
      byNumber.set(counting.certificate.number, counting.certificate)
    byPrefix.set(nodePrefix(node), counting.certificate)
    verifiers.set(node, verifierOf(suite, certificate))
    return counting.certificate
  }
  const retryStrangers = (): void => {
    for (const [name, bytes] of strangers) {
      const certificate = readCertificate(authority, bytes)
      if (certificate === undefined) continue
      strangers.delete(name)
      admit(certificate, bytes)
    }
  }
  const keepStranger = (bytes: Uint8Array): void => {
    const issuer = issuerOf(suite, bytes)
    if (issuer === undefined || issuer === 'root' || byNode.has(issuer)) return
    if (strangers.size >= STRANGERS_MAX) return
    strangers.set(Buffer.from(bytes).toString('hex'), Uint8Array.from(bytes))
  }

  return {
    suite,
    authority,
    introduce: (bytes) => {
      const certificate = readCertificate(authority, bytes)
      if (certificate === undefined) {
        keepStranger(bytes)
        return undefined
      }
      const admitted = admit(certificate, bytes)
      if (admitted.rights.issues) retryStrangers()
      return admitted
    },
    bytesOf: (node) => bytesByNode.get(node),
    all: () => [...byNode.values()].toSorted((a, b) => a.number - b.number),
    byNumber: (number) => byNumber.get(number),
    byNode: (node) => byNode.get(node),
    ofActor: (actor) => byPrefix.get(nodePrefixOfActor(actor)),
    homeOf: (person) => byPrefix.get(nodePrefixOfPerson(person)),
    verify: (node, statement, signature) => {
      const key = verifiers.get(node)
      return key !== undefined && verify(key, statement, signature)
    },
    revoke: (node, since) => {
      const known = revoked.get(node)
      revoked.set(node, known === undefined ? since : Math.min(known, since))
    },
    revokedSince: (node) => revoked.get(node),
  }
}

interface Paper {
  readonly certificate: Certificate
  readonly bytes: Uint8Array
}

/** A node's newest certificate by the root, and its newest by a node. */
interface Papers {
  readonly byRoot: Paper | undefined
  readonly byNode: Paper | undefined
}

function withPaper(papers: Papers | undefined, paper: Paper): Papers {
  const { byRoot, byNode } = papers ?? { byRoot: undefined, byNode: undefined }
  return paper.certificate.issuer === undefined
    ? { byRoot: laterOf(byRoot, paper), byNode }
    : { byRoot, byNode: laterOf(byNode, paper) }
}

function laterOf(known: Paper | undefined, paper: Paper): Paper {
  return known !== undefined && known.certificate.validFrom > paper.certificate.validFrom
    ? known
    : paper
}

/**
 * The later one counts. But what the root lets a node do only the root takes back: a captured node that may issue cannot
 * take another's rights away by a later certificate without them. The same whichever came first.
 */
function countingOf({ byRoot, byNode }: Papers): Paper {
  if (byRoot === undefined || byNode === undefined)
    return must(byRoot ?? byNode, 'a node in the roster has a certificate')
  const { rights, validFrom } = byRoot.certificate
  const hasRights = rights.administers || rights.issues
  return hasRights || validFrom >= byNode.certificate.validFrom ? byRoot : byNode
}

/**
 * Whether a number stays with the node that has it. A root restored from a backup may give one twice, and every node
 * must find the same node behind it, whichever it heard of first.
 */
function isTaken(holder: Certificate | undefined, certificate: Certificate): boolean {
  if (holder === undefined || holder.node === certificate.node) return false
  if (holder.validFrom !== certificate.validFrom) return holder.validFrom < certificate.validFrom
  return holder.node < certificate.node
}
