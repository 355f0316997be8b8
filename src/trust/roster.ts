/**
 * The nodes whose certificates this node holds: who is behind a number in an envelope or a prefix in an actor. Whatever
 * came first, nodes that hold the same certificates and revocations see the same nodes.
 */
import type { KeyObject } from 'node:crypto'
import { equalBytes } from '#base/bytes.ts'
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
import { COMPANION_BYTES, companionOf, jointStatement, type Part } from './attestation.ts'
import { verify, type Suite } from './keys.ts'
import { openMemberships } from './membership.ts'

/** A statement that may be signed together with one of the other kind. */
export interface Stated {
  readonly part: Part
  readonly statement: Uint8Array
}

/** Grows by `introduce`; only certificates that the organisation vouches for get in. */
export interface Roster {
  readonly suite: Suite
  /** Whose certificates are believed, as of now: not those of a revoked issuer. */
  readonly authority: Authority
  /**
   * The node's certificate from now on, as it follows from all that are known of it. Undefined when nobody we know signed
   * `bytes`; one whose issuer is not known yet is kept until it is.
   *
   * Role, rights, number and name are what the root said last, if it ever spoke of the node. What another node issued
   * makes its time longer and takes nothing from it, so that no captured issuer can put a hub out of office.
   */
  readonly introduce: (bytes: Uint8Array) => Certificate | undefined
  /** Certificates that came in and of which nobody has said that they are on the disk. */
  readonly unsaved: () => readonly Uint8Array[]
  readonly saved: (bytes: Uint8Array) => void
  /** The bytes of a certificate of the node: the root's, if there is one. */
  readonly bytesOf: (node: NodeId) => Uint8Array | undefined
  readonly all: () => readonly Certificate[]
  readonly byNumber: (number: number) => Certificate | undefined
  readonly byNode: (node: NodeId) => Certificate | undefined
  /** The node whose life `actor` is. */
  readonly ofActor: (actor: ActorId) => Certificate | undefined
  /** The node where a person was enrolled. */
  readonly homeOf: (person: UserId) => Certificate | undefined
  /** A node has published a sealing key of this generation in this life (4 bytes). */
  readonly learnLife: (node: NodeId, generation: number, life: Uint8Array) => void
  /** The lives in which a node published one of this generation: usually one. */
  readonly livesOf: (node: NodeId, generation: number) => readonly Uint8Array[]
  /** Whether `node` signed exactly `statement`; false when the node is unknown. */
  readonly verify: (node: NodeId, statement: Uint8Array, signature: Uint8Array) => boolean
  /**
   * Whether `node` signed a change's or a note's statement. The proof is its signature, or one over this and a statement of the
   * other kind, and what stands for that (`attestation.ts`).
   */
  readonly proves: (node: NodeId, stated: Stated, proof: Uint8Array) => boolean
  /** The node is not believed any more: since when what it claims to have written counts no longer. */
  readonly revoke: (node: NodeId, since: Instant) => void
  /** No node is revoked or to be wiped any more: what orders there are is about to be told anew. */
  readonly forgetOrders: () => void
  /** The node is to destroy its keys: until it has said so it is talked to about that, and about nothing else. */
  readonly awaitWipe: (node: NodeId, isAwaited: boolean) => void
  readonly awaitsWipe: (node: NodeId) => boolean
  /**
   * Since when a node is revoked; undefined when it is not. With an issuer fall all whom nobody else vouches for: whoever
   * took it can make nodes, and date them back. A certificate by another issuer brings an honest one back.
   */
  readonly revokedSince: (node: NodeId) => Instant | undefined
}

/** Lives of one node that published the same generation: each is tried when an envelope is opened. */
const LIVES_MAX = 8
/** Certificates kept until their issuer is known. */
const STRANGERS_MAX = 64

/** An empty roster of an organisation. */
export function openRoster({ suite, rootKey }: Pick<Organisation, 'suite' | 'rootKey'>): Roster {
  const members = openMemberships()
  const { now } = members
  const byPrefix = new Map<string, NodeId>()
  const verifiers = new Map<NodeId, KeyObject>()
  // Also of revoked issuers: what their nodes wrote before stays readable.
  const everIssued: Authority = { suite, rootKey, certificateOf: now }
  const read = openReader(everIssued)

  const { note, ...unsaved } = openUnsaved()

  const admit = (certificate: Certificate, bytes: Uint8Array): Certificate => {
    const { node } = certificate
    note(bytes)
    byPrefix.set(nodePrefix(node), node)
    // A node's id says its key.
    if (!verifiers.has(node)) verifiers.set(node, verifierOf(suite, certificate))
    return members.admit(certificate, bytes)
  }
  const strangers = openStrangers(everIssued)
  const { forgetAll, ...wipes } = openWipes()
  const certificateOf = (node: NodeId): Certificate | undefined =>
    members.isRevoked(node) ? undefined : now(node)

  return {
    suite,
    authority: { suite, rootKey, certificateOf },
    introduce: (bytes) => {
      const certificate = read(bytes)
      if (certificate === undefined) {
        strangers.keep(bytes)
        return undefined
      }
      const admitted = admit(certificate, bytes)
      if (admitted.rights.issues) for (const one of strangers.believed()) admit(...one)
      return admitted
    },
    ...unsaved,
    bytesOf: members.bytesOf,
    all: () => members.all().toSorted((a, b) => a.number - b.number),
    byNumber: (number) => now(members.holderOf(number)),
    byNode: now,
    ofActor: (actor) => now(byPrefix.get(nodePrefixOfActor(actor))),
    homeOf: (person) => now(byPrefix.get(nodePrefixOfPerson(person))),
    ...openLives(),
    verify: (node, statement, signature) => {
      const key = verifiers.get(node)
      return key !== undefined && verify(key, statement, signature)
    },
    proves: (node, stated, proof) => {
      const key = verifiers.get(node)
      return key !== undefined && proves(suite, key, { stated, proof })
    },
    revoke: members.revoke,
    forgetOrders: () => {
      members.pardonAll()
      forgetAll()
    },
    ...wipes,
    revokedSince: members.revokedSince,
  }
}

