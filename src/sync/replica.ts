/**
 * Documents on this node and the one way to change anything: a commit. Commits run one after another; those that
 * wait while a batch is being synced go to the disk together as the next batch. So a commit sees all earlier
 * ones, a crash keeps whole commits in their order, and many posts cost one fsync (research/wire.md 4).
 */
import { EdgeError, type Facts } from '#base/errors.ts'
import type { ActorId, DocumentId } from '#base/ids.ts'
import {
  COMMIT_QUEUE_MAX,
  GROUP_COMMITS_MAX,
  LOOSE_CHANGES_MAX,
  OPEN_DOCUMENTS_MAX,
} from '#base/limits.ts'
import type { Change } from '#model/change.ts'
import { foldDocument, loadDocument } from '#model/document.ts'
import { encodeEntry, type Entry as LogEntry } from '#model/entry.ts'
import type { Log, Logged } from '#model/log.ts'
import type { Log as EventLog } from '#ports/log.ts'
import type { Entry, Range, Store } from '#ports/store.ts'
import { key, range } from './keys.ts'
import { pack, unpack, type DocumentRecord } from './records.ts'
import { openStaging, type Staging } from './staging.ts'

/** Reading, as of the commits before this one and this one's own writes. */
export interface Reader {
  readonly get: (key: string) => Promise<Uint8Array | undefined>
  readonly list: (range: Range) => Promise<readonly Entry[]>
  readonly log: (document: DocumentId) => Promise<Log>
}

/** One commit at work. Nothing of it counts when it throws. */
export interface Tx extends Reader {
  readonly put: (key: string, value: Uint8Array) => void
  readonly delete: (key: string) => void
  /** Appends our own entry to a document. */
  readonly append: (document: DocumentId, entry: LogEntry) => Promise<Logged>
  /** Adds a change that was checked: written again, attested, and not had before. */
  readonly take: (document: DocumentId, change: Change) => Promise<Logged>
  /** Runs once the commit is on disk, in the order of commits. */
  readonly afterwards: (effect: () => void) => void
}

/** The documents of one node. */
export interface Replica extends AsyncDisposable {
  readonly actor: ActorId
  /**
   * Runs `work` as one commit and resolves once it is on disk.
   * @throws EdgeError STORE_FULL, STORE_BROKEN, TOO_MANY_REQUESTS, STOPPING, and whatever `work` throws
   */
  readonly commit: <T>(work: (tx: Tx) => Promise<T>) => Promise<T>
  /** What is on disk. */
  readonly read: Pick<Store, 'get' | 'getMany' | 'list'>
  /** Called when changes were taken back after a failure: what was derived from documents must be made anew. */
  readonly onRollback: (listener: (reader: Pick<Reader, 'log'>) => Promise<void>) => void
}

interface Job {
  readonly run: (tx: Tx) => Promise<unknown>
  readonly resolve: (value: unknown) => void
  readonly reject: (error: unknown) => void
}

interface Done {
  readonly job: Job
  readonly value: unknown
  readonly effects: readonly (() => void)[]
}

