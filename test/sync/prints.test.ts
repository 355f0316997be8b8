/** Two bytes tell a list from another one under its name, at its newest change and at earlier ones. */
import { test } from 'tap'
import { must } from '#base/assert.ts'
import { printOf } from '#codec/note.ts'
import { newestPrints, printsOf } from '#sync/prints.ts'
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
