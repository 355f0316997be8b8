/** A node that signs two changes under one number splits nobody: its list ends there, everywhere. */
import { test, type Test } from 'tap'
import { DIRECTORY, KEYS } from '#model/document-id.ts'
import { encodeEntry } from '#model/entry.ts'
import { openLog } from '#model/log.ts'
import { must } from '#base/assert.ts'
import { cutTo } from '#sync/freeze.ts'
import { key, range } from '#sync/keys.ts'
import { receiptOf } from '#sync/ledger.ts'
import { describe, describeAll } from '#sync/notes.ts'
import { openMemoryStore } from '#storage/memory-store.ts'
import { anInsider } from '../support/adversary.ts'
import {
  amend,
  amiraOf,
  aSync,
  arrive,
  bodies,
  envelopeOf,
  found,
  noteOf,
  routine,
  say,
  shown,
} from '../support/sync.ts'
import { anIdentity } from '../support/nodes.ts'

const people = [anIdentity('alpha', 1), anIdentity('bravo', 2), anIdentity('charlie', 3)]

test('two branches of one list end it at the last change both share, on every node', async (t) => {
  const { alpha, bravo, forBravo } = await twoBranches(t)

  await say(alpha, 'alpha goes on')
  await arrive(bravo, await envelopeOf(alpha, routine))
  await arrive(alpha, await envelopeOf(bravo, KEYS))
  await arrive(alpha, await envelopeOf(bravo, routine))
  await arrive(alpha, forBravo)

  t.strictSame(await bodies(alpha), ['both have this', 'alpha goes on'])
  t.strictSame(await bodies(bravo), ['both have this', 'alpha goes on'])
  t.strictSame(await clock(alpha), await clock(bravo))
})

test('what is said in a cut part of a list of a message that has not come is not said of it when it comes', async (t) => {
  await using alpha = await aSync('alpha')
  await using bravo = await aSync('bravo', { knows: people })
  await found(alpha)
  for (const document of [DIRECTORY, KEYS]) await arrive(bravo, await envelopeOf(alpha, document))
  const { id, document } = await say(alpha, 'comes last', 'flash')
  await amend(alpha, { kind: 'reaction', target: id, emoji: '+1', isSet: true })
  await arrive(bravo, await envelopeOf(alpha, routine))

  const list = { document: routine, actor: alpha.actor }
  await bravo.context.replica.commit((tx) => cutTo(tx, bravo.context, { list, last: 0 }))
  await arrive(bravo, await envelopeOf(alpha, document))

  t.strictSame(
    (await shown(bravo)).map(({ body, reactions }) => [body, reactions]),
    [['comes last', []]],
  )
})

test('what a node has left of a list that ended is heard anew and passed on, though it is less', async (t) => {
  const { alpha, bravo, forBravo } = await twoBranches(t)
  const { read } = bravo.context.replica
  const heard = async () => {
    const note = await noteOf(
      alpha,
      await describe(alpha.context.replica.read, 'receipt', [routine]),
    )
    await arrive(bravo, note, { from: alpha.id })
    return must(await receiptOf(read, alpha.id, routine), 'alpha has spoken').said
  }
  const before = await heard()
  t.equal(await heard(), before, 'the same again is no news')
  await arrive(alpha, await envelopeOf(bravo, KEYS))
  await arrive(alpha, forBravo)
  await arrive(bravo, await envelopeOf(alpha, KEYS))

  const after = await heard()

  t.strictSame(await bodies(bravo), ['both have this'])
  t.not(after, before)
  t.ok(await read.get(key.said(must(after, 'it is kept'))), 'to be passed on')
})

