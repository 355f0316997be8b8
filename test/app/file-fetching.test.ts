/** Files move: over links that are fat, when they are asked for over those that are not, in spite of cuts and of power that goes. */
import { test } from 'tap'
import { must } from '#base/assert.ts'
import { aFleetWithFiles, bytesAt, fileAt, noise, postFile } from '../support/file-nodes.ts'

const THIN = { room: { parcelBytes: 600, underWayBytes: 1_800 }, delayMs: 700 }

test('over a fat link a file comes by itself, both ways, and its bytes are the same', async (t) => {
  const { clock, nodes } = await aFleetWithFiles(t, ['alpha', 'bravo'])
  const [hub, kit] = [must(nodes[0], 'hub'), must(nodes[1], 'kit')]
  const bytes = noise('map', 300_000)
  const down = await postFile(hub, bytes)
  const up = await postFile(kit, bytes.subarray(7))
  await clock.advance(60_000)

  t.match(await fileAt(kit, down), { isHere: true, have: 300_000, price: { bytes: 0 } })
  t.strictSame(Buffer.from(await bytesAt(kit, down)), Buffer.from(bytes))
  t.strictSame(Buffer.from(await bytesAt(hub, up)), Buffer.from(bytes.subarray(7)))
  t.match(await fileAt(hub, up), { originName: 'bravo', isHere: true })
})

test('over a thin link it comes when somebody asks, and no more when they do not want it', async (t) => {
  const { clock, nodes } = await aFleetWithFiles(t, ['alpha', 'bravo'], THIN)
  const [hub, kit] = [must(nodes[0], 'hub'), must(nodes[1], 'kit')]
  const id = await postFile(hub, noise('map', 20_000))
  await clock.advance(600_000)
  t.match(await fileAt(kit, id), { isHere: false, have: 0, fetch: { isAsked: false } })
  await t.rejects(bytesAt(kit, id), { code: 'NOT_FOUND' })

  await kit.node().fetchFile(kit.person.id, id)
  await clock.advance(5_000)
  const midway = must(await fileAt(kit, id), 'it is known')
  t.ok(midway.have > 0 && midway.have < 20_000, `${midway.have} have come`)
  t.match(midway.fetch, { isAsked: true, sourceName: 'alpha' })
  await kit.node().cancelFetch(kit.person.id, id)
  await clock.advance(5_000)
  const before = hub.sent.length
  await clock.advance(600_000)
  t.match(await fileAt(kit, id), { isHere: false, have: 0, fetch: undefined })
  t.equal(hub.sent.length, before, 'nothing more is sent')

  await kit.node().fetchFile(kit.person.id, id)
  await clock.advance(120_000)
  t.match(await fileAt(kit, id), { isHere: true })
})

test('what has come stays when the link is cut and when the power goes, at either end', async (t) => {
  const { clock, nodes, cut, heal } = await aFleetWithFiles(t, ['alpha', 'bravo'], THIN)
  const [hub, kit] = [must(nodes[0], 'hub'), must(nodes[1], 'kit')]
  const bytes = noise('map', 90_000)
  const id = await postFile(hub, bytes)
  await clock.advance(10_000)
  const before = hub.sent.length
  await kit.node().fetchFile(kit.person.id, id)
  let had = 0
  for (let round = 0; round < 6; round += 1) {
    await clock.advance(6_000)
    const have = must(await fileAt(kit, id), 'it is known').have
    t.ok(have >= had, `${have} after ${had}`)
    had = have
    cut(0, 1)
    await clock.advance(2_000)
    const member = round % 2 === 0 ? kit : hub
    await member.off()
    await member.on()
    heal(0, 1)
  }
  await clock.advance(600_000)
  t.strictSame(Buffer.from(await bytesAt(kit, id)), Buffer.from(bytes))
  const sentBytes = hub.sent.slice(before).reduce((sum, parcel) => sum + parcel.bytes.length, 0)
  t.ok(sentBytes < 118_000, `${sentBytes} bytes for 90,000, six cuts of some seconds each`)
})

