/**
 * All that is known of the organisation's nodes, by whom: from it follows what each node is now. Kept apart from the roster,
 * which says whom to believe: nothing here checks a signature. Nodes that hold the same certificates and revocations come
 * to the same, in whatever order they came.
 */
import { assert } from '#base/assert.ts'
import type { Instant, NodeId } from '#base/ids.ts'
import type { Certificate } from './identity.ts'

/** What is known; grows by `admit` and `revoke`. Certificates stay. */
export interface Memberships {
  /** Adds a certificate that is genuine. */
  readonly admit: (certificate: Certificate, bytes: Uint8Array) => Certificate
  readonly revoke: (node: NodeId, since: Instant) => void
  /** As if nobody had ever been revoked. */
  readonly pardonAll: () => void
  readonly isRevoked: (node: NodeId) => boolean
  /** Since when a node, or everybody who vouched for it, is revoked. */
  readonly revokedSince: (node: NodeId) => Instant | undefined
  readonly now: (node: NodeId | undefined) => Certificate | undefined
  readonly all: () => readonly Certificate[]
  readonly bytesOf: (node: NodeId) => Uint8Array | undefined
  /** Who has a number, of all it was given to. */
  readonly holderOf: (number: number) => NodeId | undefined
}

interface Held {
  readonly certificate: Certificate
  readonly bytes: Uint8Array
}

/** What is known of one node. */
interface Standing {
  /** By issuer, the newest; '' is the root. */
  readonly byIssuer: Map<NodeId | '', Held>
  /** By number: whether the root gave it, and since when. */
  readonly claims: Map<number, Claim>
  now: Certificate
}

interface Claim {
  readonly isByRoot: boolean
  readonly since: Instant
}

/** Knows nobody yet. */
export function openMemberships(): Memberships {
  const standings = new Map<NodeId, Standing>()
  const claimants = new Map<number, Set<NodeId>>()
  const revoked = new Map<NodeId, Instant>()
  const isRevoked = (node: NodeId): boolean => revoked.has(node)
  const revokedSince = (node: NodeId): Instant | undefined => {
    const standing = standings.get(node)
    return revoked.get(node) ?? (standing && fallenSince(standing, revoked))
  }
  return {
    admit: (certificate, bytes) => {
      const { node, number } = certificate
      const standing = standings.get(node) ?? {
        byIssuer: new Map(),
        claims: new Map(),
        now: certificate,
      }
      standings.set(node, standing)
      claimants.set(number, (claimants.get(number) ?? new Set()).add(node))
      add(standing, { certificate, bytes: Uint8Array.from(bytes) })
      standing.now = standingNow(standing, isRevoked)
      return standing.now
    },
    revoke: (node, since) => {
      revoked.set(node, Math.min(revoked.get(node) ?? since, since))
      for (const standing of standings.values())
        if (standing.byIssuer.has(node)) standing.now = standingNow(standing, isRevoked)
    },
    pardonAll: () => {
      revoked.clear()
      for (const standing of standings.values()) standing.now = standingNow(standing, isRevoked)
    },
    isRevoked,
    revokedSince,
    now: (node) => node && standings.get(node)?.now,
    all: () => [...standings.values()].map(({ now }) => now),
    bytesOf: (node) => {
      const standing = standings.get(node)
      return standing && best(standing, isRevoked).bytes
    },
    holderOf: (number) => {
      const nodes = [...(claimants.get(number) ?? [])]
      if (nodes.length < 2) return nodes[0]
      const rank = (node: NodeId): string =>
        rankOf(standings.get(node)?.claims.get(number), revokedSince(node) !== undefined) + node
      return nodes.toSorted((a, b) => (rank(a) < rank(b) ? -1 : 1))[0]
    },
  }
}

type IsRevoked = (issuer: NodeId) => boolean

function add(standing: Standing, held: Held): void {
  const { certificate } = held
  const issuer = certificate.issuer ?? ''
  standing.byIssuer.set(issuer, newer(standing.byIssuer.get(issuer), held))
  claim(standing, certificate)
}

/** Of two by one issuer the later; of two of one moment those bytes that come last, as everywhere. */
function newer(known: Held | undefined, other: Held): Held {
  if (known === undefined) return other
  const [at, otherAt] = [known.certificate.validFrom, other.certificate.validFrom]
  if (at !== otherAt) return at > otherAt ? known : other
  return Buffer.compare(known.bytes, other.bytes) >= 0 ? known : other
}

/** The certificates that count: those of believed issuers; of no believed one, all. */
function counting({ byIssuer }: Standing, isRevoked: IsRevoked): readonly Held[] {
  const all = [...byIssuer.values()]
  const believed = all.filter(
    ({ certificate: { issuer } }) => issuer === undefined || !isRevoked(issuer),
  )
  return believed.length > 0 ? believed : all
}

/** Who says what the node is: the root, otherwise whoever spoke last. */
function best(standing: Standing, isRevoked: IsRevoked): Held {
  const [first, ...others] = counting(standing, isRevoked)
  assert(first !== undefined, 'a node in the roster has a certificate')
  return standing.byIssuer.get('') ?? others.reduce(newer, first)
}

/** What the best certificate says, for as long as any that counts. */
function standingNow(standing: Standing, isRevoked: IsRevoked): Certificate {
  const { certificate } = best(standing, isRevoked)
  const ends = counting(standing, isRevoked).map((one) => one.certificate.validUntil)
  return { ...certificate, validUntil: Math.max(...ends) }
}

/** A node keeps a number from its first certificate with it, by the root or by anybody. */
function claim({ claims }: Standing, { number, issuer, validFrom }: Certificate): void {
  const known = claims.get(number)
  const isByRoot = issuer === undefined
  if (known !== undefined && known.isByRoot !== isByRoot && known.isByRoot) return
  const isSame = known?.isByRoot === isByRoot
  const since = isSame ? Math.min(known.since, validFrom) : validFrom
  claims.set(number, { isByRoot, since })
}

/**
 * Who has a number that several nodes were given, as text that sorts first: a root restored from a backup may give one
 * twice, and so may two nodes that issue apart.
 */
function rankOf(known: Claim | undefined, isRevoked: boolean): string {
  const since = String(known?.since ?? 0).padStart(16, '0')
  return `${isRevoked ? 1 : 0}${known?.isByRoot === true ? 0 : 1}${since} `
}

/** Since when nobody vouches for a node any more, all its issuers being revoked. */
function fallenSince(
  { byIssuer }: Standing,
  revoked: ReadonlyMap<NodeId, Instant>,
): Instant | undefined {
  let last = 0
  for (const issuer of byIssuer.keys()) {
    const since = issuer === '' ? undefined : revoked.get(issuer)
    if (since === undefined) return undefined
    last = Math.max(last, since)
  }
  return last
}
