import { test } from 'tap'
import fc from 'fast-check'
import { must } from '#base/assert.ts'
import { PARKED_ENVELOPES_MAX } from '#base/limits.ts'
import type { ActorId } from '#base/ids.ts'
import { encodeDelta } from '#codec/delta.ts'
import { sealEnvelope } from '#codec/envelope.ts'
import { channelDocument, DIRECTORY, KEYS } from '#model/document-id.ts'
import type { Logged } from '#model/log.ts'
import { upTo } from '#model/trail.ts'
import type { Store } from '#ports/store.ts'
import { openMemoryStore } from '#storage/memory-store.ts'
import type { Fork } from '#sync/context.ts'
import { receive } from '#sync/inbox.ts'
import { key, range } from '#sync/keys.ts'
import { pack, unpack, type ParkedCounts } from '#sync/records.ts'
import { attestationOf, type Attested } from '#trust/attestation.ts'
import { epochOf, scopeKey, type EpochKey, type Keyring } from '#trust/epoch.ts'
import { aFaultyStore } from '../support/faulty-store.ts'
import { anyBytes, flip } from '../support/property.ts'
import { collectingLog } from '../support/log.ts'
import { anIdentity, seedOf, type NodeChoice } from '../support/nodes.ts'
import {
  arrive,
  aSync,
  bodies,
  envelopeOf,
  found,
  keyFor,
  ops,
  routine,
  say,
  shown,
  type SyncNode,
} from '../support/sync.ts'

const alphaIdentity = anIdentity('alpha', 1)
const bravoIdentity = anIdentity('bravo', 2)
const charlieIdentity = anIdentity('charlie', 3)

test('what another node wrote is applied, told, and only then taken into custody', async (t) => {
  const { alpha, bravo } = await twoNodes()
  await say(alpha, 'one')

  const { outcome, answer } = await arrive(bravo, await envelopeOf(alpha, routine))

  t.match(outcome, { kind: 'applied', document: routine, changes: 1 })
  t.equal(answer, 'custody')
  t.strictSame(await bodies(bravo), ['one'])
  t.match(bravo.events.at(-1), { kind: 'posted', isLate: true, message: { body: 'one' } })
})

test('custody is not accepted before the disk has it', async (t) => {
  const store = aFaultyStore()
  const { alpha, bravo } = await twoNodes({ store })
  await say(alpha, 'one')
  const bytes = await envelopeOf(alpha, routine)
  let isAnswered = false
  store.hold()

  const arrived = arrive(bravo, bytes).then((result) => {
    isAnswered = true
    return result
  })
  await turn()

  t.notOk(isAnswered)
  store.release()
  t.equal((await arrived).answer, 'custody')
})

test('an envelope that comes twice changes nothing the second time', async (t) => {
  const { alpha, bravo } = await twoNodes()
  await say(alpha, 'one')
  const bytes = await envelopeOf(alpha, routine)
  await arrive(bravo, bytes)
  const told = bravo.events.length

  const { outcome, answer } = await arrive(bravo, bytes)

  t.match(outcome, { kind: 'applied', changes: 0 })
  t.equal(answer, 'custody')
  t.equal(bravo.events.length, told)
  t.strictSame(await bodies(bravo), ['one'])
})

test('an envelope that overlaps with what is here brings only the rest', async (t) => {
  const { alpha, bravo } = await twoNodes()
  await say(alpha, 'one')
  await arrive(bravo, await envelopeOf(alpha, routine))
  await say(alpha, 'two')

  t.match((await arrive(bravo, await envelopeOf(alpha, routine))).outcome, { changes: 1 })
  t.strictSame(await bodies(bravo), ['one', 'two'])
})

test('what comes too early waits on disk, and is applied with what it waited for', async (t) => {
  const store = openMemoryStore()
  const { alpha, bravo } = await twoNodes({ store })
  const envelopes = await postedOneByOne(alpha, 3)
  const [first, second, third] = envelopes.map((bytes) => must(bytes, 'three were cut'))

  t.match((await arrive(bravo, must(third, 'third'))).outcome, { kind: 'waiting' })
  t.match((await arrive(bravo, must(second, 'second'))).answer, 'custody')
  t.equal((await store.list(range.allWaiting)).length, 2)
  t.strictSame(await bodies(bravo), [])
  await arrive(bravo, must(first, 'first'))

  t.strictSame(await bodies(bravo), ['message 0', 'message 1', 'message 2'])
  t.equal((await store.list(range.allWaiting)).length, 0)
})

