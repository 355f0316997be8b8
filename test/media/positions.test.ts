/** Where a picture was taken is taken out of it, and nothing else: compared byte by byte, and read again by a library that knows Exif. */
import { test, type Test } from 'tap'
import sharp from 'sharp'
import fc from 'fast-check'
import { patched, type Patch } from '#media/patches.ts'
import { patchesOfPositions } from '#media/positions.ts'
import { aPicture, XMP, type PictureChoice } from '../support/pictures.ts'

const FORMATS = ['jpeg', 'png', 'webp', 'avif'] as const

async function patchesOf(bytes: Uint8Array): Promise<readonly Patch[]> {
  return patchesOfPositions({
    bytes: bytes.length,
    readAt: async (from, to) => bytes.slice(from, to),
  })
}

/** As files come from a disk: in parts. */
async function* inParts(bytes: Uint8Array): AsyncIterable<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 1_000) yield bytes.subarray(at, at + 1_000)
}

async function cleaned(bytes: Uint8Array): Promise<Buffer> {
  return Buffer.concat(await Array.fromAsync(patched(inParts(bytes), await patchesOf(bytes))))
}

/** Bytes that differ lie where the patches are, and nowhere else. */
async function checkOnlyThere(t: Test, before: Uint8Array, after: Buffer): Promise<void> {
  const inside = new Uint8Array(before.length)
  for (const { at, bytes } of await patchesOf(before)) inside.fill(1, at, at + bytes.length)
  t.equal(after.length, before.length)
  t.notOk(before.some((byte, at) => byte !== after[at] && inside[at] === 0))
}

for (const format of FORMATS) {
  const both = { format, hasPlace: true } as const
  test(`${format}: the position goes, which way up and who made it stay, and so does every point`, async (t) => {
    const choice: PictureChoice = { ...both, orientation: 6, hasXmp: format !== 'avif' }
    const before = await aPicture(choice)
    const after = await cleaned(before)

    await checkOnlyThere(t, before, after)
    const [was, is] = [await sharp(before).metadata(), await sharp(after).metadata()]
    t.equal(is.orientation, was.orientation)
    const exif = is.exif?.toString('latin1') ?? ''
    t.match(exif, 'Nothing 1')
    t.match(exif, 'glass')
    // 50/1, 27/1 and 36/100, in either byte order; and XMP's.
    for (const told of [rational(50, 27, true), rational(50, 27, false)])
      t.equal(after.indexOf(told), -1)
    t.ok([true, false].some((one) => Buffer.from(before).includes(rational(50, 27, one))))
    t.notMatch(after.toString('latin1'), /50,27\.006|30,31\.404/)
    t.strictSame(await sharp(after).raw().toBuffer(), await sharp(before).raw().toBuffer())
    t.strictSame(await patchesOf(after), [], 'nothing is left to take out')
  })

  test(`${format}: without a position every byte stays`, async (t) => {
    t.strictSame(await patchesOf(await aPicture({ format, orientation: 3 })), [])
  })
}

function rational(degrees: number, minutes: number, isLittle: boolean): Buffer {
  const bytes = new DataView(new ArrayBuffer(16))
  for (const [at, value] of [degrees, 1, minutes, 1].entries())
    bytes.setUint32(at * 4, value, isLittle)
  return Buffer.from(bytes.buffer)
}

test('a file that is Exif from its first byte, as TIFF and raw formats are', async (t) => {
  const { exif } = await sharp(await aPicture({ format: 'jpeg', hasPlace: true })).metadata()
  const before = new Uint8Array(exif?.subarray(6) ?? [])
  const after = await cleaned(before)

  await checkOnlyThere(t, before, after)
  t.ok([true, false].some((one) => Buffer.from(before).includes(rational(50, 27, one))))
  t.notOk([true, false].some((one) => after.includes(rational(50, 27, one))))
  t.ok(after.includes('Nothing 1'))
})

test('pictures and films that hang behind the first picture are freed, too', async (t) => {
  const inner = await aPicture({ format: 'jpeg', hasPlace: true })
  const film = Buffer.from(
    '\0\0\0\x18ftypmp42\0\0\0\0mp42isom\0\0\0\x1e\u00a9xyz\0\x12\x15\u00c7+50.4501+030.5234/',
    'latin1',
  )
  const before = new Uint8Array(Buffer.concat([inner, Buffer.alloc(1_100_000), inner, film]))
  const after = await cleaned(before)

  await checkOnlyThere(t, before, after)
  t.equal(after.indexOf(rational(50, 27, true)), -1)
  t.equal(after.indexOf(rational(50, 27, false)), -1)
  t.match(after.toString('latin1'), '+00.0000+000.0000/')
})

test('a film of a phone tells its place no more', async (t) => {
  const keys = box(
    'keys',
    `\0\0\0\0\0\0\0\x01${box('mdta', 'com.apple.quicktime.location.ISO6709')}`,
  )
  const data = box('data', '\0\0\0\x01\0\0\0\0+50.4501-030.5234+179.000/')
  const before = Buffer.from(
    box('ftyp', 'qt  \0\0\0\0') + box('moov', box('meta', keys + box('ilst', box('0001', data)))),
    'latin1',
  )
  const after = await cleaned(new Uint8Array(before))
  t.match(after.toString('latin1'), '+00.0000-000.0000+000.000/')
})

test('text that is packed in a PNG, where nothing can be found, goes whole', async (t) => {
  const plain = await aPicture({ format: 'png', hasXmp: true })
  t.ok(Buffer.from(plain).includes('XML:com.adobe.xmp'), XMP.slice(0, 9))
  const after = await cleaned(plain)
  t.notOk(after.includes('XML:com.adobe.xmp'))
  t.ok(after.includes('tEXtComment'))
  await sharp(after).raw().toBuffer()
})

test('what anybody makes of a picture is looked through to its end, and its length stays', async (t) => {
  const pictures = await Promise.all(
    FORMATS.map((format) => aPicture({ format, hasPlace: true, width: 24, height: 16 })),
  )
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...pictures),
      fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 12 }),
      fc.nat(),
      async (picture, changes, cut) => {
        const bytes = Uint8Array.from(picture)
        for (const [at, value] of changes) bytes[at % 1_200] = value
        const some = bytes.subarray(0, 16 + (cut % bytes.length))
        t.equal((await cleaned(some)).length, some.length)
      },
    ),
    { numRuns: 300 },
  )
})

test('a file that is nothing but beginnings of Exif is refused', async (t) => {
  const bytes = new Uint8Array(Buffer.alloc(4_096, 'II*\0', 'latin1'))
  await t.rejects(patchesOf(bytes), { code: 'INPUT_INVALID' })
  t.strictSame(await patchesOf(new Uint8Array(Buffer.from('II* no picture'))), [])
})

/** A box of a film: how long it is, what it is, what is in it. */
function box(name: string, content: string): string {
  const head = Buffer.alloc(4)
  head.writeUInt32BE(content.length + 8)
  return head.toString('latin1') + name + content
}
