/** Whom a node asks for files, and what it makes of what it is given. */
import { test } from 'tap'
import { must } from '#base/assert.ts'
import type { Blobs } from '#ports/blobs.ts'
import { aFleetWithFiles, bytesAt, fileAt, noise, postFile } from '../support/file-nodes.ts'

test('what is not the file in the end is seen by nobody; another is asked, and the liar no more', async (t) => {
  const bytes = noise('map', 60_000)
  const { clock, nodes, cut, heal } = await aFleetWithFiles(t, ['alpha', 'bravo', 'chad'], {
    blobsOf: (index, blobs) => (index === 0 ? lying(blobs) : blobs),
  })
  const [hub, origin, far] = [must(nodes[0], 'hub'), must(nodes[1], 'bravo'), must(nodes[2], 'far')]
  cut(1, 2)
  const id = await postFile(origin, bytes)
  await clock.advance(60_000)
  t.match(await fileAt(hub, id), { isHere: true }, 'it came whole to who lies about it later')
  t.match(await fileAt(far, id), { isHere: false, have: 0 })
  const before = hub.sent.length
  await clock.advance(600_000)
  t.ok(hub.sent.length - before < 40, 'nobody runs in circles')

  heal(1, 2)
  await clock.advance(600_000)
  t.strictSame(Buffer.from(await bytesAt(far, id)), Buffer.from(bytes))
})

test('of two who have a file one is asked; when that one goes, the other goes on where it was', async (t) => {
  const THIN = { room: { parcelBytes: 600, underWayBytes: 1_800 }, delayMs: 700 }
  const { clock, nodes, cut } = await aFleetWithFiles(t, ['alpha', 'bravo', 'chad'], THIN)
  const [hub, origin, far] = [must(nodes[0], 'hub'), must(nodes[1], 'bravo'), must(nodes[2], 'far')]
  const bytes = noise('map', 40_000)
  const id = await postFile(origin, bytes)
  await clock.advance(60_000)
  await hub.node().fetchFile(hub.person.id, id)
  await clock.advance(60_000)
  t.match(await fileAt(hub, id), { isHere: true })
  const before = sizeOf(origin) + sizeOf(hub)
  await far.node().fetchFile(far.person.id, id)
  await clock.advance(10_000)
  const midway = must(await fileAt(far, id), 'it is known')
  t.ok(midway.have > 10_000 && midway.have < 40_000, `${midway.have} have come`)
  cut(2, midway.fetch?.sourceName === 'alpha' ? 0 : 1)
  await clock.advance(300_000)
  t.strictSame(Buffer.from(await bytesAt(far, id)), Buffer.from(bytes))
  const sent = sizeOf(origin) + sizeOf(hub) - before
  t.ok(sent < 50_000, `${sent} bytes for 40,000`)
})

function sizeOf({ sent }: { readonly sent: readonly { readonly bytes: Uint8Array }[] }): number {
  return sent.reduce((sum, { bytes }) => sum + bytes.length, 0)
}

/** Gives other bytes than it took. */
function lying(blobs: Blobs): Blobs {
  return {
    ...blobs,
    read: async (hash, span) => {
      const content = await blobs.read(hash, span)
      return content && bent(content)
    },
  }
}

async function* bent(content: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  for await (const part of content) yield part.map((byte) => byte ^ 1)
}
