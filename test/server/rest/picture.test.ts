import { test } from 'tap'
import { crc32, inflateSync } from 'node:zlib'
import { pictureOf } from '#server/rest/picture.ts'

/** The parts of a PNG by type, with their checks verified. */
function chunksOf(png: Buffer): ReadonlyMap<string, Buffer> {
  const chunks = new Map<string, Buffer>()
  for (let at = 8; at < png.length;) {
    const length = png.readUInt32BE(at)
    const body = png.subarray(at + 4, at + 8 + length)
    if (crc32(body) !== png.readUInt32BE(at + 8 + length)) throw new Error('a check is wrong')
    chunks.set(body.subarray(0, 4).toString(), body.subarray(4))
    at += 12 + length
  }
  return chunks
}

test('the picture is a sound PNG of the size it says', async (t) => {
  const png = pictureOf('bo')
  const chunks = chunksOf(png)
  const side = chunks.get('IHDR')?.readUInt32BE(0) ?? 0
  const pixels = inflateSync(chunks.get('IDAT') ?? Buffer.alloc(0))

  t.equal(png.subarray(1, 4).toString(), 'PNG')
  t.strictSame([...chunks.keys()], ['IHDR', 'PLTE', 'IDAT', 'IEND'])
  t.equal(pixels.length, side * (1 + Math.ceil(side / 8)))
  t.ok(png.length < 300, `${png.length} bytes`)
})

test('it is the same for the same person and differs between people', async (t) => {
  t.strictSame(pictureOf('bo'), pictureOf('bo'))
  const all = new Set(
    Array.from({ length: 50 }, (_, number) => pictureOf(`p${number}`).toString('hex')),
  )

  t.equal(all.size, 50)
})

test('its left is its right', async (t) => {
  const pixels = inflateSync(chunksOf(pictureOf('chen')).get('IDAT') ?? Buffer.alloc(0))
  const bits = [...pixels.subarray(1 + 10 * 10, 10 + 10 * 10)]
    .map((byte) => byte.toString(2).padStart(8, '0'))
    .join('')
  const line = bits.slice(0, 72)

  t.equal(line.split('').toReversed().join(''), line)
})
