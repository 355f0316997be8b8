/**
 * The nodes of a simulated organisation: what each keeps when its power goes (keys, disk, clock fault) and the one
 * life it may be having. The nodes are real; only their ports are simulated.
 */
import type { Instant, NodeId, PostId, UserId } from '#base/ids.ts'
import { bytesFromText, equalBytes } from '#base/bytes.ts'
import { codeOf, type Facts } from '#base/errors.ts'
import { sha256 } from '#base/hash.ts'
import { openEdgeNode } from '#app/edge-node.ts'
import type { EdgeNode, NodeEvent } from '#app/node.ts'
import type { Carrier } from '#ports/carrier.ts'
import type { Blobs } from '#ports/blobs.ts'
import type { Clock } from '#ports/clock.ts'
import type { Courier } from '#ports/courier.ts'
import type { Log } from '#ports/log.ts'
import type { Passwords } from '#ports/passwords.ts'
import type { Store } from '#ports/store.ts'
import type { Identity } from '#trust/identity.ts'
import type { KeyPair } from '#trust/keys.ts'
import { openRoster, type Roster } from '#trust/roster.ts'
import type { SyncContext } from '#sync/context.ts'
import { openNodeSync, type NodeSync } from '#sync/node-sync.ts'
import type { Bugs } from './bugs.ts'
import { randomFrom, type Chance } from './chance.ts'
import { openClock, type ClockFault } from './clock.ts'
import type { Disk } from './disk.ts'
import { beginLife, within, type Life, type Timeline } from './timeline.ts'
import { markResumed } from './files.ts'
import type { Marks, Trace } from './trace.ts'
import type { Verdict } from './verdict.ts'

/** One node of the fleet, on or off. */
export interface Member {
  readonly index: number
  readonly name: string
  readonly id: NodeId
  readonly identity: Identity
  /** Only at headquarters. */
  readonly root: KeyPair | undefined
  readonly acquaintances: readonly Uint8Array[]
  /** 4 bytes: the life of the store. */
  life: Uint8Array
  readonly disk: Disk
  readonly blobs: Blobs
  /** What is in them, by hash. */
  readonly heldBlobs: Map<string, Uint8Array>
  readonly clock: ClockFault
  readonly chance: Chance
  /** What is planted between its program and its ports. */
  readonly bugs: Bugs
  /** People enrolled here, the administrator first. */
  readonly people: UserId[]
  boot: Boot | undefined
  /** Its disk was put back to an earlier state, or lost some of it: it may say so. */
  isDamaged: boolean
  /** Its whole disk was put back, and it may not know that yet: what it writes may get another id. */
  isDoubtful: boolean
  /** It was so once: it may have sent another list under the same numbers before it knew. */
  mayHaveForked: boolean
  /** True time since when somebody else has it: its disk, its keys, and the node itself. */
  capturedAt: Instant | undefined
  /** Headquarters has revoked it. */
  isShutOut: boolean
}

/** From power on to power off. `node` is there once it has opened. */
export interface Boot {
  readonly life: Life
  readonly clock: Clock
  /** Shared by the node and its carriers. */
  readonly roster: Roster
  node: (EdgeNode & AsyncDisposable) | undefined
  /** The life of its store is over: it is closed, and opened in another. */
  isEnding: boolean
  /** Told to stop, and it takes its time. */
  isStopping: boolean
  /** Switched on meanwhile: it starts again once it has stopped. */
  isToStart: boolean
  /** Messages that were told as new in this life. */
  readonly told: Set<PostId>
  /** Those that were told as deleted. */
  readonly toldDeleted: Set<PostId>
}

/** The world around the fleet. */
export interface FleetWorld {
  readonly timeline: Timeline
  readonly trace: Trace
  readonly marks: Marks
  readonly verdict: Verdict
  readonly organisationSecret: Uint8Array
  readonly openCarriers: (member: Member, boot: Boot, store: Store) => Carriers
  /** What a node believes of others, for one life. */
  readonly rosterFor: (member: Member, roster: Roster) => Roster
  /** Whether some node is in wrong hands, so that others must refuse what it sends. */
  readonly isSomebodyCaptured: () => boolean
  readonly mayAnybodyHaveForked: () => boolean
  /** Somebody has found that a node signed two lists. */
  readonly onForked: (node: unknown) => void
  readonly onLost: (member: Member) => void
  readonly onEvent: (member: Member, event: NodeEvent) => void
}

/** The ways of one life of a node. */
export interface Carriers {
  readonly carriers: readonly Carrier[]
  /** Where there are sticks. */
  readonly courier?: Courier
}

/** Power on and power off. */
export interface Fleet {
  /** Does nothing when it is on already. */
  readonly switchOn: (member: Member) => void
  /** The node is told to stop and switched off when it has. */
  readonly shutDown: (member: Member) => void
  /** The power goes, at once. */
  readonly cutPower: (member: Member) => void
  /**
   * Whoever has the node switches it off, does something to its store with sync alone, and switches it on again. When
   * the power goes meanwhile, what is not done stays undone.
   */
  readonly workOn: (member: Member, work: (sync: SyncContext) => Promise<void>) => Promise<void>
}

