/** What files look like, told by the message that names them; small pictures of them; and the places where they were made. */
import { test } from 'tap'
import sharp from 'sharp'
import { priceOf } from '#app/file-price.ts'
import { must } from '#base/assert.ts'
import type { FileId } from '#base/ids.ts'
import { FILES_LOOK_MS } from '#base/limits.ts'
import type { PositionRule } from '#model/policy.ts'
import { openMemoryStore } from '#storage/memory-store.ts'
import type { LinkState } from '#sync/links.ts'
import { virtualClock } from '../support/clock.ts'
import { aFleetWithFiles, fileAt, noise, postFile } from '../support/file-nodes.ts'
import { aWorkspace } from '../support/nodes.ts'
import { aPicture } from '../support/pictures.ts'
import { aTerms } from '../support/terms.ts'
import { aPreviewer, picture, small } from '../support/previews.ts'

const A_LINK: LinkState = {
  carrier: '',
  peer: 'post:office',
  isUp: false,
  since: 0,
  sentBytes: 0,
  receivedBytes: 0,
  bytesPerSecond: 0,
  roundTripMs: 0,
  bytesPerChange: 0,
  bulk: undefined,
  unansweredSince: undefined,
}
const THIN = { room: { parcelBytes: 600, underWayBytes: 1_800 }, delayMs: 700 }

async function* once(bytes: Uint8Array): AsyncIterable<Uint8Array> {
  yield bytes
}

test('over a thin link everybody sees what a file is, and may have a small picture of it for less', async (t) => {
  const link = { ...THIN, previewer: aPreviewer() }
  const { clock, nodes } = await aFleetWithFiles(t, ['alpha', 'bravo'], link)
  const [hub, kit] = [must(nodes[0], 'hub'), must(nodes[1], 'kit')]
  const id = await postFile(hub, noise('photo', 300_000), 'photo.jpg')
  await clock.advance(600_000)

  const seen = must(await fileAt(kit, id), 'its message is here')
  t.match(seen, { isHere: false, price: { bytes: 300_000 } })
  t.strictSame(seen.preview, picture)
  t.match(seen.little, { isHere: false, have: 0, price: { bytes: 20_000 } })
  t.equal(await kit.node().readSmall(kit.person.id, id), undefined)

  await kit.node().fetchFile(kit.person.id, id, 'whole')
  await kit.node().fetchFile(kit.person.id, id, 'small')
  t.match(
    (await kit.node().filesUnderWay(kit.person.id)).map((one) => one.id),
    [id],
  )
  await clock.advance(90_000)
  const midway = must(await fileAt(kit, id), 'it is known')
  t.match(midway, { isHere: false, little: { isHere: true, price: { bytes: 0 } } }, 'it overtakes')
  const content = must(await kit.node().readSmall(kit.person.id, id), 'it is here')
  t.strictSame(Buffer.concat(await Array.fromAsync(content)), Buffer.from(small))

  await kit.node().cancelFetch(kit.person.id, id)
  await clock.advance(600_000)
  t.match(await fileAt(kit, id), { isHere: false, have: 0, little: { isHere: true } })
})

test('over a fat link the small picture comes as the file does, and both go with the message', async (t) => {
  const link = { previewer: aPreviewer() }
  const { clock, nodes } = await aFleetWithFiles(t, ['alpha', 'bravo'], link)
  const [hub, kit] = [must(nodes[0], 'hub'), must(nodes[1], 'kit')]
  const id = await postFile(kit, noise('photo', 100_000), 'photo.jpg')
  await clock.advance(60_000)
  t.match(await fileAt(hub, id), { isHere: true, little: { isHere: true } })
  t.equal(hub.blobs().length, 2)

  const message = must((await fileAt(hub, id))?.message, 'it has one')
  await kit.node().deletePost(kit.person.id, message)
  await clock.advance(60_000)
  t.equal(hub.blobs().length + kit.blobs().length, 0)
  t.strictSame([...(await hub.keys('file')), ...(await kit.keys('file'))], [])
})

test('of many files in one message the first have a preview: it stays small', async (t) => {
  const { node, amira, square } = await aWorkspace('alpha', { previewer: aPreviewer() })
  t.teardown(() => node[Symbol.asyncDispose]())
  const files: FileId[] = []
  for (let number = 0; number < 6; number += 1) {
    const draft = { channel: square.id, name: `${number}.jpg`, type: 'image/jpeg' }
    files.push((await node.keepFile(amira.id, draft, once(noise(`${number}`, 100)))).id)
  }
  const message = await node.post(amira.id, { channel: square.id, body: 'x', files })
  t.equal(message.files.filter(({ preview }) => preview !== undefined).length, 4)
  t.equal(message.files.filter((file) => file.small !== undefined).length, 6)
})

