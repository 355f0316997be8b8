/** A node that signs two changes under one number splits nobody: its list ends there, everywhere. */
import { test } from 'tap'
import { DIRECTORY, KEYS } from '#model/document-id.ts'
import { openMemoryStore } from '#storage/memory-store.ts'
import { aSync, arrive, bodies, envelopeOf, found, routine, say } from '../support/sync.ts'
import { anIdentity } from '../support/nodes.ts'

const people = [anIdentity('alpha', 1), anIdentity('bravo', 2), anIdentity('charlie', 3)]

test('two branches of one list end it at the last change both share, on every node', async (t) => {
  const store = openMemoryStore()
  const charlie = await aSync('charlie', { knows: people, store })
  await say(charlie, 'both have this')
  const before = await envelopeOf(charlie, routine)
  const copy = await copyOf(store)
  await say(charlie, 'told to alpha')
  const forAlpha = await envelopeOf(charlie, routine)
  await charlie[Symbol.asyncDispose]()
  await using twin = await aSync('charlie', { knows: people, store: copy })
  await say(twin, 'told to bravo')
  const forBravo = await envelopeOf(twin, routine)
  await using alpha = await aSync('alpha', { knows: people })
  await using bravo = await aSync('bravo', { knows: people })
  await found(alpha)
  await arrive(bravo, await envelopeOf(alpha, DIRECTORY))
  for (const node of [alpha, bravo]) await arrive(node, before)
  await arrive(alpha, forAlpha)
  await arrive(bravo, forBravo)

  await say(alpha, 'alpha goes on')
  await arrive(bravo, await envelopeOf(alpha, routine))
  await arrive(alpha, await envelopeOf(bravo, KEYS))
  await arrive(alpha, await envelopeOf(bravo, routine))
  await arrive(alpha, forBravo)

  t.strictSame(await bodies(alpha), ['both have this', 'alpha goes on'])
  t.strictSame(await bodies(bravo), ['both have this', 'alpha goes on'])
  t.strictSame(await clock(alpha), await clock(bravo))
})

async function clock(node: Awaited<ReturnType<typeof aSync>>): Promise<unknown> {
  const log = await node.context.replica.commit((tx) => tx.log(routine))
  return log.clock()
}

async function copyOf(store: ReturnType<typeof openMemoryStore>) {
  const copy = openMemoryStore()
  const all = await store.list({ from: '', to: '\u{10ffff}' })
  await copy.write(all.map(([name, value]) => ({ key: name, value })))
  return copy
}
