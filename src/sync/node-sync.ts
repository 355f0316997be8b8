/** Opens all of sync for one node: replica, directory, roster, keyring, and the driver that runs them. */
import { actorOf, type ChannelId, type Instant } from '#base/ids.ts'
import type { Directory, DirectoryChange } from '#model/directory.ts'
import { KEYS } from '#model/document-id.ts'
import type { Blobs } from '#ports/blobs.ts'
import type { Carrier, PeerId } from '#ports/carrier.ts'
import type { Clock } from '#ports/clock.ts'
import type { Disk } from '#ports/disk.ts'
import type { Log } from '#ports/log.ts'
import type { Random } from '#ports/random.ts'
import type { Store } from '#ports/store.ts'
import { openKeyring } from '#trust/epoch.ts'
import type { Identity } from '#trust/identity.ts'
import type { DoorEpoch } from '#trust/join-grant.ts'
import type { Roster } from '#trust/roster.ts'
import { alarm } from './alarms.ts'
import { openAuditCounts } from './audit-counts.ts'
import { openBlobUses } from './blob-uses.ts'
import { hearTime } from './clock-evidence.ts'
import { recordAudit } from './audit.ts'
import { writeHere } from './author.ts'
import type { Run, SyncContext, SyncEvent } from './context.ts'
import { clearShelf, newShelf } from './dictionaries.ts'
import { loadDamaged } from './damaged-files.ts'
import { openDeadlines, type LaneTimes } from './deadlines.ts'
import { startDriver, type Driver } from './driver.ts'
import { ensureSealingKey, holdFromDoor, reloadEpochs } from './epochs.ts'
import { proveFork, takeAllForkWords } from './freeze.ts'
import { retryParked } from './inbox.ts'
import { range } from './keys.ts'
import { holdsChanged, takePurge } from './purge.ts'
import { followUp } from './purge-orders.ts'
import type { LinkState } from './links.ts'
import { keepMakingWhole, wantFilesOf } from './file-fetching.ts'
import { loadFetches, openFileDesk } from './file-desk.ts'
import { keepOfficers, officersChanged, presumeOfficers } from './officers.ts'
import { loadPace, NO_PACE, openPaceDesk, type PacePolicy } from './pace-desk.ts'
import { openProjector, type ProjectorHooks } from './projector.ts'
import { beginAgain, noteNewLife, settleAllAside } from './rebirth.ts'
import { remedyAll, remedySoon } from './remedies.ts'
import { openReplica, type Reader, type Tx } from './replica.ts'
import { keepRotating, type EpochPolicy } from './rotation.ts'
import { AMPLE_ROOM, openRoom, type Room, type RoomRules } from './room.ts'
import { openRunningTime } from './running-time.ts'
import { keepScrubbing } from './scrub.ts'
import { useSpareCertificates, useSpareOrders } from './spare.ts'
import { addChannel, directoryChanged, foldedAnew, keysChanged } from './standing.ts'
import { keepTraining, type TrainingPolicy } from './training.ts'

/** Sync of one node, running. */
export interface NodeSync extends AsyncDisposable {
  readonly context: SyncContext
  readonly links: () => readonly LinkState[]
}

/** What sync needs. `emit` is called after the commit that brought an event is on disk, in the order of commits. */
export interface NodeSyncOptions {
  readonly identity: Identity
  readonly organisationSecret: Uint8Array
  /** What the organisation sealed under when this node was let in; held when a new store is opened. */
  readonly doorEpoch?: DoorEpoch | undefined
  readonly life: Uint8Array
  /** Shared with the carriers: who is out gets no session either. */
  readonly roster: Roster
  readonly store: Store
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly carriers: readonly Carrier[]
  /** Where files are kept. */
  readonly blobs: Blobs
  /** No epoch changes by the calendar unless given. */
  readonly epochs?: EpochPolicy
  /** A hub trains dictionaries only when asked unless given. */
  readonly training?: TrainingPolicy
  /** No message is overdue unless given. */
  readonly overdueAfterMs?: LaneTimes
  /** Room is taken to be ample unless both are given. */
  readonly disk?: Disk
  readonly room?: RoomRules
  /** By which way each channel's messages go; by any unless given. */
  readonly pace?: PacePolicy
  /** In which channels other nodes are told what was read here; in all unless given. */
  readonly tellsRead?: (channel: ChannelId) => boolean
  readonly emit: (event: SyncEvent) => void
  /** Resolves once those who hear of events have caught up; at once unless given. */
  readonly calm?: () => Promise<void>
  /** Called, once or more, when the node has to be closed and opened again in a new life. */
  readonly onRebirth?: () => void
}

