/** Files whose bytes are gone: they are asked for, given again, and nothing that may lie elsewhere is forgotten meanwhile. */
import { test, type Test } from 'tap'
import { must } from '#base/assert.ts'
import { FILES_LOOK_MS } from '#base/limits.ts'
import type { BlobPlace, Blobs } from '#ports/blobs.ts'
import { aFleetWithFiles, bytesAt, fileAt, noise, postFile } from '../support/file-nodes.ts'

/** A hub whose disk loses files, and a kit. */
async function aScene(t: Test) {
  const gone = new Set<string>()
  const state = { away: 'nowhere' as BlobPlace }
  const losing = (blobs: Blobs): Blobs => ({
    ...blobs,
    write: async (source, bytesMax) => {
      const blob = await blobs.write(source, bytesMax)
      gone.delete(blob.hash)
      return blob
    },
    read: async (hash, span) => (gone.has(hash) ? undefined : blobs.read(hash, span)),
    check: async (hash, rest) => (gone.has(hash) ? undefined : blobs.check(hash, rest)),
    places: async (hashes) =>
      new Map(
        [...(await blobs.places(hashes))].map(([hash, { name, place }]) => [
          hash,
          { name, place: gone.has(hash) ? state.away : place },
        ]),
      ),
  })
  const fleet = await aFleetWithFiles(t, ['alpha', 'bravo'], {
    blobsOf: (index, blobs) => (index === 0 ? losing(blobs) : blobs),
  })
  const [hub, kit] = [must(fleet.nodes[0], 'hub'), must(fleet.nodes[1], 'kit')]
  return { ...fleet, hub, kit, gone, state }
}

test('what was lost is asked for, and comes back from whoever has it', async (t) => {
  const { clock, hub, kit, gone, cut, heal } = await aScene(t)
  const bytes = noise('map', 100_000)
  const id = await postFile(hub, bytes)
  await clock.advance(60_000)
  t.match(await fileAt(kit, id), { isHere: true })
  const alone = await hub.node().keepFile(
    hub.person.id,
    { channel: must(await fileAt(hub, id), 'it').channel, name: 'note', type: 'text/plain' },
    (async function* () {
      yield noise('note', 100)
    })(),
  )
  cut(0, 1)
  for (const hash of hub.blobs()) gone.add(hash)
  await t.rejects(bytesAt(hub, id), { code: 'NOT_FOUND', facts: { found: /bytes were lost/ } })
  await hub.off()
  await hub.on()
  await clock.advance(10_000)

  t.match(await fileAt(hub, id), { isHere: false, isLost: true, fetch: { isAsked: false } })
  t.match(await fileAt(hub, alone.id), { isHere: false, isLost: true, fetch: undefined })
  const held = await hub.node().blobsHeld(hub.person.id)
  t.strictSame(held.map(({ place, isShared }) => `${place} ${isShared}`).toSorted(), [
    'nowhere false',
    'nowhere true',
  ])

  heal(0, 1)
  await clock.advance(120_000)
  t.match(await fileAt(hub, id), { isHere: true, isLost: false, fetch: undefined })
  t.strictSame(Buffer.from(await bytesAt(hub, id)), Buffer.from(bytes))
  const uses = await hub.keys('blob/')
  t.equal(uses.length, 2, 'both are still needed')
})

test('what somebody finds gone is asked for at once; where nobody can say it is not', async (t) => {
  const { clock, hub, kit, gone, state } = await aScene(t)
  const bytes = noise('map', 100_000)
  const id = await postFile(hub, bytes)
  await clock.advance(60_000)
  t.match(await fileAt(kit, id), { isHere: true })
  for (const hash of hub.blobs()) gone.add(hash)
  state.away = 'unknown'
  await t.rejects(bytesAt(hub, id), { code: 'NOT_FOUND' })
  await clock.advance(60_000)
  t.match(await fileAt(hub, id), { isHere: true, isLost: false })

  state.away = 'nowhere'
  await t.rejects(bytesAt(hub, id), { code: 'NOT_FOUND' })
  await clock.advance(120_000)

  t.match(await fileAt(hub, id), { isHere: true, isLost: false })
  t.strictSame(Buffer.from(await bytesAt(hub, id)), Buffer.from(bytes))
})

test('where nobody can say, nothing is lost; what is back is held again, and no longer asked for', async (t) => {
  const { clock, hub, kit, gone, state, cut, heal } = await aScene(t)
  const id = await postFile(hub, noise('map', 5_000))
  await clock.advance(60_000)
  cut(0, 1)
  for (const hash of hub.blobs()) gone.add(hash)

  state.away = 'unknown'
  await clock.advance(FILES_LOOK_MS)
  t.match(await fileAt(hub, id), { isHere: true, isLost: false })
  state.away = 'nowhere'
  await clock.advance(FILES_LOOK_MS)
  t.match(await fileAt(hub, id), { isHere: false, isLost: true, fetch: { isAsked: false } })
  t.strictSame([...hub.blobs()], [...gone], 'what may lie elsewhere was not taken away')

  gone.clear()
  await clock.advance(FILES_LOOK_MS)
  t.match(await fileAt(hub, id), { isHere: true, isLost: false, fetch: undefined })
  t.strictSame(await hub.keys('fetch/'), [])
  heal(0, 1)
  await clock.advance(60_000)
  t.match(await fileAt(kit, id), { isHere: true })
})

test('whoever does not want it waits for nothing, until somebody asks again', async (t) => {
  const { clock, hub, gone, cut, heal } = await aScene(t)
  const id = await postFile(hub, noise('map', 5_000))
  await clock.advance(60_000)
  cut(0, 1)
  for (const hash of hub.blobs()) gone.add(hash)
  await clock.advance(FILES_LOOK_MS)

  await hub.node().cancelFetch(hub.person.id, id)
  await clock.advance(FILES_LOOK_MS)
  t.match(await fileAt(hub, id), { isHere: false, isLost: true, fetch: undefined })
  heal(0, 1)
  await clock.advance(60_000)
  t.match(await fileAt(hub, id), { isHere: false })
  await hub.node().fetchFile(hub.person.id, id)
  await clock.advance(60_000)
  t.match(await fileAt(hub, id), { isHere: true, isLost: false })
})
