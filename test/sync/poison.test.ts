/** Entries that a member with keys could write and no honest node would: they stop nobody. */
import { test } from 'tap'
import { DIRECTORY, KEYS } from '#model/document-id.ts'
import type { Content } from '#model/entry.ts'
import { openLog } from '#model/log.ts'
import { stepOf, trailFrom } from '#model/trail.ts'
import { writeHere } from '#sync/author.ts'
import { arrive, aSync, envelopeOf } from '../support/sync.ts'
import { anIdentity } from '../support/nodes.ts'

const people = [anIdentity('alpha', 1), anIdentity('bravo', 2)]

test('a proof of a fork at a number that no list reaches stops nobody', async (t) => {
  await using alpha = await aSync('alpha', { knows: people })
  await using bravo = await aSync('bravo', { knows: people })
  const { hash } = openLog(DIRECTORY).genesis
  const before = trailFrom(hash)
  const branch = { steps: [stepOf(hash)], signature: new Uint8Array(64) }
  const content: Content = {
    kind: 'fork',
    document: DIRECTORY,
    actor: alpha.actor,
    seq: Number.MAX_SAFE_INTEGER,
    before,
    branches: [branch, { ...branch, steps: [stepOf(openLog(KEYS).genesis.hash)] }],
  }
  await write(bravo, content)

  const { outcome } = await arrive(alpha, await envelopeOf(bravo, KEYS))

  t.match(outcome, { kind: 'applied' })
})

async function write({ context }: Awaited<ReturnType<typeof aSync>>, content: Content) {
  const entry = { author: undefined, claimedAt: context.now(), content }
  await context.replica.commit((tx) => writeHere(tx, context, { document: KEYS, entry }))
}
