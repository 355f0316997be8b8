/**
 * The open documents of a replica: a few logs in memory, made from snapshot and loose changes when needed, folded into
 * a new snapshot when many loose changes have come, and forgotten when others are used more.
 */
import { must } from '#base/assert.ts'
import { codeOf, EdgeError } from '#base/errors.ts'
import type { ActorId, DocumentId } from '#base/ids.ts'
import { LOOSE_CHANGES_MAX, OPEN_DOCUMENTS_MAX } from '#base/limits.ts'
import type { Change } from '#model/change.ts'
import { foldDocument, loadDocument } from '#model/document.ts'
import { openLog, type Log, type Logged } from '#model/log.ts'
import type { Stub } from '#model/stub.ts'
import type { Log as EventLog } from '#ports/log.ts'
import { key, range } from './keys.ts'
import { pack, unpack, type DocumentRecord } from './records.ts'
import type { Staging } from './staging.ts'

/** The documents, as of everything staged. */
export interface Documents {
  /** @throws EdgeError STORE_BROKEN when what is stored does not hold together */
  readonly log: (document: DocumentId) => Promise<Log>
  /** Adds a change to its log and stages it. */
  readonly add: (document: DocumentId, change: Change) => Promise<Logged>
  /** Takes an actor's changes after `seq` out again; gives what is gone. Other lists do not depend on them. */
  readonly cutBack: (
    document: DocumentId,
    last: {
      readonly actor: ActorId
      readonly seq: number
      /** The list is proved to fork there, for everybody. */
      readonly isProved?: boolean
    },
  ) => Promise<readonly Logged[]>
  /** Puts stubs in the place of what they stand for, and of what comes later; gives what is gone. All stubs of the document are named. */
  readonly purge: (document: DocumentId, stubs: readonly Stub[]) => Promise<readonly Logged[]>
  /** What memory holds of a document. */
  readonly inMemory: (document: DocumentId) => Log | undefined
  /** A document as it is on the disk, whatever memory holds; nobody keeps it. @throws EdgeError STORE_BROKEN as `log` does */
  readonly check: (document: DocumentId) => Promise<Log>
  /** Forgets what memory holds of a document; the next use reads it again. */
  readonly drop: (document: DocumentId) => void
  /** Closes the documents used longest ago, down to OPEN_DOCUMENTS_MAX. */
  readonly evict: () => void
}

const EMPTY: DocumentRecord = { clock: {}, heads: {}, size: 0, looseFrom: 0, looseTo: 0 }

/** No document open yet. */
export function openDocuments(staging: Staging, events: EventLog): Documents {
  const open = new Map<DocumentId, Log>()

  const log = async (document: DocumentId): Promise<Log> => {
    const known = open.get(document)
    open.delete(document)
    const found = known ?? (await loadLog(document, staging))
    open.set(document, found) // newest last
    return found
  }

  const fold = async (document: DocumentId, record: DocumentRecord): Promise<void> => {
    const snapshot = foldDocument(await log(document))
    if (snapshot === undefined) return events.error('document.fold-differs', { document })
    staging.put(key.snapshot(document), snapshot)
    for (let index = record.looseFrom; index < record.looseTo; index += 1) {
      staging.delete(key.loose(document, index))
    }
    staging.put(key.document(document), pack({ ...record, looseFrom: record.looseTo }))
  }

  const add = async (document: DocumentId, change: Change): Promise<Logged> => {
    const record = unpack<DocumentRecord>(await staging.get(key.document(document))) ?? EMPTY
    const logged = (await log(document)).add(change)
    staging.put(key.loose(document, record.looseTo), change.bytes)
    const last = (await log(document)).last(change.actor) ?? change // or the stub that came next
    const clock = { ...record.clock, [change.actor]: last.seq }
    const heads = { ...record.heads, [change.actor]: last.hash.slice(0, 8) }
    const next = { ...record, clock, heads, size: record.size + 1, looseTo: record.looseTo + 1 }
    staging.put(key.document(document), pack(next))
    if (next.looseTo - next.looseFrom >= LOOSE_CHANGES_MAX) await fold(document, next)
    return logged
  }

  const without = async (
    document: DocumentId,
    how: (before: Log) => Copying,
  ): Promise<readonly Logged[]> => {
    const before = await log(document)
    const record = unpack<DocumentRecord>(await staging.get(key.document(document))) ?? EMPTY
    const copying = how(before)
    const shorter = copyOf(before, copying)
    open.set(document, shorter)
    rewrite(staging, shorter, { ...record, isCut: copying.isCut })
    return before.since({}).filter(({ actor, seq }) => shorter.find(actor, seq) === undefined)
  }

  return {
    log,
    add,
    cutBack: async (document, { actor, seq, isProved = false }) => {
      const isGone = (change: Logged): boolean => change.actor === actor && change.seq > seq
      return without(document, (before) => ({ isCut: isProved || before.isCut, isGone }))
    },
    purge: (document, stubs) => without(document, ({ isCut }) => ({ isCut, stubs })),
    inMemory: (document) => open.get(document),
    check: (document) => loadLog(document, staging),
    drop: (document) => void open.delete(document),
    evict: () => evict(open),
  }
}

