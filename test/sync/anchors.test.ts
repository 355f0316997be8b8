/** What a hub held of a list before it forked stays, for everybody, whatever is heard first. */
import { test, type Test } from 'tap'
import { must } from '#base/assert.ts'
import type { ActorId } from '#base/ids.ts'
import { DELTA_CHANGES_MAX, ENVELOPE_BYTES_MAX } from '#base/limits.ts'
import { DIRECTORY, KEYS } from '#model/document-id.ts'
import type { Content } from '#model/entry.ts'
import type { Logged } from '#model/log.ts'
import { upTo } from '#model/trail.ts'
import type { Store } from '#ports/store.ts'
import { openMemoryStore } from '#storage/memory-store.ts'
import { writeHere } from '#sync/author.ts'
import { key, range } from '#sync/keys.ts'
import { clockOf } from '#sync/ledger.ts'
import { forkOf } from '#sync/list-end.ts'
import { orderHere } from '#sync/orders.ts'
import { newestPrints } from '#sync/prints.ts'
import { anInsider, secondList } from '../support/adversary.ts'
import { revokeSince } from '../support/fleet.ts'
import { collectingLog } from '../support/log.ts'
import { anIdentity } from '../support/nodes.ts'
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

const NAMES = ['alpha', 'bravo', 'charlie', 'delta', 'echo'] as const
const HUBS: readonly string[] = ['alpha', 'echo']
type Name = (typeof NAMES)[number]
const people = NAMES.map((name, index) =>
  anIdentity(name, index + 1, HUBS.includes(name) ? 'hub' : 'kit'),
)
const charlies = must(people[2], 'charlie')
const deltas = must(people[3], 'delta')
const echos = must(people[4], 'echo')

test('a list ends where a hub held it, whatever a kit hears first', async (t) => {
  const { open, charlie, alpha, bravo } = await aScene(t)
  await sayAll(charlie, ['one', 'two'])
  const genuine = await envelopeOf(charlie, routine)
  const forged = forge(charlie, ['never said'])
  for (const node of [alpha, bravo]) for (const one of [genuine, forged]) await arrive(node, one)
  const byKit = await envelopeOf(bravo, KEYS)
  const byHub = await envelopeOf(alpha, KEYS)
  t.strictSame(await bodies(alpha), ['one', 'two'])
  t.strictSame(await bodies(bravo), [], 'nothing counts before a hub has spoken')

  for (const order of permutations([genuine, forged, byKit, byHub])) {
    const delta = await open('delta')
    for (const one of order) await arrive(delta, one)
    if (await lacks(delta)) await arrive(delta, await envelopeOf(alpha, routine))

    t.strictSame(await bodies(delta), ['one', 'two'])
    t.strictSame(await digest(delta), await digest(alpha))
    t.notOk(await lacks(delta))
  }
})

test('who had the other branch lets go of it and asks for the one that counts', async (t) => {
  const { open, charlie, alpha } = await aScene(t)
  await sayAll(charlie, ['one', 'two'])
  const delta = await open('delta')
  await arrive(delta, forge(charlie, ['never said', 'nor this', 'nor that']))
  await arrive(alpha, await envelopeOf(charlie, routine))
  await arrive(alpha, await envelopeOf(delta, routine))

  await arrive(delta, await envelopeOf(alpha, KEYS))
  t.strictSame(await bodies(delta), [])
  t.ok(await lacks(delta))
  await arrive(delta, await envelopeOf(alpha, routine))

  t.strictSame(await bodies(delta), ['one', 'two'])
  t.strictSame(
    delta.events.flatMap((event) => (event.kind === 'withdrawn' ? [event.message.body] : [])),
    ['never said', 'nor this', 'nor that'],
  )
})

