/** Two bytes tell a list from another one under its name, at its newest change and at earlier ones. */
import { test } from 'tap'
import { must } from '#base/assert.ts'
import { printOf } from '#codec/note.ts'
import { key } from '#sync/keys.ts'
import { newestPrints, ownPrint, printsOf } from '#sync/prints.ts'
import type { Tx } from '#sync/replica.ts'
import { aSync, found, routine, say } from '../support/sync.ts'

test('a print is of the newest change, or of any earlier one; what is not here has none', async (t) => {
  await using alpha = await aSync('alpha')
  await found(alpha)
  for (const text of ['one', 'two', 'three']) await say(alpha, text)
  const { actor, context } = alpha
  const { replica } = context
  const hashes = await replica.commit(async (tx) => {
    const log = await tx.log(routine)
    return [1, 2, 3].map((seq) => must(log.find(actor, seq), 'it is written').hash)
  })
  const prints = (seq: number) =>
    replica.commit((tx) => printsOf(tx, routine, { [actor]: seq, nobody: 1 }))

  for (const [index, hash] of hashes.entries())
    t.strictSame(await prints(index + 1), { [actor]: Number.parseInt(hash.slice(0, 4), 16) })
  for (const seq of [0, 4]) t.strictSame(await prints(seq), {})
  const newest = { [actor]: printOf(must(hashes[2], 'the third')) }
  t.strictSame(await newestPrints(replica.read, routine, { [actor]: 3 }), newest)
  t.strictSame(await newestPrints(replica.read, routine, { [actor]: 2 }), {})
})

test('prints of our own list are kept beside it, go with what is cut off, and come back after damage', async (t) => {
  await using alpha = await aSync('alpha')
  await found(alpha)
  for (let count = 1; count <= 130; count += 1) await say(alpha, `number ${count}`)
  const { actor, context } = alpha
  const { replica } = context
  const list = { document: routine, actor }
  const all = await replica.commit((tx) => printsTo(tx, 130))
  const kept = () =>
    replica.commit(async (tx) => {
      const prints = []
      for (let seq = 1; seq <= 131; seq += 1) prints.push(await ownPrint(tx, list, seq))
      return prints
    })
  t.strictSame(await kept(), [...all, undefined])

  await replica.commit((tx) => Promise.resolve(tx.delete(key.prints(routine, actor, 1))))
  await say(alpha, 'number 131')
  t.strictSame((await kept()).slice(0, 130), all, 'a page that was lost is made anew')

  await replica.commit((tx) => tx.cutBack(routine, { actor, seq: 70, isProved: true }))
  t.strictSame((await kept()).slice(70), Array.from({ length: 61 }).fill(undefined))
  t.strictSame((await kept()).slice(0, 70), all.slice(0, 70))

  async function printsTo(tx: Tx, last: number): Promise<unknown[]> {
    const prints = []
    for (let seq = 1; seq <= last; seq += 1)
      prints.push((await printsOf(tx, routine, { [actor]: seq }))[actor])
    return prints
  }
})
