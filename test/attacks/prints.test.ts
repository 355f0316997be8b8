/** Nothing counts as stored where something else stands under its number, in whichever life and branch it was written. */
import { test, type Test } from 'tap'
import { must } from '#base/assert.ts'
import type { DocumentId, NodeId } from '#base/ids.ts'
import { decodeNote } from '#codec/note.ts'
import { DIRECTORY, KEYS, segmentDocument } from '#model/document-id.ts'
import type { MessageRecord } from '#model/view.ts'
import { openMemoryStore } from '#storage/memory-store.ts'
import { standings } from '#sync/delivery.ts'
import { range } from '#sync/keys.ts'
import { doubtfulAt } from '#sync/meaning.ts'
import { describe, passOnAgain } from '#sync/notes.ts'
import { unpack, type NoteRecord } from '#sync/records.ts'
import type { Tx } from '#sync/replica.ts'
import { writeHere } from '#sync/author.ts'
import { anInsider, stolenDisk } from '../support/adversary.ts'
import { anIdentity, seedOf } from '../support/nodes.ts'
import { restarting } from '../support/restarting.ts'
import {
  amira,
  arrive,
  aSync,
  bodies,
  envelopeOf,
  found,
  noteOf,
  ops,
  routine,
  say,
  shown,
  type SyncNode,
} from '../support/sync.ts'

const people = [anIdentity('alpha', 1, 'hub'), anIdentity('bravo', 2), anIdentity('charlie', 3)]
const kits = [anIdentity('alpha', 1), anIdentity('bravo', 2), anIdentity('charlie', 3)]
const priority = segmentDocument(ops, 'priority', 0)

test('in a later life, who names more of an earlier list than is here does not have what is here', async (t) => {
  const disk = openMemoryStore()
  const before = await aSync('alpha', { knows: kits, store: disk })
  const [bravo, charlie] = [
    await aSync('bravo', { knows: kits }),
    await aSync('charlie', { knows: kits }),
  ]
  await found(before)
  for (const node of [bravo, charlie]) await arrive(node, await envelopeOf(before, DIRECTORY))
  await say(before, 'one')
  await envelopeOf(before, routine)
  const image = await stolenDisk(disk)
  for (const text of ['lost 2', 'lost 3']) await say(before, text)
  await arrive(charlie, await envelopeOf(before, routine))
  await say(before, 'lost as well', 'priority')
  const proof = await envelopeOf(before, priority)
  await before[Symbol.asyncDispose]()

  const back = await aSync('alpha', { knows: kits, store: image })
  const other = await say(back, 'another two')
  await arrive(bravo, await envelopeOf(back, routine))
  await arrive(back, proof, { from: bravo.id })
  t.ok(back.context.run.isOver, 'it begins a new life')
  await back[Symbol.asyncDispose]()
  const next = await aSync('alpha', {
    knows: kits,
    store: image,
    life: seedOf('next').subarray(0, 4),
  })
  t.teardown(async () => {
    for (const node of [next, bravo, charlie]) await node[Symbol.asyncDispose]()
  })
  t.ok((await bodies(next)).includes('another two'))
  t.notOk((await bodies(charlie)).includes('another two'))

  await arrive(next, await told(charlie), { from: charlie.id })

  t.not(await wordOf(next, other, charlie.id), 'stored')
})

test('what comes back of a branch is not stored where the other branch was signed for', async (t) => {
  const { alpha, bravo, charlie } = await aFork(t)
  // Bravo has 'since', and signs for it: so far that is the truth.
  await charlie.hear(await told(bravo))
  for (const one of [
    await envelopeOf(bravo, KEYS),
    await envelopeOf(alpha, KEYS),
    await envelopeOf(alpha, routine),
    await told(alpha, KEYS),
  ])
    await charlie.hear(one)

  const lost = (await shown(charlie.node())).find(({ body }) => body === 'lost 1')
  t.notOk((await bodies(bravo)).includes('lost 1'), 'bravo has not got it')
  t.not(await wordOf(charlie.node(), must(lost, 'it came back'), bravo.id), 'stored')

  // Bravo hears of the fork, and says in person that it has two of that list, and no more.
  await arrive(bravo, await envelopeOf(alpha, KEYS))
  t.notOk((await bodies(bravo)).includes('since'))
  for (const kind of ['receipt', 'have'] as const) {
    const note = await describe(bravo.context.replica.read, kind, [routine])
    await arrive(charlie.node(), await noteOf(bravo, note), { from: bravo.id })
    t.not(await wordOf(charlie.node(), must(lost, 'it came back'), bravo.id), 'stored', kind)
  }
})

