/**
 * A document with a hole: LevelDB lost a block, or a value does not open any more. What survives is kept and used; the
 * bytes that cannot be used stay on the disk under another name; what others hold is asked for until it has come. Of
 * our own list, what was never sent is nowhere else: messages are made again from the view, in a new life, since the
 * numbers of what was lost must not be used twice.
 */
import { codeOf } from '#base/errors.ts'
import { nodePrefixOfActor, type ActorId, type DocumentId, type Instant } from '#base/ids.ts'
import { foldDocument, loadDocument } from '#model/document.ts'
import { countBeyond, joinClocks, postIdOf, type Clock, type Log, type Logged } from '#model/log.ts'
import type { MessageRecord } from '#model/view.ts'
import type { Log as EventLog } from '#ports/log.ts'
import { copyOf, headsOf } from './documents.ts'
import { key, range } from './keys.ts'
import { topOf, type ListEnd } from './list-end.ts'
import {
  pack,
  unpack,
  type AsideRecord,
  type DocumentRecord,
  type ForkRecord,
  type HoleRecord,
  type RebornRecord,
} from './records.ts'
import type { Tx } from './replica.ts'
import type { Staging } from './staging.ts'

/** Why a life ends when some of our own list is gone. Damage takes a disk back to no earlier time. */
export const OF_DAMAGE = 'own changes damaged'

/** What healing works with. */
export interface Healer {
  readonly staging: Staging
  readonly events: EventLog
  /** Our own actor in this life. */
  readonly actor: ActorId
  /** The document as memory has it whole, if it does. */
  readonly known?: Log | undefined
}

/** Sets a damaged document right with what survives of it. True when some of our own list is gone: the life is over. */
export async function heal(
  { staging, events, actor, known: inMemory }: Healer,
  document: DocumentId,
  since: Instant,
): Promise<boolean> {
  const sent = unpack<number>(await safely(staging.get(key.sent(document, actor)))) ?? 0
  const known = unpack<DocumentRecord>(await safely(staging.get(key.document(document))))
  const record = known ?? (await recordWithout(staging, document, { [actor]: sent }))
  const { clock, size, found } = await rebuild({ staging, actor }, record, inMemory ?? document)
  const missing = countBeyond(record.clock, clock)
  events.error('document.damaged', { document, size, missing })
  const had = record.clock[actor] ?? 0
  const has = clock[actor] ?? 0
  const isOwnLoss = had > has
  const isElsewhere = isOwnLoss ? { [actor]: Math.max(has, Math.min(had, sent)) } : {}
  const lost = { ...joinClocks(record.clock, found), ...isElsewhere }
  await noteHole(staging, document, { since, lost, clock })
  if (!isOwnLoss) return false
  await keepOwn(staging, { document, actor, from: Math.max(has, sent) + 1, to: had })
  await endLife(staging, { document, actor, sent })
  events.error('node.restored', { actor, reason: OF_DAMAGE, missing: had - has })
  return true
}

/** Writes a document anew from what survives of it; `found` is all that was read, used or not. */
async function rebuild(
  { staging, actor }: Pick<Healer, 'staging' | 'actor'>,
  record: DocumentRecord,
  from: DocumentId | Log,
): Promise<DocumentRecord & { readonly found: Clock }> {
  const document = typeof from === 'string' ? from : from.document
  const whole = typeof from === 'string' ? undefined : { log: from, useless: [] }
  const { looseFrom, looseTo } = record
  const survived = whole ?? (await survivors(staging, document, record))
  const { log, useless } = whole ?? (await vouchedFor({ staging, actor }, survived))
  const snapshot = foldDocument(log)
  for (const [index, bytes] of useless.entries()) staging.put(key.broken(document, index), bytes)
  for (let index = looseFrom; index < looseTo; index += 1)
    staging.delete(key.loose(document, index))
  if (snapshot !== undefined) staging.put(key.snapshot(document), snapshot)
  const isCut = await isCutThere(staging, document)
  const next: DocumentRecord = {
    clock: log.clock(),
    heads: headsOf(log),
    size: log.size(),
    looseFrom: looseTo,
    looseTo,
    ...(isCut && { isCut }),
    ...(log.stubs.length > 0 && { stubs: log.stubs }),
  }
  // What was purged is known by its orders.
  staging.put(key.damage(`doc/${document}`), pack(0))
  staging.put(key.document(document), pack(next))
  return { ...next, found: survived.log.clock() }
}

