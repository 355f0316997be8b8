/** A node put back to yesterday: it notices at the first word of another, loses nothing and doubles nothing. */
import { test, type Test } from 'tap'
import { must } from '#base/assert.ts'
import type { DocumentId } from '#base/ids.ts'
import type { Note } from '#codec/note.ts'
import type { Clock } from '#model/log.ts'
import { openMemoryNetwork } from '#carriers/memory.ts'
import { readAuditFile, writeAuditFile } from '#codec/audit-file.ts'
import { proveAudit } from '#codec/audit-proof.ts'
import type { Deed } from '#model/audit-words.ts'
import type { Store } from '#ports/store.ts'
import { openMemoryStore } from '#storage/memory-store.ts'
import { audit } from '#sync/audit.ts'
import { auditLists, readAudit } from '#sync/audit-reading.ts'
import { COPIES } from '#sync/copies.ts'
import { range } from '#sync/keys.ts'
import { allDocuments, clockOf, receiptOf } from '#sync/ledger.ts'
import { virtualClock, type VirtualClock } from '../support/clock.ts'
import { collectingLog } from '../support/log.ts'
import { anIdentity, organisation, seedOf } from '../support/nodes.ts'
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

const ALPHA = anIdentity('alpha', 1)
const BRAVO = anIdentity('bravo', 2)
const HUB = anIdentity('bravo', 2, 'hub')
const DAY_MS = 86_400_000

test('restored in place, written on offline, then met: all of it is there, once, on both', async (t) => {
  const scene = await aRestore(t)
  const restored = await scene.open({})
  await say(restored.node, 'since 1')
  const since = await say(restored.node, 'since 2')
  await amend(restored.node, { kind: 'edit', target: since.id, body: 'since 2, edited' })
  await restored.close()

  const met = await scene.open({ isLinked: true })
  await scene.clock.advance(DAY_MS)
  t.equal(met.rebirths(), 1, 'it has to be closed and opened in a new life')
  t.match(met.log.named('node.restored'), [{ facts: { reason: 'others know more' } }])
  await met.close()
  const reborn = await scene.open({ isLinked: true, life: 'second' })
  await scene.clock.advance(DAY_MS)

  const all = [
    'before 1',
    'before 2',
    'lost 1',
    'lost 2',
    'lost 3',
    'lost 4',
    'since 1',
    'since 2, edited',
  ]
  t.strictSame((await bodies(reborn.node)).toSorted(), all)
  t.strictSame((await bodies(scene.bravo)).toSorted(), all)
  t.strictSame(
    (await shown(reborn.node)).map(({ id }) => id),
    (await shown(scene.bravo)).map(({ id }) => id),
  )
  t.strictSame(
    await reborn.node.context.replica.read.list(range.allAside),
    [],
    'nothing is left aside',
  )
  t.equal(reborn.rebirths(), 0)
  await reborn.close()
})

test('its audit goes on in the new life: why stands first, nothing is there twice, and all of it proves itself', async (t) => {
  const scene = await aRestore(t, { isAudited: true })
  const restored = await scene.open({})
  await note(restored.node, 'drill held')
  await restored.close()
  const met = await scene.open({ isLinked: true })
  await scene.clock.advance(DAY_MS)
  t.equal(met.rebirths(), 1)
  await met.close()

  const reborn = await scene.open({ isLinked: true, life: 'second' })
  await scene.clock.advance(DAY_MS)

  const { replica } = reborn.node.context
  const records = await readAudit(replica.read, { after: 0, limit: 1_000 })
  const deeds = records.map(({ deed, actor }) => [deed, actor === reborn.node.actor])
  t.strictSame(deeds, [
    ['audit begun', false],
    ['signed in', false],
    ['epoch made', false],
    ['audit begun', true],
    ['restore noticed', true],
    ['signed out', false],
    ['drill held', true],
    ['claim doubted', true],
  ])
  const { identity, roster } = reborn.node.context
  const certificates = roster.all().flatMap((one) => roster.bytesOf(one.node) ?? [])
  const lists = await replica.commit((tx) => auditLists(tx, reborn.node.context, undefined))
  const file = readAuditFile(writeAuditFile(identity, { exportedAt: 0, certificates, lists }))
  const { problems } = proveAudit(must(file, 'a file is read'), organisation.rootKey)
  t.strictSame(problems, [])
  await reborn.close()
})