/** A full disk at start: the node is tried again after this long, in milliseconds. */
const START_AGAIN_MS = 30_000

/** A node may wait for a full disk before it stops, but not for ever, in milliseconds. */
const STOP_MS_MAX = 20 * 60_000

/** Errors and warnings that an honest world may cause. */
const EXPECTED_EVENTS: ReadonlySet<string> = new Set(['sync.disk'])
/** Warnings that mean an honest node has sent what an honest node refuses. */
const FORBIDDEN_WARNINGS: ReadonlySet<string> = new Set(['envelope.refused'])

/** What a node says of a disk that was put back or lost some of what was on it. */
const OF_DAMAGE: ReadonlySet<string> = new Set([
  'node.restored',
  'document.damaged',
  'value.damaged',
  'view.damaged',
])

/** What nodes meet where one went on from a disk that was put back as a whole, before it had heard of that. */
const OF_FORK: ReadonlySet<unknown> = new Set([
  'fork.found',
  'node.forked',
  'node.cloned',
  'not vouched for',
  'delta.not-vouched-for',
  // Whoever sent what is not vouched for is told that it was refused; the reason is looked at where it was.
  'INPUT_INVALID',
])

/** What an honest node meets only where another is captured: events, and why it refuses an envelope. */
const AMONG_CAPTURED: ReadonlySet<unknown> = new Set([
  'rule.broken',
  'delta.not-vouched-for',
  'fork.found',
  'node.forked',
  'revoked',
  'not vouched for',
  // What one node passes on of a captured one, another that has heard refuses.
  'INPUT_INVALID',
])

/** Passwords are not what is simulated. */
const QUICK_PASSWORDS: Passwords = {
  hash: async (password) => sha256(bytesFromText(password)),
  check: async (password, hash) => equalBytes(hash, sha256(bytesFromText(password))),
}

/** A fleet whose members are all off. */
export function openFleet(world: FleetWorld): Fleet {
  const { timeline, trace, marks, verdict } = world
  const cutPower = (member: Member): void => {
    const { boot } = member
    if (boot === undefined) return
    boot.life.end()
    member.boot = undefined
    trace.note(member.name, 'power off')
    marks.count(boot.node === undefined ? 'power.off-while-opening' : 'power.off')
    world.onLost(member)
  }
  const switchOn = (member: Member): void => {
    if (member.boot !== undefined) {
      member.boot.isToStart = member.boot.isStopping
      return
    }
    markResumed(marks, member)
    const boot = beginBoot(member)
    trace.note(member.name, 'power on', { clock: member.clock.kind })
    void open(member, boot)
  }
  const beginBoot = (member: Member): Boot => {
    const roster = world.rosterFor(member, openRoster(member.identity.organisation))
    for (const bytes of member.acquaintances) roster.introduce(bytes)
    const life = beginLife()
    member.boot = {
      life,
      clock: openClock(timeline, member.clock, life),
      roster,
      node: undefined,
      isEnding: false,
      isStopping: false,
      isToStart: false,
      told: new Set(),
      toldDeleted: new Set(),
    }
    return member.boot
  }
  const open = async (member: Member, boot: Boot): Promise<void> => {
    try {
      const onRebirth = (): void => beginAnew(member, boot)
      const node = await within(boot.life, openNode(world, member, { boot, onRebirth }))
      boot.node = node
      trace.note(member.name, 'open')
      node.subscribe((event) => void (boot.life.isAlive() && world.onEvent(member, event)))
    } catch (error) {
      if (codeOf(error) !== 'STORE_FULL') return failStart(verdict, member, error)
      marks.count('power.on-with-full-disk')
      cutPower(member)
      timeline.after(START_AGAIN_MS, () => switchOn(member))
    }
  }
  /** Closed once it is open, and opened again in a new life of its store, as the program does it. */
  const beginAnew = (member: Member, boot: Boot): void => {
    if (boot.isEnding || member.capturedAt !== undefined) return
    boot.isEnding = true
    trace.note(member.name, 'ends its life')
    const end = (): void => {
      const { node } = boot
      if (node === undefined) return void timeline.after(50, end, boot.life)
      void rebear(member, boot, node)
    }
    timeline.after(0, end, boot.life)
  }
  const rebear = async (
    member: Member,
    boot: Boot,
    node: NonNullable<Boot['node']>,
  ): Promise<void> => {
    await within(boot.life, Promise.resolve(node[Symbol.asyncDispose]()))
    member.life = member.chance.fork(`life at ${timeline.now()}`).bytes(4)
    member.isDoubtful = false
    marks.count('node.reborn')
    cutPower(member)
    switchOn(member)
  }
  const shutDown = (member: Member): void => {
    const { boot } = member
    if (boot?.node === undefined) return cutPower(member)
    trace.note(member.name, 'is told to stop')
    boot.isStopping = true
    marks.count('power.shut-down')
    void close(member, boot)
    timeline.after(
      STOP_MS_MAX,
      () => {
        const wanted = `a node that stops within ${STOP_MS_MAX} ms`
        const found = 'it runs on'
        verdict.fail({ broken: 'promise 11: bounded', where: member.name, wanted, found })
      },
      boot.life,
    )
  }
  const close = async (member: Member, boot: Boot): Promise<void> => {
    const { life, node } = boot
    try {
      if (node !== undefined) await within(life, Promise.resolve(node[Symbol.asyncDispose]()))
      trace.note(member.name, 'has stopped')
      cutPower(member)
      if (boot.isToStart) switchOn(member)
    } catch (error) {
      failStart(verdict, member, error)
    }
  }
  const workOn = async (
    member: Member,
    work: (sync: SyncContext) => Promise<void>,
  ): Promise<void> => {
    if (member.boot !== undefined) cutPower(member)
    const boot = beginBoot(member)
    try {
      const sync = await within(boot.life, openSync(world, member, boot))
      await within(boot.life, work(sync.context))
      await within(boot.life, Promise.resolve(sync[Symbol.asyncDispose]()))
    } catch (error) {
      if (codeOf(error) !== 'STORE_FULL') failStart(verdict, member, error)
    }
    cutPower(member)
    switchOn(member)
  }
  return { switchOn, shutDown, cutPower, workOn }
}

