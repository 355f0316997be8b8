/**
 * Epochs at work: which secret to seal under, making the next one when somebody is out, and wrapping for those who lack
 * it. Whatever is decided here is written in the commit that needed it.
 */
import type { DocumentId, NodeId } from '#base/ids.ts'
import {
  nameOfSealingKey,
  type KeyNews,
  type SealingKeyFacts,
  type WrapFacts,
} from '#model/key-book.ts'
import { DIRECTORY, KEYS } from '#model/document-id.ts'
import {
  EPOCH_NUMBER_MAX,
  EPOCH_SECRET_BYTES,
  epochOf,
  type AudienceId,
  type Epoch,
  type EpochKey,
} from '#trust/epoch.ts'
import type { DoorEpoch } from '#trust/join-grant.ts'
import { openSecret, SEALING_SEED_BYTES, sealingPair } from '#trust/sealing-key.ts'
import { alarm } from './alarms.ts'
import { allAudiences, audienceOf, channelOfAudience, nodesOf, scopeOf } from './audience.ts'
import { audit, epochDeed } from './audit.ts'
import type { SyncContext } from './context.ts'
import { key, range } from './keys.ts'
import { pack, unpack, type EpochRecord, type SealingSeedRecord } from './records.ts'
import type { Reader, Tx } from './replica.ts'
import { wrapFor, takeWrap, hold, nameScope, append } from './wraps.ts'
import { epochsTold, hasLostOwn, mustOutdo, goodEpochs } from './good-epochs.ts'

/**
 * The key to seal a document (a note, for none) under now; makes the next epoch when no good one is left. Undefined when
 * this node is not of the audience, waits for somebody to wrap a good one for it, or knows nobody who could open it.
 */
export async function sealingKeyFor(
  tx: Tx,
  context: SyncContext,
  document: DocumentId | undefined,
): Promise<EpochKey | undefined> {
  const scope = document === undefined ? 'directory' : scopeOf(document)
  const audience = audienceOf(context, document ?? DIRECTORY)
  if (audience === undefined) return context.keyring.keysKey
  context.keyring.addScope(scope, audience)
  const epoch = canReachSomebody(context, audience)
    ? await ensureEpoch(tx, context, audience)
    : undefined
  if (epoch === undefined) return undefined
  await noteSealed(tx, context, epoch)
  return context.keyring.keyOf(scope, epoch.id)
}

/** Whether a document can be sealed at all now: there is somebody who could open it. */
export function isSealable(context: SyncContext, document: DocumentId): boolean {
  const audience = audienceOf(context, document)
  return audience === undefined || canReachSomebody(context, audience)
}

function canReachSomebody(context: SyncContext, audience: AudienceId): boolean {
  return heldEpoch(context, audience) !== undefined || sealableNodes(context, audience).length > 0
}

/** The epoch an audience seals under now, made if need be. */
export async function ensureEpoch(
  tx: Tx,
  context: SyncContext,
  audience: AudienceId,
): Promise<Epoch | undefined> {
  const nodes = nodesOf(context, audience)
  if (!nodes.has(context.identity.certificate.node)) return undefined
  const held = heldEpoch(context, audience)
  if (held !== undefined) return held
  const good = goodEpochs(context, audience, nodes)
  // A kit waits for who has a good one to wrap it; a hub waits for nobody, as one that nobody has would stop everybody.
  const waits = good.length > 0 && context.identity.certificate.role !== 'hub'
  return waits ? undefined : rotate(tx, context, audience)
}

/** The same where nobody can answer, as on a stick: instead of waiting for others to wrap theirs, this node makes one of its own. */
export async function ensureEpochAlone(
  tx: Tx,
  context: SyncContext,
  audience: AudienceId | undefined,
): Promise<Epoch | undefined> {
  const self = context.identity.certificate.node
  if (audience === undefined || !nodesOf(context, audience).has(self)) return undefined
  const held = heldEpoch(context, audience)
  if (held !== undefined) return held
  return canReachSomebody(context, audience) ? rotate(tx, context, audience) : undefined
}

/** The best good epoch that this node holds. */
function heldEpoch(context: SyncContext, audience: AudienceId): Epoch | undefined {
  return goodEpochs(context, audience, nodesOf(context, audience))
    .map(({ id }) => context.keyring.epoch(id))
    .find((one) => one !== undefined)
}

