/**
 * Commits at work: one after another, a group of them written as one batch. What one meets damaged is mended and written before
 * it is run again.
 */
import { codeOf, EdgeError } from '#base/errors.ts'
import { nodePrefixOfActor, type ActorId, type DocumentId, type Instant } from '#base/ids.ts'
import { encodeEntry } from '#model/entry.ts'
import { placeEntry } from '#model/order.ts'
import type { Log as EventLog } from '#ports/log.ts'
import type { Store } from '#ports/store.ts'
import type { Documents } from './documents.ts'
import { markUneven } from './gap-marks.ts'
import { dropPrints, keepPrint } from './prints.ts'
import { damagedIn, mend, type Mended } from './mending.ts'
import type { Reader, Tx } from './replica.ts'
import type { Staging } from './staging.ts'

/** A commit that waits for its turn. */
export interface Job {
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
export interface Desk {
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
  /** Names of values that were found damaged since this was asked last. */
  readonly damaged: () => readonly string[]
  /** Resolves once what follows from it is done. */
  readonly onMended: () => Promise<void>
}

/** Runs commits one after another, then writes what they decided as one batch; only then is any of them true. */
export async function runGroup(desk: Desk, group: readonly Job[]): Promise<void> {
  const done: Done[] = []
  /** What was decided so far is a batch of its own: what is on the disk does not hide what is damaged before. */
  const writeSoFar = (): Promise<unknown> => write(desk, done.splice(0))
  for (const job of group) {
    const result = await runJob(desk, { job, writeSoFar })
    if (result !== undefined) done.push(result)
  }
  await writeSoFar()
}

/** Gives what went wrong with the disk, as those who wait for it are told, too. */
async function write(desk: Desk, done: readonly Done[]): Promise<unknown> {
  try {
    await desk.staging.flush()
  } catch (error) {
    desk.staging.forget()
    await rollBack(desk, new Set(done.flatMap(({ touched }) => [...touched])))
    for (const { job } of done) job.reject(error)
    return error
  }
  desk.documents.evict()
  for (const { job, value, effects } of done) {
    for (const effect of effects) effect()
    job.resolve(value)
  }
  return undefined
}

interface Running {
  readonly job: Job
  readonly writeSoFar: () => Promise<unknown>
  /** Names of what was mended for it. */
  readonly mended?: ReadonlySet<string>
}

async function runJob(
  desk: Desk,
  { job, writeSoFar, mended = new Set() }: Running,
): Promise<Done | undefined> {
  const work: Work = { effects: [], touched: new Set(), isUndone: false }
  const { effects, touched } = work
  desk.staging.begin()
  try {
    await renew(desk)
    const value = await job.run(transaction(desk, work))
    if (work.isUndone) return await undone(desk, touched, () => job.resolve(value))
    desk.staging.keep()
    return { job, value, touched, effects }
  } catch (error) {
    desk.staging.drop()
    await rollBack(desk, touched)
    const damaged = damagedIn(error, desk.damaged)
    if (damaged.every((name) => mended.has(name))) {
      job.reject(error)
      return undefined
    }
    const wrong = (await writeSoFar()) ?? (await mendNow(desk, damaged, writeSoFar))
    if (wrong === undefined)
      return runJob(desk, { job, writeSoFar, mended: new Set([...mended, ...damaged]) })
    job.reject(wrong)
    return undefined
  }
}

/** Drops what a commit has done. */
async function undone(
  desk: Desk,
  touched: ReadonlySet<DocumentId>,
  resolve: () => void,
): Promise<undefined> {
  desk.staging.drop()
  await rollBack(desk, touched)
  resolve()
  return undefined
}

/** Mends and writes that; what went wrong with the disk. */
async function mendNow(
  desk: Desk,
  names: readonly string[],
  writeSoFar: Running['writeSoFar'],
): Promise<unknown> {
  const wasOver = desk.isOver
  const found = await mendAll(desk, names)
  const wrong = await writeSoFar()
  if (wrong === undefined) void tellMended(desk, found)
  else desk.isOver = wasOver
  return wrong
}

/** Staged, to be written before whatever comes on top of it. */
async function mendAll(desk: Desk, names: readonly string[]): Promise<Mended> {
  const { staging } = desk
  staging.begin()
  const mended = await mend(desk, names)
  staging.keep()
  desk.damaged() // those of what was mended
  if (mended.isOver) desk.isOver = true
  return mended
}

/** What was mended is on disk. */
function tellMended(desk: Desk, { isOver }: Mended): Promise<void> {
  const remedied = desk.onMended()
  if (isOver) desk.onLoss()
  return remedied
}

/** What a commit does beside its writes. */
interface Work {
  readonly effects: (() => void)[]
  readonly touched: Set<DocumentId>
  isUndone: boolean
}

function transaction(desk: Desk, work: Work): Tx {
  const { actor, staging, documents } = desk
  const { effects, touched } = work
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
      const logged = await documents.add(
        document,
        log.next(actor, encodeEntry(entry, log.context(actor))),
      )
      await keepPrint(staging, document, logged)
      return logged
    },
    take: async (document, change) => {
      touched.add(document)
      await markUneven(staging, document, desk.now())
      const logged = await documents.add(document, change)
      if (isOfSameNode(actor, change.actor)) await keepPrint(staging, document, logged)
      return logged
    },
    cutBack: async (document, last) => {
      touched.add(document)
      await dropPrints(staging, { document, actor: last.actor }, last.seq)
      return documents.cutBack(document, last)
    },
    purge: async (document, stubs) => {
      touched.add(document)
      const gone = await documents.purge(document, stubs)
      // The list may go on with a stub of what our disk has lost.
      for (const { actor: of, to: seq, hash } of stubs)
        if (isOfSameNode(actor, of)) await keepPrint(staging, document, { actor: of, seq, hash })
      return gone
    },
    check: documents.check,
    undo: () => {
      work.isUndone = true
    },
    afterwards: (effect) => void effects.push(effect),
  }
}

function isOfSameNode(one: ActorId, other: ActorId): boolean {
  return nodePrefixOfActor(one) === nodePrefixOfActor(other)
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

/** Reads what is on the disk: what is met damaged is mended by a commit, and read again. */
export function readMending(
  desk: Desk,
  store: Store,
  commit: (work: (tx: Tx) => Promise<void>) => Promise<void>,
): Pick<Store, 'get' | 'getMany' | 'list'> {
  const mended = async <T>(read: () => Promise<T>): Promise<T> => {
    try {
      return await read()
    } catch (error) {
      if (codeOf(error) !== 'STORE_BROKEN') throw error
      const names = desk.damaged()
      let remedied: Promise<void> | undefined
      await commit(async (tx) => {
        const found = await mendAll(desk, names)
        tx.afterwards(() => {
          remedied = tellMended(desk, found)
        })
      })
      await remedied // before it a message may be there and not be shown
      return read()
    }
  }
  return {
    get: (name) => mended(() => store.get(name)),
    getMany: (names) => mended(() => store.getMany(names)),
    list: (range) => mended(() => store.list(range)),
  }
}