test('who has heard the hub, and then meets the branch that counts, goes over to it at once', async (t) => {
  const { open, charlie, alpha, bravo } = await aScene(t)
  await sayAll(charlie, ['one', 'two'])
  const genuine = await envelopeOf(charlie, routine)
  const forged = forge(charlie, ['never said', 'nor this'])
  await arrive(alpha, genuine)
  for (const one of [genuine, forged]) await arrive(bravo, one)
  await arrive(alpha, await envelopeOf(bravo, KEYS))
  const byHubAlone = await envelopeOf(alpha, KEYS, { [bravo.actor]: 1_000 })
  const delta = await open('delta')
  await arrive(delta, forged)
  await arrive(delta, byHubAlone)
  t.strictSame(await bodies(delta), ['never said', 'nor this'], 'no fork is proved yet')

  await arrive(delta, genuine)

  t.strictSame(await bodies(delta), ['one', 'two'])
  t.notOk(await lacks(delta))
})

test('who had more of the list than the hub hands on what is left of it', async (t) => {
  const { open, charlie, alpha, bravo } = await aScene(t)
  await sayAll(charlie, ['one', 'two'])
  await arrive(alpha, await envelopeOf(charlie, routine))
  await sayAll(charlie, ['three', 'four'])
  const delta = await open('delta')
  await arrive(delta, await envelopeOf(charlie, routine))
  await arrive(alpha, forge(charlie, ['never said']))
  await arrive(delta, await envelopeOf(alpha, KEYS))
  t.strictSame(await bodies(delta), ['one', 'two'])

  await arrive(bravo, await envelopeOf(delta, routine))

  t.strictSame(await bodies(bravo), ['one', 'two'])
})

test('what was cut off comes back from this very disk, and people are told', async (t) => {
  const { open, charlie, alpha, bravo } = await aScene(t)
  await sayAll(charlie, ['one', 'two'])
  const genuine = await envelopeOf(charlie, routine)
  for (const one of [genuine, forge(charlie, ['never said'])])
    for (const node of [alpha, bravo]) await arrive(node, one)
  const store = openMemoryStore()
  const before = await open('delta', store)
  await arrive(before, genuine)
  await arrive(before, await envelopeOf(bravo, KEYS))
  t.strictSame(await bodies(before), [])
  await before[Symbol.asyncDispose]()
  const delta = await open('delta', store)

  await arrive(delta, await envelopeOf(alpha, KEYS))

  t.strictSame(await bodies(delta), ['one', 'two'])
  t.strictSame([...told(before), ...told(delta)], ['one', 'two', '-one', '-two', 'one', 'two'])
  t.strictSame(await digest(delta), await digest(alpha))
})

test('an anchor without a fork ends no list, and neither does one of a kit', async (t) => {
  const { open, charlie, alpha, bravo } = await aScene(t)
  await sayAll(charlie, ['one', 'two'])
  const first = await anchorOf(charlie, 1)
  for (const node of [alpha, bravo]) await arrive(node, await envelopeOf(charlie, routine))
  await write(alpha, first)
  t.strictSame(await bodies(alpha), ['one', 'two'])

  await write(bravo, await anchorOf(charlie, 2))
  await arrive(bravo, forge(charlie, ['never said']))
  const delta = await open('delta')
  await arrive(delta, await envelopeOf(bravo, KEYS))
  await arrive(delta, await envelopeOf(charlie, routine))

  t.strictSame(await bodies(bravo), [], 'a kit vouches for nothing')
  t.strictSame(await bodies(delta), [])
})

test('an anchor on what the node never signed does not count', async (t) => {
  const { charlie, alpha, bravo } = await aScene(t)
  const log = collectingLog()
  await using delta = await aSync('delta', { number: 4, knows: people, log })
  await say(charlie, 'one')
  const signed = await anchorOf(charlie, 1)
  await write(alpha, { ...signed, signature: new Uint8Array(64) })
  await arrive(bravo, await envelopeOf(alpha, KEYS))

  await arrive(delta, await envelopeOf(alpha, KEYS))

  t.ok(log.named('fork.unproved').length > 0)
  t.strictSame((await fork(delta, charlie.actor)).anchors, [])
})

test('two hubs with one branch: it ends where the one ends that had more', async (t) => {
  const { open, charlie, alpha, echo } = await aScene(t)
  await say(charlie, 'one')
  await arrive(alpha, await envelopeOf(charlie, routine))
  await sayAll(charlie, ['two', 'three'])
  await arrive(echo, await envelopeOf(charlie, routine))
  for (const hub of [alpha, echo]) await arrive(hub, forge(charlie, ['never said']))

  await everybodyHears(t, { hubs: [alpha, echo], open }, ['one', 'two', 'three'])
})