/** The organisation's epoch for a node that comes in now; undefined while it follows from what is given at the door. */
export async function epochForDoor(tx: Tx, context: SyncContext): Promise<DoorEpoch | undefined> {
  const epoch = await ensureEpoch(tx, context, context.identity.organisation.id)
  if (epoch?.maker === undefined) return undefined
  const { number, maker, secret } = epoch
  return { number, maker, secret }
}

/** Holds the epoch that was handed over at the door. */
export async function holdFromDoor(
  tx: Tx,
  context: SyncContext,
  { number, maker, secret }: DoorEpoch,
): Promise<void> {
  const { id: audience, suite } = context.identity.organisation
  const epoch = epochOf(suite, { audience, number, maker, secret })
  await hold(tx, context, { ...epoch, isFromDoor: true })
}

/** Begins the next epoch of an audience, whatever there is already. */
export async function rotate(tx: Tx, context: SyncContext, audience: AudienceId): Promise<Epoch> {
  const { identity, random } = context
  const known = context.keyBook().epochs(audience)
  const number = Math.min(EPOCH_NUMBER_MAX, 1 + Math.max(0, ...known.map((one) => one.number)))
  const epoch = epochOf(identity.organisation.suite, {
    audience,
    number,
    maker: identity.certificate.node,
    secret: random.bytes(EPOCH_SECRET_BYTES),
  })
  await hold(tx, context, epoch)
  const lacking = sealableNodes(context, audience)
  await wrapFor(tx, context, { epoch, lacking, isNew: true })
  tx.afterwards(() => context.log.info('epoch.made', { count: lacking.length }))
  await audit(tx, context, epochDeed(context, 'epoch made', epoch))
  return epoch
}

/** Wraps what an audience seals under for those of its nodes that lack it, or for one of them. */
export async function cover(
  tx: Tx,
  context: SyncContext,
  { audience, only }: { readonly audience: AudienceId; readonly only?: NodeId | undefined },
): Promise<void> {
  const nodes = nodesOf(context, audience)
  const good = goodEpochs(context, audience, nodes)
  if (mustOutdo(context, good, nodes)) await rotate(tx, context, audience)
  const best = good.find(({ id }) => context.keyring.epoch(id) !== undefined)
  if (best !== undefined && !best.isFirst) await coverWith(tx, context, { ...best, only })
}

/**
 * Wraps the epochs of kits that this node has sealed under, whatever became of them since: their makers may not have known
 * everybody, and what was sealed waits at those who could not be wrapped for. Hubs see to their own, unless their disk
 * was put back: then they lack what they made since.
 */
export async function coverSealed(
  tx: Tx,
  context: SyncContext,
  audience: AudienceId,
): Promise<void> {
  for (const epoch of epochsTold(context, audience)) {
    const isHubs = context.roster.byNode(epoch.maker)?.role === 'hub'
    const record = unpack<EpochRecord>(await tx.get(key.epoch(epoch.id)))
    const only = isHubs ? epoch.maker : undefined
    if (record?.isSealedUnder === true) await coverWith(tx, context, { ...epoch, only })
  }
}

interface Covering {
  readonly id: string
  readonly audience: string
  readonly covered: ReadonlySet<string>
  readonly only?: NodeId | undefined
}

async function coverWith(
  tx: Tx,
  context: SyncContext,
  { id, audience, covered, only }: Covering,
): Promise<void> {
  const epoch = context.keyring.epoch(id)
  const lacking = sealableNodes(context, audience as AudienceId).filter(
    ({ name, node }) => !covered.has(name) && (only === undefined || node === only),
  )
  if (epoch !== undefined && lacking.length > 0)
    await wrapFor(tx, context, { epoch, lacking, isNew: false })
}

/** Notes that something was sealed under an epoch: of a hub, itself excepted, or of any kit. */
async function noteSealed(tx: Tx, context: SyncContext, { id, maker }: Epoch): Promise<void> {
  const { node, role } = context.identity.certificate
  if (maker === undefined || (maker === node && role === 'hub')) return
  const record = unpack<EpochRecord>(await tx.get(key.epoch(id)))
  if (record !== undefined && record.isSealedUnder !== true)
    tx.put(key.epoch(id), pack({ ...record, isSealedUnder: true } satisfies EpochRecord))
}

/**
 * Audiences with an epoch that this node might have to wrap for somebody. Only such as there are: anybody may write of epochs
 * of very many others, and all are gone through whenever either document grows.
 */
export function heldAudiences(context: SyncContext): readonly AudienceId[] {
  const book = context.keyBook()
  return [...allAudiences(context)].filter(book.hasEpochs)
}