function openUnsaved(): Pick<Roster, 'unsaved' | 'saved'> & {
  readonly note: (bytes: Uint8Array) => void
} {
  const known = new Set<string>()
  const unsaved = new Map<string, Uint8Array>()
  return {
    note: (bytes) => {
      const name = nameOf(bytes)
      if (known.has(name)) return
      known.add(name)
      unsaved.set(name, Uint8Array.from(bytes))
    },
    unsaved: () => [...unsaved.values()],
    saved: (bytes) => void unsaved.delete(nameOf(bytes)),
  }
}

/** Certificates whose issuer is not known yet. */
interface Strangers {
  readonly keep: (bytes: Uint8Array) => void
  /** Lets go of those that are vouched for by now, one by one: each may vouch for the next. */
  readonly believed: () => Iterable<readonly [Certificate, Uint8Array]>
}

function openStrangers(everIssued: Authority): Strangers {
  const strangers = new Map<string, Uint8Array>()
  return {
    keep: (bytes) => {
      if (strangers.size < STRANGERS_MAX && mayBeBelieved(everIssued, bytes))
        strangers.set(Buffer.from(bytes).toString('hex'), Uint8Array.from(bytes))
    },
    *believed() {
      for (const [name, bytes] of strangers) {
        const certificate = readCertificate(everIssued, bytes)
        if (certificate === undefined) continue
        strangers.delete(name)
        yield [certificate, bytes]
      }
    },
  }
}

/** Whether a certificate that nobody we know signed may count later: its issuer is not known to issue yet. */
function mayBeBelieved({ suite, certificateOf }: Authority, bytes: Uint8Array): boolean {
  const issuer = issuerOf(suite, bytes)
  if (issuer === undefined || issuer === 'root') return false
  return certificateOf(issuer)?.rights.issues !== true
}

/** Reads certificates. What the root signed stays so: it is checked once, however often it is read again. */
function openReader(authority: Authority): (bytes: Uint8Array) => Certificate | undefined {
  const byRoot = new Map<string, Certificate>()
  return (bytes) => {
    const name = nameOf(bytes)
    const certificate = byRoot.get(name) ?? readCertificate(authority, bytes)
    if (certificate !== undefined && certificate.issuer === undefined) byRoot.set(name, certificate)
    return certificate
  }
}

function nameOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('latin1')
}

function openWipes(): Pick<Roster, 'awaitWipe' | 'awaitsWipe'> & {
  readonly forgetAll: () => void
} {
  const awaited = new Set<NodeId>()
  return {
    awaitWipe: (node, isAwaited) => void (isAwaited ? awaited.add(node) : awaited.delete(node)),
    awaitsWipe: (node) => awaited.has(node),
    forgetAll: () => awaited.clear(),
  }
}

function openLives(): Pick<Roster, 'learnLife' | 'livesOf'> {
  const lives = new Map<string, readonly Uint8Array[]>()
  return {
    learnLife: (node, generation, life) => {
      const place = `${node} ${generation}`
      const known = lives.get(place) ?? []
      const isNew = known.length < LIVES_MAX && !known.some((one) => equalBytes(one, life))
      if (isNew) lives.set(place, [...known, Uint8Array.from(life)])
    },
    livesOf: (node, generation) => lives.get(`${node} ${generation}`) ?? [],
  }
}

function proves(
  { signatureBytes }: Suite,
  key: KeyObject,
  { stated, proof }: { readonly stated: Stated; readonly proof: Uint8Array },
): boolean {
  const { part, statement } = stated
  const other = part === 'change' ? 'note' : 'change'
  if (proof.length !== signatureBytes + COMPANION_BYTES[other]) return verify(key, statement, proof)
  const [signature, companion] = [proof.subarray(0, signatureBytes), proof.subarray(signatureBytes)]
  const both = { change: companion, note: companion, [part]: companionOf(part, statement) }
  return verify(key, jointStatement(both), signature)
}