test('two hubs with two branches: that of the older one counts', async (t) => {
  const { open, charlie, alpha, echo } = await aScene(t)
  await say(charlie, 'one')
  await arrive(alpha, await envelopeOf(charlie, routine))
  await arrive(echo, forge(charlie, ['never said', 'nor this', 'nor that']))
  const [genuine, forged] = [await envelopeOf(charlie, routine), await envelopeOf(echo, routine)]
  await arrive(alpha, forged)
  await arrive(echo, genuine)

  await everybodyHears(t, { hubs: [alpha, echo], open }, ['one'])
})

test('what a hub said once it was taken does not count, and what it said before stands behind all others', async (t) => {
  for (const { wasTakenBefore, expected } of [
    { wasTakenBefore: true, expected: ['theirs', 'more of theirs'] },
    { wasTakenBefore: false, expected: ['theirs', 'more of theirs'] },
  ]) {
    const { open, charlie, alpha, echo } = await aScene(t)
    await say(charlie, 'one')
    await arrive(alpha, await envelopeOf(charlie, routine))
    await arrive(echo, forge(charlie, ['theirs', 'more of theirs']))
    const forged = await envelopeOf(echo, routine)
    const genuine = await envelopeOf(charlie, routine)
    await arrive(alpha, forged)
    await arrive(echo, genuine)
    const delta = await open('delta')
    for (const hub of [alpha, echo]) await arrive(delta, await envelopeOf(hub, KEYS))
    await arrive(delta, genuine)
    t.strictSame(await bodies(delta), ['one'])

    const since = wasTakenBefore ? 0 : 2_000_000_000_000
    await revokeSince(echo, alpha.id, since)
    await arrive(delta, await envelopeOf(echo, KEYS))
    await arrive(delta, forged)

    t.strictSame(await bodies(delta), expected)
  }
})

test('the only hub, once it is lost, still vouches for what it said before', async (t) => {
  for (const { since, expected } of [
    { since: 0, expected: [] },
    { since: 2_000_000_000_000, expected: ['one'] },
  ]) {
    const { open, charlie, alpha, echo } = await aScene(t)
    await say(charlie, 'one')
    await arrive(alpha, await envelopeOf(charlie, routine))
    await arrive(alpha, forge(charlie, ['never said']))
    const delta = await open('delta')
    await arrive(delta, await envelopeOf(charlie, routine))
    await arrive(delta, await envelopeOf(alpha, KEYS))
    t.strictSame(await bodies(delta), ['one'])

    await revokeSince(echo, alpha.id, since)
    await arrive(delta, await envelopeOf(echo, KEYS))
    await delta.context.replica.commit(async () => undefined) // the one before has followed from it

    t.strictSame(await bodies(delta), expected)
  }
})

test('a hub does not vouch for what it took after it had heard of a fork', async (t) => {
  const { charlie, alpha, bravo, echo } = await aScene(t)
  await sayAll(charlie, ['one', 'two', 'three'])
  await arrive(echo, await envelopeOf(charlie, routine))
  await arrive(echo, forge(charlie, ['one', 'never said'], 1))
  await arrive(alpha, await envelopeOf(echo, KEYS))
  await arrive(alpha, await envelopeOf(echo, routine))
  t.strictSame(await bodies(alpha), ['one', 'two', 'three'], 'echo held it')

  await arrive(bravo, await envelopeOf(charlie, routine))
  await arrive(bravo, forge(charlie, ['never said either']))
  await arrive(alpha, await envelopeOf(bravo, KEYS))

  const { anchors } = await fork(alpha, charlie.actor)
  const own = anchors.filter(({ by }) => by === alpha.actor)
  t.strictSame(
    own.map(({ forkAt, seq }) => ({ forkAt, seq })),
    [],
    'it had no signature for what lies before the first fork',
  )
  t.strictSame(await bodies(alpha), ['one', 'two', 'three'])
})

