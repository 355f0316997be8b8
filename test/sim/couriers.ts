/**
 * People who carry sticks from node to node, and what becomes of sticks on the way: they are lost, copied, cut short, filled with
 * other things, put back to what they held before, and pulled out too early. In some runs nothing else reaches a kit for
 * as long as there are faults. Not every run has sticks.
 */
import type { EdgeNode } from '#app/node.ts'
import { codeOf } from '#base/errors.ts'
import type { NodeId } from '#base/ids.ts'
import { openCourierCarrier, type CourierCarrier } from '#carriers/courier.ts'
import type { Carrier } from '#ports/carrier.ts'
import type { Courier, CourierReport } from '#ports/courier.ts'
import type { Random } from '#ports/random.ts'
import type { Store } from '#ports/store.ts'
import { randomFrom, type Chance } from './chance.ts'
import type { Boot, Member } from './fleet.ts'
import { judged } from './people.ts'
import { numbersIn } from './said.ts'
import type { Society } from './society.ts'
import { openStick, openStickDisk, type Stick } from './stick-disk.ts'
import { beginLife, within, type Life } from './timeline.ts'
import type { Broken } from './verdict.ts'

/** The sticks of one run. */
export interface Sticks {
  /** The courier of one life of a node, and what people ask of it; undefined where there are no sticks. */
  readonly open: (member: Member, boot: Boot, store: Store) => Opened | undefined
  /** People begin to carry sticks about. */
  readonly begin: (world: SticksWorld, lengthMs: number) => void
  /** Nobody takes a stick anywhere any more. */
  readonly end: (world: SticksWorld) => void
  /** Somebody goes to and fro with one more stick between two nodes, a few times; rejects with what goes wrong. */
  readonly shuttle: (world: SticksWorld, ends: readonly [Member, Member]) => Promise<void>
  /** Somebody puts a stick into a node, and takes it out again when all is done. */
  readonly stopAt: (world: SticksWorld, stick: Stick, trip: Trip) => Promise<void>
  /** A node has lost its power, and whatever was written to a stick in it breaks off. */
  readonly lost: (member: Member) => void
}

/** A carrier, watched, and the courier in it. */
export interface Opened {
  readonly carrier: Carrier
  readonly courier: Courier
}

/** What sticks are carried about in. */
export interface SticksWorld extends Society {
  readonly members: readonly Member[]
}

/** What a courier is told of. */
export interface SticksGround {
  readonly society: Society
  /** Something is on its way. */
  readonly onTraffic: () => void
  /** A kit that nothing but sticks reaches while there are faults, by index. */
  readonly far: number | undefined
}

/** How much of what sticks do is drawn for a run. */
export interface SticksPlan {
  /** 0 where nobody carries any. */
  readonly count: number
  readonly far: number | undefined
  readonly isFarForGood: boolean
}

/** Somebody carries sticks as it is told elsewhere. */
export const AS_TOLD: SticksPlan = { count: 1, far: undefined, isFarForGood: false }

const MINUTE_MS = 60_000
/** A share of the runs, so that all others stay what they were. */
const STICKS_PROBABILITY = 0.35
const FAR_PROBABILITY = 0.6
const FOR_GOOD_PROBABILITY = 0.5
/** Ways to and fro until all that was said has come, and all receipts. */
const ROUNDS = 3
const STICKS_MAX = 3
/** Room on a stick that is empty, in bytes. */
export const ROOM = 4_000_000
/** Room on one that is nearly full of other things, in bytes. */
const SMALL_ROOM = 30_000

/** Whether a peer, or a key of a store that names one, is a stick. */
export function isStick(text: string): boolean {
  return /(?:^|\/)post:[0-9a-f]{16}(?:\/|$)/.test(text)
}

