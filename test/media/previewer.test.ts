/** Looking at files, in processes of their own: what they look like, and what comes of those that are made to do harm. */
import { deflateSync, crc32 } from 'node:zlib'
import { test } from 'tap'
import sharp from 'sharp'
import { PREVIEW_BYTES_MAX, SMALL_BYTES_MAX } from '#base/limits.ts'
import { openPreviewer } from '#media/previewer.ts'
import { bytesOfPreview } from '#model/preview.ts'
import type { Look, Previewer } from '#ports/previewer.ts'
import { startBareProcesses } from '../support/bare-processes.ts'
import { collectingLog } from '../support/log.ts'
import { aDocument, aPicture, aSound } from '../support/pictures.ts'

startBareProcesses()

async function* once(bytes: Uint8Array): AsyncIterable<Uint8Array> {
  yield bytes
}

function look(previewer: Previewer, bytes: Uint8Array): Promise<Look | undefined> {
  return previewer.look({
    bytes: bytes.length,
    read: async (span) => once(span === undefined ? bytes : bytes.subarray(span.from, span.to)),
  })
}

test('a picture is shown small, the right way up, without what else it tells', async (t) => {
  const previewer = openPreviewer({ log: collectingLog() })
  const choice = { format: 'jpeg', width: 640, height: 360, isNoisy: true } as const
  const photo = await aPicture({ ...choice, orientation: 6, hasPlace: true })
  const found = await look(previewer, photo)

  t.match(found?.preview, { kind: 'picture', width: 360, height: 640 })
  const small = await sharp(found?.small).metadata()
  t.match(small, { format: 'webp', exif: undefined, xmp: undefined, orientation: undefined })
  t.ok((small.height ?? 0) > (small.width ?? 0))
  t.ok((found?.small?.length ?? 0) <= SMALL_BYTES_MAX)
  if (found?.preview.kind !== 'picture') throw new Error('no picture')
  t.ok(found.preview.image.length <= PREVIEW_BYTES_MAX)
  t.match(await sharp(found.preview.image).metadata(), { format: 'webp', exif: undefined })
  const plain = await look(previewer, await aPicture({ format: 'avif', width: 200, height: 100 }))
  t.match(plain, { preview: { kind: 'picture', width: 200, height: 100 }, small: undefined })
})

test('of documents the first page is shown, of sounds how loud they are', async (t) => {
  const previewer = openPreviewer({ log: collectingLog() })
  const found = await look(previewer, aDocument(3))
  t.match(found?.preview, { kind: 'pages', pages: 3 })
  if (found?.preview.kind !== 'pages') throw new Error('no page')
  const { data, info } = await sharp(found.preview.image)
    .raw()
    .toBuffer({ resolveWithObject: true })
  const at = (line: number): number => data[(info.width * line + 4) * info.channels] ?? -1
  const [above, below] = [at(4), at(info.height - 4)]
  t.ok(above > 200 && below < 60, 'the black square is at the bottom left')

  const sound = (await look(previewer, aSound(2)))?.preview
  if (sound?.kind !== 'sound') throw new Error('no sound')
  t.equal(sound.milliseconds, 2_000)
  t.ok((sound.levels[0] ?? 255) < 20 && (sound.levels.at(-1) ?? 0) > 240)
  const track = '<gpx><trkseg><trkpt lat="1" lon="1"/><trkpt lat="2" lon="2"/></trkseg></gpx>'
  t.match((await look(previewer, new Uint8Array(Buffer.from(track))))?.preview, { kind: 'track' })
  for (const text of ['', 'plain words', '<svg xmlns="http://www.w3.org/2000/svg"/>', 'PK\x03\x04'])
    t.equal(await look(previewer, new Uint8Array(Buffer.from(text))), undefined, text)
})

test('what is made to do harm has no preview, and the next file has one', async (t) => {
  const log = collectingLog()
  const previewer = openPreviewer({ log })
  const photo = await aPicture({ format: 'jpeg', width: 400, height: 300 })
  const hostile: Readonly<Record<string, Uint8Array>> = {
    'a bomb of points': bomb(60_000, 60_000),
    'a picture that is cut off': photo.subarray(0, 40),
    'a document of noise': new Uint8Array(Buffer.from(`%PDF-1.7\n${'\u00ff<<'.repeat(9_000)}`)),
    'a track of brackets': new Uint8Array(
      Buffer.from(`{"type":"Feature","a":${'['.repeat(200_000)}`),
    ),
  }
  for (const [name, bytes] of Object.entries(hostile))
    t.equal(await look(previewer, bytes), undefined, name)
  t.equal((await look(previewer, photo))?.preview.kind, 'picture')
})

test('what takes too long or too much memory is ended', async (t) => {
  const log = collectingLog()
  const photo = await aPicture({ format: 'jpeg', width: 400, height: 300 })
  t.equal(await look(openPreviewer({ log, timeMs: 5 }), photo), undefined)
  t.match(log.named('preview.failed'), [{ facts: { reason: 'took too long' } }])
  const flat = bomb(11_000, 11_000)
  t.equal(await look(openPreviewer({ log, memoryBytes: 40_000_000 }), flat), undefined)
  t.match(log.named('preview.failed').at(-1), { facts: { reason: 'took too much memory' } })
})

test('more files at once than may wait are not looked at, and a preview is never too large', async (t) => {
  const previewer = openPreviewer({ log: collectingLog() })
  const file = new Uint8Array(Buffer.from('<gpx><trkpt lat="1" lon="1"/></gpx>'))
  const none = new Uint8Array(Buffer.from('words'))
  const looks = await Promise.all(Array.from({ length: 18 }, (_, at) => look(previewer, at < 16 ? none : file))) // prettier-ignore
  t.strictSame(looks.slice(16), [undefined, undefined])
  const found = await look(previewer, file)
  t.ok(found !== undefined && bytesOfPreview(found.preview).length <= PREVIEW_BYTES_MAX)
})

/** A PNG of one colour: few bytes, and many points. */
function bomb(width: number, height: number): Uint8Array {
  const head = Buffer.alloc(13)
  head.writeUInt32BE(width, 0)
  head.writeUInt32BE(height, 4)
  head.set([1, 0, 0, 0, 0], 8)
  const lines = deflateSync(Buffer.alloc(Math.min(20_000_000, (Math.ceil(width / 8) + 1) * height)))
  const signature = Buffer.from('\u0089PNG\r\n\u001a\n', 'latin1')
  const parts = [
    signature,
    chunk('IHDR', head),
    chunk('IDAT', lines),
    chunk('IEND', Buffer.alloc(0)),
  ]
  return new Uint8Array(Buffer.concat(parts))
}

function chunk(name: string, content: Buffer): Buffer {
  const named = Buffer.concat([Buffer.from(name), content])
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)]
  length.writeUInt32BE(content.length)
  sum.writeUInt32BE(crc32(named))
  return Buffer.concat([length, named, sum])
}
