import { test, type Test } from 'tap'
import type { FileId } from '#base/ids.ts'
import { FILE_BYTES_MAX } from '#base/limits.ts'
import { DEVICE_FILES_BYTES_MAX } from '#web/core/limits.ts'
import { textShelf } from '#web/core/shelf.ts'
import { PART_BYTES } from '#web/core/uploading.ts'
import type { App } from '#web/state/app.ts'
import { createAttaching } from '#web/state/attaching.ts'
import { aLanDoor, type LanDoor } from '../../support/lan-door.ts'
import { aBrowser } from './a-client.ts'

const PLACED = Buffer.from('ffd8ffe1000a457869660000aaaaffda0004010055ff00ffd9', 'hex')
const FILE = 'f' as FileId
const PLACELESS = Buffer.from('ffd8ffda0004010055ff00ffd9', 'hex')

function aFile(name: string, content: Uint8Array | string, type = 'text/plain'): File {
  return new File([typeof content === 'string' ? content : new Uint8Array(content)], name, { type })
}

/** As large as it says, without being so. */
function aHeavyFile(name: string, size: number): File {
  return Object.defineProperty(aFile(name, 'x'), 'size', { value: size })
}

async function aTown(t: Test, change?: (door: LanDoor) => void) {
  const door = await aLanDoor(t)
  change?.(door)
  const { id: town } = await door.node.channelByName(door.people.bo.id, 'town-square')
  const browser = aBrowser(door)
  t.teardown(() => browser.close())
  const app = await browser.openAs('bo')
  await app.show(town)
  return { door, town, browser, app }
}

function isUpload(line: string): boolean {
  return line.startsWith('POST /api/v4/uploads/')
}

function draftIn(channelId: string, message: string) {
  const rest = { rootId: '', lane: 'routine', override: '', wantsAck: false } as const
  return { channelId, message, ...rest }
}

function filesOf(app: App, channelId: string) {
  const { order, posts } = app.store.timeline(channelId).value
  return order.flatMap((id) => posts.get(id)?.files ?? [])
}

async function bytesOf(app: App, fileId = ''): Promise<Buffer | undefined> {
  const found = await app.pictures.fetch(fileId)
  if (found.kind !== 'here' || found.blob === undefined) return undefined
  return Buffer.from(await found.blob.arrayBuffer())
}

test('a picture goes without the place it was taken at, unless that is wanted', async (t) => {
  const { app, town, browser } = await aTown(t)
  for (const withPlace of [false, true]) {
    t.strictSame(await app.attaching.add(town, [aFile('a.jpg', PLACED, 'image/jpeg')]), [])
    await app.send(draftIn(town, ''), withPlace)
    t.strictSame(app.attaching.of(town).value, [])
  }
  await browser.until(() => filesOf(app, town).length === 2)
  const [without, placed] = filesOf(app, town)

  t.match(without, { name: 'a.jpg', mimeType: 'image/jpeg', size: PLACELESS.length })
  t.strictSame(await bytesOf(app, without?.id), PLACELESS)
  t.strictSame(await bytesOf(app, placed?.id), PLACED)
  t.strictSame(await app.shelf.entries('file:'), [], 'nothing is left on the device')
})

test('what cannot be freed of its place says so before it goes', async (t) => {
  const shelf = textShelf(undefined)
  let ids = 0
  const attaching = createAttaching({ shelf, now: () => 7, newId: () => `${(ids += 1)}` })
  await attaching.add('town', [
    aFile('a.jpg', PLACED, 'image/jpeg'),
    aFile('cut.jpg', PLACED.subarray(0, 20), 'image/jpeg'),
    aFile('b.heic', 'x', 'image/heic'),
    aFile('c.mp4', 'x', 'video/mp4'),
    aFile('d.png', 'a eXIf b', 'image/png'),
    aFile('e.png', 'x', 'image/png'),
  ])

  t.strictSame(
    attaching.of('town').value.map(({ place }) => place),
    ['removable', 'perhaps', 'perhaps', 'perhaps', 'perhaps', 'none'],
  )
})

test('a file waits while the node is away, goes on after a break, and words pass it', async (t) => {
  const { app, town, browser } = await aTown(t)
  const content = Buffer.alloc(3 * PART_BYTES + 5, 'film')
  browser.network.isThere = false
  await app.attaching.add(town, [aFile('film.txt', content)])
  await app.send(draftIn(town, 'the film'), false)
  await app.send(draftIn(town, 'words'), false)
  t.equal(await app.outbox().flush(), false)
  t.strictSame(filesOf(app, town), [])

  browser.network.isThere = true
  const shown = app.store.waiting.subscribe((waiting) => {
    // The answer to the second part is lost on its way.
    if (waiting[0]?.files[0]?.sent === PART_BYTES) browser.network.isAnswerLost = true
  })
  t.equal(await app.outbox().flush(), false)
  shown()
  browser.network.isAnswerLost = false
  t.equal(await app.outbox().flush(), true)
  await browser.until(() => filesOf(app, town).length === 1)

  t.equal(browser.network.asked.filter(isUpload).length, 4, 'each part went once')
  t.strictSame(await bytesOf(app, filesOf(app, town)[0]?.id), content)
  const { order, posts } = app.store.timeline(town).value
  t.strictSame(
    order.map((id) => posts.get(id)?.message),
    ['words', 'the film'],
  )
})

