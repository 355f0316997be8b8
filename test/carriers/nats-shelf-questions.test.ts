/** What is asked for on one line, and in what order, at a server in the hands of the test. */
import { test } from 'tap'
import { must } from '#base/assert.ts'
import { openArrivalQueue, type ArrivalQueue } from '#carriers/arrival-queue.ts'
import { openExchange, openTokens } from '#carriers/nats-exchange.ts'
import { openShelfBooks, type ShelfBooks } from '#carriers/nats-shelf-books.ts'
import { openLineShelf, type LineShelf } from '#carriers/nats-shelf.ts'
import { fileToken } from '#carriers/nats-subject.ts'
import type { Arrival } from '#ports/carrier.ts'
import { realClock } from '#ports/real.ts'
import { openMemoryStore } from '#storage/memory-store.ts'
import { virtualClock, type VirtualClock } from '../support/clock.ts'
import { collectingLog } from '../support/log.ts'
import { hub, natsOptions } from '../support/nats-node.ts'
import { scriptedLine, type ScriptedLine } from '../support/scripted-line.ts'

const MAP = '00000000000000a1'
const PHOTO = 'ffffffff000000b2'
const OF_MAP = `a-f.${fileToken(MAP)}`
const never = new AbortController().signal

test('one page is under way at a time, whatever the file, so that flash waits for no more', async (t) => {
  const { shelf, line } = await open()
  const first = shelf.fetch(MAP, never)
  const second = shelf.fetch(PHOTO, never)
  await settled()
  t.strictSame(asked(line), [{ seq: 1, next_by_subj: `${OF_MAP}.*.*` }])

  nothing(line, 0)
  t.equal(await first, 'end')
  await settled()
  t.strictSame(asked(line)[1], { seq: 1, next_by_subj: `a-f.${fileToken(PHOTO)}.*.*` })
  nothing(line, 1)
  t.equal(await second, 'end')
})

test('several are asked for at once where pieces stand side by side, and one where they do not', async (t) => {
  const { shelf, line } = await open()
  const fetched = shelf.fetch(MAP, never)

  await settled()
  found(line, 0, 1)
  await settled()
  t.strictSame(seqs(line), [1, 2, 3])
  found(line, 1, 2)
  found(line, 2, 3)
  await settled()
  t.strictSame(seqs(line).slice(3), [4, 5, 6, 7, 8, 9, 10, 11])
  for (let at = 3; at < 11; at += 1) found(line, at, 40)
  await settled()
  t.strictSame(seqs(line).slice(11), [41], 'the same came several times')
  nothing(line, 11)

  t.equal(await fetched, 'end')
})

test('large pieces are asked for one by one: no more than the line brings in two seconds', async (t) => {
  const { shelf, line, clock } = await open(scriptedLine(300))
  for (const seq of [1, 2, 3]) {
    const fetched = shelf.fetch(MAP, never)
    // oxlint-disable-next-line no-await-in-loop -- one page after another
    await clock.advance(3_000)
    t.strictSame(seqs(line).slice(seq - 1), [seq])
    found(line, seq - 1, seq, 30_000)
    // oxlint-disable-next-line no-await-in-loop -- one page after another
    t.equal(await fetched, 'more', 'the page is full')
  }
})

test('servers from 2.12 send all but the first without headers; the end says where it was', async (t) => {
  const { shelf, line, books, came } = await open(modern())
  books.sending(Buffer.from('our own'))
  const fetched = shelf.fetch(MAP, never)

  await settled()
  found(line, 0, 7)
  await settled()
  t.match(asked(line)[1], { seq: 8, batch: 64, next_by_subj: `${OF_MAP}.*.*`, no_hdr: true })
  t.ok(Number(asked(line)[1]?.max_bytes) >= 4_096)
  for (const text of ['one', 'our own', 'two']) bare(line, 1, text)
  endOfPage(line, 1, 90)
  await settled()
  t.match(asked(line)[2], { seq: 91 })
  nothing(line, 2)

  t.equal(await fetched, 'end')
  t.strictSame(came, ['piece', 'one', 'two'])
  t.equal(books.reading(fileToken(MAP)).seq, 90)
})

test('what came of a page before its line ended is not asked for again', async (t) => {
  const { shelf, line, books, came } = await open(modern())
  const fetched = shelf.fetch(MAP, never)
  await settled()
  found(line, 0, 7)
  await settled()
  for (const text of ['one', 'two']) bare(line, 1, text)
  line.drop()

  await t.rejects(fetched, { code: 'CARRIER_UNREACHABLE' })
  await settled()
  t.strictSame(came, ['piece', 'one', 'two'])
  t.equal(books.reading(fileToken(MAP)).seq, 9, 'they may stand further on, never before')
})

test('a server that says it reached nowhere, or further back, leads nobody astray', async (t) => {
  for (const reached of ['', '3', '-1', 'x', '1e99']) {
    const { shelf, line, books } = await open(modern())
    const fetched = shelf.fetch(MAP, never)
    await settled()
    found(line, 0, 7)
    await settled()
    bare(line, 1, 'one')
    endOfPage(line, 1, reached)
    await settled()
    nothing(line, 2)
    await fetched
    t.equal(books.reading(fileToken(MAP)).seq, 8, reached)
  }
})

test('the same message for ever is no more than one, and an end', async (t) => {
  const { shelf, line, came } = await open()
  const fetched = shelf.fetch(MAP, never)
  await settled()
  found(line, 0, 5)
  await settled()
  found(line, 1, 5)

  t.equal(await fetched, 'end')
  t.strictSame(came, ['piece'])
})