/** Opens sync and starts it. The node's certificate and sealing key go into the keys document if they are not there yet. */
export async function openNodeSync(options: NodeSyncOptions): Promise<NodeSync> {
  const { clock, log, carriers, epochs: policy, training } = options
  const wires: Wires = { driver: undefined }
  const { context, audit } = contextOf(options, wires)
  await begin(context, options)
  const stop = new AbortController()
  const rotating = policy && keepRotating(context, { policy, clock, log }, stop.signal)
  const learning = training && keepTraining(context, { policy: training, clock, log }, stop.signal)
  const making = keepMakingWhole(context, stop.signal)
  const watching = context.deadlines.keep(stop.signal)
  const looking = context.room.keep(stop.signal)
  const scrubbing = keepScrubbing(context, clock, stop.signal)
  const driver = startDriver(context, { carriers, clock })
  wires.driver = driver
  return {
    context,
    links: driver.links,
    [Symbol.asyncDispose]: async () => {
      stop.abort()
      await rotating
      await learning
      await watching
      await making
      await looking
      await scrubbing
      await driver[Symbol.asyncDispose]()
      clearShelf(context.shelf)
      await audit[Symbol.asyncDispose]()
      await context.replica[Symbol.asyncDispose]()
    },
  }
}

/** What is there only once sync runs. */
interface Wires {
  driver: Driver | undefined
}

/** The parts, each knowing the others by the context. */
function contextOf(
  options: NodeSyncOptions,
  wires: Wires,
): { readonly context: SyncContext; readonly audit: ReturnType<typeof openAuditCounts> } {
  const { identity, life, store, clock, log, roster, random, emit } = options
  const { certificate, organisation } = identity
  const onLoss = (): void => {
    context.run.isOver = true
    context.onRebirth()
  }
  const actor = actorOf(certificate.node, life)
  const onMended = (): Promise<void> => remedySoon(context)
  const replica = openReplica({ store, actor, log, now: clock.now, onLoss, onMended })
  roster.introduce(identity.certificateBytes)
  const projector = openProjector(
    { identity, roster },
    hooksOf(() => context),
  )
  const audit = openAuditCounts(() => context, clock)
  const context: SyncContext = {
    identity,
    life,
    roster,
    keyring: openKeyring(organisation.suite, organisation.id, options.organisationSecret),
    replica,
    projector,
    directory: projector.directory,
    keyBook: projector.keyBook,
    time: openRunningTime(clock),
    shelf: newShelf(),
    files: openFileDesk(openBlobUses(options.blobs, { replica, log })),
    room: roomOf(options),
    deadlines: openDeadlines(() => context, { clock, times: options.overdueAfterMs }),
    log,
    audit,
    now: clock.now,
    random,
    peers: new Set(),
    emit,
    calm: options.calm ?? (async () => undefined),
    ring: () => wires.driver?.ring(),
    foundedAt: () => Math.min(...roster.all().map(({ validFrom }) => validFrom)),
    refold: (tx) => fold(tx, context),
    onFork: (fork, tx) => proveFork(tx, context, fork),
    shut: new Map(),
    run: newRun(clock.now()),
    onRebirth: options.onRebirth ?? (() => undefined),
    tellsRead: options.tellsRead ?? (() => true),
    pace: openPaceDesk(options.pace ?? NO_PACE),
  }
  return { context, audit }
}