test('hundreds that wait are each opened once more, when what they lack has come', async (t) => {
  const { alpha, bravo } = await twoNodes()
  const envelopes = await postedOneByOne(alpha, 200)
  const [first, ...others] = envelopes
  for (const bytes of others.toReversed()) await arrive(bravo, bytes)

  let opened = 0
  const keyring: Keyring = {
    ...bravo.context.keyring,
    byHint: (hint) => {
      opened += 1
      return bravo.context.keyring.byHint(hint)
    },
  }
  const watched = { ...bravo, context: { ...bravo.context, keyring } }
  await arrive(watched, must(first, 'the first'))

  t.equal((await bodies(bravo)).length, 200)
  t.equal(opened, 200, 'each is opened once, when its turn has come')
})

test('an envelope of an unknown sender is parked, and opened once its certificate has come', async (t) => {
  await using alpha = await aSync('alpha', { knows: [bravoIdentity, charlieIdentity] })
  await using bravo = await aSync('bravo', { knows: [alphaIdentity] })
  await using charlie = await aSync('charlie', { knows: [alphaIdentity] })
  await found(alpha)
  for (const document of [DIRECTORY, channelDocument(ops)])
    for (const node of [bravo, charlie]) await arrive(node, await envelopeOf(alpha, document))
  await say(charlie, 'from charlie')

  const { outcome, answer } = await arrive(bravo, await envelopeOf(charlie, routine))

  t.match(outcome, { kind: 'parked' })
  t.equal(answer, 'custody')
  await arrive(alpha, await envelopeOf(charlie, KEYS))
  await arrive(bravo, await envelopeOf(alpha, KEYS))
  t.strictSame(await bodies(bravo), ['from charlie'])
  t.equal((await bravo.context.replica.read.list(range.parked)).length, 0)
})

test('an envelope for a channel nobody has named here is parked until the directory comes', async (t) => {
  await using alpha = await aSync('alpha')
  await using bravo = await aSync('bravo', { knows: [alphaIdentity] })
  await found(alpha)
  await say(alpha, 'early')

  t.match((await arrive(bravo, await envelopeOf(alpha, routine))).outcome, { kind: 'parked' })
  await arrive(bravo, await envelopeOf(alpha, DIRECTORY))

  t.strictSame(await bodies(bravo), ['early'])
})

test('what was parked before a restart is tried again at the start', async (t) => {
  const store = openMemoryStore()
  await using alpha = await aSync('alpha')
  await found(alpha)
  await say(alpha, 'early')
  {
    await using bravo = await aSync('bravo', { store })
    t.match((await arrive(bravo, await envelopeOf(alpha, routine))).outcome, { kind: 'parked' })
    t.match((await arrive(bravo, await envelopeOf(alpha, DIRECTORY))).outcome, { kind: 'parked' })
  }

  await using bravo = await aSync('bravo', { store, knows: [alphaIdentity] })

  t.strictSame(await bodies(bravo), ['early'])
})

test('changes that their author has not signed are refused, and nothing of them is applied', async (t) => {
  const { alpha, bravo } = await twoNodes()
  const before = await say(alpha, 'one')
  const forged = await sealedDelta(alpha, { sign: () => new Uint8Array(64) })

  const { outcome, answer } = await arrive(bravo, forged)

  t.match(outcome, { kind: 'refused', reason: 'not vouched for' })
  t.equal(answer, 'refused')
  t.strictSame(await bodies(bravo), [])
  t.equal(await bravo.context.replica.read.get(key.document(before.document)), undefined)
})

test('a member cannot pass off its own words as those of another node', async (t) => {
  const { alpha, bravo } = await twoNodes()
  await using charlie = await aSync('charlie', { knows: [alphaIdentity, bravoIdentity] })
  await using impostor = await aSync('alpha', { knows: [charlieIdentity] })
  await found(impostor)
  await say(impostor, 'words alpha never wrote')
  const { organisation } = charlie.context.identity
  const forge = (attested: Attested): Uint8Array =>
    charlie.context.identity.sign(attestationOf(organisation.id, attested))

  const forged = await sealedDelta(impostor, { by: charlie, attest: forge })
  const { outcome } = await arrive(bravo, forged)

  t.match(outcome, { kind: 'refused', reason: 'not vouched for' })
  t.strictSame(await bodies(bravo), [])
  await say(alpha, 'what alpha wrote')
  await arrive(bravo, await envelopeOf(alpha, routine))
  t.strictSame(await bodies(bravo), ['what alpha wrote'])
})