/** Draws whether there are sticks, and whether a kit lives by them alone. */
export function planSticks(chance: Chance, nodes: number): SticksPlan {
  const none = { count: 0, far: undefined, isFarForGood: false }
  if (nodes < 2 || !chance.happens(STICKS_PROBABILITY)) return none
  const isSomebodyFar = chance.happens(FAR_PROBABILITY)
  const far = chance.between(1, nodes - 1)
  const count = chance.between(1, STICKS_MAX)
  const isFarForGood = isSomebodyFar && chance.happens(FOR_GOOD_PROBABILITY)
  return { count, far: isSomebodyFar ? far : undefined, isFarForGood }
}

/** Sticks that nobody carries yet. */
export function openSticks(chance: Chance, plan: SticksPlan, ground: SticksGround): Sticks {
  const { society, far } = ground
  const { timeline, trace, marks } = society
  /** Where each stick is that is in a node, and since which life of it. */
  const places = new Map<Stick, Place>()
  const phase = beginLife()
  const pullOut = (stick: Stick): void => {
    if (!places.delete(stick)) return
    if (stick.pullOut()) marks.count('stick.torn')
  }
  return {
    open: (member, boot, store) =>
      plan.count === 0
        ? undefined
        : openCourier({ ...ground, chance, places }, member, boot, store),
    begin: (world, lengthMs) => {
      if (plan.count > 0) trace.note('world', 'has sticks', { count: plan.count, far: far ?? 0 })
      for (let index = 1; index <= plan.count; index += 1) {
        const own = chance.fork(`stick ${index}`)
        const stick = openStick(`stick-${index}`, own.fork('tearing'), ROOM)
        carry({ world, chance: own, phase, lengthMs, far, places, pullOut }, [stick])
      }
    },
    end: (world) => {
      phase.end()
      if (far !== undefined) markStored(world, far)
    },
    shuttle: async (world, [home, away]) => {
      const own = chance.fork(`shuttle at ${timeline.now()}`)
      const stick = openStick('stick-home', own, ROOM)
      const carrying = { world, chance: own, phase, lengthMs: 0, far, places, pullOut }
      for (let round = 0; round < ROUNDS; round += 1) {
        await visit(carrying, stick, { member: home, deeds: ['in', 'out'] })
        await visit(carrying, stick, { member: away, deeds: ['in', 'out'] })
      }
      await visit(carrying, stick, { member: home, deeds: ['in', 'out'] })
      await visit(carrying, stick, { member: away, deeds: ['in'] })
    },
    stopAt: async (world, stick, trip) => {
      const own = chance.fork(`${stick.name} at ${timeline.now()}`)
      await visit({ world, chance: own, phase, lengthMs: 0, far, places, pullOut }, stick, trip)
    },
    lost: (member) => {
      for (const [stick, place] of places) {
        if (place.member !== member) continue
        trace.note(stick.name, 'is in a node that lost its power')
        marks.count('stick.power-off')
        pullOut(stick)
        place.onLost()
      }
    },
  }
}

interface Place {
  readonly member: Member
  readonly boot: Boot
  /** The node there has lost its power: it answers no more. */
  readonly onLost: () => void
}

interface Opening extends SticksGround {
  readonly chance: Chance
  readonly places: ReadonlyMap<Stick, Place>
}

/** The real courier, on simulated sticks. */
function openCourier(
  { society, onTraffic, chance, places, far }: Opening,
  member: Member,
  boot: Boot,
  store: Store,
): Opened {
  const { timeline, trace, marks, evidence } = society
  const { life } = boot
  const own = chance.fork(`${member.name} at ${timeline.now()}`)
  const random: Random = randomFrom(own)
  const stickAt = (folder: string): Stick | undefined =>
    [...places].find(([stick, place]) => place.boot === boot && folderOf(stick) === folder)?.[0]
  const disk = openStickDisk({ timeline, chance: own.fork('speed'), life, stickAt })
  const courier = openCourierCarrier({ store, random, disk })
  const carrier: CourierCarrier = {
    ...courier,
    send: async (peer, parcel, signal) => {
      const handover = await within(life, courier.send(peer, parcel, signal))
      onTraffic()
      trace.note(member.name, 'puts on a stick', { bytes: parcel.bytes.length })
      evidence.onAnswered(member.index, parcel.bytes)
      return handover
    },
    arrivals: async function* () {
      for await (const arrival of courier.arrivals()) {
        onTraffic()
        trace.note(member.name, 'takes from a stick', { bytes: arrival.bytes.length })
        const content = evidence.contentOf(arrival.bytes)
        if (member.index === far && content?.notes.includes('receipt') === true)
          marks.count('stick.receipt-for-far-kit')
        yield arrival
      }
    },
  }
  return { carrier, courier }
}

