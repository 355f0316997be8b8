/** What the report of gaps says, and what it leaves out. */
import { test } from 'tap'
import { must } from '#base/assert.ts'
import type { DocumentId } from '#base/ids.ts'
import { GAPS_WEIGHED_MAX } from '#base/limits.ts'
import { DIRECTORY, KEYS, segmentDocument } from '#model/document-id.ts'
import { lookForGaps, type GapPage } from '#sync/gaps.ts'
import { key, range } from '#sync/keys.ts'
import { pack, unpack, type DocumentRecord, type HoleRecord } from '#sync/records.ts'
import { aFleet, enter, makeChannel, postIn, revoke, type Fleet } from '../support/fleet.ts'
import { anIdentity } from '../support/nodes.ts'
import {
  arrive,
  aSync,
  envelopeOf,
  found,
  noteOf,
  ops,
  routine,
  say,
  type SyncNode,
} from '../support/sync.ts'

const MINUTE_MS = 60_000
const ALL = { skip: 0, limit: 500 }
const NAMES = ['hub', 'alpha', 'bravo'] as const

test('what others have not signed for stands there by lane, with its size and age, until they have', async (t) => {
  const fleet = await aTeam(t)
  fleet.isolate('bravo')
  const since = fleet.clock.now()
  await say(fleet.node('hub'), 'burst pipe', 'flash')
  await say(fleet.node('hub'), 'water')
  await fleet.clock.advance(MINUTE_MS)

  const { documents } = await lookForGaps(fleet.node('hub').context, ALL)

  t.match(
    documents.map(({ lane, lacking, lackedBy }) => ({ lane, lacking, lackedBy })),
    [
      {
        lane: 'flash',
        lacking: undefined,
        lackedBy: [{ node: fleet.node('bravo').id, changes: 1 }],
      },
      { lane: 'routine', lacking: undefined, lackedBy: [{ changes: 1, hasLost: false }] },
    ],
  )
  for (const { lackedBy } of documents)
    t.ok(Math.abs((lackedBy[0]?.since ?? 0) - since) < 10, 'since it was written')
  const size = documents[1]?.lackedBy[0]?.bytes ?? 0
  t.ok(size > 5 && size < 60, `${size} bytes for a word`)
  fleet.rejoin('bravo')
  await fleet.clock.advance(MINUTE_MS)
  t.strictSame(await lookForGaps(fleet.node('hub').context, ALL), { documents: [], marked: 2 })
  t.strictSame((await lookForGaps(fleet.node('hub').context, ALL)).marked, 0, 'and no mark is left')
})

test('a busy channel does not make a gap look older than it is', async (t) => {
  const fleet = await aTeam(t)
  fleet.isolate('bravo')
  for (let count = 0; count < 3; count += 1) {
    await say(fleet.node('hub'), `message ${count}`)
    await fleet.clock.advance(MINUTE_MS)
  }
  fleet.rejoin('bravo')
  await fleet.settle()
  fleet.isolate('bravo')
  const since = fleet.clock.now()
  await say(fleet.node('hub'), 'the only one that lacks')
  await fleet.clock.advance(MINUTE_MS)

  const [gap] = (await lookForGaps(fleet.node('hub').context, ALL)).documents

  t.match(gap?.lackedBy, [{ changes: 1 }])
  t.ok(Math.abs((gap?.lackedBy[0]?.since ?? 0) - since) < 10)
})

test('what others have signed for and is not here is lacking, with who could give it', async (t) => {
  const { alpha, bravo, charlie } = await aTrio(t)
  for (const text of ['one', 'two']) await say(charlie, text)
  await arrive(bravo, await envelopeOf(charlie, routine))
  const since = alpha.context.now()

  await arrive(alpha, await receiptBy(bravo, routine))

  const page = await lookForGaps(alpha.context, ALL)
  t.match(lackingIn(page, routine), {
    changes: 2,
    since,
    isDamaged: false,
    holders: [{ node: bravo.id, changes: 2 }],
    asked: undefined,
  })
  await arrive(alpha, await envelopeOf(bravo, routine))
  t.equal(lackingIn(await lookForGaps(alpha.context, ALL), routine), undefined)
  t.strictSame(await alpha.context.replica.read.list(range.announced), [])
})

test('what came early says what must come before it', async (t) => {
  const { alpha, charlie } = await aTrio(t)
  for (const text of ['one', 'two', 'three']) await say(charlie, text)

  await arrive(alpha, await envelopeOf(charlie, routine, { [charlie.actor]: 2 }))

  t.match(lackingIn(await lookForGaps(alpha.context, ALL), routine), { changes: 2, holders: [] })
})

test('what damage took is lacking until it is back', async (t) => {
  const { alpha, charlie } = await aTrio(t)
  await say(charlie, 'one')
  const hole: HoleRecord = { since: alpha.context.now(), wanted: { [charlie.actor]: 1 } }
  await alpha.context.replica.commit(async (tx) => tx.put(key.hole(routine), pack(hole)))

  t.match(lackingIn(await lookForGaps(alpha.context, ALL), routine), {
    changes: 1,
    isDamaged: true,
  })
  await arrive(alpha, await envelopeOf(charlie, routine))
  t.equal(lackingIn(await lookForGaps(alpha.context, ALL), routine), undefined)
})