test('put back twice: who has the second try does not mean the first when that comes back', async (t) => {
  const disk = openMemoryStore()
  const before = await aSync('alpha', { knows: kits, store: disk })
  const [bravo, charlie] = [
    await aSync('bravo', { knows: kits }),
    await aSync('charlie', { knows: kits }),
  ]
  await found(before)
  for (const node of [bravo, charlie]) await arrive(node, await envelopeOf(before, DIRECTORY))
  await say(before, 'one')
  await envelopeOf(before, routine)
  const image = await stolenDisk(disk)
  const two = await say(before, 'two')
  await say(before, 'three')
  const proof = await envelopeOf(before, routine)
  await arrive(bravo, proof)
  await before[Symbol.asyncDispose]()

  const first = await aSync('alpha', { knows: kits, store: await stolenDisk(image) })
  await say(first, 'another two')
  await arrive(charlie, await envelopeOf(first, routine))
  await first[Symbol.asyncDispose]()

  const second = await aSync('alpha', { knows: kits, store: image })
  await arrive(second, await told(charlie), { from: charlie.id })
  await arrive(second, proof, { from: bravo.id })
  t.ok(second.context.run.isOver)
  await second[Symbol.asyncDispose]()
  const next = await aSync('alpha', {
    knows: kits,
    store: image,
    life: seedOf('next').subarray(0, 4),
  })
  t.teardown(async () => {
    for (const node of [next, bravo, charlie]) await node[Symbol.asyncDispose]()
  })
  await arrive(next, proof, { from: bravo.id })
  t.ok((await bodies(next)).includes('two'))
  t.notOk((await bodies(charlie)).includes('two'))

  t.not(await wordOf(next, two, charlie.id), 'stored')
})

test('who hears of a fork before us says anew what it has, and that is passed on all the same', async (t) => {
  for (const order of ['proof first', 'word first', 'an old word in between'] as const) {
    const { relay, far, author, hearsProof, farsWords } = await aRelay(t)
    const [old, fresh] = farsWords
    await arrive(relay, old, { from: far.id })
    if (order === 'word first') await arrive(relay, fresh, { from: far.id })
    await hearsProof()
    if (order === 'word first') t.strictSame(await asks(relay, far), [routine], 'it is asked again')
    if (order === 'an old word in between') await arrive(relay, old, { from: 'post:late' })
    await arrive(relay, fresh, { from: far.id })
    const queued = await relay.context.replica.read.list(range.notes(author))
    t.equal(queued.length > 0 && (await names(relay, author, far)), true, order)
  }
})

test('a doubt that begins at a later number is no reason to believe an earlier one', async (t) => {
  for (const lost of [['lost 2'], ['lost 2', 'lost 3', 'lost 4']]) {
    const disk = openMemoryStore()
    const before = await aSync('alpha', { knows: kits, store: disk })
    const [bravo, charlie] = [
      await aSync('bravo', { knows: kits }),
      await aSync('charlie', { knows: kits }),
    ]
    await found(before)
    for (const node of [bravo, charlie]) await arrive(node, await envelopeOf(before, DIRECTORY))
    await say(before, 'one')
    await envelopeOf(before, routine)
    const image = await stolenDisk(disk)
    for (const text of lost) await say(before, text)
    await arrive(charlie, await envelopeOf(before, routine))
    await say(before, 'lost as well', 'priority')
    await arrive(charlie, await envelopeOf(before, priority))
    await before[Symbol.asyncDispose]()

    const back = await aSync('alpha', { knows: kits, store: image })
    t.teardown(async () => {
      for (const node of [back, bravo, charlie]) await node[Symbol.asyncDispose]()
    })
    const other = await say(back, 'another two')
    await arrive(bravo, await envelopeOf(back, routine))
    // Bravo passes charlie's words on, the one about the other document first; the proof is far away.
    await arrive(back, await told(charlie, priority), { from: bravo.id })
    await say(back, 'another three')
    await arrive(bravo, await envelopeOf(back, routine))
    await arrive(back, await told(charlie), { from: bravo.id })

    t.notOk((await bodies(charlie)).includes('another two'))
    t.not(await wordOf(back, other, charlie.id), 'stored', lost.join())
  }
})

