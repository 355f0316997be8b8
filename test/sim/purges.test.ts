/** Holds of a run end, whatever becomes of who was to hear that they began. */
import { test } from 'tap'
import type { Member } from './fleet.ts'
import { DEFAULT_OPTIONS } from './options.ts'
import { planPurges } from './purges.ts'
import { openWorld, type World } from './world.ts'

const HOUR_MS = 3_600_000
/** Some of so many runs have somebody who purges and holds. */
const RUNS = 30

test('a hold ends though the power of its node goes before anybody is told that it began', async (t) => {
  let begun = 0
  for (let seed = 1; seed <= RUNS; seed += 1) {
    const { world, held } = aWorld(seed)

    planPurges(world, HOUR_MS)
    await world.timeline.run(world.timeline.now() + HOUR_MS, () => false)

    begun += held.begun
    t.strictSame([...held.now], [], `seed ${seed}`)
  }
  t.ok(begun > 0, 'some began')
})

/** Headquarters that does what it is told, and never answers whoever sets a hold. */
function aWorld(seed: number) {
  const world = openWorld(seed, DEFAULT_OPTIONS, undefined)
  const held = { begun: 0, now: new Set<string>() }
  const node = {
    channelsOf: async () => [{ id: 'a channel' }],
    page: async () => ({ messages: [{ id: 'a post', author: 'somebody' }] }),
    purge: async () => ({ messages: 1, held: 0 }),
    hold: (_person: string, { isHeld, ...what }: { readonly isHeld: boolean }) => {
      const name = JSON.stringify(what)
      if (!isHeld) {
        held.now.delete(name)
        return Promise.resolve()
      }
      held.begun += 1
      held.now.add(name)
      return new Promise<void>(() => undefined)
    },
  }
  const boot = { node, life: { isAlive: () => false } }
  const headquarters = { name: 'hub', boot, people: ['the boss'] } as unknown as Member
  const book: World['book'] = { ...world.book, shownAs: () => undefined }
  return { world: { ...world, book, members: [headquarters] }, held }
}