interface Carrying {
  readonly world: SticksWorld
  readonly chance: Chance
  readonly phase: Life
  readonly lengthMs: number
  readonly far: number | undefined
  readonly places: Map<Stick, Place>
  readonly pullOut: (stick: Stick) => void
}

/** What one person has in the pocket: copies of a stick, once it was copied. */
type Pocket = Stick[]

/** Goes on from node to node with these sticks, and what is drawn befalls them on the way. */
function carry(carrying: Carrying, pocket: Pocket): void {
  const { world, chance, phase, lengthMs, places } = carrying
  const wayMs = (): number => chance.between(2 * MINUTE_MS, Math.max(10 * MINUTE_MS, lengthMs / 4))
  const next = (): void => {
    const stick = chance.pick(pocket)
    if (!places.has(stick)) {
      befall(carrying, pocket, stick)
      const member = placeToGo(carrying)
      const trip = { member, deeds: chance.pick(DEEDS), isHasty: chance.happens(0.1) }
      void visit(carrying, stick, trip)
    }
    world.timeline.after(wayMs(), next, phase)
  }
  world.timeline.after(chance.between(0, lengthMs / 6), next, phase)
}

/** Mostly to and fro between headquarters and whoever has nothing else. */
function placeToGo({ world: { members }, chance, far }: Carrying): Member {
  const ends = members.filter(({ index }) => index === 0 || index === far)
  return chance.pick(chance.happens(0.7) ? ends : members)
}

/** What may befall a stick on its way: how likely it is, and what is done. */
const MISHAPS: readonly (readonly [
  number,
  (carrying: Carrying, pocket: Pocket, stick: Stick) => string,
])[] = [
  [0.04, lose],
  [0.05, copy],
  [0.04, putBack],
  [0.05, cutShort],
  [0.05, flip],
  [0.06, fillUp],
]
const OLDER = new WeakMap<Stick, ReadonlyMap<string, Uint8Array>>()
const DAMAGED = new WeakSet<Stick>()

function befall(carrying: Carrying, pocket: Pocket, stick: Stick): void {
  const { world, chance } = carrying
  for (const [probability, happen] of MISHAPS) {
    if (!chance.happens(probability)) continue
    const what = happen(carrying, pocket, stick)
    world.trace.note(stick.name, what)
    world.marks.count(`stick.${what.replaceAll(' ', '-')}`)
  }
  // What it may be put back to later.
  if (chance.happens(0.3)) OLDER.set(stick, stick.files())
}

/** It is gone for good; another one is bought. */
function lose(_: Carrying, pocket: Pocket, stick: Stick): string {
  const [other] = pocket.filter((one) => one !== stick)
  if (other === undefined) stick.holdNow(new Map())
  else pocket.splice(pocket.indexOf(stick), 1)
  stick.setRoom(ROOM)
  return 'is lost'
}

/** From now on there are two that hold the same. */
function copy({ chance }: Carrying, pocket: Pocket, stick: Stick): string {
  const name = `${stick.name}-copy-${pocket.length}`
  const other = openStick(name, chance.fork(name), ROOM)
  other.holdNow(stick.files())
  if (DAMAGED.has(stick)) DAMAGED.add(other)
  pocket.push(other)
  return 'is copied'
}

function putBack(_: Carrying, __: Pocket, stick: Stick): string {
  stick.holdNow(OLDER.get(stick) ?? new Map())
  return 'is put back'
}

