/**
 * Adversaries for tests. An insider has a node's signing key, all that its node was given, and the code: it writes what it
 * likes, seals it as it likes, and keeps no rule. Who only owns the broker has no more than bytes to change.
 */
import { must } from '#base/assert.ts'
import { concatBytes } from '#base/bytes.ts'
import {
  actorOf,
  lifeOfActor,
  newPersonId,
  type ActorId,
  type DocumentId,
  type Instant,
  type NodeId,
  type UserId,
} from '#base/ids.ts'
import { encodeDelta } from '#codec/delta.ts'
import { sealEnvelope } from '#codec/envelope.ts'
import { encodeLoad } from '#codec/load.ts'
import { encodeNote, type Note } from '#codec/note.ts'
import type { AuditRecord } from '#model/audit-record.ts'
import { REASONS, type Deed } from '#model/audit-words.ts'
import { encodeEntry, type Content } from '#model/entry.ts'
import { openLog, type Log, type Logged } from '#model/log.ts'
import { upTo } from '#model/trail.ts'
import { openMemoryStore } from '#storage/memory-store.ts'
import type { Store } from '#ports/store.ts'
import { scopeOf } from '#sync/audience.ts'
import { readAudit } from '#sync/audit-reading.ts'
import { amiraOf, type SyncNode } from './sync.ts'
import { attestationOf, noteStatement, type Attested } from '#trust/attestation.ts'
import { openKeyring, scopeKey, type Epoch, type EpochKey, type Scope } from '#trust/epoch.ts'
import type { Certificate, Identity } from '#trust/identity.ts'
import { sealSecret } from '#trust/sealing-key.ts'
import { organisation, organisationSecret, rosterOf, seedOf } from './nodes.ts'
import { seededRandom } from './random.ts'
import type { CollectingLog } from './log.ts'

/** An attack by its name: an event of the log, a deed of the audit, and the reason in both where there are several. */
interface Name {
  /** Undefined for what people try at a door: that stands in the audit alone. */
  readonly event?: string
  readonly deed: Deed
  readonly reason?: (typeof REASONS)[number]
}

/** What each attack is called where it was tried. */
export const NAMED = {
  malformed: { event: 'envelope.refused', deed: 'envelope refused', reason: 'malformed' },
  unsigned: { event: 'envelope.refused', deed: 'envelope refused', reason: 'not vouched for' },
  unvouched: { event: 'delta.not-vouched-for', deed: 'not vouched for' },
  revoked: { event: 'envelope.refused', deed: 'envelope refused', reason: 'revoked' },
  tooEarly: { event: 'envelope.refused', deed: 'envelope refused', reason: 'too many wait' },
  foreignAuthor: { event: 'rule.broken', deed: 'rule broken', reason: 'foreign author' },
  foreignList: { event: 'rule.broken', deed: 'rule broken', reason: 'foreign list' },
  wrongDocument: { event: 'rule.broken', deed: 'rule broken', reason: 'wrong document' },
  notOfAudience: {
    event: 'envelope.parked',
    deed: 'envelope parked',
    reason: 'not of the audience',
  },
  fork: { event: 'fork.found', deed: 'fork found' },
  forkUnproved: { event: 'fork.unproved', deed: 'fork unproved' },
  floodOfWants: { event: 'want.refused', deed: 'want refused', reason: 'too often' },
  lieAboutUs: { event: 'node.doubted', deed: 'claim doubted' },
  stickNotOurs: { event: 'courier.refused', deed: 'courier imported', reason: 'does not open' },
  stickAltered: { event: 'courier.refused', deed: 'courier imported', reason: 'not authentic' },
  stickCut: { event: 'courier.refused', deed: 'courier imported', reason: 'truncated' },
  othersMessage: withoutEffect('not the author'),
  otherChannel: withoutEffect('wrong document'),
  notAMember: withoutEffect('not a member'),
  notTheFounder: withoutEffect('not the founder'),
  noRight: withoutEffect('not an administrator'),
  falseCertificate: withoutEffect('not authentic'),
  forgedOrder: withoutEffect('not authentic'),
  outsidersEpoch: withoutEffect('not of the audience'),
  copiedWrap: withoutEffect('does not open'),
  afterRevocation: withoutEffect('revoked'),
  revokedPeer: { event: 'lan.session-end', deed: 'peer refused', reason: 'revoked' },
  falseHello: { event: 'lan.session-end', deed: 'peer refused', reason: 'not a member' },
  strangeHello: { event: 'lan.session-end', deed: 'peer refused', reason: 'unknown version' },
  expiredPeer: { event: 'lan.session-end', deed: 'certificate expired', reason: 'expired' },
  outsider: { deed: 'action refused', reason: 'not a member' },
  noAdministrator: { deed: 'action refused', reason: 'not an administrator' },
  foreignPage: { deed: 'request refused', reason: 'foreign page' },
  malformedRequest: { deed: 'request refused', reason: 'malformed' },
  guess: { deed: 'sign-in refused', reason: 'wrong password' },
  manyGuesses: { deed: 'sign-in refused', reason: 'too often' },
} as const satisfies Readonly<Record<string, Name>>