test('a file that is on another node only is told so, and what it looks like is here', async (t) => {
  const image = Buffer.from('RIFF....WEBP')
  const door = await aLanDoor(t, {
    change: (node) => ({
      ...node,
      file: async (...args) => ({
        ...(await node.file(...args)),
        isHere: false,
        preview: { kind: 'picture', width: 40, height: 30, image },
        originName: 'bravo',
      }),
      readFile: () => Promise.reject(new Error('not here')),
    }),
  })
  const { id: town } = await door.node.channelByName(door.people.bo.id, 'town-square')
  const browser = aBrowser(door)
  t.teardown(() => browser.close())
  const app = await browser.openAs('bo')
  await app.show(town)
  await app.attaching.add(town, [aFile('a.txt', 'a')])
  await app.send(draftIn(town, 'look'), false)
  await browser.until(() => filesOf(app, town).length === 1)
  const id = filesOf(app, town)[0]?.id ?? ''

  t.strictSame(await app.pictures.find(id), { kind: 'elsewhere', node: 'bravo' })
  t.strictSame(await app.pictures.fetch(id), { kind: 'elsewhere', node: 'bravo' })
  t.equal((await app.pictures.look(id, 'preview'))?.size, image.length)
  browser.network.isThere = false
  t.strictSame(await app.pictures.fetch(id), { kind: 'away' })
  t.equal((await app.pictures.look(id, 'preview'))?.size, image.length, 'held')
  t.equal(await app.pictures.look(id, 'thumbnail'), undefined)
})

test('what came of the small picture of a file is not taken for the file', async (t) => {
  const { app, door, browser, town } = await aTown(t)
  const told = (quality: 'small' | 'whole', isHere: boolean): void =>
    door.tell({
      kind: 'file-changed',
      file: { id: FILE, channel: town, quality, bytes: 9, have: 9, isHere },
    })
  told('small', true)
  told('whole', false)
  await browser.until(() => app.store.arriving.value.size === 2)

  t.strictSame(
    [...app.store.arriving.value].map(([key, { isHere }]) => [key, isHere]),
    [
      [`${FILE}/small`, true],
      [FILE, false],
    ],
  )
})

test('what does not fit is not taken, and said with its reason', async (t) => {
  let ids = 0
  const shelf = textShelf(undefined)
  const ports = { shelf, now: () => 7, newId: () => `${(ids += 1)}` }
  const attaching = createAttaching(ports)
  const most = Math.floor(DEVICE_FILES_BYTES_MAX / FILE_BYTES_MAX)
  const heavy = Array.from({ length: most }, (_, at) => aHeavyFile(`${at}`, FILE_BYTES_MAX))

  t.strictSame(await attaching.add('town', heavy), [])
  t.strictSame(
    await attaching.add('town', [
      aHeavyFile('more', FILE_BYTES_MAX),
      aHeavyFile('larger', FILE_BYTES_MAX + 1),
      aFile('nothing', ''),
      ...Array.from({ length: 9 }, (_, at) => aFile(`small ${at}`, 'x')),
    ]),
    [
      { name: 'more', why: 'full' },
      { name: 'larger', why: 'large' },
      { name: 'nothing', why: 'empty' },
      { name: 'small 8', why: 'many' },
    ],
  )
})

test('a draft keeps its files; what nobody has any more is swept', async (t) => {
  const shelf = textShelf(undefined)
  let now = 1_000
  const ports = { shelf, now: () => now, newId: () => 'x' }
  await createAttaching(ports).add('town', [aFile('kept', 'a')])
  await shelf.put('file:5.lost', new Blob(['b']))
  const next = createAttaching(ports)
  const draft = next.of('town')
  await new Promise((resolve) => setImmediate(resolve))
  now += 3_600_000
  await next.sweep()

  t.match(draft.value, [{ name: 'kept', size: 1, place: 'none' }])
  t.strictSame(
    (await shelf.entries('file:')).map(([key]) => key),
    ['file:1000.x'],
  )
  await next.remove('town', '1000.x')
  t.strictSame(await shelf.entries(''), [])
})