function note({ context }: SyncNode, deed: Deed): Promise<void> {
  return context.replica.commit((tx) => audit(tx, context, { deed }))
}

test('its own word, back from a post office, may name what it has and never sent', async (t) => {
  await using alpha = await aSync('alpha', { knows: [BRAVO] })
  await found(alpha)
  await say(alpha, 'kept')
  const clock = { [alpha.actor]: 1 }
  const word = await noteOf(alpha, aHave(routine, clock))

  await arrive(alpha, word, { from: 'post:town' })

  t.equal(alpha.context.run.isOver, false)
  const more = await noteOf(alpha, aHave(routine, { [alpha.actor]: 2 }))
  await arrive(alpha, more, { from: 'post:town' })
  t.equal(alpha.context.run.isOver, true, 'it once had more')
})

test('who wrote more since than was lost is noticed as well', async (t) => {
  const scene = await aRestore(t)
  const restored = await scene.open({})
  for (let count = 1; count <= 6; count += 1) await say(restored.node, `since ${count}`)
  await restored.close()

  const met = await scene.open({ isLinked: true })
  await scene.clock.advance(DAY_MS)
  t.equal(met.rebirths(), 1)
  await met.close()
  const reborn = await scene.open({ isLinked: true, life: 'second' })
  await scene.clock.advance(DAY_MS)

  const since = Array.from({ length: 6 }, (_, index) => `since ${index + 1}`)
  const all = ['before 1', 'before 2', 'lost 1', 'lost 2', 'lost 3', 'lost 4', ...since]
  t.strictSame((await bodies(reborn.node)).toSorted(), all)
  t.strictSame((await bodies(scene.bravo)).toSorted(), all)
  await reborn.close()
})

test('a restored node that wrote nothing gets back what it lost, and writes on', async (t) => {
  const scene = await aRestore(t)
  const met = await scene.open({ isLinked: true })
  await scene.clock.advance(DAY_MS)
  t.equal(met.rebirths(), 1)
  await met.close()

  const reborn = await scene.open({ isLinked: true, life: 'second' })
  await say(reborn.node, 'after')
  await scene.clock.advance(DAY_MS)

  const all = ['after', 'before 1', 'before 2', 'lost 1', 'lost 2', 'lost 3', 'lost 4']
  t.strictSame((await bodies(reborn.node)).toSorted(), all)
  t.strictSame((await bodies(scene.bravo)).toSorted(), all)
  await reborn.close()
})

test('what it has signed for in the life before it signs for again, so that others can pass it on', async (t) => {
  const scene = await aRestore(t)
  const met = await scene.open({ isLinked: true })
  await scene.clock.advance(DAY_MS)
  await met.close()

  const reborn = await scene.open({ isLinked: true, life: 'second' })
  await scene.clock.advance(DAY_MS)

  const { read } = scene.bravo.context.replica
  for (const document of await allDocuments(read)) {
    const receipt = must(await receiptOf(read, reborn.node.id, document), 'it has said what it has')
    t.strictSame(receipt.told, receipt.clock, `all that it has of ${document} it has signed for`)
    t.ok(receipt.said, 'and that is kept')
  }
  await reborn.close()
})

test('what was in the backup and not yet sent is not written twice', async (t) => {
  const scene = await aRestore(t, { isCutBeforeImage: true })
  const met = await scene.open({ isLinked: true })
  await scene.clock.advance(DAY_MS)
  await met.close()

  const reborn = await scene.open({ isLinked: true, life: 'second' })
  await scene.clock.advance(DAY_MS)

  const all = ['before 1', 'before 2', 'before 3', 'lost 1', 'lost 2', 'lost 3', 'lost 4']
  t.strictSame((await bodies(reborn.node)).toSorted(), all)
  t.strictSame((await bodies(scene.bravo)).toSorted(), all)
  await reborn.close()
})

