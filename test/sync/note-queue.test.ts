import { test } from 'tap'
import { actorOf } from '#base/ids.ts'
import type { Note } from '#codec/note.ts'
import type { PeerId } from '#ports/carrier.ts'
import { range } from '#sync/keys.ts'
import {
  noteBytes,
  noteName,
  oldestNote,
  queueNote,
  restoreNotes,
  signNote,
  takeQueued,
} from '#sync/note-queue.ts'
import { anIdentity } from '../support/nodes.ts'
import { aSync, routine, type SyncNode } from '../support/sync.ts'

const office: PeerId = 'post:office'

test('notes are taken as far as they fit, and the others stay', async (t) => {
  await using alpha = await aSync('alpha')
  const notes = [aNote(alpha, 1), aNote(alpha, 2), aNote(alpha, 3)]
  const [each] = notes.map((note) => noteBytes(alpha.context, note))
  await put(alpha, notes)

  t.equal((await take(alpha, 2 * (each ?? 0))).length, 2)
  t.strictSame(await take(alpha, (each ?? 0) - 1), [])
  t.equal((await waiting(alpha)).length, 1)
  const last = await alpha.context.replica.commit((tx) =>
    takeQueued(tx, alpha.context, { peer: office, bytes: 1, isAlone: true }),
  )
  t.equal(last.length, 1, 'whatever its length, one goes alone')
})

test('the oldest tells since when somebody waits', async (t) => {
  await using alpha = await aSync('alpha')
  t.equal(await oldest(alpha), undefined)

  await put(alpha, [aNote(alpha, 1), aNote(alpha, 2)], 7)

  t.equal(await oldest(alpha), 7)
})

test('the word of somebody who is not known here waits until the certificate has come', async (t) => {
  await using alpha = await aSync('alpha')
  await using bravo = await aSync('bravo')
  await put(alpha, [aNote(bravo, 1)])

  t.strictSame(await take(alpha, 1_000), [])
  alpha.context.roster.introduce(anIdentity('bravo', 2).certificateBytes)

  t.match(await take(alpha, 1_000), [{ actor: bravo.actor }])
})

test('what did not arrive waits again, but not in the place of something newer', async (t) => {
  await using alpha = await aSync('alpha')
  await put(alpha, [aNote(alpha, 1)])
  const taken = await take(alpha, 1_000)
  const [gone] = taken
  t.equal((await waiting(alpha)).length, 0)

  await alpha.context.replica.commit(async (tx) => {
    queueNote(tx, office, { name: '!have.0', since: 9, note: aNote(alpha, 5) })
    const old = taken.map((note) => ({ ...note, name: '!have.0' }))
    await restoreNotes(tx, office, { notes: [...taken, ...old] })
  })

  t.strictSame(await waiting(alpha), [`note/${office}/!have.0`, `note/${office}/${gone?.name}`])
  const again = await take(alpha, 1_000)
  t.match(again, [{ name: '!have.0', since: 9 }, { name: gone?.name }])
})

test('what was to be said in an earlier life is not said any more', async (t) => {
  await using alpha = await aSync('alpha')
  const [old, now] = [aNote(alpha, 1), aNote(alpha, 2)]
  await put(alpha, [{ ...old, actor: actorOf(alpha.id, Uint8Array.of(9, 9, 9, 9)) }, now])

  t.match(await take(alpha, 10_000), [{ name: noteName(now) }])
  t.strictSame(await waiting(alpha), [])
})

test('a note has one name, whoever hands it over and however it was signed', async (t) => {
  await using alpha = await aSync('alpha')
  const note = aNote(alpha, 1)

  t.equal(noteName(note), noteName({ ...note, body: Uint8Array.from(note.body) }))
  t.not(noteName(note), noteName(aNote(alpha, 2)))
})

function aNote({ context, actor }: SyncNode, seq: number) {
  const items = [{ document: routine, clock: { [actor]: seq }, read: {} }]
  const note: Note = { kind: 'receipt', isWhole: false, items }
  return signNote(context, note)
}

function put(
  { context }: SyncNode,
  notes: readonly ReturnType<typeof aNote>[],
  since = 0,
): Promise<void> {
  return context.replica.commit(async (tx) => {
    for (const note of notes) queueNote(tx, office, { name: noteName(note), since, note })
  })
}

function take({ context }: SyncNode, bytes: number) {
  return context.replica.commit((tx) =>
    takeQueued(tx, context, { peer: office, bytes, isAlone: false }),
  )
}

function oldest({ context }: SyncNode) {
  return context.replica.commit((tx) => oldestNote(tx, office))
}

async function waiting({ context }: SyncNode): Promise<readonly string[]> {
  return (await context.replica.read.list(range.notes(office))).map(([place]) => place)
}