test('a bad signature over changes that are here already does not take the place of the good one', async (t) => {
  const { alpha, bravo } = await twoNodes()
  await using charlie = await aSync('charlie', { knows: [alphaIdentity, bravoIdentity] })
  await arrive(charlie, await envelopeOf(alpha, DIRECTORY))
  const { actor, seq } = await say(alpha, 'one')
  for (const node of [bravo, charlie]) await arrive(node, await envelopeOf(alpha, routine))
  await say(charlie, 'two')
  const place = key.attestation(routine, actor, seq)
  const good = await bravo.context.replica.read.get(place)

  const bytes = await sealedDelta(charlie, { attest: () => new Uint8Array(64) })
  t.match((await arrive(bravo, bytes)).outcome, { kind: 'applied', changes: 1 })

  t.strictSame(await bravo.context.replica.read.get(place), good)
  t.strictSame(await bodies(bravo), ['one', 'two'])
})

test('a list that is forged does not hold up the others of the same envelope', async (t) => {
  const { alpha, bravo } = await twoNodes()
  await using charlie = await aNodeBeside(alpha)
  await say(alpha, 'by alpha')
  await arrive(charlie, await envelopeOf(alpha, routine))
  await say(charlie, 'by charlie')

  const bytes = await sealedDelta(charlie, { attest: () => new Uint8Array(64) })
  const { outcome, answer } = await arrive(bravo, bytes, { from: charlie.id })

  t.match(outcome, { kind: 'applied', changes: 1 })
  t.equal(answer, 'custody')
  t.strictSame(await bodies(bravo), ['by charlie'])
  t.strictSame(await hasOf(bravo, charlie), { [charlie.actor]: 1 }, 'the rest it may still bring')
  await arrive(bravo, await envelopeOf(charlie, routine, { [charlie.actor]: 1 }))
  t.strictSame((await bodies(bravo)).toSorted(), ['by alpha', 'by charlie'])
})

test('a list that comes too early waits, and the others of the same envelope do not', async (t) => {
  const store = openMemoryStore()
  const { alpha, bravo } = await twoNodes({ store })
  await using charlie = await aNodeBeside(alpha)
  for (const body of ['first', 'second']) await say(alpha, body)
  await arrive(charlie, await envelopeOf(alpha, routine))
  await say(charlie, 'by charlie')

  const early = await envelopeOf(charlie, routine, { [alpha.actor]: 1 })
  // Alpha signed its second change, so what charlie passes on is vouched for.
  t.match((await arrive(bravo, early)).outcome, { kind: 'waiting', changes: 1 })
  t.strictSame(await bodies(bravo), ['by charlie'])
  t.equal((await store.list(range.allWaiting)).length, 1)
  await arrive(bravo, await aloneFrom(alpha, 1))

  t.strictSame((await bodies(bravo)).toSorted(), ['by charlie', 'first', 'second'])
  t.equal((await store.list(range.allWaiting)).length, 0)
})

test('of two lists that come too early each is applied when its own missing changes have come', async (t) => {
  const store = openMemoryStore()
  const { alpha, bravo } = await twoNodes({
    store,
    knows: [alphaIdentity, charlieIdentity, anIdentity('delta', 4)],
  })
  await using charlie = await aNodeBeside(alpha)
  await using delta = await aNodeBeside(alpha, collectingLog(), 'delta')
  await arrive(delta, await envelopeOf(charlie, DIRECTORY))
  for (const node of [alpha, charlie]) for (const body of ['first', 'second']) await say(node, body)
  for (const node of [alpha, charlie]) await arrive(delta, await envelopeOf(node, routine))
  const early = await envelopeOf(delta, routine, { [alpha.actor]: 1, [charlie.actor]: 1 })

  t.match((await arrive(bravo, early)).outcome, { kind: 'waiting', changes: 0 })
  await arrive(bravo, await aloneFrom(charlie, 1))

  t.strictSame(await bodies(bravo), ['first', 'second'])
  t.equal((await store.list(range.allWaiting)).length, 1, 'the rest waits on')
  await arrive(bravo, await aloneFrom(alpha, 1))
  t.strictSame((await bodies(bravo)).length, 4)
  t.equal((await store.list(range.allWaiting)).length, 0)
})

