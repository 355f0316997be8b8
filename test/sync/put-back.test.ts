/**
 * A kit whose disk was put back and that has already sent another branch of its list, and one whose key was copied: what a hub
 * held stays, what the kit wrote since is written again, and nothing is there twice.
 */
import { test, type Test } from 'tap'
import { must } from '#base/assert.ts'
import { DIRECTORY, KEYS } from '#model/document-id.ts'
import { openMemoryStore } from '#storage/memory-store.ts'
import { range } from '#sync/keys.ts'
import { clockOf } from '#sync/ledger.ts'
import { forkOf } from '#sync/list-end.ts'
import { describe } from '#sync/notes.ts'
import { secondList, stolenDisk } from '../support/adversary.ts'
import { anIdentity, seedOf } from '../support/nodes.ts'
import { restarting } from '../support/restarting.ts'
import {
  amend,
  arrive,
  aSync,
  bodies,
  envelopeOf,
  found,
  noteOf,
  routine,
  say,
  shown,
  type SyncNode,
} from '../support/sync.ts'

const people = [anIdentity('alpha', 1, 'hub'), anIdentity('bravo', 2), anIdentity('charlie', 3)]
const charlies = must(people[2], 'charlie')
const kits = [anIdentity('alpha', 1), anIdentity('bravo', 2), anIdentity('charlie', 3)]

test('the hub held what the disk lost: it comes back, and what was written since is written again', async (t) => {
  for (const order of permutations([0, 1, 2, 3])) {
    const { alpha, bravo, charlie, words } = await aFork(t, { hubHolds: 'lost' })

    for (const index of order) await charlie.hear(must((await words())[index], 'a word'))
    for (const one of [...(await words()), ...(await words())]) await charlie.hear(one)

    const all = ['lost 1', 'lost 2', 'one', 'since', 'two', 'unsent']
    t.strictSame((await bodies(charlie.node())).toSorted(), all)
    t.strictSame(await leftAside(charlie.node()), [])
    await meet([alpha, bravo, charlie.node()])
    t.strictSame((await bodies(alpha)).toSorted(), all)
    t.strictSame((await bodies(bravo)).toSorted(), all)
  }
})

test('the hub held what was written since: it stays as it is, and is not written again', async (t) => {
  for (const order of permutations([0, 1, 2])) {
    const { alpha, bravo, charlie, words } = await aFork(t, { hubHolds: 'since' })

    for (const index of order) await charlie.hear(must((await words())[index], 'a word'))
    for (const one of [...(await words()), ...(await words())]) await charlie.hear(one)

    const all = ['one', 'since', 'two', 'unsent']
    t.strictSame((await bodies(charlie.node())).toSorted(), all)
    await meet([alpha, bravo, charlie.node()])
    t.strictSame((await bodies(alpha)).toSorted(), all)
    t.strictSame((await bodies(bravo)).toSorted(), all)
  }
})

test('what others said of a message that was lost stays with it, though another had its number meanwhile', async (t) => {
  const alpha = await aSync('alpha', { role: 'hub', knows: people })
  const disk = openMemoryStore()
  const before = await aSync('charlie', { knows: people, store: disk })
  await found(alpha)
  await arrive(before, await envelopeOf(alpha, KEYS))
  await arrive(before, await envelopeOf(alpha, DIRECTORY))
  const image = await stolenDisk(disk)
  const lost = await say(before, 'lost')
  await arrive(alpha, await envelopeOf(before, KEYS))
  await arrive(alpha, await envelopeOf(before, routine))
  await before[Symbol.asyncDispose]()
  const seen = await alpha.context.replica.commit((tx) => clockOf(tx, routine))
  await amend(alpha, { kind: 'reaction', target: lost.id, emoji: 'eyes', isSet: true })
  const reaction = await envelopeOf(alpha, routine, seen)

  const charlie = await restarting(image, people)
  t.equal((await say(charlie.node(), 'since')).id, lost.id)
  await charlie.hear(reaction)
  t.match(await shown(charlie.node()), [{ body: 'since', reactions: [{ emoji: 'eyes' }] }])
  for (let times = 0; times < 2; times += 1)
    for (const document of [KEYS, routine]) await charlie.hear(await envelopeOf(alpha, document))

  t.match(
    (await shown(charlie.node())).map(({ body, reactions }) => [body, reactions.length]),
    [
      ['lost', 1],
      ['since', 0],
    ],
  )
  await alpha[Symbol.asyncDispose]()
  await charlie.node()[Symbol.asyncDispose]()
})

