/** What somebody may hand in, over all connections at once. */
import { test } from 'tap'
import type { AppContext } from '#app/context.ts'
import { openUploadQuota } from '#app/upload-quota.ts'
import type { UserId } from '#base/ids.ts'
import { openMemoryStore } from '#storage/memory-store.ts'
import { pack } from '#sync/records.ts'

const BO = 'bo' as UserId
const AMIRA = 'amira' as UserId
const MAX = 1_000

/** A store with what waits, and a quota of 1000 bytes. */
function aScene() {
  const store = openMemoryStore()
  const context = { sync: { replica: { read: store } } } as unknown as Pick<AppContext, 'sync'>
  const put = (key: string, value: object): Promise<void> =>
    store.write([{ key, value: pack(value) }])
  const quota = openUploadQuota(context, MAX)
  /** Hands in so many parts of 100 bytes; each waits for its turn. */
  const handIn = (
    parts: number,
    { as = BO, turn = async () => undefined, keep = true }: Partial<HandIn> = {},
  ): Promise<number> =>
    quota.within(as, partsOf(parts, turn), async (source) => {
      let bytes = 0
      for await (const part of source) bytes += part.length
      if (keep) await put(`file/${Math.random()}`, { owner: as, bytes })
      return bytes
    })
  return { quota, put, handIn }
}

interface HandIn {
  readonly as: UserId
  readonly turn: () => Promise<void>
  readonly keep: boolean
}

async function* partsOf(count: number, turn: () => Promise<void>): AsyncIterable<Uint8Array> {
  for (let number = 0; number < count; number += 1) {
    await turn()
    yield new Uint8Array(100)
  }
}

test('files that wait, and what has come of others, count; what a message has does not', async (t) => {
  const { quota, put, handIn } = aScene()
  await put('file/1', { owner: BO, bytes: 500 })
  await put('file/2', { owner: BO, bytes: 500, message: 'm' })
  await put('file/3', { owner: AMIRA, bytes: 500 })
  await put(`upload/${BO}/4`, { have: 200, bytes: 90_000 })

  await quota.insist(BO)
  await t.rejects(handIn(4), { code: 'TOO_LARGE', facts: { foundBytes: 1_100, wantedBytesMax: MAX } }) // prettier-ignore
  t.equal(await handIn(3), 300, 'what broke off was given back')
  await t.rejects(quota.insist(BO), { code: 'TOO_LARGE' })
  await t.rejects(handIn(1), { code: 'TOO_LARGE' })
  t.equal(await handIn(5, { as: AMIRA }), 500)
})

test('many at once take no more than one after the other', async (t) => {
  const { handIn } = aScene()
  const results = await Promise.allSettled(
    Array.from({ length: 10 }, () => handIn(3, { turn: () => new Promise(setImmediate) })),
  )
  const taken = results.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
  t.ok(taken.length <= 3, `${taken.length}`)
  for (const one of results)
    if (one.status === 'rejected') t.match(one.reason, { code: 'TOO_LARGE' })

  let left = 10 - 3 * taken.length
  while (left > 0) left -= (await handIn(1)) / 100
  await t.rejects(handIn(1), { code: 'TOO_LARGE' }, 'then it is full to the byte')
})

test('what another connection has finished counts once, and what it has thrown away not at all', async (t) => {
  const { handIn } = aScene()
  let isOpen = true
  const first = Promise.withResolvers<void>()
  const slow = handIn(5, {
    turn: async () => {
      if (isOpen) await first.promise
    },
  })
  t.equal(await handIn(4), 400)
  t.equal(await handIn(5, { keep: false }), 500)
  isOpen = false
  first.resolve()
  t.equal(await slow, 500)
  t.equal(await handIn(1), 100)
  await t.rejects(handIn(1), { code: 'TOO_LARGE' })
})