/** What follows from entries that are folded. */
function hooksOf(context: () => SyncContext): ProjectorHooks {
  return {
    keysChanged: (tx, news, content) => keysChanged(tx, context(), { news, content }),
    directoryChanged: (tx, change) => followDirectory(tx, context(), change),
    foldedAnew: (tx, before) => followFolding(tx, context(), before),
    told: (tx, event) => tx.afterwards(() => context().emit(event)),
    withoutEffect: (tx, at) => alarm(tx, context(), { deed: 'entry without effect', ...at }),
    filesCame: (tx, message) => wantFilesOf(tx, context(), message),
    arrived: (tx, logged) => hearTime(tx, context(), logged),
    purgeOrdered: (tx, at) => takePurge(tx, context(), at),
    unplaced: (tx, at) => followUp(tx, context(), at),
    audited: (tx, at) => recordAudit(tx, context(), at),
  }
}

async function followDirectory(
  tx: Tx,
  context: SyncContext,
  change: DirectoryChange,
): Promise<void> {
  await directoryChanged(tx, context, change)
  await holdsChanged(tx, context, change)
  await officersChanged(tx, context, change)
}

async function followFolding(tx: Tx, context: SyncContext, before: Directory): Promise<void> {
  await presumeOfficers(tx, context)
  await foldedAnew(tx, context, before)
  await keepOfficers(tx, context)
}

function roomOf({ disk, room, clock, log, emit }: NodeSyncOptions): Room {
  if (disk === undefined || room === undefined) return AMPLE_ROOM
  return openRoom(room, { disk, clock, log, onChange: () => emit({ kind: 'room' }) })
}

function newRun(startedAt: Instant): Run {
  return {
    startedAt,
    isUnsure: false,
    unsureSince: undefined,
    isOver: false,
    hasForks: false,
    hasDoubts: false,
    isLooking: false,
    asked: new Map(),
    watches: new Map(),
    meanings: new Map(),
    heard: new Map(),
    doubts: new Map(),
    claimed: new Map(),
    clocks: new Map(),
    asideUntil: undefined,
  }
}

/** Reads what is on disk, and writes what a node has to have said before it sends anything. */
async function begin(context: SyncContext, options: NodeSyncOptions): Promise<void> {
  const { replica, peers, run } = context
  await context.time.begin(replica.read)
  await context.files.blobs.sweep()
  await loadDamaged(context)
  await loadFetches(context.files, replica)
  await loadPace(replica.read, context.pace)
  const known = await replica.read.list(range.peers)
  run.isUnsure = known.length > 0
  for (const [place] of known) peers.add(place.slice('peer/'.length) as PeerId)
  run.isOver = !(await replica.commit((tx) => beginAgain(tx, context)))
  if (run.isOver) context.onRebirth()
  await replica.commit(async (tx) => {
    await tx.log(KEYS) // finds damage before it is looked for
    await useSpareCertificates(tx, context)
    await fold(tx, context)
    await useSpareOrders(tx, context)
  })
  replica.onRollback((reader) => fold(reader, context))
  await enrolItself(context, options.doorEpoch)
  await replica.commit((tx) => retryParked(tx, context))
  await replica.commit(async (tx) => {
    await takeAllForkWords(tx, context)
    await settleAllAside(tx, context)
    await remedyAll(tx, context)
    await keepOfficers(tx, context)
  })
}

/** What is derived from the documents that say who is who, made anew. */
async function fold(reader: Pick<Reader, 'log' | 'list'>, context: SyncContext): Promise<void> {
  await context.projector.reload(reader)
  await presumeOfficers(reader, context)
  await reloadEpochs(reader, context)
  for (const { id } of context.directory().channels()) addChannel(context, id)
}

async function enrolItself(context: SyncContext, doorEpoch: DoorEpoch | undefined): Promise<void> {
  const { certificateBytes } = context.identity
  const known = context.keyBook().certificates()
  const isKnown = known.some((one) => Buffer.compare(one, certificateBytes) === 0)
  await context.replica.commit(async (tx) => {
    // Its own list may be found damaged just now: nothing is written in a life that ends.
    if (context.run.isOver) return
    if (known.length === 0 && doorEpoch !== undefined) await holdFromDoor(tx, context, doorEpoch)
    const content = { kind: 'node' as const, certificate: certificateBytes }
    const entry = { author: undefined, claimedAt: context.now(), content }
    if (!isKnown) await writeHere(tx, context, { document: KEYS, entry })
    await ensureSealingKey(tx, context)
    await noteNewLife(tx, context)
  })
}
