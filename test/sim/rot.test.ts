/** What may rot: never what was promised to somebody and nobody else could bring back. */
import { test } from 'tap'
import type { ActorId, DocumentId } from '#base/ids.ts'
import { key } from '#sync/keys.ts'
import { pack, type DocumentRecord } from '#sync/records.ts'
import { openChance } from './chance.ts'
import type { Member } from './fleet.ts'
import { DEFAULT_OPTIONS } from './options.ts'
import { rotDisks } from './rot.ts'
import type { Stage } from './scene.ts'
import { beginLife } from './timeline.ts'
import { openWorld } from './world.ts'

const WEEK_MS = 7 * 86_400_000
const BOTH_HAVE_IT = 'both' as DocumentId
const ONE_HAS_IT = 'one' as DocumentId
const ACTOR = 'ab'.repeat(12) as ActorId

test('of a document no more than one disk loses anything, be it changes or the signature that vouches for them', async (t) => {
  const hits = new Set<string>()
  for (const seed of ['1', '2', '3', '4', '5', '6']) {
    const rotten = await rotFor(seed, [BOTH_HAVE_IT], [BOTH_HAVE_IT])
    t.equal(new Set(rotten.map(([name]) => name)).size, 1, `one disk in seed ${seed}`)
    for (const [, place] of rotten) hits.add(place.split('/')[0] ?? '')
  }
  t.strictSame([...hits].toSorted(), ['att', 'loose'], 'each of them is hit in some seed')
})

test('what nobody else has stays whole, and so does what vouches for it', async (t) => {
  const rotten = await rotFor('1', [ONE_HAS_IT, BOTH_HAVE_IT], [BOTH_HAVE_IT])
  t.ok(rotten.length > 0)
  t.strictSame(
    rotten.filter(([, place]) => place.includes(`/${ONE_HAS_IT}/`)),
    [],
  )
})

/** What rots in a week on two disks with these documents: whose disk, and the name of the value. */
async function rotFor(
  seed: string,
  ...documents: readonly (readonly DocumentId[])[]
): Promise<readonly (readonly [string, string])[]> {
  const { timeline, ...world } = openWorld(1, DEFAULT_OPTIONS, undefined)
  const rotten: (readonly [string, string])[] = []
  const members = documents.map((held, index) => aMember(`kit-${index}`, held, rotten))
  // The last one's disk never rots.
  const stage: Stage = { ...world, timeline, members: [...members, aMember('last', [], rotten)] }
  rotDisks({ stage, phase: beginLife(), haste: 1 }, openChance(seed))
  await timeline.run(timeline.now() + WEEK_MS, () => false)
  return rotten
}

function aMember(
  name: string,
  held: readonly DocumentId[],
  rotten: (readonly [string, string])[],
): Member {
  const record: DocumentRecord = {
    clock: { [ACTOR]: 1 },
    heads: {},
    size: 1,
    looseFrom: 0,
    looseTo: 1,
  }
  const all = held.flatMap((document) => [
    [key.attestation(document, ACTOR, 1), pack('a signature')] as const,
    [key.document(document), pack(record)] as const,
    [key.loose(document, 0), pack('a change')] as const,
  ])
  const disk = {
    durable: ({ from, to }: { from: string; to: string }) =>
      all.filter(([place]) => place >= from && place < to),
    flip: (place: string) => void rotten.push([name, place]),
    lose: (places: readonly string[]) => {
      for (const place of places) rotten.push([name, place])
    },
  }
  return { name, disk } as unknown as Member
}
