/** When what goes wrong, drawn from the seed. Nothing goes wrong before `begin` and after `end`. */
import type { Chance } from './chance.ts'
import type { DiskFaults, PowerCut } from './disk.ts'
import type { Member } from './fleet.ts'
import { openLineFaults } from './line-faults.ts'
import type { NetworkFaults } from './network.ts'
import { diskLies, networkLies, type Liar } from './lies.ts'
import { DEFAULT_OPTIONS, type Fault, type SimOptions } from './options.ts'
import { putDisksBack } from './put-back.ts'
import { rotDisks } from './rot.ts'
import { often, pairs, postMembers, type Scene, type Stage } from './scene.ts'
import { swizzle, unmuteAll } from './swizzle.ts'
import { beginLife, type Life } from './timeline.ts'

/** The faults of one run. */
export interface Faults {
  readonly network: NetworkFaults
  /** Of the disk of the node with this index. */
  readonly disk: (index: number) => DiskFaults
  readonly begin: (stage: Stage) => void
  /** Everything is whole again: links, disks, the post office, and all nodes are switched on. */
  readonly end: (stage: Stage) => void
  /** A node has lost its power in a write: somebody comes and switches it on again. */
  readonly bringBack: (stage: Stage, member: Member) => void
  /** The thinnest line there is, in bits per second; undefined when all are fat. */
  readonly slowestBps: () => number | undefined
}

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
/** NATS syncs its streams every two minutes unless told otherwise. */
/** Nobody waits long with what is to be seen to. */
const SOON_MS = 5_000
const POST_SYNC_MS = 2 * MINUTE_MS

/** Faults that have not begun. */
export function openFaults(chance: Chance, options: SimOptions): Faults {
  const full = new Set<number>()
  const slowDisks = new Map<number, number>()
  const lags = new Map<string, number>()
  const cutHere = scriptedCut(options.powerCut)
  let phase: Life = beginLife()
  let isActive = false
  const has = (fault: Fault): boolean => !options.without.includes(fault)
  const liarOf = (name: string): Liar => ({
    chance: chance.fork(name),
    planted: options.planted,
    isActive: () => isActive,
  })
  const probability = (fault: Fault, value: number) => (): number =>
    isActive && has(fault) ? value : 0
  const lines = openLineFaults({
    chance: chance.fork('lines'),
    hasThin: has('thin-links'),
    linkTrace: options.linkTrace,
    isCalm: () => !isActive,
  })

  return {
    slowestBps: lines.slowestBps,
    network: {
      duplicates: probability('duplicates', 0.06),
      strays: probability('strays', 0.06),
      lineOf: lines.lineOf,
      lagMs: (place) => lags.get(place) ?? 0,
      ...networkLies(liarOf('network lies')),
    },
    disk: (index) => {
      const draw = chance.fork(`disk ${index}`)
      return {
        isFull: () => isActive && full.has(index),
        slowMs: () => slowDisks.get(index) ?? 0,
        powerCut: () => {
          const scripted = cutHere()
          if (scripted !== undefined) return scripted
          if (!isActive || !has('power-in-writes') || !draw.happens(0.004)) return undefined
          return draw.happens(0.5) ? 'before sync' : 'after sync'
        },
        lies: diskLies(liarOf(`disk lies ${index}`)),
      }
    },
    begin: (stage) => {
      isActive = true
      phase = beginLife()
      const haste = Math.max(1, DEFAULT_OPTIONS.hours / options.hours)
      const scene = { stage, phase, haste }
      if (has('cuts')) cutLinks(scene, chance.fork('cuts'))
      if (has('power')) cutPower(scene, chance.fork('power'))
      if (has('full-disks')) fillDisks(scene, chance.fork('full'), full)
      if (has('slow-disks')) slowDown(scene, chance.fork('slow disks'), slowDisks)
      if (has('slow-consumers')) lag(scene, chance.fork('slow consumers'), lags)
      if (options.also.includes('bit-flips')) rotDisks(scene, chance.fork('bit flips'))
      if (options.also.includes('put-back'))
        putDisksBack(scene, chance.fork('put back'), options.hours)
      if (has('swizzle')) swizzle(scene, chance.fork('swizzle'))
      if (options.planted.includes('disk-restored'))
        restoreDisk(scene, chance.fork('restore'), options.hours)
      if (stage.topology.post.length === 0) return
      if (has('post-power')) failPost(scene, chance.fork('post power'))
      if (has('post-wipe')) wipePost(scene, chance.fork('post wipe'), options.hours)
    },
    end: (stage) => {
      isActive = false
      phase.end()
      full.clear()
      slowDisks.clear()
      lags.clear()
      unmuteAll(stage)
      // What was caught in an outage is not waited for: contacts begin anew.
      const isStuck = lines.slowestBps() !== undefined
      for (const [a, b] of pairs(stage)) {
        if (isStuck) stage.lan.unplug(a.id, b.id)
        stage.lan.plug(a.id, b.id)
      }
      for (const { id } of postMembers(stage)) {
        if (isStuck) stage.post.unplug(id)
        stage.post.plug(id)
      }
      for (const member of stage.members) stage.fleet.switchOn(member)
    },
    bringBack: (stage, member) => {
      const scene = { stage, phase }
      const { timeline, fleet } = stage
      if (isActive) return void timeline.after(downMs(chance), () => endOutage(scene, member))
      // A slow write that was to be cut off may be the last thing that goes wrong.
      timeline.after(SOON_MS, () => fleet.switchOn(member))
    },
  }
}

