/** What a thief can do with a node's disk and keys, before and after the node is revoked. */
import { test } from 'tap'
import { must } from '#base/assert.ts'
import { hexFromBytes } from '#base/bytes.ts'
import { DIRECTORY, KEYS } from '#model/document-id.ts'
import { openEnvelope } from '#codec/envelope.ts'
import { openMemoryStore } from '#storage/memory-store.ts'
import { anInsider, secondList, stolenDisk, unnamed } from '../support/adversary.ts'
import { revocationBy, revokeSince } from '../support/fleet.ts'
import { anIdentity, rosterOf } from '../support/nodes.ts'
import { seededRandom } from '../support/random.ts'
import {
  arrive,
  aSync,
  bodies,
  envelopeOf,
  found,
  routine,
  say,
  type SyncNode,
} from '../support/sync.ts'

const people = [anIdentity('alpha', 1, 'hub'), anIdentity('bravo', 2), anIdentity('charlie', 3)]
const charlies = must(people[2], 'charlie')
const SINCE = 1_800_000_000_000 - 60_000

test('a stolen disk opens nothing that is sealed once its revocation was heard', async (t) => {
  const scene = await aScene()
  const { alpha, bravo, charlie } = scene
  await say(alpha, 'before')
  await arrive(charlie, await envelopeOf(alpha, routine))
  const disk = await stolenDisk(scene.store)
  await revoke(alpha, charlie)
  await arrive(bravo, await envelopeOf(alpha, KEYS))
  await say(alpha, 'after')
  await say(bravo, 'after, too')
  const sealed = [await envelopeOf(alpha, routine), await envelopeOf(bravo, routine)]
  await charlie[Symbol.asyncDispose]()

  await using thief = await aSync('charlie', { knows: people, store: disk })
  await arrive(thief, await envelopeOf(alpha, KEYS))

  const roster = rosterOf(people)
  for (const bytes of sealed) t.notOk(openEnvelope(bytes, roster, thief.context.keyring).ok)
  const keys = openEnvelope(await envelopeOf(alpha, KEYS), roster, thief.context.keyring)
  t.ok(keys.ok, 'the keys document it can still read: it holds no secret')
  t.strictSame(await bodies(bravo).then((all) => all.toSorted()), ['after, too'])
})

test('a revoked node that goes on is refused, named, and heard by nobody', async (t) => {
  const { alpha, bravo, charlie } = await aScene()
  await revoke(alpha, charlie)
  await arrive(bravo, await envelopeOf(alpha, KEYS))
  await say(charlie, 'still me')

  const { outcome } = await arrive(bravo, await envelopeOf(charlie, routine))

  t.match(outcome, { kind: 'refused', reason: 'revoked' })
  t.strictSame(await unnamed(bravo, 'revoked'), [])
  t.strictSame(await bodies(bravo), [])
})

test('what a revoked node wrote later is shown by nobody, whoever brings it and whatever came first', async (t) => {
  const { alpha, bravo, charlie } = await aScene()
  const insider = anInsider(must(people[2], 'charlie'), { knows: people })
  insider.write(routine, {
    author: insider.person,
    claimedAt: SINCE - 3_600_000,
    content: { kind: 'post', body: 'before it was lost', root: undefined },
  })
  insider.write(routine, {
    author: insider.person,
    content: { kind: 'post', body: 'by the thief', root: undefined },
  })
  await arrive(bravo, insider.envelope(routine))
  t.strictSame(await bodies(bravo), ['before it was lost', 'by the thief'])

  await revoke(alpha, charlie, SINCE)
  await arrive(bravo, await envelopeOf(alpha, KEYS))
  const carried = await envelopeOf(bravo, routine)
  await arrive(alpha, await envelopeOf(bravo, KEYS))
  await arrive(alpha, carried)

  t.strictSame(await bodies(bravo), ['before it was lost'])
  t.strictSame(await bodies(alpha), ['before it was lost'])
  t.strictSame(await unnamed(alpha, 'afterRevocation'), [])
})