function withoutEffect<const R extends Name['reason']>(reason: R) {
  return { event: 'entry.without-effect', deed: 'entry without effect', reason } as const
}

/** Whether an attack stands in the audit under its name, and in the log where one is given. */
export function isNamed(
  { records, log }: { readonly records: readonly AuditRecord[]; readonly log?: CollectingLog },
  attack: keyof typeof NAMED,
): boolean {
  const { event, deed, reason }: Name = NAMED[attack]
  const isLogged =
    log === undefined ||
    event === undefined ||
    log.named(event).some(({ facts }) => {
      const logged = String(facts['reason']).replaceAll('-', ' ')
      return reason === undefined || logged === reason
    })
  const isAudited = records.some(
    (one) => one.deed === deed && REASONS[one.facts.reason ?? 0] === (reason ?? 'other'),
  )
  return isLogged && isAudited
}

/** The attacks of these that do not stand in the audit of `node` under their names, or not in its log. */
export async function unnamed(
  node: Pick<SyncNode, 'context' | 'log'>,
  ...attacks: readonly (keyof typeof NAMED)[]
): Promise<readonly string[]> {
  const { replica, identity } = node.context
  await replica.commit(async () => undefined) // what was noted before is on disk then
  const all = await readAudit(replica.read, { after: 0, limit: 1_000 })
  const records = all.filter((one) => one.node === identity.certificate.node)
  return attacks.filter((attack) => !isNamed({ records, log: node.log }, attack))
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
  /** The signature that vouches for a list of a document up to a change. */
  readonly attest: (document: DocumentId, end: Omit<Attested, 'document'>) => Uint8Array
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

  const list = (document: DocumentId): Log => {
    const known = lists.get(document) ?? openLog(document)
    lists.set(document, known)
    return known
  }
  const writeRaw = (document: DocumentId, value: Uint8Array): Logged => {
    const log = list(document)
    return log.add(log.next(actor, value))
  }
  const attest: Insider['attest'] = (document, end) =>
    identity.sign(attestationOf(organisation.id, { ...end, document }))
  const attestLast = (document: DocumentId, changes: readonly Logged[], last: Logged) => {
    const { actor: of, seq, hash } = last
    const own = [...lists.values()].find((log) => log.find(of, seq)?.hash === hash)
    return attest(document, upTo(own ?? logOf(document, changes, of), last))
  }
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
        new Map(
          [...new Map(changes.map((change) => [change.actor, change])).values()].map(
            (last) => [last.actor, attestLast(document, changes, last)] as const,
          ),
        )
      const body = encodeDelta({ document, changes, sender, roster, attestations })
      const own = changes.findLast((change) => change.actor === sender)
      const given = lie.signature instanceof Uint8Array ? lie.signature : undefined
      const signature = own && (() => given ?? attestLast(document, changes, own))
      return sealed(body, keyFor(scopeOf(document)), { lie, signature })
    },
    seal: (scope, body, lie = {}) => {
      const given = lie.signature instanceof Uint8Array ? lie.signature : undefined
      return sealed(body, keyFor(scope), { lie, signature: given && (() => given) })
    },
    note: (note, lie = {}) => {
      const body = encodeNote(note, roster)
      const given = lie.signature instanceof Uint8Array ? lie.signature : undefined
      const sender = actorOf((lie.sender ?? certificate).node, lie.life ?? life)
      const statement = noteStatement(organisation.id, { actor: sender, body })
      const signature = given ?? identity.sign(statement)
      const notes = [{ actor: sender, body, signature }]
      const load = encodeLoad({ notes }, { scope: 'directory', sender, roster })
      return sealed(load, keyFor('directory'), { lie, signature: undefined })
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

/**
 * What somebody with a node's key can seal: another list of posts in the place of that node's own in `document`, the first
 * `same` of which are as the node wrote them.
 */
export function secondList(
  identity: Identity,
  { actor, document }: { readonly actor: ActorId; readonly document: DocumentId },
  {
    texts,
    same = 0,
    key,
  }: { readonly texts: readonly string[]; readonly same?: number; readonly key?: EpochKey },
): Uint8Array {
  const insider = anInsider(identity, { knows: [] })
  const log = openLog(document)
  const author = amiraOf(identity.certificate.node)
  for (const [index, body] of texts.entries()) {
    const claimedAt = BEGAN_AT + (index < same ? 0 : 1_000)
    const context = log.context(actor)
    const placeAt = Math.max(claimedAt, context.placeAt + 1)
    const content = { kind: 'post' as const, body, root: undefined }
    const value = encodeEntry({ author, claimedAt, placeAt, counter: 0, content }, context)
    log.add(log.next(actor, value))
  }
  const lie = { life: lifeOfActor(actor), ...(key && { key }) }
  return insider.envelope(document, lie, log.since({}))
}

function logOf(document: DocumentId, changes: readonly Logged[], actor: ActorId): Log {
  const log = openLog(document)
  for (const change of changes) if (change.actor === actor) log.add(change)
  return log
}

/** When clocks of these tests begin. */
const BEGAN_AT = 1_800_000_000_000

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