function evict(open: Map<DocumentId, Log>): void {
  for (const document of open.keys()) {
    if (open.size <= OPEN_DOCUMENTS_MAX) return
    open.delete(document)
  }
}

/** For each actor the beginning of its newest change's hash, as a DocumentRecord keeps it. */
export function headsOf(log: Log): DocumentRecord['heads'] {
  const newest = Object.keys(log.clock()).map((actor) => {
    const { hash } = must(log.last(actor as ActorId), 'a clock names changes')
    return [actor, hash.slice(0, 8)] as const
  })
  return Object.fromEntries(newest)
}

/** Stages a document anew, as one snapshot of what its log holds. */
function rewrite(staging: Staging, log: Log, record: DocumentRecord): void {
  const { document } = log
  for (let index = record.looseFrom; index < record.looseTo; index += 1)
    staging.delete(key.loose(document, index))
  if (log.size() === 0 && record.isCut !== true && log.stubs.length === 0) {
    // What holds nothing is not there.
    for (const place of [key.snapshot(document), key.document(document)]) staging.delete(place)
    return
  }
  const { looseTo } = record
  staging.put(key.snapshot(document), must(foldDocument(log), 'Automerge holds what our log holds'))
  const next: DocumentRecord = {
    clock: log.clock(),
    heads: headsOf(log),
    size: log.size(),
    looseFrom: looseTo,
    looseTo,
    ...(record.isCut === true && { isCut: true }),
    ...(log.stubs.length > 0 && { stubs: log.stubs }),
  }
  staging.put(key.document(document), pack(next))
}

/** @throws EdgeError STORE_BROKEN with the fact `document` */
async function loadLog(document: DocumentId, staging: Staging): Promise<Log> {
  try {
    return await loadSound(document, staging)
  } catch (error) {
    if (codeOf(error) !== 'STORE_BROKEN') throw error
    throw new EdgeError('STORE_BROKEN', { document, found: 'damage' }, { cause: error })
  }
}

async function loadSound(document: DocumentId, staging: Staging): Promise<Log> {
  const known = unpack<DocumentRecord>(await staging.get(key.document(document)))
  const record = known ?? EMPTY
  const snapshot = await staging.get(key.snapshot(document))
  const places = known === undefined ? range.loose(document) : range.looseBetween(document, record)
  const loose = await staging.list(places)
  const loaded = loadDocument(document, snapshot, {
    loose: loose.map(([, bytes]) => bytes),
    stubs: record.stubs,
  })
  // LevelDB loses a block of its log without a word: writing on with holes would use numbers again.
  const isShort = loaded.log.size() !== record.size
  const damage = loaded.damage === 'none' && isShort ? 'missing changes' : loaded.damage
  if (damage !== 'none') throw new EdgeError('STORE_BROKEN', { found: `damaged ${damage}` })
  return record.isCut === true ? copyOf(loaded.log, { isCut: true }) : loaded.log
}

interface Copying {
  readonly isCut: boolean
  readonly stubs?: readonly Stub[]
  readonly isGone?: (change: Logged) => boolean
}

/** A log of the same document, without some of its changes, and with other stubs if given. */
export function copyOf(log: Log, { isCut, stubs = log.stubs, isGone = () => false }: Copying): Log {
  const copy = openLog(log.document, { isCut, stubs })
  for (const change of log.since({})) {
    const isCovered = change.seq <= (copy.last(change.actor)?.seq ?? 0)
    if (!isCovered && !isGone(change)) copy.add(change)
  }
  return copy
}
