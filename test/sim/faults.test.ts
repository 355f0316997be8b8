/** Outages that outlast the faults: who is brought back afterwards. */
import { test } from 'tap'
import { openChance } from './chance.ts'
import { openFaults, type Faults } from './faults.ts'
import type { Member } from './fleet.ts'
import { DEFAULT_OPTIONS, FAULTS } from './options.ts'
import type { Stage } from './scene.ts'
import { openWorld } from './world.ts'

const HOUR_MS = 3_600_000
const CALM = { ...DEFAULT_OPTIONS, hours: 0.25, without: FAULTS }
const POWER_CUTS = { ...CALM, without: FAULTS.filter((fault) => fault !== 'power') }
/** So many have some outage that is not over when the faults are. */
const TIMES = 10
const ALL = ['hub', 'kit-1', 'shut out']
const HONEST = ['hub', 'kit-1']

test('whose power went is brought back after the faults, but not whoever has a kit that is shut out', async (t) => {
  const { stage, wait, switchedOn } = aStage()
  const all = Array.from({ length: TIMES }, (_, index) => someFaults(POWER_CUTS, index))

  for (const faults of all) faults.begin(stage)
  await wait(HOUR_MS)
  t.strictSame(switchedOn(), ALL, 'while there are faults, all are')
  for (const faults of all) faults.end(stage)
  t.strictSame(switchedOn(), ALL, 'as they stop, all are')
  await wait(HOUR_MS)

  t.strictSame(switchedOn(), HONEST)
})

test('the same holds where it went in a write, and all are brought back when it goes in the calm', async (t) => {
  const { stage, wait, switchedOn } = aStage()
  const faults = someFaults(CALM, 0)

  faults.begin(stage)
  for (let times = 0; times < TIMES; times += 1)
    for (const member of stage.members) faults.bringBack(stage, member)
  faults.end(stage)
  t.strictSame(switchedOn(), ALL)
  await wait(HOUR_MS)
  t.strictSame(switchedOn(), HONEST)

  for (const member of stage.members) faults.bringBack(stage, member)
  await wait(HOUR_MS)
  t.strictSame(switchedOn(), ALL)
})

function someFaults(options: typeof CALM | typeof POWER_CUTS, index: number): Faults {
  return openFaults(openChance(`faults ${index}`), options)
}

/** Headquarters and two kits on no link at all; who has been switched on since it was asked last. */
function aStage() {
  const world = openWorld(1, CALM, undefined)
  const { timeline, topology, fleet } = world
  const on = new Set<string>()
  const stage: Stage = {
    ...world,
    members: ALL.map(aMember),
    topology: { ...topology, cables: [], post: [] },
    fleet: {
      ...fleet,
      switchOn: ({ name }) => void on.add(name),
      cutPower: () => undefined,
      shutDown: () => undefined,
    },
  }
  return {
    stage,
    wait: (ms: number) => timeline.run(timeline.now() + ms, () => false),
    switchedOn: () => {
      const names = ALL.filter((name) => on.has(name))
      on.clear()
      return names
    },
  }
}

function aMember(name: string): Member {
  return { name, isShutOut: name === 'shut out' } as Member
}