test('two different changes signed under one number are seen from both sides, and split nobody else', async (t) => {
  const [seenByBravo, seenByCharlie] = [collectingLog(), collectingLog()]
  const { alpha, bravo } = await twoNodes({ log: seenByBravo })
  await using charlie = await aNodeBeside(alpha, seenByCharlie)
  await using clone = await aSync('alpha')
  await found(clone)
  for (const node of [alpha, clone]) await say(node, 'before the disk was copied')
  await say(alpha, 'from the one')
  await say(clone, 'from the other')
  await arrive(bravo, await envelopeOf(alpha, routine))
  await arrive(charlie, await envelopeOf(clone, routine))
  await say(bravo, 'bravo')
  await say(charlie, 'charlie')
  const [fromBravo, fromCharlie] = [
    await envelopeOf(bravo, routine),
    await envelopeOf(charlie, routine),
  ]

  t.match((await arrive(bravo, fromCharlie)).outcome, { kind: 'applied', changes: 1 })
  t.match((await arrive(charlie, fromBravo)).outcome, { kind: 'applied', changes: 1 })

  const fork = { level: 'error', event: 'fork.found' }
  for (const log of [seenByBravo, seenByCharlie])
    t.match(log.named('fork.found'), [
      { ...fork, facts: { document: routine, actor: alpha.actor, seq: 2 } },
    ])
  for (const node of [bravo, charlie])
    t.strictSame(
      (await bodies(node)).toSorted(),
      ['before the disk was copied', 'bravo', 'charlie'],
      'the list ends where the two began to differ',
    )
})

test('whoever is told of a fork gets the other branch and the signature that proves it', async (t) => {
  const { alpha, bravo } = await twoNodes()
  await using clone = await aSync('alpha')
  await found(clone)
  await say(alpha, 'from the one')
  for (const body of ['from the other', 'and on']) await say(clone, body)
  await arrive(bravo, await envelopeOf(alpha, routine))
  const forks: Fork[] = []
  const onFork = async (fork: Fork): Promise<void> => void forks.push(fork)
  const watched = { ...bravo, context: { ...bravo.context, onFork } }

  const { outcome } = await arrive(watched, await envelopeOf(clone, routine))

  t.match(outcome, { kind: 'applied', changes: 0 })
  const [fork] = forks
  t.match(fork, { document: routine, actor: alpha.actor, seq: 1, branch: [{ seq: 1 }, { seq: 2 }] })
  const { organisation } = alphaIdentity
  const head = must(fork?.branch.at(-1), 'a branch has changes')
  const statement = attestationOf(organisation.id, { document: routine, ...head })
  t.ok(bravo.context.roster.verify(alpha.id, statement, must(fork, 'told').signature))
})

test('another branch that its node has not signed is no fork, only forged', async (t) => {
  const log = collectingLog()
  const { alpha, bravo } = await twoNodes({ log })
  await using clone = await aSync('alpha')
  await found(clone)
  await say(alpha, 'by alpha')
  await say(clone, 'forged')
  await arrive(bravo, await envelopeOf(alpha, routine))

  const { outcome } = await arrive(
    bravo,
    await sealedDelta(clone, { sign: () => new Uint8Array(64) }),
  )

  t.match(outcome, { kind: 'refused', reason: 'not vouched for' })
  t.strictSame(log.named('fork.found'), [])
  t.strictSame(await bodies(bravo), ['by alpha'])
})

test('an envelope of another organisation opens with nothing, ever', async (t) => {
  const { alpha, bravo } = await twoNodes()
  await say(alpha, 'one')
  const { certificate } = alphaIdentity
  const foreign = sealEnvelope({
    sender: certificate,
    life: alpha.context.life,
    generation: 0,
    key: {
      ...foreignKey(alpha),
      hint: (await keyFor(alpha, ops)).hint,
    },
    body: Uint8Array.of(1, 0),
    sign: undefined,
  })

  const { outcome, answer } = await arrive(bravo, foreign, { from: alpha.id })

  t.match(outcome, { kind: 'parked' })
  t.equal(answer, 'custody')
  t.strictSame(await bodies(bravo), [])
})