function cutShort(carrying: Carrying, _: Pocket, stick: Stick): string {
  change(carrying, stick, (bytes, chance) => bytes.slice(0, chance.below(bytes.length)))
  return 'is cut short'
}

function flip(carrying: Carrying, _: Pocket, stick: Stick): string {
  change(carrying, stick, (bytes, chance) => {
    const flipped = Uint8Array.from(bytes)
    const at = chance.below(bytes.length)
    flipped[at] = (flipped[at] ?? 0) ^ (1 << chance.below(8))
    return flipped
  })
  return 'has a bit flipped'
}

/** Somebody keeps photographs on it, or takes them off again. */
function fillUp({ chance }: Carrying, _: Pocket, stick: Stick): string {
  const isSmall = stick.room() < ROOM
  stick.setRoom(isSmall ? ROOM : chance.between(0, SMALL_ROOM))
  return isSmall ? 'has room again' : 'is nearly full'
}

/** Changes one of its files. */
function change(
  { chance }: Carrying,
  stick: Stick,
  make: (bytes: Uint8Array, chance: Chance) => Uint8Array,
): void {
  const files = new Map(stick.files())
  const names = [...files].flatMap(([name, { length }]) => (length > 0 ? [name] : []))
  if (names.length === 0) return
  const name = chance.pick(names)
  files.set(name, make(files.get(name) ?? new Uint8Array(0), chance))
  stick.holdNow(files)
  DAMAGED.add(stick)
}

/** In which order a stick is read and written in one visit. */
const DEEDS = [['in', 'out'], ['in', 'out'], ['out', 'in'], ['in', 'in'], ['out'], ['in']] as const

/** What somebody is about to do with a stick. */
export interface Trip {
  readonly member: Member
  readonly deeds: readonly ('in' | 'out')[]
  /** It may be pulled out at any moment. */
  readonly isHasty?: boolean
}

/** One stick in one node. */
interface Visit {
  readonly carrying: Carrying
  readonly stick: Stick
  readonly member: Member
  readonly boot: Boot
  readonly place: Place
}

/** A person who may puts the stick into a node, takes what is on it, writes what is there for it, or both; unless its power goes. */
async function visit(
  carrying: Carrying,
  stick: Stick,
  { member, deeds, isHasty = false }: Trip,
): Promise<void> {
  const { world, chance, places, pullOut } = carrying
  const { boot } = member
  const [self] = member.people
  if (boot?.node === undefined || self === undefined) return
  const { node } = boot
  const lost = Promise.withResolvers<void>()
  const place: Place = { member, boot, onLost: lost.resolve }
  const here: Visit = { carrying, stick, member, boot, place }
  stick.putIn()
  places.set(stick, place)
  world.trace.note(stick.name, 'is put in', { at: member.name })
  if (isHasty) world.timeline.after(chance.between(0, 400), () => snatch(here))
  const act = async (): Promise<void> => {
    for (const deed of deeds) {
      if (!isIn(here)) return
      if (deed === 'in') await takeIn(here, () => node.importCourier(self, folderOf(stick)))
      else await putOut(here, () => node.exportCourier(self, folderOf(stick)))
    }
  }
  const what = `puts ${stick.name} in`
  const judging = judged(world, { member, boot, what }, within(boot.life, act()))
  await Promise.race([judging, lost.promise])
  if (isIn(here)) pullOut(stick)
}

function isIn({ carrying: { places }, stick, boot }: Visit): boolean {
  return places.get(stick)?.boot === boot
}

function snatch(here: Visit): void {
  const { carrying, stick } = here
  if (!isIn(here)) return
  carrying.world.trace.note(stick.name, 'is pulled out too early')
  carrying.world.marks.count('stick.pulled-out-early')
  carrying.pullOut(stick)
}

