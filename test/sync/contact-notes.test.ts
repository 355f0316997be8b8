import { test } from 'tap'
import { must } from '#base/assert.ts'
import {
  INTRODUCTION_DELAY_MS,
  NOTE_ITEMS_MAX,
  WANT_AFTER_MS,
  WANT_INTERVAL_MS,
} from '#base/limits.ts'
import { decodeNote, type Note } from '#codec/note.ts'
import { channelDocument, DIRECTORY, segmentDocument } from '#model/document-id.ts'
import type { PeerId } from '#ports/carrier.ts'
import { beginContact } from '#sync/contact.ts'
import { cutNotesAlone, notesDue } from '#sync/contact-notes.ts'
import type { ContactState } from '#sync/contact-state.ts'
import { key } from '#sync/keys.ts'
import { pack } from '#sync/records.ts'
import { virtualClock, type VirtualClock } from '../support/clock.ts'
import { anIdentity } from '../support/nodes.ts'
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
const RECEIPT_DELAY_MS = 5_000

test('a receipt waits for as long as the carrier says, and is given once', async (t) => {
  const { bravo, clock, state } = await aGap()
  await clock.advance(INTRODUCTION_DELAY_MS)
  await drain(bravo, state)
  await owe(bravo, clock)

  t.strictSame(await next(bravo, state), [])
  await clock.advance(RECEIPT_DELAY_MS)
  t.match(await next(bravo, state), [{ kind: 'receipt', items: [{ document: DIRECTORY }] }])
  t.strictSame(await next(bravo, state), [])
})

test('a receipt that is owed since a time that lies ahead is due', async (t) => {
  const { bravo, clock, state } = await aGap()
  await clock.advance(INTRODUCTION_DELAY_MS)
  await drain(bravo, state)
  await owe(bravo, clock)

  clock.setWall(0)

  t.match(await drain(bravo, state), { kinds: ['receipt', 'want'] })
})

test('receipts for very many documents are given in several notes', async (t) => {
  const { bravo, clock, state } = await aGap()
  await clock.advance(INTRODUCTION_DELAY_MS)
  await drain(bravo, state)
  await bravo.context.replica.commit(async (tx) => {
    for (let number = 0; number <= NOTE_ITEMS_MAX; number += 1)
      tx.put(key.owed(office, segmentDocument(ops, 'flash', number)), pack(clock.now()))
  })
  await clock.advance(RECEIPT_DELAY_MS)

  const { notes } = await drain(bravo, state)

  t.strictSame(
    notes.map(({ items }) => items.length),
    [NOTE_ITEMS_MAX, 1],
  )
})

test('what is missing is asked for when it had time to come by itself, and then ever more rarely', async (t) => {
  const { bravo, clock, state } = await aGap()
  const asked: number[] = []
  const startedAt = clock.now()
  for (let waitMs = 0; waitMs < 20 * WANT_INTERVAL_MS; waitMs += 5_000) {
    await clock.advance(5_000)
    const { kinds } = await drain(bravo, state)
    if (kinds.includes('want')) asked.push(clock.now() - startedAt)
  }

  t.strictSame(
    asked,
    [0, 1, 3, 7, 15].map((times) => WANT_AFTER_MS + times * WANT_INTERVAL_MS),
  )
})

test('a want says which document, and up to where it is here', async (t) => {
  const { alpha, bravo, clock, state } = await aGap()
  await arrive(bravo, await envelopeOf(alpha, routine, { [alpha.actor]: 1 }))
  await clock.advance(WANT_AFTER_MS)

  const { notes } = await drain(bravo, state)

  t.match(
    notes.filter(({ kind }) => kind === 'want'),
    [{ items: [{ document: routine, clock: {} }] }],
  )
})

test('a new post office is told once what we have, after it had time to give what it holds', async (t) => {
  const { bravo, clock, state } = await aGap()
  await clock.advance(INTRODUCTION_DELAY_MS - 1)
  t.notOk((await drain(bravo, state)).kinds.includes('have'))

  await clock.advance(1)
  t.ok((await drain(bravo, state)).kinds.includes('have'))
  await clock.advance(INTRODUCTION_DELAY_MS)
  t.notOk((await drain(bravo, state)).kinds.includes('have'))
})

test('a post office first met by a clock far ahead is told what we have once the clock is right', async (t) => {
  const { bravo, clock, state } = await aGap(2_840_140_800_000)
  clock.setWall(1_800_000_000_000)

  t.ok((await drain(bravo, state)).kinds.includes('have'))
})

/** Bravo, in contact with a post office, has the directory and lacks alpha's first message. */
async function aGap(startsAt = 1_800_000_000_000) {
  const clock = virtualClock(startsAt)
  const alpha = await aSync('alpha', { clock })
  const bravo = await aSync('bravo', { clock, knows: [alphaIdentity] })
  await found(alpha)
  for (const document of [DIRECTORY, channelDocument(ops)])
    await arrive(bravo, await envelopeOf(alpha, document))
  await say(alpha, 'one')
  await say(alpha, 'two')
  const state: ContactState = {
    peer: office,
    carrier: 'test',
    receiptDelayMs: RECEIPT_DELAY_MS,
    left: [],
    flying: new Set(),
    wanted: new Map(),
    refused: new Map(),
  }
  const contact = { state, mayHaveForgotten: false, certificate: undefined }
  await bravo.context.replica.commit((tx) => beginContact(tx, bravo.context, contact))
  await arrive(bravo, await envelopeOf(alpha, routine, { [alpha.actor]: 1 }))
  return { alpha, bravo, clock, state }
}

function owe({ context }: SyncNode, clock: VirtualClock): Promise<void> {
  return context.replica.commit(async (tx) =>
    tx.put(key.owed(office, DIRECTORY), pack(clock.now())),
  )
}

type Said = Pick<Note, 'items' | 'kind'>

/** The notes of the next envelope of notes alone; none when nothing is due yet. */
async function next(node: SyncNode, state: ContactState): Promise<readonly Said[]> {
  const { context } = node
  const cut = await context.replica.commit(async (tx) => {
    const { isDue } = await notesDue(tx, context, state)
    return isDue ? cutNotesAlone(tx, context, state) : undefined
  })
  if (cut === undefined) return []
  return notesIn(node, cut.parcel.bytes).map(({ body }) =>
    must(decodeNote(body, context.roster), 'it is a note'),
  )
}

/** All notes that are due. */
async function drain(node: SyncNode, state: ContactState) {
  const notes: Said[] = []
  for (;;) {
    const said = await next(node, state)
    if (said.length === 0) return { notes, kinds: notes.map(({ kind }) => kind).toSorted() }
    notes.push(...said)
  }
}
