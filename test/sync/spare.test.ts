/** Spare copies: who lost the keys document knows whom it knew, and who is out stays out until it has come back. */
import { test } from 'tap'
import { DIRECTORY, KEYS } from '#model/document-id.ts'
import type { Store } from '#ports/store.ts'
import { openMemoryStore } from '#storage/memory-store.ts'
import { orderHere } from '#sync/orders.ts'
import { key, range } from '#sync/keys.ts'
import { pack } from '#sync/records.ts'
import { writeHere } from '#sync/author.ts'
import { anIdentity, seedOf } from '../support/nodes.ts'
import { arrive, aSync, bodies, envelopeOf, found, routine, say } from '../support/sync.ts'

const alphaIdentity = anIdentity('alpha', 1)

test('who lost the whole keys document opens what those sent whom it knew, and asks for it', async (t) => {
  const store = openMemoryStore()
  await using alpha = await aSync('alpha')
  await found(alpha)
  await withKeysOf(store, await envelopeOf(alpha, KEYS))
  await store.write([...(await lost(store)), holeIn(KEYS)])

  await using bravo = await aSync('bravo', { store, life: seedOf('second').subarray(0, 4) })
  t.equal((await arrive(bravo, await envelopeOf(alpha, KEYS))).outcome.kind, 'applied')
  await say(alpha, 'heard')
  for (const document of [DIRECTORY, routine])
    t.equal((await arrive(bravo, await envelopeOf(alpha, document))).outcome.kind, 'applied')

  t.strictSame(await bodies(bravo), ['heard'])
})

test('who was out stays out while the keys document is gone', async (t) => {
  const store = openMemoryStore()
  const charlie = anIdentity('charlie', 3).certificate.node
  await using alpha = await aSync('alpha', { knows: [anIdentity('charlie', 3)], role: 'hub' })
  const order = orderHere(alpha.context.identity, {
    kind: 'revocation',
    node: charlie,
    since: 5_000,
    reason: 'lost at the ford',
  })
  await alpha.context.replica.commit((tx) =>
    writeHere(tx, alpha.context, {
      document: KEYS,
      entry: { author: undefined, claimedAt: 0, content: order },
    }),
  )
  await withKeysOf(store, await envelopeOf(alpha, KEYS))
  await store.write([...(await lost(store)), holeIn(KEYS)])

  await using bravo = await aSync('bravo', { store, life: seedOf('second').subarray(0, 4) })

  t.equal(bravo.context.roster.revokedSince(charlie), 5_000)
})

test('whom a node met it knows after a power cut, and hands on what it took from them', async (t) => {
  const store = openMemoryStore()
  await using alpha = await aSync('alpha')
  await using charlie = await aSync('charlie', { knows: [alphaIdentity, anIdentity('bravo', 2)] })
  await found(alpha)
  await say(alpha, 'before its keys')
  {
    // As in a contact: by the certificate that was shown there.
    await using bravo = await aSync('bravo', { store, knows: [alphaIdentity] })
    for (const document of [DIRECTORY, routine])
      await arrive(bravo, await envelopeOf(alpha, document))
  }

  await using bravo = await aSync('bravo', { store, life: seedOf('second').subarray(0, 4) })
  for (const document of [DIRECTORY, routine])
    t.match((await arrive(charlie, await envelopeOf(bravo, document))).outcome, { kind: 'applied' })

  t.strictSame(await bodies(charlie), ['before its keys'])
})

/** A store of bravo that took what was in the envelope. */
async function withKeysOf(store: Store, bytes: Uint8Array): Promise<void> {
  await using bravo = await aSync('bravo', { store, knows: [alphaIdentity] })
  await arrive(bravo, bytes)
}

/** Everything of the keys document. */
async function lost(store: Store) {
  const loose = await store.list(range.loose(KEYS))
  const names = [...loose.map(([name]) => name), key.snapshot(KEYS), key.document(KEYS)]
  return names.map((name) => ({ key: name, value: undefined }))
}

function holeIn(document: typeof KEYS) {
  return { key: key.hole(document), value: pack({ since: 0, wanted: {} }) }
}