test('an envelope that overtook its key waits for it, also where another key here has the same hint', async (t) => {
  await using alpha = await aSync('alpha', { knows: [bravoIdentity] })
  await using bravo = await aSync('bravo', { knows: [alphaIdentity] })
  await found(alpha)
  await say(alpha, 'early')
  const { byHint } = bravo.context.keyring
  const keyring: Keyring = {
    ...bravo.context.keyring,
    byHint: (hint) => [foreignKey(bravo), ...byHint(hint)],
  }
  const alike = { ...bravo, context: { ...bravo.context, keyring } }

  const { outcome, answer } = await arrive(alike, await envelopeOf(alpha, routine), {
    from: alpha.id,
  })

  t.match([outcome, answer], [{ kind: 'parked' }, 'custody'])
  await arrive(alike, await envelopeOf(alpha, DIRECTORY), { from: alpha.id })
  t.strictSame(await bodies(bravo), ['early'])
  t.strictSame(await bravo.context.replica.read.list(range.parked), [])
})

test('an envelope for others that has the hint of a key here is kept, as any of theirs, and counted as nothing', async (t) => {
  const log = collectingLog()
  const { alpha, bravo } = await twoNodes({ log })
  const { certificate } = alphaIdentity
  const ours = await keyFor(alpha, ops)
  const theirs = sealEnvelope({
    sender: certificate,
    life: alpha.context.life,
    generation: 0,
    key: { ...foreignKey(alpha), hint: ours.hint },
    body: Uint8Array.of(1, 0),
    sign: undefined,
  })

  const { outcome, answer } = await arrive(bravo, theirs, { from: 'post:office' })

  t.match(outcome, { kind: 'parked' })
  t.equal(answer, 'custody')
  t.equal((await bravo.context.replica.read.list(range.parkedFor('key'))).length, 1)
  t.strictSame(log.named('envelope.refused'), [])
  await say(alpha, 'one')
  await arrive(bravo, await envelopeOf(alpha, routine), { from: 'post:office' })
  t.strictSame(await bodies(bravo), ['one'])
})

test('whatever bytes arrive, nothing is thrown and nothing is applied', async (t) => {
  const { alpha, bravo } = await twoNodes()
  await say(alpha, 'one')
  const good = await envelopeOf(alpha, routine)
  const damaged = fc.oneof(
    fc.nat(120).chain(anyBytes),
    fc
      .tuple(fc.nat(), fc.integer({ min: 1, max: 255 }))
      .map(([place, mask]) => flip(good, place, mask)),
    fc.nat(good.length - 1).map((length) => good.subarray(0, length)),
  )

  const details = await fc.check(
    fc.asyncProperty(damaged, async (bytes) => {
      const { outcome } = await arrive(bravo, bytes)
      return outcome.kind === 'refused' || outcome.kind === 'parked'
    }),
    { numRuns: 300 },
  )

  t.notOk(details.failed, fc.defaultReportMessage(details) ?? 'the property holds')
  t.strictSame(await bodies(bravo), [])
  await arrive(bravo, good)
  t.strictSame(await bodies(bravo), ['one'])
})

test("a member's envelope with a body that is none is refused, sealed as it may be", async (t) => {
  const { alpha, bravo } = await twoNodes()
  let round = 0
  const property = fc.asyncProperty(
    fc.uint8Array({ maxLength: 60 }),
    fc.boolean(),
    async (body, isNote) => {
      round += 1
      const bytes = sealEnvelope({
        sender: alphaIdentity.certificate,
        life: alpha.context.life,
        generation: 0,
        key: await keyFor(alpha, isNote ? 'directory' : ops),
        // A piece (4) of a file that nobody asked for is no harm: its own seal and the file's hash are what counts.
        body: Uint8Array.of(isNote ? ([2, 3, 5][round % 3] ?? 2) : 1, ...body),
        sign: () => new Uint8Array(64),
      })
      const { outcome } = await arrive(bravo, bytes)
      // An empty delta says nothing, and an unknown author may become known.
      return outcome.kind !== 'noted' && !(outcome.kind === 'applied' && outcome.changes > 0)
    },
  )

  const details = await fc.check(property, { numRuns: 300 })

  t.notOk(details.failed, fc.defaultReportMessage(details) ?? 'the property holds')
})