test('files of what was deleted stay while it is held, and go when it is held no more', async (t) => {
  const clock = virtualClock()
  const store = openMemoryStore()
  const { node, amira, square } = await aWorkspace('alpha', { role: 'hub', clock, store })
  t.teardown(() => node[Symbol.asyncDispose]())
  const lying = async (): Promise<number> =>
    (await store.list({ from: 'blob/', to: 'blob/~' })).length
  const { id: channel } = square
  const draft = { channel, name: 'a.bin', type: '' }
  const { id } = await node.keepFile(amira.id, draft, once(noise('a', 100)))
  const message = await node.post(amira.id, { channel, body: 'x', files: [id] })

  await node.hold(amira.id, { channel, isHeld: true })
  await node.deletePost(amira.id, message.id)
  await clock.advance(2 * FILES_LOOK_MS)
  t.equal(await lying(), 1)
  await node.hold(amira.id, { channel, isHeld: false })
  await clock.advance(FILES_LOOK_MS)
  t.equal(await lying(), 0)
})

test('what fetching takes is told in time and money, by the link it would come by', async (t) => {
  const metered = aTerms({ profile: { line: 'on demand' } })
  const dear = aTerms({
    profile: {
      line: 'on demand',
      tariff: { shape: 'minutes', pricePerMinute: 6, stepMs: 1_000, leastMs: 30_000 },
    },
  })
  const terms = new Map([
    ['certus', metered],
    ['dial', dear],
  ])
  const link = { ...A_LINK, carrier: 'dial', isUp: true, bytesPerSecond: 500 }
  const lan = { ...A_LINK, carrier: 'lan', isUp: true, bytesPerSecond: 100_000 }
  const price = (links: readonly LinkState[]) =>
    priceOf(100_000, { links, terms, source: undefined })

  t.strictSame(price([]), { bytes: 100_000, seconds: 100, money: 0.1, currency: 'EUR' })
  t.strictSame(price([link]), { bytes: 100_000, seconds: 200, money: 10, currency: 'EUR' })
  t.match(price([link, lan]), { seconds: 1, money: 0, currency: undefined })
  const standing = new Map([['vsat', aTerms()]])
  t.match(
    priceOf(100_000, { links: [], terms: standing, source: undefined }),
    { seconds: 100, money: 0.1 },
    'a line that stands, and is down just now',
  )
  const none = { links: [], source: undefined }
  t.match(priceOf(5, none), { seconds: undefined, money: undefined })
  t.match(priceOf(0, none), { bytes: 0, seconds: 0, money: 0 })
})

test('places are taken out of pictures as the policy says, whichever way they come in', async (t) => {
  const { node, amira, square } = await aWorkspace('alpha', { role: 'hub' })
  t.teardown(() => node[Symbol.asyncDispose]())
  const photo = await aPicture({ format: 'jpeg', hasPlace: true })
  const draft = { channel: square.id, name: 'photo.jpg', type: 'image/jpeg' }
  const hasPlace = async (id: FileId): Promise<boolean> => {
    const bytes = Buffer.concat(await Array.fromAsync(await node.readFile(amira.id, id)))
    t.equal(bytes.length, photo.length)
    const isSame = bytes.equals(Buffer.from(photo))
    const exif = (await sharp(bytes).metadata()).exif?.toString('latin1') ?? ''
    t.match(exif, 'Nothing 1')
    return isSame
  }
  const handedIn = async (keepsPosition: boolean): Promise<FileId> =>
    (await node.keepFile(amira.id, { ...draft, keepsPosition }, once(photo))).id
  const inParts = async (keepsPosition: boolean): Promise<FileId> => {
    const whole = { ...draft, keepsPosition, bytes: photo.length }
    const { id } = await node.beginUpload(amira.id, whole)
    await node.continueUpload(amira.id, id, once(photo.subarray(0, 500)))
    await node.continueUpload(amira.id, id, once(photo.subarray(500)))
    return id
  }
  const kept = async (): Promise<readonly boolean[]> => [
    await hasPlace(await handedIn(false)),
    await hasPlace(await handedIn(true)),
    await hasPlace(await inParts(false)),
    await hasPlace(await inParts(true)),
  ]
  const say = (rule: PositionRule | undefined, channel?: typeof square.id): Promise<void> =>
    node.changePolicy(amira.id, { about: 'positions', channel, rule })

  t.strictSame(await kept(), [false, true, false, true], 'unless whoever hands it in wants it')
  await say('strip')
  t.strictSame(await kept(), [false, false, false, false])
  await say('keep', square.id)
  t.strictSame(await kept(), [true, true, true, true], 'a channel may have a rule of its own')
  t.match(await node.policy(amira.id), { positions: 'strip', channels: [{ positions: 'keep' }] })
  await say(undefined, square.id)
  t.strictSame(await kept(), [false, false, false, false])
})
