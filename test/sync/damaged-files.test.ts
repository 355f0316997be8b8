/** Files whose bytes are here and wrong: nobody is given them, they are found, asked for again, and heal. */
import { test, type Test } from 'tap'
import { must } from '#base/assert.ts'
import { EdgeError } from '#base/errors.ts'
import { FILES_LOOK_MS } from '#base/limits.ts'
import type { Blobs } from '#ports/blobs.ts'
import { FILES_CHECK_FIRST_MS } from '#sync/file-limits.ts'
import { aFleetWithFiles, bytesAt, fileAt, noise, postFile } from '../support/file-nodes.ts'

/** Bytes that a disk still gives before the damage. */
const SOUND_BYTES = 70_000

/** A disk that rots: what it reads is proved, as the chunks of a folder are. */
function rotting(blobs: Blobs, rotten: Set<string>, read: string[]): Blobs {
  return {
    ...blobs,
    write: async (source, bytesMax) => {
      const blob = await blobs.write(source, bytesMax)
      rotten.delete(blob.hash)
      return blob
    },
    read: async (hash, span) => {
      const content = await blobs.read(hash, span)
      return content && rotten.has(hash) ? upTo(content, span?.from ?? 0) : content
    },
    check: async (hash, rest) => {
      read.push(hash)
      const state = await blobs.check(hash, rest)
      return rotten.has(hash) && state !== undefined ? 'damaged' : state
    },
  }
}

async function* upTo(parts: AsyncIterable<Uint8Array>, from: number): AsyncIterable<Uint8Array> {
  let at = from
  for await (const part of parts) {
    if (at < SOUND_BYTES) yield part.subarray(0, SOUND_BYTES - at)
    at += part.length
    if (at > SOUND_BYTES) throw broken()
  }
}

function broken(): EdgeError {
  return new EdgeError('STORE_BROKEN', { part: 'blob', reason: 'damaged' })
}

/** A hub whose disk rots, and kits. */
async function aScene(t: Test, kits: readonly string[] = ['bravo']) {
  const rotten = new Set<string>()
  const read: string[] = []
  const fleet = await aFleetWithFiles(t, ['alpha', ...kits], {
    blobsOf: (index, blobs) => (index === 0 ? rotting(blobs, rotten, read) : blobs),
  })
  const [hub, kit] = [must(fleet.nodes[0], 'hub'), must(fleet.nodes[1], 'kit')]
  return { ...fleet, hub, kit, rotten, read }
}

test('what rots while nobody reads it is found in its turn, asked for, and heals', async (t) => {
  const { clock, hub, kit, rotten, cut, heal } = await aScene(t)
  const bytes = noise('map', 200_000)
  const id = await postFile(hub, bytes)
  await clock.advance(60_000)
  t.match(await fileAt(kit, id), { isHere: true })
  cut(0, 1)
  const lying = hub.blobs().length
  for (const hash of hub.blobs()) rotten.add(hash)

  await clock.advance(FILES_CHECK_FIRST_MS)
  t.match(await fileAt(hub, id), { isHere: false, isLost: true, fetch: { isAsked: false } })
  t.equal(hub.blobs().length, lying, 'what is damaged lies where it lay')
  t.match(await fileAt(hub, id), { have: 65_536 }, 'what is sound of it need not come again')
  const before = kit.sent.length
  const places = async () =>
    (await hub.node().blobsHeld(hub.person.id)).map(({ place }) => place).toSorted()
  t.strictSame(await places(), ['damaged'])
  await t.rejects(bytesAt(hub, id), { code: 'NOT_FOUND', facts: { found: /bytes were lost/ } })

  await hub.off()
  await hub.on()
  await clock.advance(10_000)
  t.match(await fileAt(hub, id), { isHere: false, isLost: true }, 'it is known after a restart')

  heal(0, 1)
  await clock.advance(120_000)
  t.match(await fileAt(hub, id), { isHere: true, isLost: false, fetch: undefined })
  t.strictSame(Buffer.from(await bytesAt(hub, id)), Buffer.from(bytes))
  t.strictSame(await places(), ['here'])
  t.strictSame(await hub.keys('blob-damaged/'), [])
  t.strictSame([await hub.keys('piece/'), await hub.keys('fetch/')], [[], []])
  const came = kit.sent.slice(before).reduce((sum, { bytes: { length } }) => sum + length, 0)
  t.ok(came < 145_000, `${came} bytes for the 134,464 that were damaged`)
})