test('no fork is too large to be proved', async (t) => {
  const { charlie, alpha, bravo } = await aScene(t)
  const signedOnce = ['x', 'y'].map((letter) =>
    forge(
      charlie,
      Array.from({ length: DELTA_CHANGES_MAX }, (_, at) => `${letter}${at}`),
    ),
  )
  const [first] = signedOnce
  await arrive(alpha, await envelopeOf(bravo, KEYS))
  await arrive(bravo, must(first, 'one branch'))

  for (const one of signedOnce) await arrive(alpha, one)
  const log = await alpha.context.replica.commit((tx) => tx.log(KEYS))
  const { actor, seq } = must(log.since({}).find(isProof), 'it is proved')
  const proof = await envelopeOf(alpha, KEYS, { ...log.clock(), [actor]: seq - 1 })
  await arrive(bravo, await envelopeOf(alpha, KEYS))
  await arrive(bravo, proof)

  t.ok(proof.length <= ENVELOPE_BYTES_MAX, String(proof.length))
  t.equal((await bodies(alpha)).length, DELTA_CHANGES_MAX, 'a hub had the first')
  t.equal((await fork(bravo, charlie.actor)).forkAt, 1)
})

test('what a node says of its keys outlives a fork in its list there', async (t) => {
  const { open, charlie, alpha, bravo } = await aScene(t)
  const insider = anInsider(charlies, { knows: people, life: 'charlie life' })
  t.equal(insider.actor, charlie.actor)
  insider.write(KEYS, { content: { kind: 'wiped' } })
  const generation = alpha.context.keyBook().sealingKey(charlie.id)?.generation
  const byCharlie = await envelopeOf(charlie, KEYS)
  await arrive(bravo, byCharlie)

  for (const node of [alpha, bravo]) await arrive(node, insider.envelope(KEYS))
  t.equal(bravo.context.keyBook().sealingKey(charlie.id), undefined)
  await arrive(bravo, await envelopeOf(alpha, KEYS))
  const delta = await open('delta')
  await arrive(delta, await envelopeOf(alpha, KEYS))

  for (const node of [alpha, bravo, delta]) {
    t.equal(node.context.keyBook().sealingKey(charlie.id)?.generation, generation)
    t.equal(node.context.keyBook().hasWiped(charlie.id), false)
  }
})

test('a proof that stands in a list which forked itself counts for everybody, whatever they hear first', async (t) => {
  const { open, charlie, alpha } = await aScene(t)
  await sayAll(charlie, ['one', 'two'])
  const genuine = await envelopeOf(charlie, routine)
  for (const one of [genuine, forge(charlie, ['never said'])]) await arrive(alpha, one)
  const proof = await proofIn(alpha)
  const [first, second] = [proof, { kind: 'wiped' } as const].map((content) => {
    const insider = anInsider(deltas, { knows: people, life: 'delta in wrong hands' })
    insider.write(KEYS, { content })
    return insider.envelope(KEYS)
  })
  const words = [genuine, must(first, 'one branch'), must(second, 'another')]

  for (const order of permutations(words)) {
    const [bravo, echo] = [await open('bravo'), await open('echo')]
    for (const one of words) await arrive(bravo, one)
    for (const one of order) await arrive(echo, one)
    for (let round = 0; round < 2; round += 1) {
      await arrive(echo, await envelopeOf(bravo, KEYS))
      await arrive(bravo, await envelopeOf(echo, KEYS))
    }
    t.equal((await fork(echo, charlie.actor)).forkAt, 1)
    t.strictSame(
      (await fork(echo, charlie.actor)).anchors,
      (await fork(bravo, charlie.actor)).anchors,
    )
    t.strictSame(await bodies(echo), await bodies(bravo))
  }
})

