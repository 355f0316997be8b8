/** What a team writes day by day: its own places, its own people, its own numbers, and always in much the same words. */
import { must } from '#base/assert.ts'
import { seededRandom } from './random.ts'

const PLACES = ['Marlow weir', 'depot Kestrel', 'bridge 14', 'the Osier school', 'camp Tamarisk']
const PEOPLE = ['Doctor Imre', 'Sunniva', 'the Halvorsen crew', 'Pell', 'the night shift']
const THINGS = ['chlorine tablets', 'tarpaulins', 'insulin', 'diesel', 'family kits', 'stretchers']
const FRAMES = [
  (place: string, who: string, what: string, n: number) => `${who} left ${n} ${what} at ${place}`,
  (place: string, who: string, what: string, n: number) =>
    `Situation report ${place}: ${n} people, no ${what} since morning, ${who} on site`,
  (place: string, who: string, what: string, n: number) =>
    `Can ${who} bring ${what} to ${place} before ${n % 24}:00?`,
  (place: string, who: string, what: string, n: number) =>
    `Water at ${place} is ${n} cm over the mark, ${who} moves the ${what} uphill`,
]

/** So many reports, the same for one seed. */
export function reports(count: number, seed = 1): readonly string[] {
  const random = seededRandom(seed)
  const pick = <Item>(items: readonly Item[]): Item =>
    must(items[(random.bytes(1)[0] ?? 0) % items.length], 'there are some')
  return Array.from({ length: count }, () =>
    pick(FRAMES)(pick(PLACES), pick(PEOPLE), pick(THINGS), random.bytes(1)[0] ?? 0),
  )
}