test('nobody is given a wrong byte, nobody is called a liar, and messages go on', async (t) => {
  const { clock, hub, kit, nodes, rotten, cut, heal } = await aScene(t, ['bravo', 'delta'])
  const delta = must(nodes[2], 'another kit')
  cut(0, 2)
  cut(1, 2)
  const bytes = noise('map', 200_000)
  const id = await postFile(hub, bytes)
  await clock.advance(60_000)
  t.match(await fileAt(kit, id), { isHere: true })
  cut(0, 1)
  for (const hash of hub.blobs()) rotten.add(hash)

  heal(0, 2)
  await clock.advance(60_000)
  t.match(await fileAt(delta, id), { isHere: false }, 'a part of it at most')
  t.match(await fileAt(hub, id), { isHere: false, isLost: true })
  const square = await hub.node().channelByName(hub.person.id, 'town-square')
  const { id: said } = await hub.node().post(hub.person.id, { channel: square.id, body: 'still' })
  await clock.advance(60_000)
  t.match(await delta.node().message(delta.person.id, said), { body: 'still' })

  heal(0, 1)
  await clock.advance(300_000)
  t.strictSame(Buffer.from(await bytesAt(hub, id)), Buffer.from(bytes))
  t.strictSame(Buffer.from(await bytesAt(delta, id)), Buffer.from(bytes))
})

test('a download breaks off where the damage is; the file is asked for at once', async (t) => {
  const { clock, hub, rotten } = await aScene(t)
  const bytes = noise('map', 200_000)
  const id = await postFile(hub, bytes)
  await clock.advance(60_000)
  for (const hash of hub.blobs()) rotten.add(hash)

  const given: Uint8Array[] = []
  const reading = (async () => {
    for await (const part of await hub.node().readFile(hub.person.id, id)) given.push(part)
  })()
  await t.rejects(reading, { code: /STORE_BROKEN|NOT_FOUND/ })
  const got = Buffer.concat(given)
  t.ok(got.length < bytes.length)
  t.ok(got.equals(Buffer.from(bytes.subarray(0, got.length))), 'and none of it is wrong')
  await clock.advance(60_000)
  t.match(await fileAt(hub, id), { isHere: true, isLost: false })
  t.strictSame(Buffer.from(await bytesAt(hub, id)), Buffer.from(bytes))
})

test('what nobody else has is not asked for; it is back when somebody puts it back', async (t) => {
  const { clock, hub, rotten, cut } = await aScene(t)
  cut(0, 1)
  const id = await postFile(hub, noise('map', 100_000))
  const hashes = [...hub.blobs()]
  for (const hash of hashes) rotten.add(hash)
  await t.rejects(bytesAt(hub, id))
  await clock.advance(5_000)
  t.match(await fileAt(hub, id), { isHere: false, isLost: true })

  rotten.clear()
  await clock.advance(FILES_LOOK_MS)
  t.match(await fileAt(hub, id), { isHere: true, isLost: false, fetch: undefined })
  t.strictSame([...hub.blobs()], hashes)
})

test('the same bytes handed in again heal every file that has them', async (t) => {
  const { clock, hub, rotten, cut } = await aScene(t)
  cut(0, 1)
  const bytes = noise('map', 150_000)
  const [one, two] = [await postFile(hub, bytes, 'one.bin'), await postFile(hub, bytes, 'two.bin')]
  for (const hash of hub.blobs()) rotten.add(hash)
  await clock.advance(FILES_CHECK_FIRST_MS)
  for (const id of [one, two]) t.match(await fileAt(hub, id), { isHere: false, isLost: true })

  await postFile(hub, bytes, 'three.bin')
  await clock.advance(5_000)
  for (const id of [one, two])
    t.match(await fileAt(hub, id), { isHere: true, isLost: false, fetch: undefined })
  t.strictSame(await hub.keys('blob-damaged/'), [])
})

test('every file is read once a week, and no sooner', async (t) => {
  const { clock, hub, read, cut } = await aScene(t)
  cut(0, 1)
  const hashes = new Set<string>()
  for (let number = 0; number < 5; number += 1) await postFile(hub, noise(`${number}`, 100))
  for (const hash of hub.blobs()) hashes.add(hash)
  read.length = 0

  await clock.advance(7 * 24 * 3_600_000)
  t.strictSame(new Set(read), hashes)
  t.ok(read.length <= 168, `${read.length}`)
})