/** Opens the replica on a store. */
export function openReplica(options: {
  readonly store: Store
  readonly actor: ActorId
  readonly log: EventLog
}): Replica {
  const { store, actor } = options
  const open = new Map<DocumentId, Log>()
  const queue: Job[] = []
  const rollbacks: ((reader: Pick<Reader, 'log'>) => Promise<void>)[] = []
  const staging = openStaging(store)
  let running: Promise<void> | undefined
  let isClosed = false

  const logOf = async (document: DocumentId): Promise<Log> => {
    const known = open.get(document)
    open.delete(document)
    const log = known ?? (await loadLog(document, staging, options.log))
    open.set(document, log) // newest last
    return log
  }

  const add = async (document: DocumentId, change: Change): Promise<Logged> => {
    const record = unpack<DocumentRecord>(await staging.get(key.document(document))) ?? EMPTY
    const logged = (await logOf(document)).add(change)
    staging.put(key.loose(document, record.looseTo), change.bytes)
    const clock = { ...record.clock, [change.actor]: change.seq }
    const next = { ...record, clock, size: record.size + 1, looseTo: record.looseTo + 1 }
    staging.put(key.document(document), pack(next))
    if (next.looseTo - next.looseFrom >= LOOSE_CHANGES_MAX) await fold(document, next)
    return logged
  }

  const fold = async (document: DocumentId, record: DocumentRecord): Promise<void> => {
    const snapshot = foldDocument(await logOf(document))
    if (snapshot === undefined) return options.log.error('document.fold-differs', { document })
    staging.put(key.snapshot(document), snapshot)
    for (let index = record.looseFrom; index < record.looseTo; index += 1) {
      staging.delete(key.loose(document, index))
    }
    staging.put(key.document(document), pack({ ...record, looseFrom: record.looseTo }))
  }

  const transaction = (effects: (() => void)[], touched: Set<DocumentId>): Tx => ({
    get: staging.get,
    list: staging.list,
    put: staging.put,
    delete: staging.delete,
    log: logOf,
    append: async (document, entry) => {
      touched.add(document)
      const log = await logOf(document)
      return add(document, log.next(actor, encodeEntry(entry, log.context(actor))))
    },
    take: (document, change) => {
      touched.add(document)
      return add(document, change)
    },
    afterwards: (effect) => void effects.push(effect),
  })

  const rollBack = async (touched: ReadonlySet<DocumentId>): Promise<void> => {
    for (const document of touched) open.delete(document)
    if (touched.size > 0) for (const listener of rollbacks) await listener({ log: logOf })
  }

  const runJob = async (job: Job, touched: Set<DocumentId>): Promise<Done | undefined> => {
    const effects: (() => void)[] = []
    const own = new Set<DocumentId>()
    staging.begin()
    try {
      const value = await job.run(transaction(effects, own))
      staging.keep()
      for (const document of own) touched.add(document)
      return { job, value, effects }
    } catch (error) {
      staging.drop()
      await rollBack(own)
      job.reject(error)
      return undefined
    }
  }

  const runGroup = async (group: readonly Job[]): Promise<void> => {
    const touched = new Set<DocumentId>()
    const done: Done[] = []
    for (const job of group) {
      const result = await runJob(job, touched)
      if (result !== undefined) done.push(result)
    }
    try {
      await staging.flush()
    } catch (error) {
      staging.forget()
      await rollBack(touched)
      for (const { job } of done) job.reject(error)
      return
    }
    evict(open)
    for (const { job, value, effects } of done) {
      for (const effect of effects) effect()
      job.resolve(value)
    }
  }

  const runAll = async (): Promise<void> => {
    while (queue.length > 0) await runGroup(queue.splice(0, GROUP_COMMITS_MAX))
    running = undefined
  }

  return {
    actor,
    commit: <T>(work: (tx: Tx) => Promise<T>): Promise<T> => {
      if (isClosed) return Promise.reject(new EdgeError('STOPPING', {}))
      if (queue.length >= COMMIT_QUEUE_MAX)
        return Promise.reject(tooMany({ waiting: queue.length }))
      return new Promise<T>((resolve, reject) => {
        queue.push({ run: work, resolve: (value) => resolve(value as T), reject })
        running ??= Promise.resolve().then(runAll)
      })
    },
    read: { get: store.get, getMany: store.getMany, list: store.list },
    onRollback: (listener) => void rollbacks.push(listener),
    [Symbol.asyncDispose]: async () => {
      isClosed = true
      await running
    },
  }
}

const EMPTY: DocumentRecord = { clock: {}, size: 0, looseFrom: 0, looseTo: 0 }

function tooMany(facts: Facts): EdgeError {
  return new EdgeError('TOO_MANY_REQUESTS', facts)
}

async function loadLog(document: DocumentId, staging: Staging, log: EventLog): Promise<Log> {
  const snapshot = await staging.get(key.snapshot(document))
  const loose = await staging.list(range.loose(document))
  const loaded = loadDocument(
    document,
    snapshot,
    loose.map(([, bytes]) => bytes),
  )
  if (loaded.damage !== 'none') {
    log.error('document.damaged', { document, damage: loaded.damage, size: loaded.log.size() })
    throw new EdgeError('STORE_BROKEN', { document, found: `damaged ${loaded.damage}` })
  }
  return loaded.log
}

/** Closes the documents used longest ago. */
function evict(open: Map<DocumentId, Log>): void {
  for (const document of open.keys()) {
    if (open.size <= OPEN_DOCUMENTS_MAX) return
    open.delete(document)
  }
}
