/** What goes wrong, and when. The doing of it is in `strikes.ts`. */
import { must as known } from '#base/assert.ts'
import type { Node } from '../fleet/node.ts'
import { nodesOf, type Fleet } from './fleet.ts'
import type { Pause } from './pause.ts'
import { strike, type Witness } from './strikes.ts'

/** Who or what is struck. */
export type Target = 'hub' | 'office' | 0 | 1

/**
 * What goes wrong: `silence` is a cut that nobody is told of and that ends, `half-open` a connection that is dead for
 * good and stays open; `wipe` is a kill after which the store is gone, `restore` one after which it is as it was at the
 * last `copy`; `stick` is a cut of both links while somebody carries a stick.
 */
export type FaultKind =
  'cut' | 'silence' | 'half-open' | 'kill' | 'wipe' | 'copy' | 'restore' | 'stick' | 'full disk'

/** One thing that goes wrong. */
export interface Fault {
  readonly kind: FaultKind
  /** A number is the place of a kit. */
  readonly target: Target
  /** Share of the messages that are posted by then, 0 to 1. */
  readonly at: number
  readonly lastsMs: number
}

/** How much goes wrong. */
export interface FaultWish {
  /** Each third of them is a silence. */
  readonly cuts: number
  readonly halfOpens: number
  readonly kills: number
  readonly wipes: number
  readonly officeRestores: number
  readonly hubRestores: number
  readonly kitRestores: number
  readonly sticks: number
  readonly fullDisks: number
}

/** What has gone wrong so far, and the doing of it. */
export interface Faults {
  /** Times that this has struck and was mended; of one target only, when one is given. */
  readonly count: (kind: FaultKind, target?: 'hub' | 'office' | 'kit') => number
  /** Envelopes that were taken from the stick. */
  readonly stickEnvelopes: () => number
  /** Processes that ended without having been told to, and how. */
  readonly accidents: () => readonly string[]
  /** Resolves when everything has gone wrong and is mended again. */
  readonly run: () => Promise<void>
}

/** Where the faults strike, and whom they tell. */
export interface FaultOptions {
  readonly fleet: Fleet
  readonly faults: readonly Fault[]
  /** Share of the messages that are posted. */
  readonly progress: () => number
  readonly pause: Pause
  readonly witness: Witness
}

/** The first message is through by then, and the last is far. */
const FIRST_AT = 0.04
const LAST_AT = 0.9
/** How long something stays broken, at least and at most. */
const LASTS_MS = [800, 4_000] as const
/** In this order processes are killed, beginning anywhere. */
const VICTIMS: readonly Target[] = [0, 'hub', 'office', 1]
/** A backup is this old when it is put back: shares of the messages posted until then. */
const COPIED_AT = [0.2, 0.7] as const

type Wished = Pick<Fault, 'kind' | 'target'>

/** Faults spread over the whole time of posting, in the order in which they strike. */
export function planFaults(wish: FaultWish, chance: () => number): readonly Fault[] {
  const wished = shuffled(allOf(wish, chance), chance)
  const [least, most] = LASTS_MS
  const slot = (LAST_AT - FIRST_AT) / Math.max(1, wished.length)
  const planned = wished.map(({ kind, target }, index) => ({
    kind,
    target,
    at: FIRST_AT + slot * (index + chance()),
    lastsMs: Math.round(least + chance() * (most - least)),
  }))
  const copies = planned
    .filter(({ kind }) => kind === 'restore')
    .map(({ target, at }) => {
      const [early, late] = COPIED_AT
      const copiedAt = at * (early + chance() * (late - early))
      return { kind: 'copy' as const, target, at: copiedAt, lastsMs: 0 }
    })
  return [...copies, ...planned].toSorted((a, b) => a.at - b.at)
}