test('nor is it when it was proved of another document only', async (t) => {
  const scene = await aRestore(t, { isCutBeforeImage: true })
  const restored = await scene.open({})
  const unsent = (await shown(restored.node)).filter(({ body }) => body !== 'before 1')
  t.equal(unsent.length, 2)
  for (const { document } of unsent) {
    const clock = await clockOf(scene.bravo.context.replica.read, document)
    await arrive(restored.node, await noteOf(scene.bravo, aHave(document, clock)))
  }
  await arrive(restored.node, await envelopeOf(scene.bravo, routine))
  t.equal(restored.node.context.run.isOver, true)
  await restored.close()

  const reborn = await scene.open({ isLinked: true, life: 'second' })
  await scene.clock.advance(DAY_MS)

  const all = ['before 1', 'before 2', 'before 3', 'lost 1', 'lost 2', 'lost 3', 'lost 4']
  t.strictSame((await bodies(reborn.node)).toSorted(), all)
  t.strictSame((await bodies(scene.bravo)).toSorted(), all)
  await reborn.close()
})

for (const isAnswered of [false, true])
  test(`what was written again and shows itself later is withdrawn, ${isAnswered ? 'but not once it was answered' : 'its answers first'}`, async (t) => {
    const scene = await aRestore(t, { isCutBeforeImage: true, isThread: true })
    const restored = await scene.open({})
    await arrive(restored.node, await envelopeOf(scene.bravo, routine))
    t.equal(restored.node.context.run.isOver, true)
    await restored.close()
    const alone = await scene.open({ life: 'second' })
    const again = (await shown(alone.node)).filter(({ lane }) => lane === 'flash')
    t.same(again.map(({ body }) => body).toSorted(), ['before 3', 'before 4'])
    const root = must(
      again.find(({ body }) => body === 'before 3'),
      'it is there',
    ).id
    if (isAnswered) await say(alone.node, 'since', 'immediate', root)
    await alone.close()

    const reborn = await scene.open({ isLinked: true, life: 'second' })
    await scene.clock.advance(DAY_MS)

    const all = [
      'before 1',
      'before 2',
      'before 3',
      'before 4',
      'lost 1',
      'lost 2',
      'lost 3',
      'lost 4',
    ]
    const twice = isAnswered ? ['before 3', 'since'] : []
    for (const node of [reborn.node, scene.bravo]) {
      const left = (await shown(node)).filter(({ deletedAt }) => deletedAt === 0)
      t.strictSame(left.map(({ body }) => body).toSorted(), [...all, ...twice].toSorted())
      const first = left.find(({ body, id }) => body === 'before 3' && id !== root)
      t.equal(left.find(({ body }) => body === 'before 4')?.root, must(first, 'it came').id)
    }
    const copies = await reborn.node.context.replica.read.list(COPIES)
    t.equal(copies.length, isAnswered ? 1 : 0)
    await reborn.close()
  })

test('a lie told beside the truth hides what was not sent for an hour, not for good', async (t) => {
  const scene = await aRestore(t)
  const restored = await scene.open({})
  await say(restored.node, 'since', 'flash')
  const [since] = (await shown(restored.node)).filter(({ body }) => body === 'since')
  const document = must(since, 'it was just said').document
  const clock = { [restored.node.actor]: 1_000 }
  await arrive(restored.node, await noteOf(scene.bravo, aHave(document, clock)))
  t.equal(restored.node.context.run.isOver, false)
  const proof = await envelopeOf(scene.bravo, routine, { [restored.node.actor]: 2 })
  await arrive(restored.node, proof)
  t.equal(restored.node.context.run.isOver, true)
  await restored.close()

  const reborn = await scene.open({ isLinked: true, life: 'second' })
  await scene.clock.advance(2 * 3_600_000)

  const all = ['before 1', 'before 2', 'lost 1', 'lost 2', 'lost 3', 'lost 4', 'since']
  t.strictSame((await bodies(reborn.node)).toSorted(), all)
  t.strictSame((await bodies(scene.bravo)).toSorted(), all)
  t.strictSame(await reborn.node.context.replica.read.list(range.allAside), [])
  await reborn.close()
})