test('what a hub says in a list of its own that forked counts only where that list goes on', async (t) => {
  const { open, charlie } = await aScene(t)
  await sayAll(charlie, ['one', 'two'])
  const genuine = await envelopeOf(charlie, routine)
  const witness = await open('delta')
  for (const one of [genuine, forge(charlie, ['never said'])]) await arrive(witness, one)
  const contents = [await anchorOf(charlie, 1), { kind: 'wiped' }] as const
  const words = contents.map((content) => {
    const insider = anInsider(echos, { knows: people, life: 'echo in wrong hands' })
    insider.write(KEYS, { content })
    return insider.envelope(KEYS)
  })
  const proof = await envelopeOf(witness, KEYS)

  for (const order of permutations([genuine, proof, ...words])) {
    const bravo = await open('bravo')
    for (const one of order) await arrive(bravo, one)
    await bravo.context.replica.commit(async () => undefined)
    t.strictSame(await bodies(bravo), [])
    t.strictSame((await fork(bravo, charlie.actor)).anchors, [])
  }
})

test('an order counts for everybody, though the list in which it stood forked', async (t) => {
  const { open, charlie } = await aScene(t)
  const orders = [
    { kind: 'revocation', node: charlie.id, since: 0, reason: 'lost' },
    { kind: 'wipe order', node: charlie.id, at: 1_000 },
  ] as const
  for (const [index, order] of orders.entries()) {
    const words = [orderHere(echos, order), { kind: 'wiped' } as const].map((content) => {
      const insider = anInsider(echos, { knows: people, life: `echo in wrong hands ${index}` })
      insider.write(KEYS, { content })
      return insider.envelope(KEYS)
    })
    for (const heard of permutations(words)) {
      const store = openMemoryStore()
      const before = await open('bravo', store)
      for (const one of heard) await arrive(before, one)
      t.ok(isOrderedHere(before, charlie), 'as soon as it is heard')
      await before[Symbol.asyncDispose]()
      const after = await open('bravo', store)
      t.ok(isOrderedHere(after, charlie), 'after a start')
      const other = await open('delta')
      await arrive(other, must(words[1], 'the branch without it'))
      await arrive(other, await envelopeOf(after, KEYS))
      t.ok(isOrderedHere(other, charlie), 'to whom it is told')
    }
  }
})

test('an order on a branch that a hub did not hold is said again once, by whoever heard it', async (t) => {
  const { open, charlie, alpha } = await aScene(t)
  const [honest, sly] = ['one', 'two'].map((reason, index) => {
    const insider = anInsider(echos, { knows: people, life: 'echo in wrong hands' })
    const order = { kind: 'revocation' as const, node: charlie.id, since: index * 1_000, reason }
    insider.write(KEYS, { content: orderHere(echos, order) })
    return insider.envelope(KEYS)
  })
  await arrive(alpha, must(sly, 'the later time'))
  await arrive(alpha, must(honest, 'the earlier time'))
  for (let times = 0; times < 3; times += 1) await arrive(alpha, must(honest, 'again'))
  const bravo = await open('bravo')
  await arrive(bravo, await envelopeOf(alpha, KEYS))

  for (const node of [alpha, bravo]) {
    t.equal(node.context.roster.revokedSince(charlie.id), 0)
    const log = await node.context.replica.commit((tx) => tx.log(KEYS))
    const said = log.since({}).filter(({ entry }) => entry.content.kind === 'revocation')
    t.equal(said.filter(({ actor }) => actor === alpha.actor).length, 1)
  }
})

function isOrderedHere({ context }: SyncNode, { id }: SyncNode): boolean {
  const isOut = context.roster.revokedSince(id) === 0
  return isOut || (context.keyBook().isToBeWiped(id) && context.roster.awaitsWipe(id))
}

/** Kits that hear the hubs in either order agree, and so do the hubs once they have heard each other. */
async function everybodyHears(
  t: Test,
  { hubs, open }: { readonly hubs: readonly SyncNode[]; readonly open: Scene['open'] },
  expected: readonly string[],
): Promise<void> {
  const words = await Promise.all(hubs.map((hub) => envelopeOf(hub, KEYS)))
  const contents = await Promise.all(hubs.map((hub) => envelopeOf(hub, routine)))
  for (const order of permutations([...words, ...contents])) {
    const delta = await open('delta')
    for (const one of order) await arrive(delta, one)
    if (await lacks(delta)) for (const one of contents) await arrive(delta, one)
    t.strictSame(await bodies(delta), expected)
    t.notOk(await lacks(delta))
  }
  for (const hub of hubs) {
    for (const one of [...words, ...contents]) await arrive(hub, one)
    t.strictSame(await bodies(hub), expected)
  }
}

