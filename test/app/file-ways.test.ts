/** Files by other ways than a LAN: on a stick, and over a link on which every byte is paid for. */
import { test } from 'tap'
import { must } from '#base/assert.ts'
import type { Blobs } from '#ports/blobs.ts'
import { aKit, type Kit } from '../support/couriers.ts'
import { aFleetWithFiles, bytesAt, fileAt, noise, postFile } from '../support/file-nodes.ts'
import { aFolder } from '../support/folders.ts'
import { anIdentity } from '../support/nodes.ts'

const people = [anIdentity('alpha', 1, 'hub'), anIdentity('bravo', 2)]

test('on a stick a question goes one way and a file comes back, once', async (t) => {
  const hub = await aKit(t, 'alpha', { role: 'hub', knows: people })
  const kit = await aKit(t, 'bravo', { knows: people })
  const stick = await aFolder(t)
  const bytes = noise('map', 130_000)
  const id = await postFile(asFileNode(hub), bytes)
  const [asked, answered] = [await carry(stick, hub, kit), await carry(stick, kit, hub)]
  t.ok(asked < 20_000 && answered < 20_000, 'nothing but the message, and a question')
  const brought = await carry(stick, hub, kit)
  t.ok(brought > 130_000 && brought < 140_000, `${brought} bytes`)
  t.strictSame(Buffer.from(await bytesAt(asFileNode(kit), id)), Buffer.from(bytes))
  await carry(stick, kit, hub)
  t.ok((await carry(stick, hub, kit)) < 20_000, 'it is not written twice')
})

test('where every byte is paid for a file comes when it is asked for, and what was given is not given again', async (t) => {
  const link = {
    isMetered: true,
    room: { parcelBytes: 2_000, underWayBytes: 6_000 },
    delayMs: 1_000,
  }
  const { clock, nodes, cut, heal } = await aFleetWithFiles(t, ['alpha', 'bravo'], link)
  const [hub, kit] = [must(nodes[0], 'hub'), must(nodes[1], 'kit')]
  const bytes = noise('map', 40_000)
  const id = await postFile(hub, bytes)
  await clock.advance(3_600_000)
  t.match(await fileAt(kit, id), { isHere: false, have: 0 })
  await kit.node().fetchFile(kit.person.id, id)
  const before = hub.sent.length
  await clock.advance(2_500)
  const { have } = must(await fileAt(kit, id), 'it is known')
  t.ok(have > 0 && have < 40_000, `${have} have come`)
  cut(0, 1)
  await clock.advance(5_000)
  heal(0, 1)
  await clock.advance(600_000)
  t.strictSame(Buffer.from(await bytesAt(kit, id)), Buffer.from(bytes))
  const sent = hub.sent.slice(before).reduce((sum, parcel) => sum + parcel.bytes.length, 0)
  t.ok(sent < 60_000, `${sent} bytes`)
})

test('a file in a bucket that does not answer holds nothing else up, and follows when it does', async (t) => {
  let isAway = false
  const answer = Promise.withResolvers<void>()
  const inBucket = (blobs: Blobs): Blobs => ({
    ...blobs,
    isAtHand: async () => !isAway,
    read: async (hash, span) => {
      if (isAway) await answer.promise
      return blobs.read(hash, span)
    },
  })
  const link = { blobsOf: (index: number, blobs: Blobs) => (index === 0 ? inBucket(blobs) : blobs) }
  const { clock, nodes } = await aFleetWithFiles(t, ['alpha', 'bravo'], link)
  const [hub, kit] = [must(nodes[0], 'hub'), must(nodes[1], 'kit')]
  const bytes = noise('map', 40_000)
  const id = await postFile(hub, bytes)
  isAway = true
  await clock.advance(5_000)
  await kit.node().fetchFile(kit.person.id, id)
  await clock.advance(5_000)
  const [channel] = await hub.node().channelsOf(hub.person.id)
  const square = must(channel, 'the first channel').id
  const { id: later } = await hub.node().post(hub.person.id, { channel: square, body: 'Later' })
  await clock.advance(5_000)

  t.match(await kit.node().message(kit.person.id, later), { body: 'Later' })
  t.match(await fileAt(kit, id), { isHere: false })
  isAway = false
  answer.resolve()
  await clock.advance(60_000)
  t.strictSame(Buffer.from(await bytesAt(kit, id)), Buffer.from(bytes))
})

/** Writes onto a stick what one has, and reads it at the other; gives how much was written. */
async function carry(stick: string, from: Kit, to: Kit): Promise<number> {
  const { bytes } = await from.exportTo(stick)
  await to.importFrom(stick)
  await to.clock.advance(1_000)
  return bytes
}

function asFileNode({ node, operator }: Kit) {
  return {
    name: 'kit',
    node: () => node,
    person: operator,
    sent: [],
    blobs: () => [],
    keys: async () => [],
    off: async () => undefined,
    on: async () => undefined,
  }
}