test('without a hub the list ends before the fork, and what is there is written again at once', async (t) => {
  const { bravo, charlie } = await aFork(t, { hubHolds: 'nothing' })

  await charlie.hear(await envelopeOf(bravo, KEYS))

  t.strictSame((await bodies(charlie.node())).toSorted(), ['one', 'since', 'two', 'unsent'])
  t.strictSame(await leftAside(charlie.node()), [])
})

test('until the hub has spoken only what surely nobody has is written again', async (t) => {
  const { alpha, bravo, charlie } = await aFork(t, { hubHolds: 'lost' })

  await charlie.hear(await envelopeOf(bravo, KEYS))
  t.strictSame(await bodies(charlie.node()), ['one', 'two', 'unsent'])
  await charlie.hear(await envelopeOf(alpha, KEYS))
  await charlie.hear(await envelopeOf(alpha, routine))
  t.notOk((await bodies(charlie.node())).includes('since'))

  await charlie.hear(await wordOf(alpha))
  t.strictSame((await bodies(charlie.node())).toSorted(), [
    'lost 1',
    'lost 2',
    'one',
    'since',
    'two',
    'unsent',
  ])
})

test('a correction waits with the message that it corrects', async (t) => {
  const { alpha, bravo, charlie } = await aFork(t, { hubHolds: 'lost' })
  const [since] = (await shown(charlie.node())).filter(({ body }) => body === 'since')
  const target = must(since, 'it was said').id
  await amend(charlie.node(), { kind: 'edit', target, body: 'since, corrected' })

  await charlie.hear(await envelopeOf(bravo, KEYS))
  for (const one of [await envelopeOf(alpha, KEYS), await envelopeOf(alpha, routine)])
    await charlie.hear(one)
  await charlie.hear(await wordOf(alpha))

  t.ok((await bodies(charlie.node())).includes('since, corrected'))
  t.notOk((await bodies(charlie.node())).includes('since'))
})

test('what a node wrote in an earlier life, and nobody has heard, proves a fork of that list', async (t) => {
  const disk = openMemoryStore()
  const before = await aSync('charlie', { knows: people, store: disk })
  await found(before)
  await say(before, 'never heard')
  await envelopeOf(before, routine)
  await before[Symbol.asyncDispose]()
  const life = seedOf('a later life').subarray(0, 4)
  const charlie = await aSync('charlie', { knows: people, store: disk, life })
  t.teardown(() => charlie[Symbol.asyncDispose]())
  const list = { document: routine, actor: before.actor }

  await arrive(charlie, secondList(charlies, list, { texts: ['else'] }))

  const { forkAt, proofs } = await forkOf(charlie.context.replica.read, list)
  t.equal(forkAt, 1)
  t.equal(proofs.length, 1, 'everybody hears of it')
})

test('who still has a kit whose key was copied loses nothing, and says nothing twice', async (t) => {
  const { alpha, bravo, charlie } = await aTheft(t)

  for (let life = 0; life < 2; life += 1) {
    const { actor } = charlie.node()
    const texts = ['never said']
    await arrive(alpha, secondList(charlies, { actor, document: routine }, { texts }))
    await charlie.hear(await envelopeOf(alpha, KEYS))
    await charlie.hear(await wordOf(alpha))
    t.not(charlie.node().actor, actor, 'a new life')
    t.strictSame((await bodies(charlie.node())).toSorted(), ['four', 'one', 'three', 'two'])
    await meet([alpha, bravo, charlie.node()])
  }

  for (const node of [alpha, bravo, charlie.node()])
    t.strictSame((await bodies(node)).toSorted(), ['four', 'one', 'three', 'two'])
})