/** Sync alone, on the member's disk, and no carrier. */
function openSync(world: FleetWorld, member: Member, { life, roster }: Boot): Promise<NodeSync> {
  return openNodeSync({
    identity: member.identity,
    organisationSecret: world.organisationSecret,
    life: member.life,
    roster,
    store: member.disk.open(life),
    blobs: member.blobs,
    clock: openClock(world.timeline, member.clock, life),
    random: randomFrom(member.chance),
    log: openLogPort(world, member, life),
    carriers: [],
    emit: () => undefined,
  })
}

/** Shorter than anywhere else: a run lasts hours, and each clock has to run out in it. */
const OVERDUE_AFTER_MS = {
  flash: 60_000,
  immediate: 300_000,
  priority: 900_000,
  routine: 1_800_000,
}

function openNode(
  world: FleetWorld,
  member: Member,
  { boot, onRebirth }: { readonly boot: Boot; readonly onRebirth: () => void },
): Promise<EdgeNode & AsyncDisposable> {
  const { life, clock, roster } = boot
  const store = member.bugs.store(member.disk.open(life))
  const ports = {
    store,
    blobs: member.blobs,
    clock,
    passwords: QUICK_PASSWORDS,
    random: randomFrom(member.chance),
    log: openLogPort(world, member, life),
    ...world.openCarriers(member, boot, store),
  }
  const options = {
    identity: member.identity,
    organisationSecret: world.organisationSecret,
    root: member.root,
    life: member.life,
    roster,
    onRebirth,
    version: '0.0.0',
    overdueAfterMs: OVERDUE_AFTER_MS,
  }
  return openEdgeNode(options, ports)
}

function openLogPort(world: FleetWorld, member: Member, life: Life): Log {
  const { trace, marks, verdict } = world
  const note =
    (level: string, isWrong: (event: string, facts: Facts) => boolean) =>
    (event: string, facts: Facts = {}): void => {
      if (!life.isAlive()) return
      trace.note(member.name, `${level} ${event}`, facts)
      if (member.capturedAt === undefined) marks.count(`log.${event}`)
      if (event === 'node.forked') world.onForked(facts['node'])
      if (member.capturedAt !== undefined || !isWrong(event, facts)) return
      const isOf = (known: ReadonlySet<unknown>): boolean =>
        [event, facts['reason'], facts['code']].some((one) => known.has(one))
      if (isOf(AMONG_CAPTURED) && world.isSomebodyCaptured()) return
      if (isOf(OF_FORK) && world.mayAnybodyHaveForked()) return
      if (member.isDamaged && OF_DAMAGE.has(event)) return
      const found = `${event} ${JSON.stringify(facts)}`
      verdict.fail({
        broken: 'no such error',
        where: member.name,
        wanted: `no ${level} of this kind`,
        found,
      })
    }
  return {
    error: note('error', (event) => !EXPECTED_EVENTS.has(event)),
    warn: note(
      'warn',
      (event, facts) =>
        FORBIDDEN_WARNINGS.has(event) ||
        (event === 'parcel.refused' && facts['code'] !== 'ALREADY_EXISTS'),
    ),
    info: note('info', () => false),
    debug: note('debug', () => false),
  }
}

function failStart(verdict: Verdict, member: Member, error: unknown): void {
  const found = error instanceof Error ? (error.stack ?? error.message) : String(error)
  verdict.fail({
    broken: 'no such error',
    where: member.name,
    wanted: 'a node that opens and closes',
    found,
  })
}