test('a private channel is lacking nowhere but where it belongs', async (t) => {
  const fleet = await aTeam(t)
  const [hub, alpha, bravo] = NAMES.map(fleet.node) as [SyncNode, SyncNode, SyncNode]
  const channel = await makeChannel(alpha, 'private', [alpha])
  await fleet.settle()
  fleet.isolate('bravo')
  await postIn(alpha, channel, 'secret')
  await fleet.settle()

  const secret = segmentDocument(channel, 'routine', 0)
  const here = await lookForGaps(alpha.context, ALL)
  t.notOk(here.documents.some(({ document }) => document === secret))
  // Receipts are for everybody: bravo hears that there is something.
  await arrive(bravo, await receiptBy(hub, secret))
  const there = await lookForGaps(bravo.context, ALL)
  t.notOk(there.documents.some(({ document }) => document === secret))
})

test('nobody waits for a node that was shut out, or believes what it says to hold', async (t) => {
  const fleet = await aTeam(t)
  const [hub, alpha, bravo] = NAMES.map(fleet.node) as [SyncNode, SyncNode, SyncNode]
  fleet.isolate('bravo')
  const note = { kind: 'receipt', isWhole: false } as const
  const claim = { document: routine, clock: { [bravo.actor]: 77 }, read: {} }
  await arrive(alpha, await noteOf(bravo, { ...note, items: [claim] }))
  t.match(lackingIn(await lookForGaps(alpha.context, ALL), routine), { changes: 77 })

  await revoke(hub, bravo)
  await say(hub, 'without bravo')
  await fleet.clock.advance(MINUTE_MS)

  for (const { context } of [hub, alpha])
    t.strictSame((await lookForGaps(context, ALL)).documents, [])
})

test('a node that says it has lost what it signed for lacks it again', async (t) => {
  const fleet = await aTeam(t)
  const [hub, , bravo] = NAMES.map(fleet.node) as [SyncNode, SyncNode, SyncNode]
  await say(hub, 'one')
  await fleet.settle()
  const empty = { document: routine, clock: {}, read: {} }
  const have = await noteOf(bravo, { kind: 'have', isWhole: false, items: [empty] })

  await arrive(hub, have)
  t.strictSame((await lookForGaps(hub.context, ALL)).documents, [], 'it may have lain somewhere')
  await arrive(hub, have, { from: bravo.id })

  const [gap] = (await lookForGaps(hub.context, ALL)).documents
  t.match(gap, { document: routine, lackedBy: [{ node: bravo.id, changes: 1, hasLost: true }] })
  await fleet.settle()
  await arrive(hub, await receiptBy(bravo, routine))
  t.strictSame((await lookForGaps(hub.context, ALL)).documents, [])
})

test('pages do not overlap and leave nothing out; only so many documents are weighed', async (t) => {
  const { alpha } = await aTrio(t)
  const count = GAPS_WEIGHED_MAX + 6
  for (let number = 0; number < count; number += 1)
    await enter(alpha, segmentDocument(ops, 'routine', number), {
      kind: 'post',
      body: 'x',
      root: undefined,
    })

  const whole = await lookForGaps(alpha.context, ALL)
  const pages = await Promise.all(
    [0, 1, 2, 3, 4].map((page) => lookForGaps(alpha.context, { skip: page * 20, limit: 20 })),
  )

  t.strictSame(
    pages.flatMap(({ documents }) => documents.map(({ document }) => document)),
    whole.documents.map(({ document }) => document),
  )
  const weighed = whole.documents.filter(({ lackedBy }) => lackedBy[0]?.bytes !== undefined)
  t.equal(weighed.length, GAPS_WEIGHED_MAX)
  t.match(whole.documents.at(-1)?.lackedBy, [{ bytes: undefined, changes: 1 }, { changes: 1 }])
})

function lackingIn({ documents }: GapPage, document: DocumentId) {
  return documents.find((one) => one.document === document)?.lacking
}

/** A node's signed word on what it holds of a document. */
async function receiptBy(node: SyncNode, document: DocumentId): Promise<Uint8Array> {
  const bytes = await node.context.replica.read.get(key.document(document))
  const { clock } = must(unpack<DocumentRecord>(bytes), 'it holds some of it')
  return noteOf(node, { kind: 'receipt', isWhole: false, items: [{ document, clock, read: {} }] })
}

/** A hub and two kits that have all there is, and know of no gap. */
async function aTeam(t: Parameters<typeof aFleet>[0]): Promise<Fleet> {
  const fleet = await aFleet(t, NAMES)
  await found(fleet.node('hub'))
  await fleet.clock.advance(10 * MINUTE_MS)
  for (const name of NAMES)
    t.strictSame((await lookForGaps(fleet.node(name).context, ALL)).documents, [])
  return fleet
}

/** Three nodes without a link; alpha has founded the channel, and they have heard of that. */
async function aTrio(t: Parameters<typeof aFleet>[0]) {
  const knows = ['alpha', 'bravo', 'charlie'].map((name, index) => anIdentity(name, index + 1))
  const [alpha, bravo, charlie] = [
    await aSync('alpha', { knows }),
    await aSync('bravo', { knows }),
    await aSync('charlie', { knows }),
  ]
  t.teardown(async () => {
    for (const node of [alpha, bravo, charlie]) await node[Symbol.asyncDispose]()
  })
  await found(alpha)
  for (const node of [bravo, charlie])
    for (const document of [KEYS, DIRECTORY]) await arrive(node, await envelopeOf(alpha, document))
  for (const node of [bravo, charlie]) await arrive(alpha, await envelopeOf(node, KEYS))
  await arrive(bravo, await envelopeOf(charlie, KEYS))
  return { alpha, bravo, charlie }
}
