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
import { placeEntry, type Seen } from '#model/order.ts'
import type { Log as EventLog } from '#ports/log.ts'
import type { Entry, Range, Store } from '#ports/store.ts'
import { heal } from './healing.ts'
import { openDocuments, type Documents } from './documents.ts'
import { markUneven } from './gap-marks.ts'
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
  /** Appends our own entry to a document, placed after all there and after what was seen elsewhere, as far as it is believed. */
  readonly append: (document: DocumentId, draft: Draft, seen?: Seen) => Promise<Logged>
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
  /** Numbers of our own list are lost: none may be given out in this life. */
  isOver: boolean
  readonly events: EventLog
  readonly now: () => Instant
  readonly onLoss: () => void
}

/** Opens the replica on a store. */
export function openReplica(options: {
  readonly store: Store
  readonly actor: ActorId
  readonly log: EventLog
  /** Our own list was damaged: the replica takes no more entries of ours, and has to be opened in a new life. */
  readonly onLoss?: () => void
  readonly now?: () => Instant
}): Replica {
  const { store, actor } = options
  const staging = openStaging(store)
  const desk: Desk = {
    actor,
    staging,
    documents: openDocuments(staging, options.log),
    rollbacks: [],
    isStale: false,
    isOver: false,
    events: options.log,
    now: options.now ?? (() => 0),
    onLoss: options.onLoss ?? (() => undefined),
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

async function runJob(
  desk: Desk,
  job: Job,
  healed: ReadonlySet<string> = new Set(),
): Promise<Done | undefined> {
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
    const document = damagedIn(error)
    if (document === undefined || healed.has(document)) {
      job.reject(error)
      return undefined
    }
    await healDocument(desk, document)
    return runJob(desk, job, new Set([...healed, document]))
  }
}

/** The document that could not be read for damage, if that is what happened. */
function damagedIn(error: unknown): DocumentId | undefined {
  const isDamage = error instanceof EdgeError && error.code === 'STORE_BROKEN'
  const document = isDamage ? error.facts['document'] : undefined
  return typeof document === 'string' ? (document as DocumentId) : undefined
}

/** Goes to the disk with the batch, before whatever is written on top of it. */
async function healDocument(desk: Desk, document: DocumentId): Promise<void> {
  const { staging, events, actor } = desk
  staging.begin()
  const isLoss = await heal({ staging, events, actor }, document, desk.now())
  staging.keep()
  desk.documents.drop(document)
  if (!isLoss) return
  desk.isOver = true
  desk.onLoss()
}

function transaction(desk: Desk, effects: (() => void)[], touched: Set<DocumentId>): Tx {
  const { actor, staging, documents } = desk
  return {
    get: staging.get,
    list: staging.list,
    put: staging.put,
    delete: staging.delete,
    log: documents.log,
    append: async (document, draft, seen = { placeAt: 0 }) => {
      if (desk.isOver) throw new EdgeError('STOPPING', { found: 'a damaged list of our own' })
      touched.add(document)
      await markUneven(staging, document, desk.now())
      const log = await documents.log(document)
      const entry = placeEntry(log, draft, { actor, seen })
      return documents.add(document, log.next(actor, encodeEntry(entry, log.context(actor))))
    },
    take: async (document, change) => {
      touched.add(document)
      await markUneven(staging, document, desk.now())
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