/** What is lost is asked for from now on, with what an earlier damage took and is not back yet. */
export async function noteHole(
  staging: Pick<Staging, 'get' | 'put'>,
  document: DocumentId,
  { since, lost, clock }: { since: Instant; lost: Clock; clock: Clock },
): Promise<void> {
  const hole = unpack<HoleRecord>(await safely(staging.get(key.hole(document))))
  const wanted = joinClocks(hole?.wanted ?? {}, lost)
  if (countBeyond(wanted, clock) === 0) return
  const record: HoleRecord = { since: hole?.since ?? since, wanted }
  staging.put(key.hole(document), pack(record))
}

/** Notes that our own list of a document is damaged, and how much of it was ever sent. */
async function endLife(
  staging: Staging,
  { document, actor, sent }: { document: DocumentId; actor: ActorId; sent: number },
): Promise<void> {
  const reborn = unpack<RebornRecord>(await safely(staging.get(key.reborn)))
  const before = reborn?.actor === actor ? reborn : undefined
  const why = before?.why ?? OF_DAMAGE
  const heard = { ...before?.heard, [document]: sent }
  staging.put(key.reborn, pack({ ...before, actor, heard, why } satisfies RebornRecord))
}

/** Whether somebody's list in a document was proved to fork. */
async function isCutThere(staging: Healer['staging'], document: DocumentId): Promise<boolean> {
  const forks = (await safely(staging.list(range.forksIn(document)))) ?? []
  return forks.some(([, bytes]) => unpack<ForkRecord>(bytes)?.forkAt !== undefined)
}

/** A hole that others have filled is one no more: whether this one was. */
export async function closeHole(tx: Tx, document: DocumentId): Promise<boolean> {
  const place = key.hole(document)
  const hole = unpack<HoleRecord>(await tx.get(place))
  if (hole === undefined) return false
  const clock = unpack<DocumentRecord>(await tx.get(key.document(document)))?.clock ?? {}
  if (countBeyond(hole.wanted, clock) > 0) return false
  tx.delete(place)
  for (const [name] of await tx.list(range.broken(document))) tx.delete(name)
  return true
}

/** Asks for an actor's changes up to the number where its list ends (see `list-end.ts`), and for none beyond. */
export async function wantUpTo(
  tx: Tx,
  now: Instant,
  {
    document,
    actor,
    end,
  }: { readonly document: DocumentId; readonly actor: ActorId; readonly end: ListEnd },
): Promise<void> {
  const place = key.hole(document)
  const hole = unpack<HoleRecord>(await tx.get(place))
  const clock = unpack<DocumentRecord>(await tx.get(key.document(document)))?.clock ?? {}
  const { [actor]: before = 0, ...others } = hole?.wanted ?? {}
  const seq = end.points.length > 0 ? topOf(end) : Math.min(before, end.floor)
  const wanted = seq > (clock[actor] ?? 0) ? { ...others, [actor]: seq } : others
  if (Object.keys(wanted).length === 0) tx.delete(place)
  else tx.put(place, pack({ since: hole?.since ?? now, wanted } satisfies HoleRecord))
}

interface Survivors {
  readonly log: Log
  /** Bytes that are there and cannot be used. */
  readonly useless: readonly Uint8Array[]
}

/**
 * What is left of a list may end before the change that its node signed. Nobody would take that from us, so we do not say that we
 * have it: it is asked for again with what was lost, and its bytes stay. Lists that forked end where hubs say (`list-end.ts`).
 */