function allOf(wish: FaultWish, chance: () => number): readonly Wished[] {
  const firstVictim = Math.floor(chance() * VICTIMS.length)
  let kit = Math.floor(chance() * 2)
  const anyKit = (): Target => (kit++ % 2 === 0 ? 0 : 1)
  const times = (count: number, one: (index: number) => Wished): readonly Wished[] =>
    Array.from({ length: count }, (_, index) => one(index))
  return [
    ...times(wish.cuts, (at) => ({ kind: at % 3 === 2 ? 'silence' : 'cut', target: anyKit() })),
    ...times(wish.halfOpens, () => ({ kind: 'half-open', target: anyKit() })),
    ...times(wish.kills, (at) => ({
      kind: 'kill',
      target: known(VICTIMS[(firstVictim + at) % VICTIMS.length], 'somebody is next'),
    })),
    ...times(wish.wipes, () => ({ kind: 'wipe', target: 'office' })),
    ...times(wish.officeRestores, () => ({ kind: 'restore', target: 'office' })),
    ...times(wish.hubRestores, () => ({ kind: 'restore', target: 'hub' })),
    ...times(wish.kitRestores, () => ({ kind: 'restore', target: anyKit() })),
    ...times(wish.sticks, () => ({ kind: 'stick', target: anyKit() })),
    ...times(wish.fullDisks, () => ({ kind: 'full disk', target: anyKit() })),
  ]
}

function shuffled<T>(list: readonly T[], chance: () => number): readonly T[] {
  return list
    .map((item) => ({ item, place: chance() }))
    .toSorted((a, b) => a.place - b.place)
    .map(({ item }) => item)
}

/** Nothing goes wrong until `run`. */
export function openFaults(options: FaultOptions): Faults {
  const { fleet, faults, progress, pause, witness } = options
  const struck: Fault[] = []
  const accidents: string[] = []
  let stickEnvelopes = 0
  const inTurn = openTurns()
  const revive = async (target: Target, node: Node): Promise<void> => {
    const told = accidents.filter((line) => line.startsWith(`${node.name}: `)).length
    const how = node.accidents()[told]
    if (how === undefined) return
    accidents.push(`${node.name}: ${how}`)
    witness.tell(`${node.name} ended by itself (${how}) and is started again`)
    await inTurn([target], () => (node.isUp() ? Promise.resolve() : node.start()))
  }
  const until = async (share: number): Promise<void> => {
    while (progress() < share) {
      for (const [target, node] of targets(fleet)) await revive(target, node)
      await pause.for(20)
    }
  }
  const run = async (): Promise<void> => {
    const started: Promise<void>[] = []
    for (const fault of faults) {
      await until(fault.at)
      const who = involved(fault)
      const work = async (): Promise<void> => {
        stickEnvelopes += await strike({ fleet, pause, witness }, fault)
        struck.push(fault)
      }
      started.push(inTurn(who, work))
    }
    await until(1)
    await Promise.all(started)
  }
  return {
    count: (kind, target) =>
      struck.filter((one) => one.kind === kind && (!target || nameOf(one.target) === target))
        .length,
    stickEnvelopes: () => stickEnvelopes,
    accidents: () => accidents,
    run,
  }
}

/** One fault at a time for each target: what is down already cannot be struck. */
function openTurns(): (who: readonly Target[], work: () => Promise<void>) => Promise<void> {
  const turns = new Map<Target, Promise<unknown>>()
  return (who, work) => {
    const turn = Promise.all(who.map((target) => turns.get(target) ?? Promise.resolve())).then(work)
    // Whoever asked for the turn hears of a failure, sooner or later.
    turn.catch(() => undefined)
    for (const target of who) turns.set(target, turn)
    return turn
  }
}

/** Whose turn it has to be: a disk is lost while all others are up, so that they can say what they have of it. */
function involved({ kind, target }: Fault): readonly Target[] {
  if (kind === 'stick') return [0, 1]
  return kind === 'restore' && target !== 'office' ? ['hub', 0, 1] : [target]
}

function nameOf(target: Target): 'hub' | 'office' | 'kit' {
  return typeof target === 'number' ? 'kit' : target
}

function targets(fleet: Fleet): readonly (readonly [Target, Node])[] {
  const [hub, first, second] = nodesOf(fleet)
  const places = [['hub', hub] as const, [0, first] as const, [1, second] as const]
  return places.map(([target, node]) => [target, known(node, 'the fleet has three nodes')])
}
