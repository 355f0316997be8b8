/**
 * Documents on this node and the one way to change anything: a commit. Commits run one after another; those that
 * wait while a batch is being synced go to the disk together as the next batch. So a commit sees all earlier
 * ones, a crash keeps whole commits in their order, and many posts cost one fsync (research/wire.md 4).
 */
import { EdgeError } from '#base/errors.ts'
import type { ActorId, DocumentId, Instant } from '#base/ids.ts'
import { COMMIT_QUEUE_MAX, GROUP_COMMITS_MAX } from '#base/limits.ts'
import type { Change } from '#model/change.ts'
import type { Draft } from '#model/entry.ts'
import type { Log, Logged } from '#model/log.ts'
import type { Seen } from '#model/order.ts'
import type { Log as EventLog } from '#ports/log.ts'
import type { Entry, Range, Store } from '#ports/store.ts'
import { readMending, runGroup, type Desk, type Job } from './desk.ts'
import { openDocuments, type Documents } from './documents.ts'
import { within } from './keys.ts'
import { openStaging } from './staging.ts'

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
  /** A document as it is on the disk, where it may be damaged while memory has it whole. */
  readonly check: (document: DocumentId) => Promise<Log>
  /** Nothing of this commit counts, though its value is given: it was only to see what would come of it. */
  readonly undo: () => void
  /** Puts stubs in the place of what was purged; all of the document's. Gives what is gone. */
  readonly purge: Documents['purge']
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
  /** Makes the disk drop what was deleted or written over wherever messages lie. Takes as long as copying them. */
  readonly compact: () => Promise<void>
  /** Called when changes were taken back after a failure: what was derived from documents must be made anew. */
  readonly onRollback: (listener: (reader: Pick<Reader, 'log' | 'list'>) => Promise<void>) => void
}

const WHERE_MESSAGES_LIE = [
  'aside/',
  'broken/',
  'cut/',
  'file/',
  'fly/',
  'loose/',
  'park/',
  'search/',
  'snap/',
  'view/',
  'wait/',
]

/** Opens the replica on a store. */
export function openReplica(options: {
  readonly store: Store
  readonly actor: ActorId
  readonly log: EventLog
  /** Our own list was damaged: the replica takes no more entries of ours, and has to be opened in a new life. */
  readonly onLoss?: () => void
  /** Values were damaged, and something is to be done for that (`remedies.ts`). */
  readonly onMended?: () => Promise<void>
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
    damaged: store.damaged ?? (() => []),
    onMended: options.onMended ?? (() => Promise.resolve()),
  }
  const queue: Job[] = []
  let running: Promise<void> | undefined
  let isClosed = false

  const runAll = async (): Promise<void> => {
    while (queue.length > 0) await runGroup(desk, queue.splice(0, GROUP_COMMITS_MAX))
    running = undefined
  }

  const commit = <T>(work: (tx: Tx) => Promise<T>): Promise<T> => {
    if (isClosed) return Promise.reject(new EdgeError('STOPPING', {}))
    if (queue.length >= COMMIT_QUEUE_MAX) {
      return Promise.reject(new EdgeError('TOO_MANY_REQUESTS', { waiting: queue.length }))
    }
    return new Promise<T>((resolve, reject) => {
      queue.push({ run: work, resolve: (value) => resolve(value as T), reject })
      running ??= Promise.resolve().then(runAll)
    })
  }
  return {
    actor,
    commit,
    read: readMending(desk, store, commit),
    compact: async () => {
      for (const prefix of WHERE_MESSAGES_LIE) await store.compact(within(prefix))
    },
    onRollback: (listener) => void desk.rollbacks.push(listener),
    [Symbol.asyncDispose]: async () => {
      isClosed = true
      await running
    },
  }
}