test('the bookmark of a carrier is on disk with the envelope, also with a refused one', async (t) => {
  const store = aFaultyStore()
  const { alpha, bravo } = await twoNodes({ store })
  await say(alpha, 'one')
  const bytes = await envelopeOf(alpha, routine)

  await arrive(bravo, bytes, { bookmark: cursor(1) })
  const batch = must(store.batches.at(-1), 'something was written')
  t.ok(batch.some((write) => write.key === 'cursor'))
  t.ok(batch.some((write) => write.key === key.document(routine)))

  await arrive(bravo, Uint8Array.of(1, 2, 3), { bookmark: cursor(2) })
  t.strictSame(await store.get('cursor'), Uint8Array.of(2))
  await arrive(bravo, bytes, { bookmark: [{ key: 'cursor', value: undefined }] })
  t.equal(await store.get('cursor'), undefined)
})

test('where nothing can give way, more than may be parked is refused', async (t) => {
  const { bravo } = await twoNodes()
  const counts: ParkedCounts = { 'key/post:office': PARKED_ENVELOPES_MAX }
  await bravo.context.replica.commit(async (tx) => tx.put(key.parkedCounts, pack(counts)))
  const stranger = await aSync('stranger', { number: 19 })

  const { outcome } = await arrive(bravo, await envelopeOf(stranger, KEYS))

  t.match(outcome, { kind: 'refused', reason: 'too many are parked' })
})

test('an envelope for which there is no room to wait is refused whole: its sender keeps it', async (t) => {
  const store = openMemoryStore()
  const { alpha, bravo } = await twoNodes({ store })
  await using charlie = await aNodeBeside(alpha)
  for (const body of ['first', 'second']) await say(alpha, body)
  await arrive(charlie, await envelopeOf(alpha, routine))
  await say(charlie, 'by charlie')
  const wanted = { [alpha.actor]: 1 }
  const kept = { bytes: Uint8Array.of(0), from: undefined, since: 0, wanted, holder: charlie.id }
  await store.write(
    Array.from({ length: PARKED_ENVELOPES_MAX }, (_, index) => ({
      key: key.waiting(DIRECTORY, String(index)),
      value: pack(kept),
    })),
  )

  const early = await envelopeOf(charlie, routine, { [alpha.actor]: 1 })
  const { outcome } = await arrive(bravo, early)

  t.match(outcome, { kind: 'refused', reason: 'too many wait' })
  t.strictSame(await bodies(bravo), [])
})

test('what is parked is read once when the directory grows, however much it is', async (t) => {
  const inner = openMemoryStore()
  let reads = 0
  const store: Store = {
    ...inner,
    list: (wanted) => {
      if (wanted.from === range.parked.from) reads += 1
      return inner.list(wanted)
    },
  }
  const { alpha, bravo } = await twoNodes({ store })
  await using stranger = await aSync('stranger', { number: 19 })
  const strange = await envelopeOf(stranger, KEYS)
  for (let count = 0; count < 30; count += 1)
    await arrive(bravo, flip(strange, strange.length - 1, count))
  t.equal((await inner.list(range.parked)).length, 30)
  const before = reads
  await found(alpha)

  await arrive(bravo, await envelopeOf(alpha, DIRECTORY))

  t.equal(reads - before, 1)
  t.equal((await inner.list(range.parked)).length, 30)
})

test('whoever hands something over has it, and the author has it too', async (t) => {
  const { alpha, bravo } = await twoNodes()
  await say(alpha, 'one')

  await arrive(bravo, await envelopeOf(alpha, routine), { from: 'post:office' })

  const { read } = bravo.context.replica
  t.ok(await read.get(key.has('post:office', routine)))
  t.ok(await read.get(key.receipt(alpha.id, routine)))
  t.equal((await shown(bravo))[0]?.origin, alpha.id)
})

/** A carrier's place, as it wants it on disk. */
function cursor(number: number) {
  return [{ key: 'cursor', value: Uint8Array.of(number) }]
}

/** Alpha founded the workspace; bravo has its directory. */
async function twoNodes(
  bravoHas: NodeChoice = {},
): Promise<{ readonly alpha: SyncNode; readonly bravo: SyncNode }> {
  const alpha = await aSync('alpha', { knows: [bravoIdentity] })
  const bravo = await aSync('bravo', { knows: [alphaIdentity, charlieIdentity], ...bravoHas })
  await found(alpha)
  for (const document of [DIRECTORY, channelDocument(ops)])
    await arrive(bravo, await envelopeOf(alpha, document))
  return { alpha, bravo }
}