test('a revoked node that seals in another nodes name is not shown either', async (t) => {
  const { alpha, charlie } = await aScene()
  const insider = anInsider(must(people[2], 'charlie'), { knows: people })
  insider.write(KEYS, {
    content: { kind: 'sealing key', generation: 7, publicBytes: new Uint8Array(9) },
  })
  insider.write(KEYS, { content: revocationBy(charlie, { node: alpha.id, since: 0 }) })
  await revoke(alpha, charlie, SINCE)
  const bravo = must(people[1], 'bravo').certificate

  await arrive(alpha, insider.envelope(KEYS, { sender: bravo, signature: 'none' }))

  t.equal(alpha.context.roster.revokedSince(alpha.id), undefined)
  t.not(alpha.context.keyBook().sealingKey(charlie.id)?.generation, 7)
  t.strictSame(await unnamed(alpha, 'afterRevocation'), [])
})

test('two lives of one disk that write apart are found out, and honest nodes agree', async (t) => {
  const store = openMemoryStore()
  const charlie = await aSync('charlie', { knows: people, store })
  await say(charlie, 'both have this')
  const copy = await stolenDisk(store)
  await say(charlie, 'by the owner')
  const owners = await envelopeOf(charlie, routine)
  await charlie[Symbol.asyncDispose]()
  await using thief = await aSync('charlie', { knows: people, store: copy })
  await say(thief, 'by the thief')
  const thiefs = await envelopeOf(thief, routine)
  await using alpha = await aSync('alpha', { role: 'hub', knows: people })
  await using bravo = await aSync('bravo', { knows: people })
  await found(alpha)
  for (const document of [KEYS, DIRECTORY]) await arrive(bravo, await envelopeOf(alpha, document))
  for (const node of [alpha, bravo]) await arrive(node, await envelopeOf(thief, KEYS))

  for (const bytes of [owners, thiefs]) await arrive(alpha, bytes)
  for (const bytes of [thiefs, owners]) await arrive(bravo, bytes)

  for (const node of [alpha, bravo]) t.strictSame(await unnamed(node, 'fork'), [])
  t.strictSame(await bodies(bravo), ['both have this'], 'no hub has spoken yet')
  await arrive(bravo, await envelopeOf(alpha, KEYS))
  await arrive(bravo, await envelopeOf(alpha, routine))
  t.strictSame(await bodies(alpha), ['both have this', 'by the owner'], 'which it had first')
  t.strictSame(await bodies(bravo), ['both have this', 'by the owner'])
})

test('a cloned disk does not seal two things under one stream', async (t) => {
  const store = openMemoryStore()
  const charlie = await aSync('charlie', { knows: people, store })
  await say(charlie, 'first')
  const copy = await stolenDisk(store)
  await say(charlie, 'one')
  const one = await envelopeOf(charlie, routine)
  await charlie[Symbol.asyncDispose]()
  await using twin = await aSync('charlie', { knows: people, store: copy, random: seededRandom(7) })
  await say(twin, 'two')
  const two = await envelopeOf(twin, routine)

  const tags = [one, two].map((bytes) => hexFromBytes(bytes.subarray(-80, -64)))

  t.not(tags[0], tags[1], 'what names the stream')
})

test('who has a nodes key cannot take back what that node said long ago', async (t) => {
  const { alpha, charlie } = await aScene()
  await say(charlie, 'years ago')
  await arrive(alpha, await envelopeOf(charlie, routine))

  const { actor } = charlie
  const texts = ['never said']
  await arrive(alpha, secondList(charlies, { actor, document: routine }, { texts }))

  t.strictSame(await bodies(alpha), ['years ago'])
})

async function revoke(by: SyncNode, lost: SyncNode, since = 0): Promise<void> {
  await revokeSince(by, lost.id, since)
}

async function aScene() {
  const store = openMemoryStore()
  const alpha = await aSync('alpha', { role: 'hub', knows: people })
  const bravo = await aSync('bravo', { knows: people })
  const charlie = await aSync('charlie', { knows: people, store })
  await found(alpha)
  for (const kit of [bravo, charlie]) await arrive(alpha, await envelopeOf(kit, KEYS))
  for (const kit of [bravo, charlie])
    for (const document of [KEYS, DIRECTORY]) await arrive(kit, await envelopeOf(alpha, document))
  return { alpha, bravo, charlie, store }
}