/** Takes what an entry of the keys document brought for us: pairs made with us, secrets wrapped for us. */
export async function takeKeyNews(tx: Tx, context: SyncContext, news: KeyNews): Promise<void> {
  if (news.kind === 'pair') {
    const record = unpack<SealingSeedRecord>(await tx.get(key.sealingSeed(news.keyName)))
    if (record === undefined) return
    const { seed } = record
    const pair = sealingPair(context.identity.organisation.suite, seed)
    const secret = openSecret(pair, news.ciphertext)
    if (secret !== undefined) tx.put(key.pairSecret(news.actor, news.seq), secret)
  }
  if (news.kind !== 'epoch') return
  const [first] = news.wraps
  if (first !== undefined && isByOutsider(context, first)) {
    const suspect = { document: KEYS, actor: first.actor, reason: 'not of the audience' } as const
    alarm(tx, context, { deed: 'entry without effect', ...suspect })
  }
  for (const wrap of news.wraps) await takeWrap(tx, context, wrap)
}

/** Whether an epoch is handed out by a node that is not of its audience, as far as the directory has said who is. */
function isByOutsider(context: SyncContext, { actor, epoch }: WrapFacts): boolean {
  const { audience } = epoch
  const channel = channelOfAudience(context, audience)
  const isKnown = channel !== undefined && context.directory().channel(channel) !== undefined
  const node = context.roster.ofActor(actor)?.node
  return isKnown && node !== undefined && !nodesOf(context, audience).has(node)
}

/** Publishes a sealing key of this node unless the one that counts is ours already, and all is wrapped for it that we lack. */
export async function ensureSealingKey(tx: Tx, context: SyncContext): Promise<void> {
  const counting = context.keyBook().sealingKey(context.identity.certificate.node)
  const names = (await tx.list(range.sealingSeeds)).map(([place]) => place.slice('seal/'.length))
  const isOurs = counting !== undefined && names.includes(counting.name)
  if (isOurs && context.run.isOver) return
  if (!isOurs || hasLostOwn(context, { ...counting, audiences: heldAudiences(context) }))
    await publishSealingKey(tx, context)
}

/** Publishes a new sealing key of this node: from now on others wrap for this one. */
export async function publishSealingKey(tx: Tx, context: SyncContext): Promise<void> {
  const { identity, random } = context
  const { node } = identity.certificate
  const counting = context.keyBook().sealingKey(node)
  const seed = random.bytes(SEALING_SEED_BYTES)
  const { publicBytes } = sealingPair(identity.organisation.suite, seed)
  const record: SealingSeedRecord = { seed, madeAt: context.now() }
  tx.put(key.sealingSeed(nameOfSealingKey(node, publicBytes)), pack(record))
  const generation = 1 + (counting?.generation ?? 0)
  await append(tx, context, { kind: 'sealing key', generation, publicBytes })
}

/** Holds again what is on disk: at start, and after a batch failed. */
export async function reloadEpochs(
  reader: Pick<Reader, 'list'>,
  context: SyncContext,
): Promise<void> {
  context.keyring.reset()
  for (const [place, bytes] of await reader.list(range.epochs)) {
    const record = unpack<EpochRecord>(bytes)
    if (record === undefined) continue
    const { audience, number, maker, secret, isFromDoor = false } = record
    const id = place.slice('epoch/'.length)
    const facts = { audience: audience as AudienceId, number, maker: maker as NodeId | undefined }
    context.keyring.hold({ id, ...facts, secret, isFromDoor })
    nameScope(context, facts.audience)
  }
}

/** Destroys secrets of one audience: what was sealed under them cannot be opened here again. */
export async function burn(
  tx: Tx,
  context: SyncContext,
  epochs: readonly Pick<Epoch, 'id' | 'audience' | 'number'>[],
): Promise<void> {
  const newest = epochs.toSorted((a, b) => a.number - b.number).at(-1)
  if (newest === undefined) return
  for (const { id } of epochs) {
    for (const place of [key.epoch(id), key.spareEpoch(id)]) tx.delete(place)
    tx.afterwards(() => context.keyring.drop(id))
  }
  const deed = epochDeed(context, 'secret burned', newest)
  await audit(tx, context, { ...deed, count: epochs.length })
}

/** The sealing keys of an audience's other nodes; a node that has published none cannot be wrapped for yet. */
function sealableNodes(context: SyncContext, audience: AudienceId): readonly SealingKeyFacts[] {
  const self = context.identity.certificate.node
  return [...nodesOf(context, audience)]
    .filter((node) => node !== self)
    .toSorted()
    .flatMap((node) => context.keyBook().sealingKey(node) ?? [])
}