test('a node that died before its old life had ended is told again at its next start', async (t) => {
  const scene = await aRestore(t)
  const met = await scene.open({ isLinked: true })
  await scene.clock.advance(DAY_MS)
  await met.close()

  const again = await scene.open({})

  t.ok(again.rebirths() > 0)
  await again.close()
})

function aHave(document: DocumentId, clock: Clock): Note {
  return { kind: 'have', isWhole: false, items: [{ document, clock, read: {} }] }
}

interface Opened {
  readonly node: SyncNode
  readonly log: ReturnType<typeof collectingLog>
  readonly rebirths: () => number
  readonly close: () => Promise<void>
}

interface Scene {
  readonly clock: VirtualClock
  readonly bravo: SyncNode
  /** Alpha on its restored disk. */
  readonly open: (choice: {
    readonly isLinked?: boolean
    readonly life?: string
    readonly store?: Store
  }) => Promise<Opened>
}

/** Alpha wrote and sent, an image of its disk was taken, it wrote and sent more, and the image was put back. */
async function aRestore(
  t: Test,
  { isCutBeforeImage = false, isAudited = false, isThread = false } = {},
): Promise<Scene> {
  const clock = virtualClock()
  const network = openMemoryNetwork({ clock, delayMs: 0 })
  const bravo = await aSync('bravo', {
    role: isAudited ? 'hub' : 'kit',
    clock,
    knows: [ALPHA],
    carriers: [network.open(BRAVO.certificate.node)],
  })
  t.teardown(() => bravo[Symbol.asyncDispose]())
  const open = async (
    store: Store,
    { isLinked = false, life = 'first' }: { readonly isLinked?: boolean; readonly life?: string },
  ): Promise<Opened> => {
    let rebirths = 0
    const log = collectingLog()
    const carrier = isLinked ? network.open(ALPHA.certificate.node) : undefined
    const node = await aSync('alpha', {
      clock,
      store,
      log,
      life: seedOf(life).subarray(0, 4),
      knows: [isAudited ? HUB : BRAVO],
      carriers: carrier === undefined ? [] : [carrier],
      onRebirth: () => {
        rebirths += 1
      },
    })
    await clock.advance(DAY_MS / 24)
    return {
      node,
      log,
      rebirths: () => rebirths,
      close: async () => {
        await node[Symbol.asyncDispose]()
        await carrier?.[Symbol.asyncDispose]()
      },
    }
  }
  const disk = openMemoryStore()
  const first = await open(disk, { isLinked: true })
  await found(first.node)
  await say(first.node, 'before 1')
  if (isAudited) await note(first.node, 'signed in')
  if (!isCutBeforeImage) await say(first.node, 'before 2')
  await clock.advance(DAY_MS)
  await first.close()
  const offline = await open(disk, {})
  if (isCutBeforeImage) {
    await say(offline.node, 'before 2')
    const { id: root } = await say(offline.node, 'before 3', 'flash')
    if (isThread) await say(offline.node, 'before 4', 'flash', root)
  }
  await offline.close()
  const image = await imageOf(disk)
  const second = await open(disk, { isLinked: true })
  for (const number of [1, 2, 3, 4]) await say(second.node, `lost ${number}`)
  if (isAudited) await note(second.node, 'signed out')
  await clock.advance(DAY_MS)
  t.equal((await bodies(bravo)).length, 6 + Number(isCutBeforeImage) + Number(isThread))
  await second.close()
  return { clock, bravo, open: ({ store = image, ...choice }) => open(store, choice) }
}

async function imageOf(store: Store): Promise<Store> {
  const image = openMemoryStore()
  const entries = await store.list({ from: '', to: '\u{10ffff}' })
  await image.write(entries.map(([name, value]) => ({ key: name, value })))
  return image
}
