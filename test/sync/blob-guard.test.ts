import { test } from 'tap'
import { EdgeError } from '#base/errors.ts'
import { openMemoryBlobs } from '#storage/memory-blobs.ts'
import { guardBlobs } from '#sync/blob-guard.ts'
import { all, inParts, pattern } from '../contracts/blobs.ts'

/** Blobs of which reads fail from a byte on while `state.error` is set, and the first check says what it is told. */
function aScene() {
  const first = Promise.withResolvers<'damaged'>()
  const state: { error: Error | undefined; from: number; checks: number } = {
    error: undefined,
    from: 0,
    checks: 0,
  }
  const kept = openMemoryBlobs()
  async function* failing(parts: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
    for await (const part of parts) {
      yield part.subarray(0, state.from)
      if (state.error !== undefined) throw state.error
      yield part.subarray(state.from)
    }
  }
  const blobs = guardBlobs({
    ...kept,
    read: async (hash, span) => {
      const content = await kept.read(hash, span)
      return content && failing(content)
    },
    check: async () => {
      state.checks += 1
      return state.checks === 1 ? first.promise : 'sound'
    },
  })
  return { blobs, state, first }
}

const damage = new EdgeError('STORE_BROKEN', { part: 'blob', reason: 'damaged' })
const noRest = async (): Promise<void> => undefined

test('what is damaged near its beginning is absent, and is to be looked at', async (t) => {
  const { blobs, state } = aScene()
  const { hash } = await blobs.write(inParts(pattern(200_000), 50_000), 200_000)
  Object.assign(state, { error: damage, from: 60_000 })

  t.equal(await blobs.read(hash), undefined)
  t.strictSame([...blobs.suspects], [hash])
  state.error = undefined
  t.equal(await blobs.read(hash), undefined, 'until it was looked at')
  blobs.found(hash, 'sound')
  t.ok(pattern(200_000).equals(await all(blobs, hash)))
})

test('damage further on is thrown where it is', async (t) => {
  const { blobs, state } = aScene()
  const { hash } = await blobs.write(inParts(pattern(200_000), 50_000), 200_000)
  Object.assign(state, { error: damage, from: 150_000 })

  await t.rejects(all(blobs, hash), { code: 'STORE_BROKEN' })
  t.strictSame([...blobs.suspects], [hash])
  blobs.found(hash, 'damaged')
  t.equal(await blobs.readDamaged(hash, { from: 0, to: 200_000 }), undefined)
  state.error = undefined
  t.equal((await blobs.readDamaged(hash, { from: 10, to: 20 }))?.length, 10)
  t.equal(await blobs.readDamaged(hash, { from: 199_999, to: 200_001 }), undefined)
})

test('a disk that cannot be asked for another reason is no damage', async (t) => {
  const { blobs, state } = aScene()
  const { hash } = await blobs.write(inParts(pattern(100), 50), 100)
  state.error = new EdgeError('STORE_BROKEN', { reason: 'EMFILE' })

  await t.rejects(all(blobs, hash), { code: 'STORE_BROKEN' })
  t.strictSame([...blobs.suspects], [])
  state.error = undefined
  t.equal((await all(blobs, hash)).length, 100)
})

test('what is damaged is said to be, until it is written anew', async (t) => {
  const { blobs, state, first } = aScene()
  const { hash } = await blobs.write(inParts(pattern(100), 50), 100)
  const place = async () => (await blobs.places(new Set([hash]))).get(hash)?.place
  blobs.found(hash, 'damaged')
  t.equal(await place(), 'damaged')
  t.equal(await blobs.read(hash), undefined)

  const checking = blobs.check(hash, noRest)
  await blobs.write(inParts(pattern(100), 50), 100)
  first.resolve('damaged')
  t.equal(await checking, 'sound', 'looked at again, as it came anew meanwhile')
  t.equal(state.checks, 2)
  t.equal(await place(), 'here')
  t.equal((await all(blobs, hash)).length, 100)
  t.strictSame([...blobs.suspects], [hash], 'that it is sound is to be noted')
})