test('what was signed only with the branch that is cut off is handed on all the same: the proof vouches for it', async (t) => {
  const { alpha, bravo, forBravo } = await twoBranches(t, { isSignedBefore: false })
  await arrive(alpha, await envelopeOf(bravo, KEYS))
  await arrive(alpha, forBravo)
  await using late = await aSync('delta', { knows: people })
  await using early = await aSync('delta', { knows: people })
  const [directory, keys, list] = await Promise.all(
    [DIRECTORY, KEYS, routine].map((document) => envelopeOf(alpha, document)),
  )
  const [introduced, proof, cut] = [must(directory, ''), must(keys, ''), must(list, '')]

  for (const bytes of [introduced, proof, cut]) await arrive(late, bytes)
  for (const bytes of [introduced, cut]) await arrive(early, bytes)
  const before = await bodies(early)
  await arrive(early, proof)
  await using last = await aSync('echo', { knows: [...people, anIdentity('delta', 4)] })
  for (const document of [DIRECTORY, KEYS, routine])
    await arrive(last, await envelopeOf(late, document))

  t.strictSame(await bodies(late), ['both have this'])
  t.strictSame(before, [], 'nobody vouches for it without the proof')
  t.strictSame(await bodies(early), ['both have this'], 'it has waited for that')
  t.strictSame(await early.context.replica.read.list(range.allWaiting), [])
  t.strictSame(await bodies(last), ['both have this'], 'handed on once more')
})

test('the proof of a fork vouches for no other change under the same number', async (t) => {
  const { alpha, bravo, forBravo, charlies } = await twoBranches(t, { isSignedBefore: false })
  await arrive(alpha, await envelopeOf(bravo, KEYS))
  await arrive(alpha, forBravo)
  await using delta = await aSync('delta', { knows: people })
  for (const document of [DIRECTORY, KEYS]) await arrive(delta, await envelopeOf(alpha, document))
  const log = openLog(routine)
  const author = amiraOf(anIdentity('charlie', 3).certificate.node)
  const content = { kind: 'post', body: 'nobody said this', root: undefined } as const
  const [claimedAt, counter] = [1_800_000_000_000, 0]
  const entry = { author, claimedAt, placeAt: claimedAt, counter, content }
  const value = encodeEntry(entry, log.context(charlies))
  log.add(log.next(charlies, value))
  const lie = { attestations: new Map([[charlies, new Uint8Array(0)]]) }
  const insider = anInsider(anIdentity('bravo', 2), { knows: people })

  const { outcome } = await arrive(delta, insider.envelope(routine, lie, log.since({})))

  t.equal(outcome.kind, 'waiting', 'for a proof that there is not')
  t.strictSame(await bodies(delta), [])
})

/** Charlie's list as alpha and as bravo have it: one change in common, then another one each. */
async function twoBranches(t: Test, { isSignedBefore } = { isSignedBefore: true }) {
  const store = openMemoryStore()
  const charlie = await aSync('charlie', { knows: people, store })
  await say(charlie, 'both have this')
  const before = await envelopeOf(charlie, routine)
  const copy = await copyOf(store)
  await say(charlie, 'told to alpha')
  const forAlpha = await envelopeOf(charlie, routine)
  await charlie[Symbol.asyncDispose]()
  const twin = await aSync('charlie', { knows: people, store: copy })
  await say(twin, 'told to bravo')
  const forBravo = await envelopeOf(twin, routine)
  const alpha = await aSync('alpha', { knows: people })
  const bravo = await aSync('bravo', { knows: people })
  await found(alpha)
  await arrive(bravo, await envelopeOf(alpha, DIRECTORY))
  if (isSignedBefore) for (const node of [alpha, bravo]) await arrive(node, before)
  await arrive(alpha, forAlpha)
  await arrive(bravo, forBravo)
  t.teardown(async () => {
    for (const node of [alpha, bravo, twin]) await node[Symbol.asyncDispose]()
  })
  return { alpha, bravo, forBravo, charlies: charlie.actor }
}

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

test('equal counts of different changes are noticed when two nodes say what they have', async (t) => {
  const { alpha, bravo } = await twoBranches(t)

  t.strictSame(await clock(alpha), await clock(bravo), 'nobody can tell by counting')
  const [have] = await alpha.context.replica.commit((tx) => describeAll(tx))
  const note = await noteOf(alpha, must(have, 'a node has something'))
  const { outcome } = await arrive(bravo, note, { from: alpha.id })
  const asked = await bravo.context.replica.read.list(range.notes(alpha.id))

  t.equal(outcome.kind, 'noted')
  t.equal(asked.length, 1, 'bravo asks alpha for all of it')
})