test('a lie at a post office does not keep a true fork there from being asked about', async (t) => {
  for (const isLying of [false, true]) {
    const mallory = anIdentity('mallory', 9)
    const knows = [...kits, mallory]
    const disk = openMemoryStore()
    const before = await aSync('alpha', { knows, store: disk })
    const [bravo, charlie] = [await aSync('bravo', { knows }), await aSync('charlie', { knows })]
    await found(before)
    for (const node of [bravo, charlie]) await arrive(node, await envelopeOf(before, DIRECTORY))
    await say(before, 'one')
    const common = await envelopeOf(before, routine)
    for (const node of [bravo, charlie]) await arrive(node, common)
    const image = await stolenDisk(disk)
    const office = 'post:office'
    const insider = anInsider(mallory, { knows: kits })
    const lie = (seq: number) =>
      insider.note({
        kind: 'receipt',
        isWhole: false,
        items: [
          {
            document: routine,
            clock: { [before.actor]: seq },
            read: {},
            prints: { [before.actor]: 7 },
          },
        ],
      })
    if (isLying) await arrive(bravo, lie(1), { from: office })
    await say(before, 'two')
    await arrive(charlie, await envelopeOf(before, routine))
    const back = await aSync('alpha', { knows, store: image })
    await say(back, 'another two')
    await arrive(bravo, await envelopeOf(back, routine))
    t.teardown(async () => {
      for (const node of [before, back, bravo, charlie]) await node[Symbol.asyncDispose]()
    })
    // What was asked has left long ago.
    await bravo.context.replica.commit(async (tx) => {
      for (const [place] of await tx.list(range.notes(office))) tx.delete(place)
    })

    await arrive(bravo, await told(charlie), { from: office })

    const queued = await bravo.context.replica.read.list(range.notes(office))
    t.equal(queued.filter(([place]) => place.includes('!want.')).length, 1, `lying: ${isLying}`)
  }
})

test('one note with false prints does not queue a question for each list', async (t) => {
  const { alpha, insider, documents } = await manyDocuments(t)
  const items = documents.map((document) => ({
    document,
    clock: { [alpha.actor]: 3 },
    read: {},
    prints: { [alpha.actor]: 7 },
  }))
  await arrive(alpha, insider.note({ kind: 'receipt', isWhole: false, items }), {
    from: insider.node,
  })

  const queued = await alpha.context.replica.read.list(range.notes(insider.node))
  const wants = queued.filter(([place]) => place.includes('!want.')).length
  t.ok(wants <= 16, `${wants} questions`)
})

test('words about earlier numbers, said again and again, do not load whole documents each time', async (t) => {
  const { alpha, insider, documents, loads } = await manyDocuments(t)
  const items = documents.map((document) => ({
    document,
    clock: { [alpha.actor]: 2 },
    read: {},
    prints: { [alpha.actor]: 7 },
  }))
  const note = () => insider.note({ kind: 'receipt', isWhole: false, items })
  const bare = items.map(({ document, clock, read }) => ({ document, clock, read }))
  const silent = loads()
  for (let times = 0; times < 10; times += 1)
    await arrive(alpha, insider.note({ kind: 'receipt', isWhole: false, items: bare }), {
      from: insider.node,
    })
  t.equal(loads() - silent, 0, 'without prints nothing is loaded')
  await arrive(alpha, note(), { from: insider.node })
  const first = loads()
  for (let times = 0; times < 10; times += 1) await arrive(alpha, note(), { from: insider.node })
  t.equal(loads() - first, 0, `${loads() - first} documents were loaded for nothing`)
})

test('prints of lists and documents that are not here load nothing', async (t) => {
  const { alpha, insider, loads } = await manyDocuments(t, 1)
  const items = Array.from({ length: 1_000 }, (_, index) => ({
    document: segmentDocument(ops, 'routine', 1_000 + index),
    clock: { [alpha.actor]: 0 },
    read: {},
    prints: { [alpha.actor]: 7 },
  }))
  const before = loads()
  await arrive(alpha, insider.note({ kind: 'receipt', isWhole: false, items }), {
    from: insider.node,
  })
  t.equal(loads() - before, 0, `${loads() - before} documents were loaded for nothing`)
})

/** Alpha has three posts in each of many documents; mallory is an insider. */
async function manyDocuments(t: Test, count = 60) {
  const mallory = anIdentity('mallory', 9)
  let lists = 0
  const plain = openMemoryStore()
  const store = new Proxy(plain, {
    get: (of, name) => {
      const value = Reflect.get(of, name) as unknown
      if (typeof value !== 'function') return value
      return (...given: unknown[]): unknown => {
        const { from } = (given[0] ?? {}) as { from?: string }
        if (name === 'list' && typeof from === 'string' && from.startsWith('loose/')) lists += 1
        return (value as (...all: unknown[]) => unknown).apply(of, given)
      }
    },
  })
  const alpha = await aSync('alpha', { knows: [...kits, mallory], store })
  t.teardown(() => alpha[Symbol.asyncDispose]())
  await found(alpha)
  const documents = Array.from({ length: count }, (_, index) =>
    segmentDocument(ops, 'routine', index),
  )
  for (const document of documents)
    for (const body of ['a', 'b', 'c'])
      await alpha.context.replica.commit((tx) =>
        writeHere(tx, alpha.context, {
          document,
          entry: {
            author: amira,
            claimedAt: alpha.context.now(),
            content: { kind: 'post', body, root: undefined },
          },
        }),
      )
  for (const document of documents) await envelopeOf(alpha, document)
  return { alpha, insider: anInsider(mallory, { knows: kits }), documents, loads: () => lists }
}

