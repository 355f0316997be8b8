/** What every keeper of blobs owes. Run against each adapter and each fake. */
import { createHash } from 'node:crypto'
import type { Test } from 'tap'
import { must } from '#base/assert.ts'
import type { Blobs } from '#ports/blobs.ts'

/** Sizes around the chunks of a folder, and the ends of its hash. */
const SIZES = [0, 1, 65_503, 65_504, 65_505, 65_535, 65_536, 65_537, 131_072, 200_001]

/** Runs the contract. */
export async function blobsContract(suite: Test, open: () => Promise<Blobs>): Promise<void> {
  await suite.test('what was written is read again, whole and in part', async (t) => {
    const blobs = await open()
    for (const size of SIZES) {
      const bytes = pattern(size)
      const blob = await blobs.write(inParts(bytes, 10_007), size)
      t.strictSame(blob, { hash: createHash('sha256').update(bytes).digest('hex'), bytes: size })
      t.ok(bytes.equals(await all(blobs, blob.hash)), `${size} bytes`)
      const span = { from: Math.floor(size / 3), to: Math.floor(size / 2) }
      t.ok(bytes.subarray(span.from, span.to).equals(await all(blobs, blob.hash, span)))
    }
  })

  await suite.test(
    'the same content twice is there once, and gone once it is taken away',
    async (t) => {
      const blobs = await open()
      const first = await blobs.write(inParts(pattern(500), 100), 500)
      const second = await blobs.write(inParts(pattern(500), 500), 500)

      t.strictSame(first, second)
      await blobs.remove(first.hash)
      t.equal(await blobs.read(first.hash), undefined)
      await blobs.remove(first.hash)
    },
  )

  await suite.test('only what is named is retained', async (t) => {
    const blobs = await open()
    const kept = await blobs.write(inParts(pattern(10), 10), 10)
    const gone = await blobs.write(inParts(pattern(11), 10), 11)

    await blobs.retain(new Set([kept.hash]))

    t.equal((await all(blobs, kept.hash)).length, 10)
    t.equal(await blobs.read(gone.hash), undefined)
  })

  await suite.test(
    'where a blob lies is told, and by what name; of no other is it said',
    async (t) => {
      const blobs = await open()
      const kept = await blobs.write(inParts(pattern(10), 10), 10)
      const gone = 'ab'.repeat(32)

      const places = await blobs.places(new Set([kept.hash, gone]))

      t.match(must(places.get(kept.hash), 'it is told').place, /^(here|elsewhere)$/)
      t.equal(places.get(gone)?.place, 'nowhere')
      t.equal(new Set([...places.values()].map(({ name }) => name)).size, 2)
    },
  )

  await suite.test('what lies here is sound; of what does not nothing is said', async (t) => {
    const blobs = await open()
    const kept = await blobs.write(inParts(pattern(2_500_000), 70_000), 2_500_000)
    let rests = 0
    const rest = async (): Promise<void> => void (rests += 1)

    const { place } = must((await blobs.places(new Set([kept.hash]))).get(kept.hash), 'it is told')

    t.equal(await blobs.check(kept.hash, rest), place === 'here' ? 'sound' : undefined)
    t.ok(rests <= 3)
    t.equal(await blobs.check('ab'.repeat(32), rest), undefined)
  })

  await suite.test('what is too large is refused, and what breaks off is not there', async (t) => {
    const blobs = await open()
    await t.rejects(blobs.write(inParts(pattern(101), 50), 100), { code: 'TOO_LARGE' })
    await t.rejects(blobs.write(breaking(), 1_000), { message: 'the phone went away' })
    t.equal(await blobs.read('ab'.repeat(32)), undefined)
  })
}

/** `size` bytes that are not all the same. */
export function pattern(size: number): Buffer {
  return Buffer.from(Uint8Array.from({ length: size }, (_, at) => (at * 31 + (at >> 8)) & 255))
}

/** `bytes` in parts of `size`. */
export async function* inParts(bytes: Uint8Array, size: number): AsyncIterable<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

/** All of a blob, or of a span of it. */
export async function all(
  blobs: Blobs,
  hash: string,
  span?: { readonly from: number; readonly to: number },
): Promise<Buffer> {
  const parts: Uint8Array[] = []
  for await (const part of must(await blobs.read(hash, span), 'it is there')) parts.push(part)
  return Buffer.concat(parts)
}

async function* breaking(): AsyncIterable<Uint8Array> {
  yield pattern(200)
  throw new Error('the phone went away')
}
