import { test } from 'tap'
import { openMemoryNetwork } from '#carriers/memory.ts'
import { KEYS } from '#model/document-id.ts'
import { openMemoryStore } from '#storage/memory-store.ts'
import { virtualClock } from '../support/clock.ts'
import { aFaultyStore } from '../support/faulty-store.ts'
import { collectingLog } from '../support/log.ts'
import { anIdentity, seedOf } from '../support/nodes.ts'
import { amira, aSync, bodies, found, ops, say, type SyncNode } from '../support/sync.ts'

const alphaIdentity = anIdentity('alpha', 1)
const bravoIdentity = anIdentity('bravo', 2)
const knows = [alphaIdentity, bravoIdentity]

test('a node enters its own certificate and sealing key into the keys document, once', async (t) => {
  const store = openMemoryStore()
  const sizes: number[] = []
  for (let start = 0; start < 2; start += 1) {
    await using alpha = await aSync('alpha', { store })
    t.strictSame(alpha.context.keyBook().certificates(), [alphaIdentity.certificateBytes])
    const log = await alpha.context.replica.commit((tx) => tx.log(KEYS))
    sizes.push(log.size())
  }

  t.strictSame(sizes, [2, 2])
})

test('a node that is opened again knows what it knew', async (t) => {
  const store = openMemoryStore()
  const clock = virtualClock()
  const network = openMemoryNetwork({ clock })
  await using bravo = await aSync('bravo', {
    clock,
    knows,
    carriers: [network.open(bravoIdentity.certificate.node)],
  })
  {
    const carrier = network.open(alphaIdentity.certificate.node)
    await using alpha = await aSync('alpha', { store, clock, knows, carriers: [carrier] })
    await found(alpha)
    await say(alpha, 'one')
    await clock.advance(1_000)
    await carrier[Symbol.asyncDispose]()
  }

  await using alpha = await aSync('alpha', { store, clock })

  t.ok(alpha.context.directory().person(amira))
  t.ok(alpha.context.directory().channel(ops))
  t.ok(alpha.context.roster.byNode(bravo.id), 'the other node is in the directory by now')
  t.ok(alpha.context.peers.has(bravo.id))
  t.strictSame(await bodies(alpha), ['one'])
})

test('whenever the power goes, everything is there after the next start, on both sides, once', async (t) => {
  for (let batches = 1; batches <= 24; batches += 1) {
    const clock = virtualClock()
    const network = openMemoryNetwork({ clock, delayMs: 20 })
    const disk = openMemoryStore()
    const log = collectingLog()
    const bravoCarrier = network.open(bravoIdentity.certificate.node)
    const bravo = await aSync('bravo', { clock, log, knows, carriers: [bravoCarrier] })
    await say(await founder(bravo), 'from bravo')
    const promised = ['from bravo']

    for (const isLast of [false, true]) {
      const store = aFaultyStore(disk)
      const carrier = network.open(alphaIdentity.certificate.node)
      if (!isLast) store.cutAfter(batches)
      try {
        const alpha = await aSync('alpha', { clock, log, store, knows, carriers: [carrier] })
        try {
          for (let round = 0; round < 4; round += 1) {
            await clock.advance(30)
            if (isLast) continue
            await say(alpha, `message ${round}`)
            promised.push(`message ${round}`)
          }
          await clock.advance(10_000)
          if (isLast) {
            const there = await bodies(alpha)
            t.strictSame(await bodies(bravo), there, `cut after ${batches}`)
            t.strictSame(
              promised.filter((body) => !there.includes(body)),
              [],
              'nothing promised is lost',
            )
            t.equal(new Set(there).size, there.length, 'nothing is there twice')
          }
        } finally {
          await alpha[Symbol.asyncDispose]()
        }
      } catch (error) {
        if (isLast) throw error // The power went, or the node could not even be opened.
      }
      await carrier[Symbol.asyncDispose]()
    }
    t.strictSame(log.named('envelope.refused'), [], `cut after ${batches}`)
    t.strictSame(log.named('delta.not-vouched-for'), [])
    await bravo[Symbol.asyncDispose]()
    await bravoCarrier[Symbol.asyncDispose]()
  }
})

test('a node restored from a copy of its disk goes on in a new life without losing or doubling anything', async (t) => {
  const clock = virtualClock()
  const network = openMemoryNetwork({ clock })
  const log = collectingLog()
  const disk = openMemoryStore()
  const copy = openMemoryStore()
  await using bravo = await aSync('bravo', {
    clock,
    log,
    knows,
    carriers: [network.open(bravoIdentity.certificate.node)],
  })
  {
    const carrier = network.open(alphaIdentity.certificate.node)
    await using alpha = await aSync('alpha', { store: disk, clock, knows, carriers: [carrier] })
    await found(alpha)
    await say(alpha, 'before the copy')
    await clock.advance(1_000)
    const everything = await disk.list({ from: '', to: '\u{10ffff}' })
    await copy.write(everything.map(([key, value]) => ({ key, value })))
    await say(alpha, 'after the copy')
    await clock.advance(1_000)
    await carrier[Symbol.asyncDispose]()
  }

  const life = seedOf('second life').subarray(0, 4)
  const carrier = network.open(alphaIdentity.certificate.node)
  await using alpha = await aSync('alpha', { store: copy, clock, log, life, carriers: [carrier] })
  await say(alpha, 'in the new life')
  await clock.advance(10_000)
  await say(alpha, 'and on')
  await clock.advance(10_000)

  const wanted = ['after the copy', 'and on', 'before the copy', 'in the new life']
  t.strictSame((await bodies(alpha)).toSorted(), wanted)
  t.strictSame(await bodies(alpha), await bodies(bravo))
  t.strictSame(log.named('envelope.refused'), [])
})

async function founder(node: SyncNode): Promise<SyncNode> {
  await found(node)
  return node
}