/** The documents of which a node would be asked now what it has. */
async function asks({ context }: SyncNode, { id }: SyncNode): Promise<readonly DocumentId[]> {
  const look = (tx: Tx) => doubtfulAt(tx, context, { peer: id })
  return (await context.replica.commit(look)).documents
}

/** Whether the newest word of `far` that waits for `author` names no more than the list has now. */
async function names(relay: SyncNode, author: NodeId, far: SyncNode): Promise<boolean> {
  await relay.context.replica.commit((tx) => passOnAgain(tx, relay.context, { peer: author }))
  const queued = await relay.context.replica.read.list(range.notes(author))
  const notes = queued.flatMap(([, bytes]) => unpack<NoteRecord>(bytes) ?? [])
  return notes.some(({ actor, body }) => {
    const note = actor === far.actor ? decodeNote(body, relay.context.roster) : undefined
    const { clock = {} } = note?.items.find(({ document }) => document === routine) ?? {}
    return note?.kind === 'receipt' && Object.values(clock).includes(1)
  })
}

/** Bravo passes on to charlie what dave says. Charlie's list forks; dave hears of it first and has less of it then. */
async function aRelay(t: Test) {
  const knows = [...kits, anIdentity('dave', 4)]
  const disk = openMemoryStore()
  const [bravo, dave, erin] = [
    await aSync('bravo', { knows }),
    await aSync('dave', { knows }),
    await aSync('alpha', { knows }),
  ]
  await found(erin)
  const basis = [await envelopeOf(erin, KEYS), await envelopeOf(erin, DIRECTORY)]
  for (const node of [bravo, dave]) for (const one of basis) await arrive(node, one)
  const before = await aSync('charlie', { knows, store: disk })
  for (const one of basis) await arrive(before, one)
  await say(before, 'one')
  const common = await envelopeOf(before, routine)
  const image = await stolenDisk(disk)
  await say(before, 'lost')
  const lost = await envelopeOf(before, routine)
  await before[Symbol.asyncDispose]()
  const charlie = await aSync('charlie', { knows, store: image })
  await say(charlie, 'since')
  const since = await envelopeOf(charlie, routine)
  for (const node of [bravo, dave, erin]) await arrive(node, common)
  await arrive(erin, since)
  for (const node of [bravo, dave]) await arrive(node, lost)
  const old = await told(dave)
  // Erin proves the fork, and dave hears it.
  await arrive(erin, lost)
  const proof = await envelopeOf(erin, KEYS)
  await arrive(dave, proof)
  const fresh = await told(dave)
  t.teardown(async () => {
    for (const node of [bravo, dave, erin, charlie]) await node[Symbol.asyncDispose]()
  })
  for (const node of [bravo]) {
    const peers = node.context.peers as Set<string>
    if (typeof peers.add === 'function') for (const peer of [charlie.id, dave.id]) peers.add(peer)
  }
  return {
    relay: bravo,
    far: dave,
    author: charlie.id,
    hearsProof: async () => arrive(bravo, proof),
    farsWords: [old, fresh] as const,
  }
}

async function told(node: SyncNode, document = routine): Promise<Uint8Array> {
  return noteOf(node, await describe(node.context.replica.read, 'receipt', [document]))
}

async function wordOf({ context }: SyncNode, message: MessageRecord, node: NodeId) {
  const ways = await standings(context, message, [])
  return ways.find(({ destination }) => destination === node)?.word
}

/** As in put-back.test.ts: the hub holds the lost branch, bravo the other one, and bravo knows of no fork yet. */
async function aFork(t: Test) {
  const knows = people
  const alpha = await aSync('alpha', { role: 'hub', knows })
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
  for (const node of [alpha, bravo]) await arrive(node, common)
  await arrive(alpha, lost)
  await arrive(bravo, since)
  // The hub finds the fork; bravo does not hear of it.
  await arrive(alpha, since)
  t.teardown(async () => {
    for (const node of [alpha, bravo, charlie.node()]) await node[Symbol.asyncDispose]()
  })
  return { alpha, bravo, charlie }
}
