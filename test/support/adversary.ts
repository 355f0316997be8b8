/**
 * Adversaries for tests. An insider has a node's signing key, all that its node was given, and the code: it writes what it
 * likes, seals it as it likes, and keeps no rule. Who only owns the broker has no more than bytes to change.
 */
import { must } from '#base/assert.ts'
import { concatBytes } from '#base/bytes.ts'
import {
  actorOf,
  newPersonId,
  type ActorId,
  type DocumentId,
  type Instant,
  type NodeId,
  type UserId,
} from '#base/ids.ts'
import { encodeDelta } from '#codec/delta.ts'
import { sealEnvelope } from '#codec/envelope.ts'
import { encodeNote, type Note } from '#codec/note.ts'
import { encodeEntry, type Content } from '#model/entry.ts'
import { openLog, type Log, type Logged } from '#model/log.ts'
import { openMemoryStore } from '#storage/memory-store.ts'
import type { Store } from '#ports/store.ts'
import { scopeOf } from '#sync/audience.ts'
import type { SyncNode } from './sync.ts'
import { attestationOf, noteStatement } from '#trust/attestation.ts'
import { openKeyring, scopeKey, type Epoch, type EpochKey, type Scope } from '#trust/epoch.ts'
import type { Certificate, Identity } from '#trust/identity.ts'
import { sealSecret } from '#trust/sealing-key.ts'
import { organisation, organisationSecret, rosterOf, seedOf } from './nodes.ts'
import { seededRandom } from './random.ts'
import type { CollectingLog } from './log.ts'

/** Name of each attack in the log, and the reason it gives where the event has several. */
export const NAMED = {
  altered: ['envelope.refused', 'not authentic'],
  malformed: ['envelope.refused', 'malformed'],
  unsigned: ['envelope.refused', 'not vouched for'],
  unvouched: ['delta.not-vouched-for', undefined],
  revoked: ['envelope.refused', 'revoked'],
  foreignAuthor: ['rule.broken', 'foreign author'],
  wrongDocument: ['rule.broken', 'wrong document'],
  notOfAudience: ['envelope.parked', 'not of the audience'],
  fork: ['fork.found', undefined],
  forkUnproved: ['fork.unproved', undefined],
  stickNotOurs: ['courier.refused', 'does not open'],
  stickAltered: ['courier.refused', 'not authentic'],
  stickCut: ['courier.refused', 'truncated'],
  floodOfWants: ['want.refused', 'too often'],
} as const satisfies Readonly<Record<string, readonly [event: string, reason: string | undefined]>>

/** Whether an attack stands in a log under its name. */
export function isNamed(log: CollectingLog, attack: keyof typeof NAMED): boolean {
  const [event, reason] = NAMED[attack]
  return log.named(event).some(({ facts }) => reason === undefined || facts['reason'] === reason)
}

/** An entry that keeps no rule unless told to; everything left out is as an honest node would have it. */
export interface ForgedEntry {
  readonly author?: UserId
  readonly claimedAt?: Instant
  readonly placeAt?: Instant
  readonly counter?: number
  readonly content: Content
}

/** How an envelope is to lie. */
export interface Lie {
  /** In whose name it is sealed; the insider's own unless given. */
  readonly sender?: Certificate
  readonly life?: Uint8Array
  readonly key?: EpochKey
  readonly signature?: Uint8Array | 'none'
  /** Signatures of other actors, in place of true ones. */
  readonly attestations?: ReadonlyMap<ActorId, Uint8Array>
}

/** A node in wrong hands. */
export interface Insider {
  readonly identity: Identity
  readonly node: NodeId
  readonly actor: ActorId
  readonly life: Uint8Array
  /** A person enrolled there: whom the node may write for. */
  readonly person: UserId
  /** Its own list of a document, as it has written it so far. */
  readonly list: (document: DocumentId) => Log
  /** Writes one more entry into its own list. */
  readonly write: (document: DocumentId, entry: ForgedEntry) => Logged
  /** Writes any bytes into it. */
  readonly writeRaw: (document: DocumentId, value: Uint8Array) => Logged
  /** Seals changes of a document: all of its own list unless given. */
  readonly envelope: (document: DocumentId, lie?: Lie, changes?: readonly Logged[]) => Uint8Array
  /** Seals any body, with any signature. */
  readonly seal: (scope: Scope, body: Uint8Array, lie?: Lie) => Uint8Array
  readonly note: (note: Note, lie?: Lie) => Uint8Array
  readonly sign: (message: Uint8Array) => Uint8Array
  /** The signature that vouches for a change of a document. */
  readonly attest: (document: DocumentId, change: Pick<Logged, 'hash'>) => Uint8Array
  /** A secret shared with the owner of a sealing key, and what tells its owner. */
  readonly pairWith: (publicBytes: Uint8Array) => {
    readonly secret: Uint8Array
    readonly ciphertext: Uint8Array
  }
  /** A new life of the same node, with empty lists. */
  readonly reborn: (life: string) => Insider
}

/** Whom an insider knows, and which life it writes in. */
export interface InsiderChoice {
  readonly knows: readonly Identity[]
  readonly life?: string
}