test('where nothing more lies, the last piece tells whether it is the stream of before', async (t) => {
  const one = await open()
  one.books.reading(fileToken(MAP)).seq = 9
  const fetched = one.shelf.fetch(MAP, never)
  await settled()
  nothing(one.line, 0)
  await settled()
  found(one.line, 1, 9)
  await settled()

  t.strictSame(seqs(one.line), [10, 9, 1], 'another stands there: it is read from its beginning')
  found(one.line, 2, 2)
  await settled()
  nothing(one.line, 3)
  t.match(await fetched, /^(?:more|end)$/)
  t.strictSame(one.came, ['piece'])
})

test('an answer that stays away takes no place from anybody', async (t) => {
  const { shelf, line, books, clock } = await open()
  books.reading(fileToken(MAP)).seq = 9
  const fetched = shelf.fetch(MAP, never)
  await settled()
  nothing(line, 0)
  await settled()
  line.pong()
  await clock.advance(20_000)

  t.equal(await fetched, 'end')
  t.equal(books.reading(fileToken(MAP)).seq, 9)
})

test('pieces wait for room in the queue, where all else goes first', async (t) => {
  const waiting = openArrivalQueue({ arrivalsMax: 4, bytesMax: 1_000 })
  for (const each of [1, 2, 3]) waiting.push(anArrival(each))
  const { shelf, line } = await open(scriptedLine(), waiting)
  const fetched = shelf.fetch(MAP, never)
  await settled()
  t.strictSame(seqs(line), [], 'nothing is asked for')

  const arrivals = waiting.arrivals()[Symbol.asyncIterator]()
  await arrivals.next()
  await settled()
  t.strictSame(seqs(line), [1])
  waiting.push(anArrival(4))
  found(line, 0, 1)
  await settled()
  t.equal(waiting.size(), 3, 'what came has to wait')
  await arrivals.next()
  await settled()
  t.equal(waiting.size(), 3)
  line.drop()
  await t.rejects(fetched, { code: 'CARRIER_UNREACHABLE' })
})

interface Opened {
  readonly line: ScriptedLine
  readonly clock: VirtualClock
  readonly books: ShelfBooks
  readonly shelf: LineShelf
  /** What the node was given, and accepted at once. */
  readonly came: readonly string[]
}

async function open(line = scriptedLine(), waiting?: ArrivalQueue): Promise<Opened> {
  const clock = virtualClock()
  const log = collectingLog()
  const { patienceMs: _, ...options } = natsOptions('')
  const tokens = openTokens(Uint8Array.of(0))
  const exchange = openExchange({ line, tokens, options, ports: { clock, log } })
  const books = await openShelfBooks(options, { store: openMemoryStore(), log })
  const came: string[] = []
  const arrivals = waiting ?? openArrivalQueue({ arrivalsMax: 256, bytesMax: 1_000_000 })
  if (waiting === undefined) void acceptAll(arrivals, came)
  const shelf = openLineShelf({
    peer: hub,
    exchange,
    options,
    ports: { clock, log },
    books,
    arrivals,
    caughtUp: async () => undefined,
    onNobody: () => undefined,
  })
  return { line, clock, books, shelf, came }
}

async function acceptAll(queue: ArrivalQueue, came: string[]): Promise<void> {
  for await (const { bytes, acceptCustody } of queue.arrivals()) {
    came.push(Buffer.from(bytes).toString().trim())
    acceptCustody()
  }
}

function anArrival(number: number): Arrival {
  const bytes = Uint8Array.of(number)
  return { peer: hub, bytes, bookmark: [], acceptCustody: nothingMore, refuse: nothingMore }
}

function nothingMore(): void {}

function modern(): ScriptedLine {
  return { ...scriptedLine(300), version: [2, 12] }
}

/** What was asked for so far. */
function asked({ published }: ScriptedLine): readonly Readonly<Record<string, unknown>>[] {
  return published.map(
    ({ bytes }) => JSON.parse(Buffer.from(bytes).toString()) as Record<string, unknown>,
  )
}

function seqs(line: ScriptedLine): readonly unknown[] {
  return asked(line).map(({ seq }) => seq)
}

function replyTo({ published }: ScriptedLine, at: number): string {
  return must(published[at], 'it was asked for').reply
}

function found(line: ScriptedLine, at: number, seq: number, size = 5): void {
  const headers: Readonly<Record<string, string>> = {
    'Nats-Sequence': String(seq),
    'Nats-Subject': `${OF_MAP}.2.k3x9q3${seq}`,
  }
  const bytes = Buffer.from('piece'.padEnd(size))
  line.say({ subject: replyTo(line, at), header: (name) => headers[name], bytes })
}

function nothing(line: ScriptedLine, at: number): void {
  line.say({ subject: replyTo(line, at), status: 404 })
}

function bare(line: ScriptedLine, at: number, text: string): void {
  line.say({ subject: replyTo(line, at), bytes: Buffer.from(text) })
}

function endOfPage(line: ScriptedLine, at: number, reached: number | string): void {
  const header = (name: string): string | undefined =>
    name === 'Nats-Last-Sequence' ? String(reached) : undefined
  line.say({ subject: replyTo(line, at), status: 204, header })
}

async function settled(): Promise<void> {
  await realClock().sleep(1, never)
}
