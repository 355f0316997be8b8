import { test } from 'tap'
import { must } from '#base/assert.ts'
import { SEGMENT_PERIOD_MS } from '#base/limits.ts'
import { decodeNote, type NoteItem } from '#codec/note.ts'
import { channelDocument, DIRECTORY, segmentDocument } from '#model/document-id.ts'
import type { PeerId } from '#ports/carrier.ts'
import { cutNotesAlone } from '#sync/contact-notes.ts'
import { key, range } from '#sync/keys.ts'
import { markSeen } from '#sync/seen.ts'
import { pack, unpack } from '#sync/records.ts'
import { virtualClock } from '../support/clock.ts'
import { anIdentity, type NodeChoice } from '../support/nodes.ts'
import {
  arrive,
  aSync,
  envelopeOf,
  found,
  notesIn,
  ops,
  routine,
  say,
  type SyncNode,
} from '../support/sync.ts'

const office: PeerId = 'post:office'
const alphaIdentity = anIdentity('alpha', 1)

test('what was on a screen is marked and told with the next receipt', async (t) => {
  const { alpha, bravo } = await aReader()
  await say(alpha, 'one')
  await arrive(bravo, await envelopeOf(alpha, routine))
  await pay(bravo)

  await look(bravo)

  t.strictSame(await seen(bravo), { [alpha.actor]: 1 })
  t.ok(await bravo.context.replica.read.get(key.owed(office, routine)))
})

test('looking again at the same tells nobody anything', async (t) => {
  const { alpha, bravo } = await aReader()
  await say(alpha, 'one')
  await arrive(bravo, await envelopeOf(alpha, routine))
  await look(bravo)
  await pay(bravo)

  await look(bravo)

  t.equal(await bravo.context.replica.read.get(key.owed(office, routine)), undefined)
})

test('that we saw what we wrote ourselves is nothing to tell', async (t) => {
  const { alpha } = await aReader()
  alpha.context.peers.add(office)
  await say(alpha, 'one')

  await look(alpha)

  t.equal(await alpha.context.replica.read.get(key.owed(office, routine)), undefined)
  t.strictSame(await seen(alpha), { [alpha.actor]: 1 })
})

test('of many segments the newest two count as seen', async (t) => {
  const clock = virtualClock()
  await using alpha = await aSync('alpha', { clock })
  await found(alpha)
  for (let number = 0; number < 3; number += 1) {
    await say(alpha, `message ${number}`)
    await clock.advance(SEGMENT_PERIOD_MS + 1)
  }

  await look(alpha)

  const { read } = alpha.context.replica
  const marks = [0, 1, 2].map((number) =>
    read.get(key.seenHere(segmentDocument(ops, 'routine', number))),
  )
  t.strictSame(
    (await Promise.all(marks)).map((mark) => mark !== undefined),
    [false, true, true],
  )
})

test('where others are not to be told, nothing is noted and nothing is said', async (t) => {
  const { alpha, bravo } = await aReader({ tellsRead: (channel) => channel !== ops })
  await say(alpha, 'one')
  await arrive(bravo, await envelopeOf(alpha, routine))
  await pay(bravo)

  await look(bravo)

  t.equal(await seen(bravo), undefined)
  t.equal(await bravo.context.replica.read.get(key.owed(office, routine)), undefined)
})

test('what was noted before is told no more once it is not to be', async (t) => {
  let isTold = true
  const { alpha, bravo } = await aReader({ tellsRead: () => isTold })
  await say(alpha, 'one')
  await arrive(bravo, await envelopeOf(alpha, routine))
  await look(bravo)
  const said = async () => {
    const cut = await bravo.context.replica.commit(async (tx) => {
      tx.put(key.owed(office, routine), pack(0))
      return cutNotesAlone(tx, bravo.context, { peer: office })
    })
    const notes = notesIn(bravo, must(cut, 'a receipt is owed').parcel.bytes)
    return notes.flatMap(({ body }) => decodeNote(body, bravo.context.roster)?.items ?? [])
  }

  t.match(about(await said()), { clock: { [alpha.actor]: 1 }, read: { [alpha.actor]: 1 } })
  isTold = false
  t.strictSame(about(await said())?.read, {})
})

async function aReader(
  choice: NodeChoice = {},
): Promise<{ readonly alpha: SyncNode; readonly bravo: SyncNode }> {
  const alpha = await aSync('alpha')
  const bravo = await aSync('bravo', { knows: [alphaIdentity], ...choice })
  await found(alpha)
  for (const document of [DIRECTORY, channelDocument(ops)])
    await arrive(bravo, await envelopeOf(alpha, document))
  bravo.context.peers.add(office)
  return { alpha, bravo }
}

function about(items: readonly NoteItem[]): NoteItem | undefined {
  return items.find(({ document }) => document === routine)
}

function look({ context }: SyncNode): Promise<void> {
  return context.replica.commit((tx) => markSeen(tx, context, ops))
}

/** All receipts that were owed have been given. */
function pay({ context }: SyncNode): Promise<void> {
  return context.replica.commit(async (tx) => {
    for (const [place] of await tx.list(range.owed(office))) tx.delete(place)
  })
}

async function seen({ context }: SyncNode): Promise<unknown> {
  return unpack(await context.replica.read.get(key.seenHere(routine)))
}