/** Charlie, or another, which knows the others and has alpha's directory. */
async function aNodeBeside(
  alpha: SyncNode,
  log = collectingLog(),
  name = 'charlie',
): Promise<SyncNode> {
  const knows = [alphaIdentity, bravoIdentity, charlieIdentity]
  const node = await aSync(name, { knows, log })
  for (const document of [DIRECTORY, channelDocument(ops)])
    await arrive(node, await envelopeOf(alpha, document))
  return node
}

/** What `node` believes that `peer` has of the routine segment. */
async function hasOf(node: SyncNode, peer: SyncNode): Promise<unknown> {
  return unpack(await node.context.replica.read.get(key.has(peer.id, routine)))
}

/** The first `count` routine changes of `node`, and no more. */
async function aloneFrom(node: SyncNode, count: number): Promise<Uint8Array> {
  const log = await node.context.replica.commit((tx) => tx.log(routine))
  return sealedChanges(node, log.since({}).slice(0, count))
}

/** Each message in an envelope of its own. */
async function postedOneByOne(alpha: SyncNode, count: number): Promise<readonly Uint8Array[]> {
  const envelopes: Uint8Array[] = []
  for (let seq = 0; seq < count; seq += 1) {
    await say(alpha, `message ${seq}`)
    envelopes.push(await envelopeOf(alpha, routine, { [alpha.actor]: seq }))
  }
  return envelopes
}

interface Forgery {
  readonly by?: SyncNode
  readonly sign?: (header: Uint8Array) => Uint8Array
  readonly attest?: (attested: Attested) => Uint8Array
}

/** All routine changes of `node` as an envelope that is sealed as it should be, but signed as the test says. */
async function sealedDelta(node: SyncNode, forgery: Forgery): Promise<Uint8Array> {
  const log = await node.context.replica.commit((tx) => tx.log(routine))
  return sealedChanges(node, log.since({}), forgery)
}

async function sealedChanges(
  node: SyncNode,
  changes: readonly Logged[],
  forgery: Forgery = {},
): Promise<Uint8Array> {
  const sender = forgery.by ?? node
  const { identity, life, roster } = sender.context
  const log = await node.context.replica.commit((tx) => tx.log(routine))
  const attestations = new Map<ActorId, Uint8Array>()
  for (const change of changes) {
    if (change.actor !== sender.actor && forgery.attest !== undefined)
      attestations.set(change.actor, forgery.attest(upTo(log, change)))
  }
  const own = changes.findLast((change) => change.actor === sender.actor)
  const honest =
    own && (() => identity.sign(attestationOf(identity.organisation.id, upTo(log, own))))
  return sealEnvelope({
    sender: identity.certificate,
    life,
    generation: 0,
    key: await keyFor(sender, ops),
    body: encodeDelta({ document: routine, changes, sender: sender.actor, roster, attestations }),
    sign: forgery.sign ?? honest,
  })
}

/** The key of `ops` in the first epoch of an organisation with the same id and another secret. */
function foreignKey({ context }: SyncNode): EpochKey {
  const { id, suite } = context.identity.organisation
  const secret = seedOf('another secret')
  const epoch = epochOf(suite, { audience: id, number: 0, maker: undefined, secret })
  return scopeKey(suite, id, { scope: ops, epoch })
}

function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve)
  })
}

test('nothing is taken in while those who hear of events lag far behind', async (t) => {
  const { alpha, bravo } = await twoNodes()
  await say(alpha, 'one')
  const bytes = await envelopeOf(alpha, routine)
  const gate = Promise.withResolvers<void>()
  const context = { ...bravo.context, calm: () => gate.promise }
  let isAnswered = false
  const acceptCustody = (): void => {
    isAnswered = true
  }

  const taking = receive(context, {
    peer: alpha.id,
    bytes,
    bookmark: [],
    acceptCustody,
    refuse: () => t.fail('nothing is wrong with it'),
  })
  await new Promise(setImmediate)
  t.strictSame([await bodies(bravo), isAnswered], [[], false])
  gate.resolve()
  await taking

  t.strictSame([await bodies(bravo), isAnswered], [['one'], true])
})
