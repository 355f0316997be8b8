/** Nodes of one organisation for the trust bench: whole sync over memory stores, keys that follow from names. */
import { bytesFromText } from '#base/bytes.ts'
import { must } from '#base/assert.ts'
import { sha256 } from '#base/hash.ts'
import type { DocumentId } from '#base/ids.ts'
import type { Clock as Has, Log } from '#model/log.ts'
import type { Carrier } from '#ports/carrier.ts'
import type { Clock } from '#ports/clock.ts'
import type { Log as EventLog } from '#ports/log.ts'
import { realRandom } from '#ports/real.ts'
import { openMemoryBlobs } from '#storage/memory-blobs.ts'
import { openMemoryStore } from '#storage/memory-store.ts'
import type { Outcome, SyncContext } from '#sync/context.ts'
import { cutDelta } from '#sync/cut.ts'
import { receive } from '#sync/inbox.ts'
import { openNodeSync } from '#sync/node-sync.ts'
import {
  ALL_RIGHTS,
  issueCertificate,
  NO_RIGHTS,
  openIdentity,
  organisationIdOf,
  rootIssuer,
  type Identity,
  type Organisation,
} from '#trust/identity.ts'
import { signingPair, SUITE_NACL } from '#trust/keys.ts'
import { openRoster, type Roster } from '#trust/roster.ts'

/** Sync of one node. */
export interface TrustNode extends AsyncDisposable {
  readonly context: SyncContext
}

const root = signingPair(SUITE_NACL, seedOf('root'))
const organisation: Organisation = {
  id: organisationIdOf(SUITE_NACL, root.publicBytes),
  name: 'Relief',
  suite: SUITE_NACL,
  rootKey: root.publicBytes,
  code: 'rf',
}
const YEAR_MS = 365 * 24 * 3_600_000

function silent(): void {
  return undefined
}

/** What a node of the bench may be given. */
export interface TrustNodeChoice {
  readonly clock: Clock
  readonly carriers?: readonly Carrier[]
  readonly log?: EventLog
}

const SILENT: EventLog = { error: silent, warn: silent, info: silent, debug: silent }

/** 32 bytes that follow from `name`. */
export function seedOf(name: string): Uint8Array {
  return sha256(bytesFromText(`bench trust ${name}`))
}

/** So many members, numbered from 1; the first is the hub. */
export function identities(count: number, now: number): readonly Identity[] {
  return Array.from({ length: count }, (_, index): Identity => {
    const seed = seedOf(`node ${index}`)
    const certificate = issueCertificate(rootIssuer(SUITE_NACL, root), {
      number: index + 1,
      name: `node-${index + 1}`,
      role: index === 0 ? 'hub' : 'kit',
      rights: index === 0 ? ALL_RIGHTS : NO_RIGHTS,
      validFrom: now - YEAR_MS,
      validUntil: now + YEAR_MS,
      signingKey: signingPair(SUITE_NACL, seed).publicBytes,
    })
    const authority = { organisation, certificateOf: () => undefined }
    return must(openIdentity(authority, seed, certificate), 'the keys fit')
  })
}

/** A roster that knows all of `members`. */
export function rosterOf(members: readonly Identity[]): Roster {
  const roster = openRoster(organisation)
  for (const { certificateBytes } of members) roster.introduce(certificateBytes)
  return roster
}

/** Opens the sync of one of them; it knows all of `members`. */
export async function openTrustNode(
  identity: Identity,
  members: readonly Identity[],
  { clock, carriers = [], log = SILENT }: TrustNodeChoice,
): Promise<TrustNode> {
  return openNodeSync({
    identity,
    organisationSecret: seedOf('door'),
    life: seedOf(`life ${identity.certificate.node}`).subarray(0, 4),
    roster: rosterOf(members),
    store: openMemoryStore(),
    blobs: openMemoryBlobs(),
    clock,
    random: realRandom(),
    log,
    carriers,
    emit: silent,
  })
}

/** A document of a node as it is now. */
export function logOf({ context }: TrustNode, document: DocumentId): Promise<Log> {
  return context.replica.commit((tx) => tx.log(document))
}

/** The envelopes in which a node sends what follows `has` of a document. */
export async function envelopesOf(
  { context }: TrustNode,
  document: DocumentId,
  has: Has = {},
): Promise<readonly Uint8Array[]> {
  const envelopes: Uint8Array[] = []
  let clock = has
  for (;;) {
    const want = { peer: 'post:bench', lane: 'routine', document, clock } as const
    const cut = await context.replica.commit((tx) => cutDelta(tx, context, want))
    if (cut === undefined) return envelopes
    envelopes.push(cut.parcel.bytes)
    clock = { ...clock, ...cut.record.clock }
  }
}

/** Takes an envelope to its end. */
export function take({ context }: TrustNode, bytes: Uint8Array): Promise<Outcome> {
  return receive(context, {
    peer: 'post:bench',
    bytes,
    bookmark: [],
    acceptCustody: () => undefined,
    refuse: () => undefined,
  })
}
