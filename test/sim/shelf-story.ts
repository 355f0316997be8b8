/**
 * Four nodes that meet at a post office and nowhere else: a run of which only moments and lengths are drawn. All hand files in and ask for
 * those of all others, while lines are cut, power goes, and the post office loses what it took last, or all it had.
 */
import type { Chance } from './chance.ts'
import { DEEDS, type Deed } from './deeds.ts'
import { askForAllFiles, filesComing } from './files.ts'
import { performThis, setUpAll, type Passing } from './script.ts'
import type { World } from './world.ts'

const SECOND_MS = 1_000
const MINUTE_MS = 60 * SECOND_MS
const HOUR_MS = 60 * MINUTE_MS
/** In each something else goes wrong, while files are on their way. */
const ROUNDS = 4
const ASKING = { words: 'asks for every file', act: askForAllFiles }
const POSTING = DEEDS.filter(({ words }) => words === 'posts a file')

/** Everything that happens between founding and the last checks; fails the run when a file has not come. */
export async function playShelf(world: World, passing: Passing): Promise<void> {
  const { members, chance, post } = world
  const draw = chance.fork('story')
  const [late] = members.slice(-1)
  await setUpAll(world, passing)
  await passing.calm()
  if (late !== undefined) post.unplug(late.id)

  for (let round = 0; round < ROUNDS; round += 1) {
    await everybody(world, passing, [...POSTING, ASKING])
    goWrong(world, draw.fork(`round ${round}`))
    await passing.pass(draw.between(1, 240) * SECOND_MS)
    for (const member of members) world.fleet.switchOn(member)
    await everybody(world, passing, [ASKING])
  }
  // Most of it was given while this one was away, and nobody else wants any of it now.
  if (late !== undefined) post.plug(late.id)
  await passing.pass(HOUR_MS)
  await everybody(world, passing, [ASKING])
  await passing.calm()
  const broken = 'liveness: everything drains'
  for (const { member, file } of filesComing(world, 'all'))
    world.verdict.fail({ broken, where: member.name, wanted: `file ${file}`, found: 'not come' })
  world.marks.count('story.all-there')
}

function goWrong({ members, post, fleet, timeline }: World, draw: Chance): void {
  const member = draw.pick(members.slice(0, -1))
  switch (draw.below(4)) {
    case 0:
      return post.failPower(draw.between(1, 60) * SECOND_MS, draw.between(1, 90) * SECOND_MS)
    case 1:
      return post.wipe()
    case 2:
      return fleet.cutPower(member)
    default:
      post.unplug(member.id)
      timeline.after(draw.between(1, 200) * SECOND_MS, () => post.plug(member.id))
  }
}

async function everybody(
  world: World,
  { pass }: Passing,
  deeds: readonly Pick<Deed, 'words' | 'act'>[],
): Promise<void> {
  const draw = world.chance.fork(`all at ${world.timeline.now()}`)
  for (const deed of deeds)
    for (const member of world.members) {
      performThis(world, member, deed, draw.fork(`${deed.words} ${member.name}`))
      await pass(draw.between(1, 20) * SECOND_MS)
    }
}