/** Charlie has said 'one' and 'two' to the hub, 'three' to bravo only, and 'four' to nobody yet. */
async function aTheft(t: Test) {
  const alpha = await aSync('alpha', { role: 'hub', knows: people })
  const bravo = await aSync('bravo', { knows: people })
  const charlie = await restarting(openMemoryStore(), people)
  t.teardown(async () => {
    for (const node of [alpha, bravo, charlie.node()]) await node[Symbol.asyncDispose]()
  })
  await found(alpha)
  for (const document of [KEYS, DIRECTORY]) {
    await arrive(bravo, await envelopeOf(alpha, document))
    await charlie.hear(await envelopeOf(alpha, document))
  }
  for (const node of [bravo, charlie.node()]) await arrive(alpha, await envelopeOf(node, KEYS))
  for (const text of ['one', 'two']) await say(charlie.node(), text)
  await arrive(alpha, await envelopeOf(charlie.node(), routine))
  await say(charlie.node(), 'three')
  await arrive(bravo, await envelopeOf(charlie.node(), routine))
  await say(charlie.node(), 'four')
  return { alpha, bravo, charlie }
}

/**
 * Charlie's disk was put back to 'one', 'two'. It had said 'lost 1' and 'lost 2'; since then it has said and sent 'since', and
 * said 'unsent'. One of the branches is with the hub, the other with bravo, who tells of the fork.
 */
async function aFork(t: Test, { hubHolds }: { readonly hubHolds: 'lost' | 'since' | 'nothing' }) {
  const knows = hubHolds === 'nothing' ? kits : people
  const alpha = await aSync('alpha', { role: hubHolds === 'nothing' ? 'kit' : 'hub', knows })
  const bravo = await aSync('bravo', { knows })
  await found(alpha)
  const basis = [await envelopeOf(alpha, KEYS), await envelopeOf(alpha, DIRECTORY)]
  for (const one of basis) await arrive(bravo, one)
  await arrive(alpha, await envelopeOf(bravo, KEYS))
  const disk = openMemoryStore()
  const before = await aSync('charlie', { knows, store: disk })
  for (const one of basis) await arrive(before, one)
  for (const node of [alpha, bravo]) await arrive(node, await envelopeOf(before, KEYS))
  for (const text of ['one', 'two']) await say(before, text)
  const common = await envelopeOf(before, routine)
  const image = await stolenDisk(disk)
  for (const text of ['lost 1', 'lost 2']) await say(before, text)
  const lost = await envelopeOf(before, routine)
  await before[Symbol.asyncDispose]()

  const charlie = await restarting(image, knows)
  await say(charlie.node(), 'since')
  const since = await envelopeOf(charlie.node(), routine)
  await say(charlie.node(), 'unsent')
  for (const node of [alpha, bravo]) await arrive(node, common)
  const [first, second] = hubHolds === 'since' ? [since, lost] : [lost, since]
  await arrive(alpha, first)
  await arrive(bravo, second)
  await arrive(bravo, await envelopeOf(alpha, routine))
  await arrive(alpha, await envelopeOf(bravo, KEYS))
  t.teardown(async () => {
    for (const node of [alpha, bravo, charlie.node()]) await node[Symbol.asyncDispose]()
  })
  const words = async (): Promise<readonly Uint8Array[]> => [
    await envelopeOf(bravo, KEYS),
    await envelopeOf(alpha, KEYS),
    await envelopeOf(alpha, routine),
    await wordOf(alpha),
  ]
  return { alpha, bravo, charlie, words }
}

/** Everybody gives everybody all they have, several times. */
async function meet(nodes: readonly SyncNode[]): Promise<void> {
  for (const document of [KEYS, routine, KEYS, routine, routine])
    for (const from of nodes)
      for (const to of nodes) if (from !== to) await arrive(to, await envelopeOf(from, document))
}

/** A hub's own word on what it has of the keys document. */
async function wordOf(hub: SyncNode): Promise<Uint8Array> {
  const note = await hub.context.replica.commit((tx) => describe(tx, 'receipt', [KEYS]))
  return noteOf(hub, note)
}

async function leftAside({ context }: SyncNode): Promise<readonly unknown[]> {
  return context.replica.read.list(range.allAside)
}

function permutations<T>(all: readonly T[]): readonly (readonly T[])[] {
  if (all.length <= 1) return [all]
  return all.flatMap((one, index) =>
    permutations(all.toSpliced(index, 1)).map((rest) => [one, ...rest]),
  )
}
