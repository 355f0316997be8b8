/**
 * The open documents of a replica: a few logs in memory, made from snapshot and loose changes when needed, folded into
 * a new snapshot when many loose changes have come, and forgotten when others are used more.
 */
import { EdgeError } from '#base/errors.ts'
import type { ActorId, DocumentId } from '#base/ids.ts'
import { LOOSE_CHANGES_MAX, OPEN_DOCUMENTS_MAX } from '#base/limits.ts'
import type { Change } from '#model/change.ts'
import { foldDocument, loadDocument } from '#model/document.ts'
import { openLog, type Log, type Logged } from '#model/log.ts'
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
    last: { readonly actor: ActorId; readonly seq: number },
  ) => Promise<readonly Logged[]>
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
    const found = known ?? (await loadLog(document, staging, events))
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
    const clock = { ...record.clock, [change.actor]: change.seq }
    const heads = { ...record.heads, [change.actor]: change.hash.slice(0, 8) }
    const next = { ...record, clock, heads, size: record.size + 1, looseTo: record.looseTo + 1 }
    staging.put(key.document(document), pack(next))
    if (next.looseTo - next.looseFrom >= LOOSE_CHANGES_MAX) await fold(document, next)
    return logged
  }

  return {
    log,
    add,
    cutBack: async (document, { actor, seq }) => {
      const before = await log(document)
      const isKept = (change: Logged): boolean => change.actor !== actor || change.seq <= seq
      const gone = before.since({}).filter((change) => !isKept(change))
      const record = unpack<DocumentRecord>(await staging.get(key.document(document))) ?? EMPTY
      if (gone.length === 0) return []
      const kept = before.since({}).filter(isKept)
      staging.delete(key.snapshot(document))
      for (let index = record.looseFrom; index < record.looseTo; index += 1)
        staging.delete(key.loose(document, index))
      open.set(document, openLog(document))
      staging.put(key.document(document), pack({ ...EMPTY, looseFrom: 0, looseTo: 0 }))
      for (const change of kept) await add(document, change)
      return gone
    },
    drop: (document) => void open.delete(document),
    evict: () => {
      for (const document of open.keys()) {
        if (open.size <= OPEN_DOCUMENTS_MAX) return
        open.delete(document)
      }
    },
  }
}

async function loadLog(document: DocumentId, staging: Staging, events: EventLog): Promise<Log> {
  const snapshot = await staging.get(key.snapshot(document))
  const loose = await staging.list(range.loose(document))
  const loaded = loadDocument(
    document,
    snapshot,
    loose.map(([, bytes]) => bytes),
  )
  // LevelDB loses a block of its log without a word: writing on with holes would use numbers again.
  const record = unpack<DocumentRecord>(await staging.get(key.document(document))) ?? EMPTY
  const isShort = loaded.log.size() < record.size
  const damage = loaded.damage === 'none' && isShort ? 'missing changes' : loaded.damage
  if (damage !== 'none') {
    events.error('document.damaged', { document, damage, size: loaded.log.size() })
    throw new EdgeError('STORE_BROKEN', { document, found: `damaged ${damage}` })
  }
  return loaded.log
}