/** What was said to be on it is on it, whenever it is pulled out from then on, and cannot be read by just anybody. */
async function putOut(here: Visit, write: () => Promise<CourierReport>): Promise<void> {
  const { carrying, stick, member, place } = here
  const { places, pullOut, world } = carrying
  const before = stick.files()
  const report = await unlessHindered(here, write)
  if (report === undefined || !isIn(here)) return
  const { files, envelopes } = report
  world.trace.note(stick.name, 'is written to', { at: member.name, files, envelopes })
  if (files === 0) return
  world.marks.count('stick.written')
  pullOut(stick)
  const fresh = [...stick.files()].filter(([name]) => !before.has(name))
  if (fresh.length !== files)
    fail(here, 'promise 2: no false tick', [`${files} new files on it`, `${fresh.length}`])
  if (fresh.some(([, bytes]) => numbersIn(bytes).length > 0))
    fail(here, 'promise 7: secrecy', ['nothing on it that anybody can read', 'a message'])
  stick.putIn()
  places.set(stick, place)
}

/** What only a stick explains that was changed by other hands. */
const DAMAGE: ReadonlySet<string> = new Set([
  'malformed',
  'not a file',
  'not authentic',
  'too large',
  'truncated',
  'unknown version',
  'unreadable',
])

/** What was written whole is read whole. */
async function takeIn(here: Visit, read: () => Promise<CourierReport>): Promise<void> {
  const { carrying, stick, member } = here
  const { world } = carrying
  const report = await unlessHindered(here, read)
  if (report === undefined || !isIn(here)) return
  const { files, envelopes, refused } = report
  world.trace.note(stick.name, 'is read', { at: member.name, files, envelopes })
  if (envelopes > 0) world.marks.count('stick.read')
  if (envelopes === 0 && files === 0 && stick.files().size > 0)
    world.marks.count('stick.read-again')
  const wrong = refused.find(({ what, reason }) => what === 'file' && DAMAGE.has(reason))
  if (wrong === undefined) return
  world.marks.count('stick.damage-found')
  if (!DAMAGED.has(stick))
    fail(here, 'promise 1: no lost promise', ['files that are whole', wrong.reason])
}

/** What it gives, unless the stick is full or was pulled out meanwhile: that is told in words of its own. */
async function unlessHindered(
  here: Visit,
  work: () => Promise<CourierReport>,
): Promise<CourierReport | undefined> {
  const { carrying, stick } = here
  try {
    return await work()
  } catch (error) {
    const code = codeOf(error)
    const isFull = code === 'STICK_FULL' && stick.room() < ROOM
    if (isFull) carrying.world.marks.count('stick.full')
    if (isFull || (code === 'INPUT_INVALID' && !isIn(here))) return undefined
    throw error
  }
}

function fail(
  { carrying: { world }, stick, member }: Visit,
  broken: Broken,
  [wanted, found]: readonly [wanted: string, found: string],
): void {
  if (member.capturedAt !== undefined) return
  world.verdict.fail({ broken, where: `${stick.name} at ${member.name}`, wanted, found })
}

function folderOf({ name }: Stick): string {
  return `/media/${name}`
}

/** Whether anything that was said where only sticks come is known there to be stored at headquarters, or the other way round. */
function markStored(world: SticksWorld, far: number): void {
  for (const { home, id, author } of world.book.all()) {
    if (home !== far && home !== 0) continue
    const node = world.members[home]?.boot?.node
    const destination = world.members[home === 0 ? far : 0]?.id
    if (node !== undefined && id !== undefined)
      void markWord(world, node.delivery(author, id), { home, destination })
  }
}

async function markWord(
  { marks }: SticksWorld,
  asked: ReturnType<EdgeNode['delivery']>,
  { home, destination }: { readonly home: number; readonly destination: NodeId | undefined },
): Promise<void> {
  try {
    const { deliveries } = await asked
    const word = deliveries.find((one) => one.destination === destination)?.word
    if (word !== 'stored' && word !== 'read') return
    marks.count(home === 0 ? 'stick.stored-at-far-kit' : 'stick.stored-from-far-kit')
  } catch {
    // Who may not ask is not told.
  }
}