test('with a message that is purged its files go everywhere, also what has come of them', async (t) => {
  const { clock, nodes, cut, heal } = await aFleetWithFiles(t, ['alpha', 'bravo'])
  const [hub, kit] = [must(nodes[0], 'hub'), must(nodes[1], 'kit')]
  const id = await postFile(hub, noise('map', 50_000))
  await clock.advance(60_000)
  const message = must((await fileAt(kit, id))?.message, 'a message has it')
  t.match(await fileAt(kit, id), { isHere: true })
  cut(0, 1)
  const square = await hub.node().channelByName(hub.person.id, 'town-square')
  await hub.node().purge(hub.person.id, { channel: square.id, messages: [message] })
  heal(0, 1)
  await clock.advance(60_000)
  for (const node of [hub, kit]) {
    t.equal(await fileAt(node, id), undefined)
    t.strictSame(node.blobs(), [], 'no bytes are left')
    t.strictSame(await node.keys('file'), [], 'nor a word of it')
  }
})

test('of a message that is deleted while its file is on the way nothing stays, and nothing more is sent', async (t) => {
  const { clock, nodes } = await aFleetWithFiles(t, ['alpha', 'bravo'], THIN)
  const [hub, kit] = [must(nodes[0], 'hub'), must(nodes[1], 'kit')]
  const id = await postFile(hub, noise('map', 40_000))
  await clock.advance(10_000)
  await kit.node().fetchFile(kit.person.id, id)
  await clock.advance(8_000)
  const midway = must(await fileAt(kit, id), 'it is known')
  t.ok(midway.have > 0 && midway.have < 40_000, `${midway.have} have come`)

  await hub.node().deletePost(hub.person.id, must(midway.message, 'a message has it'))
  await clock.advance(60_000)
  const before = hub.sent.length
  await clock.advance(600_000)
  t.equal(hub.sent.length, before)
  for (const node of [hub, kit]) {
    t.equal(await fileAt(node, id), undefined)
    t.strictSame(node.blobs(), [])
    for (const kind of ['piece/', 'fetch/', 'wish/', 'file-ask/', 'file-name/', 'blob/'])
      t.strictSame(await node.keys(kind), [], kind)
  }
})

test('flash overtakes a file: at most what is under way leaves before it', async (t) => {
  const { clock, nodes } = await aFleetWithFiles(t, ['alpha', 'bravo'], THIN)
  const [hub, kit] = [must(nodes[0], 'hub'), must(nodes[1], 'kit')]
  const id = await postFile(hub, noise('map', 30_000))
  await clock.advance(10_000)
  await kit.node().fetchFile(kit.person.id, id)
  await clock.advance(8_000)
  const before = hub.sent.length
  const square = await hub.node().channelByName(hub.person.id, 'town-square')
  await hub.node().post(hub.person.id, { channel: square.id, body: 'fire', lane: 'flash' })
  await clock.advance(0)
  const next = hub.sent.slice(before).map(({ lane }) => lane)
  t.ok(next.indexOf('flash') <= 1 && next.includes('flash'), `then came ${next.join(', ')}`)
})

test('a kit between two others carries a file that it has not asked for', async (t) => {
  const { clock, nodes, cut } = await aFleetWithFiles(t, ['alpha', 'bravo', 'chad'], THIN)
  const [hub, , far] = [must(nodes[0], 'hub'), nodes[1], must(nodes[2], 'far')]
  cut(0, 2)
  const bytes = noise('map', 10_000)
  const id = await postFile(hub, bytes)
  await clock.advance(120_000)
  t.match(await fileAt(far, id), { isHere: false })
  await far.node().fetchFile(far.person.id, id)
  await clock.advance(600_000)
  t.strictSame(Buffer.from(await bytesAt(far, id)), Buffer.from(bytes))
})