/** Asked at every write of all disks: whether the power goes there, as the option says. */
function scriptedCut(option: string | undefined): () => PowerCut | undefined {
  const [, when, number] = /^(before|after)-(\d+)$/.exec(option ?? '') ?? []
  let writes = 0
  return () => {
    writes += 1
    if (writes !== Number(number)) return undefined
    return when === 'before' ? 'before sync' : 'after sync'
  }
}

/** A lie: a kit goes on from a backup as if nothing had happened since, without a new life of its store. */
function restoreDisk({ stage, phase }: Scene, chance: Chance, hours: number): void {
  const { timeline, fleet, members } = stage
  const member = chance.pick(members)
  timeline.after(
    (hours * HOUR_MS) / 3,
    () => {
      const restore = member.disk.backUp()
      timeline.after(
        (hours * HOUR_MS) / 3,
        () => {
          fleet.cutPower(member)
          restore()
          fleet.switchOn(member)
        },
        phase,
      )
    },
    phase,
  )
}

/** Every link is there for a while and gone for a while; some nodes hardly ever meet. */
function cutLinks(scene: Scene, chance: Chance): void {
  const { lan, post } = scene.stage
  for (const [a, b] of pairs(scene.stage)) {
    if (isFar(scene, a) || isFar(scene, b)) continue
    flap(scene, chance.fork(`${a.name} ${b.name}`), (isUp) =>
      isUp ? lan.plug(a.id, b.id) : lan.unplug(a.id, b.id),
    )
  }
  for (const member of postMembers(scene.stage)) {
    if (isFar(scene, member)) continue
    flap(scene, chance.fork(`post ${member.name}`), (isUp) =>
      isUp ? post.plug(member.id) : post.unplug(member.id),
    )
  }
}

function isFar({ stage: { topology } }: Scene, { index }: Member): boolean {
  return topology.far === index
}

function flap(scene: Scene, chance: Chance, set: (isUp: boolean) => void): void {
  let isUp = chance.happens(0.5)
  const longestUp = chance.pick([1, 5, 30]) * MINUTE_MS
  const longestDown = chance.pick([1, 10, 60, 150]) * MINUTE_MS
  set(isUp)
  often(
    scene,
    () => chance.between(1_000, isUp ? longestUp : longestDown),
    () => {
      isUp = !isUp
      set(isUp)
    },
  )
}

