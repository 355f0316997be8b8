/** What goes wrong, and when: links that break or go silent, processes that die, a post office that loses everything. */
import { must as known } from '#base/assert.ts'
import type { Node } from '../fleet/node.ts'
import { nodesOf, type Fleet } from './fleet.ts'
import type { Pause } from './pause.ts'

/** Who or what is struck. */
export type Target = 'hub' | 'office' | 0 | 1

/** One thing that goes wrong. */
export interface Fault {
  /** `silence` is a cut that nobody is told of; `wipe` is a kill after which the store is gone. */
  readonly kind: 'cut' | 'silence' | 'kill' | 'wipe'
  /** A number is the place of a kit. */
  readonly target: Target
  /** Share of the messages that are posted by then, 0 to 1. */
  readonly at: number
  readonly lastsMs: number
}

/** How much goes wrong. */
export interface FaultWish {
  readonly cuts: number
  readonly kills: number
  readonly isWiped: boolean
}

/** What has gone wrong so far, and the doing of it. */
export interface Faults {
  readonly cuts: () => number
  readonly kills: () => number
  readonly wipes: () => number
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
  readonly tell: (line: string) => void
}

/** The first message is through by then, and the last is far. */
const FIRST_AT = 0.04
const LAST_AT = 0.9
/** How long something stays broken, at least and at most. */
const LASTS_MS = [800, 4_000] as const
/** In this order processes are killed, beginning anywhere. */
const VICTIMS: readonly Target[] = [0, 'hub', 'office', 1]

/** Faults spread over the whole time of posting, in the order in which they strike. */
export function planFaults(wish: FaultWish, chance: () => number): readonly Fault[] {
  const kinds: readonly Fault['kind'][] = [
    ...Array.from({ length: wish.cuts }, (_, index) => (index % 3 === 2 ? 'silence' : 'cut')),
    ...Array.from({ length: wish.kills }, () => 'kill' as const),
    ...(wish.isWiped ? (['wipe'] as const) : []),
  ]
  const first = Math.floor(chance() * VICTIMS.length)
  const [least, most] = LASTS_MS
  let cuts = Math.floor(chance() * 2)
  let kills = 0
  const targetOf = (kind: Fault['kind']): Target => {
    if (kind === 'wipe') return 'office'
    if (kind !== 'kill') return cuts++ % 2 === 0 ? 0 : 1
    return known(VICTIMS[(first + kills++) % VICTIMS.length], 'somebody is next')
  }
  const slot = (LAST_AT - FIRST_AT) / Math.max(1, kinds.length)
  return shuffled(kinds, chance).map((kind, index) => ({
    kind,
    target: targetOf(kind),
    at: FIRST_AT + slot * (index + chance()),
    lastsMs: Math.round(least + chance() * (most - least)),
  }))
}

function shuffled<T>(list: readonly T[], chance: () => number): readonly T[] {
  return list
    .map((item) => ({ item, place: chance() }))
    .toSorted((a, b) => a.place - b.place)
    .map(({ item }) => item)
}

/** Nothing goes wrong until `run`. */
export function openFaults(options: FaultOptions): Faults {
  const { fleet, faults, progress, pause } = options
  const counts = { cut: 0, silence: 0, kill: 0, wipe: 0 }
  const accidents: string[] = []
  const turns = new Map<Target, Promise<void>>()
  // One fault at a time for each target: what is down already cannot be struck.
  const inTurn = (target: Target, work: () => Promise<void>): Promise<void> => {
    const turn = (turns.get(target) ?? Promise.resolve()).then(work)
    // Whoever asked for the turn hears of a failure, sooner or later.
    turn.catch(() => undefined)
    turns.set(target, turn)
    return turn
  }
  const run = async (): Promise<void> => {
    const started: Promise<void>[] = []
    for (const fault of faults) {
      while (progress() < fault.at) {
        for (const [target, node] of targets(fleet)) await revive(node, target)
        await pause.for(20)
      }
      const work = async (): Promise<void> => {
        await strike(options, fault)
        counts[fault.kind] += 1
      }
      started.push(inTurn(fault.target, work))
    }
    while (progress() < 1) {
      for (const [target, node] of targets(fleet)) await revive(node, target)
      await pause.for(20)
    }
    await Promise.all(started)
  }
  const revive = async (node: Node, target: Target): Promise<void> => {
    const told = accidents.filter((line) => line.startsWith(`${node.name}: `)).length
    const how = node.accidents()[told]
    if (how === undefined) return
    accidents.push(`${node.name}: ${how}`)
    options.tell(`${node.name} ended by itself (${how}) and is started again`)
    await inTurn(target, () => (node.isUp() ? Promise.resolve() : node.start()))
  }
  return {
    cuts: () => counts.cut + counts.silence,
    kills: () => counts.kill,
    wipes: () => counts.wipe,
    accidents: () => accidents,
    run,
  }
}

function targets(fleet: Fleet): readonly (readonly [Target, Node])[] {
  const [hub, first, second] = nodesOf(fleet)
  const places = [['hub', hub] as const, [0, first] as const, [1, second] as const]
  return places.map(([target, node]) => [target, known(node, 'the fleet has three nodes')])
}

/** Breaks something, waits, and mends it. */
async function strike({ fleet, pause, tell }: FaultOptions, fault: Fault): Promise<void> {
  const { kind, target, lastsMs } = fault
  const seconds = `${(lastsMs / 1000).toFixed(1)} s`
  switch (kind) {
    case 'cut':
    case 'silence': {
      const { node, link } = known(fleet.kits[target === 1 ? 1 : 0], 'there are two kits')
      tell(`the link of ${node.name} ${kind === 'cut' ? 'is cut' : 'goes silent'} for ${seconds}`)
      if (kind === 'cut') link.cut()
      else link.blackhole()
      await pause.for(lastsMs)
      link.heal()
      return
    }
    case 'kill':
    case 'wipe': {
      const { name, kill, start } = victimOf(fleet, target)
      tell(`${name} is killed, for ${seconds}${kind === 'wipe' ? ', and its store is gone' : ''}`)
      await kill()
      if (kind === 'wipe') await fleet.office.wipe()
      await pause.for(lastsMs)
      await start()
    }
  }
}

function victimOf(fleet: Fleet, target: Target): Pick<Node, 'name' | 'kill' | 'start'> {
  if (target === 'office') {
    const { kill, start } = fleet.office
    return { name: 'nats-server', kill, start }
  }
  if (target === 'hub') return fleet.hub
  return known(fleet.kits[target], 'there are two kits').node
}