type Scene = Awaited<ReturnType<typeof aScene>>

/** Two hubs and three kits that know each other and one channel. */
async function aScene(t: Test) {
  const nodes: SyncNode[] = []
  t.teardown(async () => {
    for (const node of nodes) await node[Symbol.asyncDispose]()
  })
  const start = async (name: Name, store = openMemoryStore()): Promise<SyncNode> => {
    const role = HUBS.includes(name) ? 'hub' : 'kit'
    const number = NAMES.indexOf(name) + 1
    const node = await aSync(name, { number, role, knows: people, store })
    nodes.push(node)
    return node
  }
  const alpha = await start('alpha')
  await found(alpha)
  const basis = [await envelopeOf(alpha, KEYS), await envelopeOf(alpha, DIRECTORY)]
  const open = async (name: Name, store?: Store): Promise<SyncNode> => {
    const node = await start(name, store)
    for (const one of basis) await arrive(node, one)
    return node
  }
  const [bravo, charlie, echo] = [await open('bravo'), await open('charlie'), await open('echo')]
  for (const node of [bravo, charlie, echo]) await arrive(alpha, await envelopeOf(node, KEYS))
  return { alpha, bravo, charlie, echo, open }
}

async function sayAll(node: SyncNode, texts: readonly string[]): Promise<void> {
  for (const text of texts) await say(node, text)
}

/** A list that charlie's key signs as well: the first `same` texts as charlie wrote them. */
function forge({ actor }: SyncNode, texts: readonly string[], same = 0): Uint8Array {
  return secondList(charlies, { actor, document: routine }, { texts, same })
}

/** What a hub would say that held charlie's list up to `seq`. */
async function anchorOf(
  { context, actor }: SyncNode,
  seq: number,
): Promise<Content & { kind: 'anchor' }> {
  const log = await context.replica.commit((tx) => tx.log(routine))
  const [{ trail: branch }, end] = [upTo(log, { actor, seq: 1 }), upTo(log, { actor, seq })]
  const signature = anInsider(charlies, { knows: people }).attest(routine, end)
  return { kind: 'anchor', ...end, forkAt: 1, branch, signature }
}

/** The proof that a node has written. */
async function proofIn({ context }: SyncNode): Promise<Content> {
  const log = await context.replica.commit((tx) => tx.log(KEYS))
  return must(log.since({}).find(isProof), 'it has proved a fork').entry.content
}

function isProof({ entry }: Logged): boolean {
  return entry.content.kind === 'fork'
}

async function write({ context }: SyncNode, content: Content): Promise<void> {
  const entry = { author: undefined, claimedAt: context.now(), content }
  await context.replica.commit((tx) => writeHere(tx, context, { document: KEYS, entry }))
}

/** Whether a node asks for what it lacks of the segment. */
async function lacks({ context }: SyncNode): Promise<boolean> {
  const holes = await context.replica.read.list(range.holes)
  return holes.some(([place]) => place === key.hole(routine))
}

async function digest({ context }: SyncNode): Promise<string> {
  const { read } = context.replica
  return JSON.stringify(await newestPrints(read, routine, await clockOf(read, routine)))
}

async function fork({ context }: SyncNode, actor: ActorId) {
  return forkOf(context.replica.read, { document: routine, actor })
}

/** What people were told of messages, in order; a dash before what was withdrawn. */
function told({ events }: SyncNode): readonly string[] {
  return events.flatMap((event) => {
    if (event.kind === 'posted') return [event.message.body]
    return event.kind === 'withdrawn' ? [`-${event.message.body}`] : []
  })
}

function permutations<T>(all: readonly T[]): readonly (readonly T[])[] {
  if (all.length <= 1) return [all]
  return all.flatMap((one, index) =>
    permutations(all.toSpliced(index, 1)).map((rest) => [one, ...rest]),
  )
}
