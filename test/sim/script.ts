/**
 * A run that is the same for every seed but for the shape of the fleet: set up, join, everything that people do on every node, a kit
 * captured and shut out, a kit whose disk is put back and that begins a new life. The power goes once, before or after one
 * write of all; run for every write in turn (`every-write.ts`), it shows that there is none at which it may not go.
 */
import { captureNow } from './capture.ts'
import { DEEDS, type Deed } from './deeds.ts'
import type { Member } from './fleet.ts'
import { actOnce, judged } from './people.ts'
import type { World } from './world.ts'

/** How the world goes on. */
export interface Passing {
  readonly pass: (ms: number) => Promise<void>
  /** Until all nodes are open and nothing is under way. */
  readonly calm: () => Promise<void>
}

const SECOND_MS = 1_000
const MINUTE_MS = 60 * SECOND_MS
/** How often somebody comes to set a node up whose power may have gone the time before. */
const TRIES_MAX = 90
const POSTS = 3

/** Everything that happens between founding and the last checks. */
export async function playScript(world: World, passing: Passing): Promise<void> {
  const { members, chance, options } = world
  const { pass, calm } = passing
  await setUpAll(world, passing)
  for (const [turn, { words }] of DEEDS.entries()) {
    for (const member of members) {
      const own = chance.fork(`deed ${turn} ${member.index}`)
      perform(world, member, words, own)
      await pass(own.between(1, 12) * SECOND_MS)
    }
  }
  const lost = members.at(-1)
  const known = lost === undefined ? undefined : captureNow(world, lost)
  await pass(5 * MINUTE_MS)
  known?.()
  await postEverywhere(world, pass)
  await calm()
  if (options.also.includes('put-back')) await putKitBack(world, passing)
  await postEverywhere(world, pass)
}

/** All are on and reach each other, and people are enrolled on each. */
export async function setUpAll(world: World, { pass }: Pick<Passing, 'pass'>): Promise<void> {
  const { members, chance, faults } = world
  faults.end(world)
  for (let tries = 0; tries < TRIES_MAX && members.some(isBare); tries += 1) {
    for (const member of members.filter(isBare))
      actOnce(world, member, chance.fork(`set up ${tries}`))
    await pass(MINUTE_MS)
  }
}

/** A kit's disk is put back to what it was before its last messages had left: others know more of it than it does itself. */
async function putKitBack(world: World, { pass, calm }: Passing): Promise<void> {
  const { fleet, marks, trace, chance, members } = world
  const kit = members.find(({ index, capturedAt }) => index > 0 && capturedAt === undefined)
  if (kit === undefined) return
  const putBack = world.takeImage(kit)
  for (let count = 0; count < POSTS; count += 1) {
    perform(world, kit, 'posts', chance.fork(`before ${count}`))
    await pass(10 * SECOND_MS)
  }
  await calm()
  trace.note(kit.name, 'is put back')
  marks.count('script.put-back')
  fleet.cutPower(kit)
  putBack(undefined)
  fleet.switchOn(kit)
  await pass(30 * MINUTE_MS)
}

async function postEverywhere(world: World, pass: Passing['pass']): Promise<void> {
  for (let count = 0; count < POSTS; count += 1) {
    for (const member of world.members) {
      perform(world, member, 'posts', world.chance.fork(`later ${count} ${member.index}`))
      await pass(5 * SECOND_MS)
    }
  }
}

/** Lets somebody do this very thing, where the node is on. */
function perform(world: World, member: Member, words: string, chance: World['chance']): void {
  const deed = DEEDS.find((one) => one.words === words)
  if (deed !== undefined) performThis(world, member, deed, chance)
}

/** Lets somebody do this, where the node is on. */
export function performThis(
  world: World,
  member: Member,
  deed: Pick<Deed, 'words' | 'act'>,
  chance: World['chance'],
): void {
  const { words } = deed
  const { boot, people } = member
  const node = boot?.node
  if (boot === undefined || node === undefined || people.length === 0) return
  const actor = { society: world, member, boot, node, self: chance.pick(people), chance }
  world.trace.note(member.name, `somebody ${words}`)
  void judged(world, { member, boot, what: words }, deed.act(actor))
}

function isBare({ people }: Member): boolean {
  return people.length === 0
}