function cutPower(scene: Scene, chance: Chance): void {
  const { stage, phase } = scene
  const { timeline, fleet, members } = stage
  for (const member of members) {
    const own = chance.fork(member.name)
    const meanMs = own.pick([20, 60, 180]) * MINUTE_MS
    often(
      scene,
      () => own.between(MINUTE_MS, 2 * meanMs),
      () => {
        if (own.happens(0.3)) fleet.shutDown(member)
        else fleet.cutPower(member)
        timeline.after(downMs(own), () => endOutage(scene, member))
        // The power goes again before the node has opened, or soon after.
        if (!own.happens(0.3)) return
        timeline.after(downMs(own), () => {
          endOutage(scene, member)
          timeline.after(own.between(0, 12), () => fleet.cutPower(member), phase)
        })
      },
    )
  }
}

/**
 * The power is back, perhaps long after the faults, which end with all nodes on. Who is off by then was being stopped as they
 * ended, or has given up: a kit that is shut out stays off.
 */
function endOutage({ stage, phase }: Pick<Scene, 'stage' | 'phase'>, member: Member): void {
  if (phase.isAlive() || !member.isShutOut) stage.fleet.switchOn(member)
}

/** A disk takes its time for minutes: a card that moves its blocks about, or that is worn out. */
function slowDown(scene: Scene, chance: Chance, slow: Map<number, number>): void {
  for (const { index, name } of scene.stage.members) {
    const own = chance.fork(name)
    forAWhile(scene, own, {
      longestMs: 15 * MINUTE_MS,
      begin: () => slow.set(index, own.between(500, 20_000)),
      end: () => slow.delete(index),
    })
  }
}

/** A node, or the post office, looks only minutes later at what has come. */
function lag(scene: Scene, chance: Chance, lags: Map<string, number>): void {
  for (const name of [...scene.stage.members.map((member) => member.name), 'post:sim']) {
    const own = chance.fork(name)
    forAWhile(scene, own, {
      longestMs: 20 * MINUTE_MS,
      begin: () => lags.set(name, own.between(10_000, 5 * MINUTE_MS)),
      end: () => lags.delete(name),
    })
  }
}

/** Begins now and then, and ends again. */
function forAWhile(
  scene: Scene,
  chance: Chance,
  state: { readonly longestMs: number; readonly begin: () => void; readonly end: () => void },
): void {
  often(
    scene,
    () => chance.between(10 * MINUTE_MS, 3 * HOUR_MS),
    () => {
      state.begin()
      scene.stage.timeline.after(chance.between(5_000, state.longestMs), state.end, scene.phase)
    },
  )
}

function fillDisks(scene: Scene, chance: Chance, full: Set<number>): void {
  for (const { index, name } of scene.stage.members) {
    const own = chance.fork(name)
    often(
      scene,
      () => own.between(10 * MINUTE_MS, 3 * HOUR_MS),
      () => {
        full.add(index)
        scene.stage.timeline.after(
          own.between(5_000, 10 * MINUTE_MS),
          () => full.delete(index),
          scene.phase,
        )
      },
    )
  }
}

function failPost(scene: Scene, chance: Chance): void {
  often(
    scene,
    () => chance.between(5 * MINUTE_MS, 2 * HOUR_MS),
    () =>
      scene.stage.post.failPower(
        chance.between(1_000, 10 * MINUTE_MS),
        chance.between(0, POST_SYNC_MS),
      ),
  )
}

function wipePost(scene: Scene, chance: Chance, hours: number): void {
  if (!chance.happens(0.5)) return
  const at = chance.between(0, hours * HOUR_MS)
  scene.stage.timeline.after(at, scene.stage.post.wipe, scene.phase)
}

function downMs(chance: Chance): number {
  return chance.happens(0.5)
    ? chance.between(500, 20_000)
    : chance.between(MINUTE_MS, 40 * MINUTE_MS)
}
