/**
 * Three kits, two sticks, one radio, one hub: a run of which only moments and lengths are drawn. The radio of one kit comes and goes; the
 * other two have nothing but sticks. One stick is lost with what was written onto it. The other is copied, and from then on
 * both are carried about and read at every stop, twice. All write, and hand files in, and ask for those of all others.
 */
import type { Chance } from './chance.ts'
import { ROOM, type Trip } from './couriers.ts'
import { DEEDS, type Deed } from './deeds.ts'
import { askForAllFiles, filesComing } from './files.ts'
import type { Member } from './fleet.ts'
import { performThis, setUpAll, type Passing } from './script.ts'
import { openStick, type Stick } from './stick-disk.ts'
import { isByHand } from './topology.ts'
import type { World } from './world.ts'

const SECOND_MS = 1_000
const MINUTE_MS = 60 * SECOND_MS
/** Each takes both copies to everybody once. */
const ROUNDS = 5
/** In these people go on writing. */
const TALKING_ROUNDS = 2
const ASKING = { words: 'asks for every file', act: askForAllFiles }

/** Everything that happens between founding and the last checks; fails the run when the sticks have not brought all. */
export async function playTwoSticks(world: World, passing: Passing): Promise<void> {
  const { members, chance, topology, trace } = world
  const { pass, calm } = passing
  const draw = chance.fork('story')
  const far = members.filter(({ index }) => isByHand(topology, index))
  const stops = members.filter(({ index }) => index !== RADIO)
  await setUpAll(world, passing)
  await calm()

  const stickOf = (name: string): Stick => openStick(name, draw.fork(name), ROOM)
  const [lost, kept, copy] = [stickOf('lost'), stickOf('kept'), stickOf('copy')]
  const stop = async (stick: Stick, member: Member, ...deeds: Trip['deeds']): Promise<void> => {
    void world.sticks.stopAt(world, stick, { member, deeds })
    await pass(draw.between(1, 10) * MINUTE_MS)
  }
  await everybody(world, passing, 'posts')
  await stop(lost, draw.pick(far), 'out')
  trace.note('lost', 'is lost', { files: lost.files().size })
  world.marks.count('stick.is-lost')
  await everybody(world, passing, 'posts a file')
  for (const member of far) await stop(kept, member, 'out')
  copy.holdNow(kept.files())
  world.marks.count('stick.is-copied')

  for (let round = 0; round < ROUNDS; round += 1) {
    if (round < TALKING_ROUNDS) await everybody(world, passing, 'posts')
    for (const stick of inAnyOrder([kept, copy], draw)) {
      turnRadio(world, draw.happens(0.5))
      for (const member of inAnyOrder(stops, draw)) {
        await stop(stick, member, 'in', 'in')
        perform(world, member, ASKING, draw)
        await pass(SECOND_MS)
        await stop(stick, member, 'out')
      }
    }
    turnRadio(world, true)
    for (const member of members) perform(world, member, ASKING, draw)
    await calm()
  }
  checkAllThere(world)
}

/** The kit with the radio. */
const RADIO = 1

function turnRadio({ members, lan }: World, isUp: boolean): void {
  const [hub, kit] = [members[0], members[RADIO]]
  if (hub === undefined || kit === undefined) return
  if (isUp) lan.plug(hub.id, kit.id)
  else lan.unplug(hub.id, kit.id)
}

async function everybody(world: World, { pass }: Passing, words: string): Promise<void> {
  const draw = world.chance.fork(`${words} at ${world.timeline.now()}`)
  const deed = DEEDS.find((one) => one.words === words)
  for (const member of world.members) {
    if (deed !== undefined) perform(world, member, deed, draw.fork(member.name))
    await pass(draw.between(1, 60) * SECOND_MS)
  }
}

function perform(world: World, member: Member, deed: Pick<Deed, 'words' | 'act'>, chance: Chance) {
  performThis(world, member, deed, chance)
}

function inAnyOrder<T>(all: readonly T[], chance: Chance): readonly T[] {
  return all
    .map((one) => [chance.below(1_000_000), one] as const)
    .toSorted(([a], [b]) => a - b)
    .map(([, one]) => one)
}

/** Nobody goes any further way for what is not there now. */
function checkAllThere(world: World): void {
  const { verdict, members, book, evidence, marks } = world
  const broken = 'liveness: everything drains'
  for (const { member, file } of filesComing(world, 'all'))
    verdict.fail({ broken, where: member.name, wanted: `file ${file}`, found: 'it has not come' })
  const saved = book.all().filter(({ fate }) => fate === 'saved')
  for (const { index, name } of members)
    for (const { number } of saved) {
      if (evidence.isApplied(index, number)) continue
      verdict.fail({ broken, where: name, wanted: `message ${number}`, found: 'it has not come' })
    }
  marks.count('story.all-there')
}
