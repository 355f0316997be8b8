/**
 * Values that do not open any more: what becomes of each at once, in the pipeline of commits, so that whoever met it can go on.
 * What memory still has is written again. What can be worked out from its name is. The rest is taken away: either others have
 * what it said, or it follows from documents (`remedies.ts`, for which a mark stays), or it is lost, and counted as lost.
 */
import type { ActorId, DocumentId, Instant } from '#base/ids.ts'
import { codeOf, EdgeError } from '#base/errors.ts'
import type { Log as EventLog } from '#ports/log.ts'
import type { Documents } from './documents.ts'
import { heal, OF_DAMAGE } from './healing.ts'
import { key } from './keys.ts'
import {
  pack,
  unpack,
  type DocumentRecord,
  type LateRecord,
  type OutboxRecord,
  type RebornRecord,
} from './records.ts'
import { UNKNOWN_SPENT, type SpentRecord } from './spending-keys.ts'
import type { Staging } from './staging.ts'

/** Values of one kind that are lost for good: how many, and since when some are. */
export interface LostRecord {
  readonly count: number
  readonly since: Instant
}

/** What mending works with. */
export interface Mender {
  readonly staging: Staging
  readonly documents: Pick<Documents, 'inMemory' | 'drop'>
  readonly events: EventLog
  /** Our own actor in this life. */
  readonly actor: ActorId
  readonly now: () => Instant
}

/** What mending came to. */
export interface Mended {
  /** Numbers of our own list are lost: this life has to end. */
  readonly isOver: boolean
}

/** Far above any parcel's number: a post office takes a number once. */
const NUMBER_AFTER_DAMAGE = 1_000_000_000

const DOCUMENT = /^(?:doc|snap|loose)\/([^/]+)/
/** Of these nothing can be known again: `doctor` and `gaps` tell how many were lost. */
const LOST =
  /^(?:acct|totp|pass|pat|from|outside|sess|pref|once|allow|join|aside|share|own-share|hold|view\/seen|read|time|file|file-of|blob|upload|follow|followed|draft|later|sidebar|emoji|picture|hook|notify|cost|pace)(?:\/|$)/
/** What the others are told again, or what follows from documents: see `remedies.ts`. */
const REMEDIED =
  /^(?:has|fly|note|seg|att|epoch|seal|pair|spare|fork|park|parked|audit\/piece|audit\/newest|view|search|purge)(?:\/|$)/

/** The values that could not be read for damage, if that is what happened; for a document the name of its record. */
export function damagedIn(error: unknown, found: () => readonly string[]): readonly string[] {
  if (!(error instanceof EdgeError) || error.code !== 'STORE_BROKEN') return []
  const { document } = error.facts
  const names = found()
  return typeof document === 'string' ? [key.document(document as DocumentId), ...names] : names
}

/** Mends values of these names, and whole documents of which some are a part. */
export async function mend(mender: Mender, names: readonly string[]): Promise<Mended> {
  const { staging, documents, events, actor, now } = mender
  let isOver = false
  for (const document of new Set(names.flatMap((name) => documentOf(name) ?? []))) {
    const known = documents.inMemory(document)
    if (await heal({ staging, events, actor, known }, document, now())) isOver = true
    documents.drop(document)
  }
  for (const name of names)
    if (documentOf(name) === undefined && (await mendValue(mender, name))) isOver = true
  return { isOver }
}

function documentOf(name: string): DocumentId | undefined {
  return DOCUMENT.exec(name)?.[1] as DocumentId | undefined
}

/** Puts something in the place of a damaged value, or takes it away. True when this life has to end. */
async function mendValue(mender: Mender, name: string): Promise<boolean> {
  const { staging, events, actor } = mender
  const now = mender.now()
  const part = partOf(name)
  const known = await inMemory(staging, name)
  if (known !== undefined) {
    staging.put(name, known)
    events.warn('value.damaged', { part, found: 'in memory' })
    return false
  }
  const again = await workedOut({ staging, actor, now }, name)
  if (again === undefined) staging.delete(name)
  else staging.put(name, again)
  const isLost = LOST.test(name)
  if (isLost) await count(staging, { part, now })
  else if (REMEDIED.test(name) && !(again && part === 'epoch'))
    staging.put(key.damage(name), pack(now))
  events.error(isLost ? 'value.lost' : 'value.damaged', { part })
  if (name !== key.reborn) return false
  events.error('node.restored', { actor, reason: OF_DAMAGE })
  return true
}

/** What the value must have been, or what does as well; undefined when there is no telling. */
async function workedOut(
  { staging, actor, now }: Pick<Mender, 'staging' | 'actor'> & { readonly now: Instant },
  name: string,
): Promise<Uint8Array | undefined> {
  const seconds = Math.floor(Math.max(0, now) / 1_000)
  switch (partOf(name)) {
    case 'next':
      return pack(NUMBER_AFTER_DAMAGE + seconds)
    case 'out':
      return pack({ since: now, notBefore: 0 } satisfies OutboxRecord)
    case 'owe':
    case 'asked':
    case 'uneven':
      return pack(now)
    case 'due':
      return pack(true)
    case 'late':
      return name === key.lateCounts ? undefined : pack({ since: now } satisfies LateRecord)
    case 'sent':
      return sentAtMost(staging, name, actor)
    case 'epoch':
      return inMemory(staging, key.spareEpoch(name.slice('epoch/'.length)))
    case 'epoch-spare':
      return inMemory(staging, key.epoch(name.slice('epoch-spare/'.length)))
    case 'spent':
      return pack({ ...UNKNOWN_SPENT, startsAt: now } satisfies SpentRecord)
    case 'reborn':
      return pack({ actor, heard: {}, why: OF_DAMAGE } satisfies RebornRecord)
    default:
      return undefined
  }
}

/** Of our own list all there is may have been sent. */
async function sentAtMost(
  staging: Staging,
  name: string,
  actor: ActorId,
): Promise<Uint8Array | undefined> {
  const [, document, of] = name.split('/')
  if (of !== actor) return undefined
  const place = key.document(document as DocumentId)
  const have = unpack<DocumentRecord>(await inMemory(staging, place))?.clock[actor]
  return have === undefined ? undefined : pack(have)
}

async function count(
  staging: Staging,
  { part, now }: { readonly part: string; readonly now: Instant },
): Promise<void> {
  const place = key.lost(part)
  const known = unpack<LostRecord>(await inMemory(staging, place))
  const record: LostRecord = { count: 1 + (known?.count ?? 0), since: known?.since ?? now }
  staging.put(place, pack(record))
}

/** The kind of a key, never the key: it may name a person or a channel. */
function partOf(name: string): string {
  const [part = '', second] = name.split('/')
  return part === 'view' || part === 'audit' ? `${part}-${second}` : part
}

/** What staging has of a value, or the disk where that opens. */
async function inMemory(staging: Staging, name: string): Promise<Uint8Array | undefined> {
  try {
    return await staging.get(name)
  } catch (error) {
    if (codeOf(error) === 'STORE_BROKEN') return undefined
    throw error
  }
}