async function vouchedFor(
  { staging, actor: self }: Pick<Healer, 'staging' | 'actor'>,
  { log, useless }: Survivors,
): Promise<Survivors> {
  const ends = new Map<ActorId, number>()
  for (const [name, last] of Object.entries(log.clock())) {
    const actor = name as ActorId
    const isOwn = nodePrefixOfActor(actor) === nodePrefixOfActor(self)
    if (!isOwn) ends.set(actor, await lastVouchedFor(staging, log, { actor, last }))
  }
  const isGone = ({ actor, seq }: Logged): boolean => seq > (ends.get(actor) ?? Infinity)
  const gone = log.since({}).filter(isGone)
  if (gone.length === 0) return { log, useless }
  const shorter = copyOf(log, { isCut: log.isCut, isGone })
  return { log: shorter, useless: [...useless, ...gone.map(({ bytes }) => bytes)] }
}

/** Where others take an actor's list to: all of it while nobody can tell. */
async function lastVouchedFor(
  staging: Staging,
  log: Log,
  { actor, last }: { readonly actor: ActorId; readonly last: number },
): Promise<number> {
  const { document } = log
  const fork = await safely(staging.get(key.fork(document, actor)))
  const signatures = await safely(staging.list(range.attestations(document, actor)))
  if (fork !== undefined || signatures === undefined) return last
  const signed = new Set(signatures.map(([name]) => Number(name.slice(name.lastIndexOf('/') + 1))))
  const isVouchedFor = (seq: number): boolean =>
    signed.has(seq) ||
    log.stubAt(actor, seq) !== undefined ||
    log.stubAt(actor, seq + 1) !== undefined
  let end = last
  while (end > 0 && !isVouchedFor(end)) end -= 1
  return end
}

/** The record is gone, too: where loose changes lie is still to be seen from their names. */
async function recordWithout(
  staging: Staging,
  document: DocumentId,
  clock: Clock,
): Promise<DocumentRecord> {
  const names = await safely(staging.list(range.loose(document)))
  const indexes = (names ?? []).map(([name]) => Number(name.slice(name.lastIndexOf('/') + 1)))
  const looseFrom = Math.min(...indexes, Number.MAX_SAFE_INTEGER)
  const looseTo = Math.max(...indexes, -1) + 1
  return { clock, heads: {}, size: 0, looseFrom: Math.min(looseFrom, looseTo), looseTo }
}

async function survivors(
  staging: Staging,
  document: DocumentId,
  record: Pick<DocumentRecord, 'looseFrom' | 'looseTo' | 'stubs'>,
): Promise<Survivors> {
  const stored = await safely(staging.get(key.snapshot(document)))
  const loaded = loadDocument(document, stored, { loose: [], stubs: record.stubs })
  const useless: Uint8Array[] = []
  if (stored !== undefined && loaded.damage !== 'none') useless.push(stored)
  for (let index = record.looseFrom; index < record.looseTo; index += 1) {
    const bytes = await safely(staging.get(key.loose(document, index)))
    if (bytes === undefined) continue
    const admission = loaded.log.admit(bytes)
    if (!admission.ok) useless.push(bytes)
    else if (admission.isNew) loaded.log.add(admission.change)
  }
  return { log: loaded.log, useless }
}

interface OwnLoss {
  readonly document: DocumentId
  readonly actor: ActorId
  readonly from: number
  readonly to: number
}

/** Our own messages that nobody else has, from what the view still says of them. */
async function keepOwn(staging: Staging, { document, actor, from, to }: OwnLoss): Promise<void> {
  for (let seq = from; seq <= to; seq += 1) {
    const id = postIdOf(document, actor, seq)
    const message = unpack<MessageRecord>(await safely(staging.get(key.message(id))))
    if (message === undefined) continue
    const { author, claimedAt, body, root } = message
    const entry = { author, claimedAt, content: { kind: 'post' as const, body, root } }
    const aside: AsideRecord = { actor, seq, hash: undefined, entry, target: from - 1 }
    staging.put(key.aside(document, actor, seq), pack(aside))
  }
}

/** A value, or undefined when it does not open any more. */
async function safely<T>(reading: Promise<T | undefined>): Promise<T | undefined> {
  try {
    return await reading
  } catch (error) {
    if (codeOf(error) === 'STORE_BROKEN') return undefined
    throw error
  }
}

/** What a document lacks by damage, for whoever asks the others. */
export function holeOf(bytes: Uint8Array): { readonly since: Instant; readonly wanted: Clock } {
  return unpack<HoleRecord>(bytes) ?? { since: 0, wanted: {} }
}
