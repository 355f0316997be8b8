/**
 * Documents on this node and the one way to change anything: a commit. Commits run one after another; those that
 * wait while a batch is being synced go to the disk together as the next batch. So a commit sees all earlier
 * ones, a crash keeps whole commits in their order, and many posts cost one fsync (research/wire.md 4).
 */
import { EdgeError } from '#base/errors.ts'
import type { ActorId, DocumentId, Instant } from '#base/ids.ts'
import { COMMIT_QUEUE_MAX, GROUP_COMMITS_MAX } from '#base/limits.ts'
import type { Change } from '#model/change.ts'
import { encodeEntry, type Draft } from '#model/entry.ts'
import type { Log, Logged } from '#model/log.ts'
import { placeEntry } from '#model/order.ts'
import type { Log as EventLog } from '#ports/log.ts'
import type { Entry, Range, Store } from '#ports/store.ts'
import { openDocuments, type Documents } from './documents.ts'
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
  /** Appends our own entry to a document, placed after all there and after `seenAt`, as far as its author believes it. */
  readonly append: (document: DocumentId, draft: Draft, seenAt?: Instant) => Promise<Logged>
  /** Adds a change that was checked: written again, attested, and not had before. */
  readonly take: (document: DocumentId, change: Change) => Promise<Logged>
  /** Takes an actor's changes after `seq` out of a document; gives what is gone. */
  readonly cutBack: Documents['cutBack']
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
  readonly onRollback: (listener: (reader: Pick<Reader, 'log' | 'list'>) => Promise<void>) => void
}

interface Job {
  readonly run: (tx: Tx) => Promise<unknown>
  readonly resolve: (value: unknown) => void
  readonly reject: (error: unknown) => void
}

interface Done {
  readonly job: Job
  readonly value: unknown
  readonly touched: ReadonlySet<DocumentId>
  readonly effects: readonly (() => void)[]
}

/** What the commits of a replica work on. */
interface Desk {
  readonly actor: ActorId
  readonly staging: Staging
  readonly documents: Documents
  readonly rollbacks: ((reader: Pick<Reader, 'log' | 'list'>) => Promise<void>)[]
  /** Changes were taken back, and what was derived from documents is not made anew yet. */
  isStale: boolean
}

/** Opens the replica on a store. */
export function openReplica(options: {
  readonly store: Store
  readonly actor: ActorId
  readonly log: EventLog
}): Replica {
  const { store, actor } = options
  const staging = openStaging(store)
  const desk: Desk = {
    actor,
    staging,
    documents: openDocuments(staging, options.log),
    rollbacks: [],
    isStale: false,
  }
  const queue: Job[] = []
  let running: Promise<void> | undefined
  let isClosed = false

  const runAll = async (): Promise<void> => {
    while (queue.length > 0) await runGroup(desk, queue.splice(0, GROUP_COMMITS_MAX))
    running = undefined
  }

  return {
    actor,
    commit: <T>(work: (tx: Tx) => Promise<T>): Promise<T> => {
      if (isClosed) return Promise.reject(new EdgeError('STOPPING', {}))
      if (queue.length >= COMMIT_QUEUE_MAX) {
        return Promise.reject(new EdgeError('TOO_MANY_REQUESTS', { waiting: queue.length }))
      }
      return new Promise<T>((resolve, reject) => {
        queue.push({ run: work, resolve: (value) => resolve(value as T), reject })
        running ??= Promise.resolve().then(runAll)
      })
    },
    read: { get: store.get, getMany: store.getMany, list: store.list },
    onRollback: (listener) => void desk.rollbacks.push(listener),
    [Symbol.asyncDispose]: async () => {
      isClosed = true
      await running
    },
  }
}

/** Runs commits one after another, then writes what they decided as one batch; only then is any of them true. */
async function runGroup(desk: Desk, group: readonly Job[]): Promise<void> {
  const done: Done[] = []
  for (const job of group) {
    const result = await runJob(desk, job)
    if (result !== undefined) done.push(result)
  }
  try {
    await desk.staging.flush()
  } catch (error) {
    desk.staging.forget()
    await rollBack(desk, new Set(done.flatMap(({ touched }) => [...touched])))
    for (const { job } of done) job.reject(error)
    return
  }
  desk.documents.evict()
  for (const { job, value, effects } of done) {
    for (const effect of effects) effect()
    job.resolve(value)
  }
}

async function runJob(desk: Desk, job: Job): Promise<Done | undefined> {
  const effects: (() => void)[] = []
  const touched = new Set<DocumentId>()
  desk.staging.begin()
  try {
    await renew(desk)
    const value = await job.run(transaction(desk, effects, touched))
    desk.staging.keep()
    return { job, value, touched, effects }
  } catch (error) {
    desk.staging.drop()
    await rollBack(desk, touched)
    job.reject(error)
    return undefined
  }
}

function transaction(desk: Desk, effects: (() => void)[], touched: Set<DocumentId>): Tx {
  const { actor, staging, documents } = desk
  return {
    get: staging.get,
    list: staging.list,
    put: staging.put,
    delete: staging.delete,
    log: documents.log,
    append: async (document, draft, seenAt = 0) => {
      touched.add(document)
      const log = await documents.log(document)
      const entry = placeEntry(log, draft, { actor, seenAt })
      return documents.add(document, log.next(actor, encodeEntry(entry, log.context(actor))))
    },
    take: (document, change) => {
      touched.add(document)
      return documents.add(document, change)
    },
    cutBack: (document, last) => {
      touched.add(document)
      return documents.cutBack(document, last)
    },
    afterwards: (effect) => void effects.push(effect),
  }
}

/** What memory held of these documents is no longer true. A disk that cannot be read now is read before the next commit. */
async function rollBack(desk: Desk, touched: ReadonlySet<DocumentId>): Promise<void> {
  for (const document of touched) desk.documents.drop(document)
  desk.isStale ||= touched.size > 0
  try {
    await renew(desk)
  } catch {
    // Still stale.
  }
}

/** Makes anew what was derived from documents. */
async function renew(desk: Desk): Promise<void> {
  if (!desk.isStale) return
  for (const listener of desk.rollbacks)
    await listener({ log: desk.documents.log, list: desk.staging.list })
  desk.isStale = false
}