/** The node of `identity` in wrong hands. */
export function anInsider(identity: Identity, { knows, life: named }: InsiderChoice): Insider {
  const { certificate } = identity
  const { suite } = organisation
  const { node } = certificate
  const life = seedOf(named ?? `${certificate.name} in wrong hands`).subarray(0, 4)
  const actor = actorOf(node, life)
  const roster = rosterOf([identity, ...knows])
  const keyring = openKeyring(suite, organisation.id, organisationSecret)
  const random = seededRandom(certificate.number + 100)
  const lists = new Map<DocumentId, Log>()
  let counter = 0

  const list = (document: DocumentId): Log => {
    const known = lists.get(document) ?? openLog(document)
    lists.set(document, known)
    return known
  }
  const writeRaw = (document: DocumentId, value: Uint8Array): Logged => {
    const log = list(document)
    return log.add(log.next(actor, value))
  }
  const attest = (document: DocumentId, { hash }: Pick<Logged, 'hash'>): Uint8Array =>
    identity.sign(attestationOf(organisation.id, document, hash))
  const keyFor = (scope: Scope): EpochKey => {
    if (scope === 'keys') return keyring.keysKey
    keyring.addScope(scope, organisation.id)
    return must(keyring.keyOf(scope, keyring.firstEpoch.id), 'the door opens every public scope')
  }
  const sealed = (
    body: Uint8Array,
    key: EpochKey,
    { lie, signature }: { readonly lie: Lie; readonly signature: Seal },
  ): Uint8Array =>
    sealEnvelope({
      sender: lie.sender ?? certificate,
      life: lie.life ?? life,
      generation: 0,
      salt: Uint8Array.of(1, 2, 3, 4),
      counter: counter++,
      key: lie.key ?? key,
      body,
      sign: lie.signature === 'none' ? undefined : signature,
    })

  return {
    identity,
    node,
    actor,
    life,
    person: newPersonId(node, seedOf(`${certificate.name} person`).subarray(0, 8)),
    list,
    write: (document, entry) => {
      const context = list(document).context(actor)
      const claimedAt = entry.claimedAt ?? 1_800_000_000_000
      const placeAt = entry.placeAt ?? Math.max(claimedAt, context.placeAt + 1)
      const whole = {
        author: entry.author,
        claimedAt,
        placeAt,
        counter: entry.counter ?? context.counter + 1,
        content: entry.content,
      }
      return writeRaw(document, encodeEntry(whole, context))
    },
    writeRaw,
    envelope: (document, lie = {}, changes = list(document).since({})) => {
      const sender = actorOf((lie.sender ?? certificate).node, lie.life ?? life)
      const attestations =
        lie.attestations ??
        new Map(changes.map((change) => [change.actor, attest(document, change)] as const))
      const body = encodeDelta({ document, changes, sender, roster, attestations })
      const own = changes.findLast((change) => change.actor === sender)
      const given = lie.signature instanceof Uint8Array ? lie.signature : undefined
      const signature = own && (() => given ?? attest(document, own))
      return sealed(body, keyFor(scopeOf(document)), { lie, signature })
    },
    seal: (scope, body, lie = {}) => {
      const given = lie.signature instanceof Uint8Array ? lie.signature : undefined
      return sealed(body, keyFor(scope), { lie, signature: given && (() => given) })
    },
    note: (note, lie = {}) => {
      const body = encodeNote(note, roster)
      const signature = (header: Uint8Array): Uint8Array =>
        identity.sign(noteStatement(organisation.id, header, body))
      return sealed(body, keyFor('directory'), { lie, signature })
    },
    sign: identity.sign,
    attest,
    pairWith: (publicBytes) => must(sealSecret(suite, publicBytes, random), 'it is a sealing key'),
    reborn: (next) => anInsider(identity, { knows, life: next }),
  }
}

type Seal = ((header: Uint8Array) => Uint8Array) | undefined

/** The key of a scope under a secret that the adversary has. */
export function keyUnder(scope: Scope, epoch: Epoch): EpochKey {
  return scopeKey(organisation.suite, organisation.id, { scope, epoch })
}

/** The bytes with one of them changed. */
export function flipped(bytes: Uint8Array, at: number): Uint8Array {
  const changed = Uint8Array.from(bytes)
  changed[at] = (changed[at] ?? 0) ^ 1
  return changed
}

/** The bytes, and more behind them. */
export function withTail(bytes: Uint8Array, tail: Uint8Array): Uint8Array {
  return concatBytes(bytes, tail)
}

/** Everything on a disk, taken at this moment. */
export async function stolenDisk(store: Store): Promise<Store> {
  const copy = openMemoryStore()
  const all = await store.list({ from: '', to: '\u{10ffff}' })
  await copy.write(all.map(([name, value]) => ({ key: name, value })))
  return copy
}

/** Bytes that the values of a store take. */
export async function sizeOf({ context }: SyncNode): Promise<number> {
  const all = await context.replica.read.list({ from: '', to: '\u{10ffff}' })
  return all.reduce((sum, [name, value]) => sum + name.length + value.length, 0)
}
