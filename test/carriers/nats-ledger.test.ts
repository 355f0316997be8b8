/** The books of the stream, above all by a model: a stream, a node that hears it, cuts and crashes in any order. */
import assert from 'node:assert'
import fc from 'fast-check'
import { test } from 'tap'
import { must } from '#base/assert.ts'
import type { Entry } from '#carriers/nats-books.ts'
import { openLedger, type Ledger } from '#carriers/nats-ledger.ts'
import type { Place } from '#carriers/nats-place.ts'
import { holds } from '../support/property.ts'

const bytesOf = (name: string): Uint8Array => Buffer.from(name)
const at = (seq: number): { readonly seq: number; readonly subject: string } => ({
  seq,
  subject: `a.3.2.k3x9q${seq}`,
})

test('the cursor follows what was fetched and settled, in whatever order it is settled', async (t) => {
  const ledger = openLedger(undefined)
  const entries = [1, 2, 3].map((seq) => ledger.fetched(at(seq), bytesOf(`report ${seq}`)))
  const [first, second, third] = entries

  settle(ledger, third)
  settle(ledger, second)
  t.equal(ledger.place().cursor, 0)
  settle(ledger, first)

  t.equal(ledger.place().cursor, 3)
})

test('flash that was fetched ahead is asked for again only when it was never settled', async (t) => {
  const ledger = openLedger(undefined)
  const early = ledger.fetchedFlash(5, bytesOf('early flash'))
  const late = ledger.fetchedFlash(9, bytesOf('late flash'))
  settle(ledger, early)

  ledger.begin()
  t.equal(ledger.nextFlash(), 6)
  t.equal(ledger.fetchedFlash(9, bytesOf('late flash')), undefined, 'it waits here already')

  settle(ledger, late)
  t.equal(ledger.nextFlash(), 10)
  t.equal(ledger.next(), 1, 'all else is still to be fetched')

  ledger.rewind(7)
  t.equal(ledger.nextFlash(), 8, 'another stream')
})

test('an acknowledgement that explains all that was heard moves the cursor over it', async (t) => {
  const ledger = complete()
  settle(ledger, ledger.heard(bytesOf('one')))
  settle(ledger, ledger.heard(bytesOf('two')))

  t.equal(ledger.acknowledged(at(3), bytesOf('mine')), 'even')
  t.equal(ledger.place().cursor, 3)
})

test('the cursor waits for what was heard and is not settled', async (t) => {
  const ledger = complete()
  const one = ledger.heard(bytesOf('one'))

  t.equal(ledger.acknowledged(at(2), bytesOf('mine')), 'even')
  t.equal(ledger.place().cursor, 0)
  if (one !== undefined) t.equal(ledger.placeWith(one).cursor, 2)
})

test('an acknowledgement beyond what was heard shows that something passed us by', async (t) => {
  const ledger = complete()
  settle(ledger, ledger.heard(bytesOf('one')))

  t.equal(ledger.acknowledged(at(3), bytesOf('mine')), 'gap')
  t.equal(ledger.isComplete(), false)
  t.equal(ledger.next(), 1)
})

test('what was heard and is not in the stream keeps the cursor where it is', async (t) => {
  const ledger = complete()
  settle(ledger, ledger.heard(bytesOf('refused by the stream')))

  t.equal(ledger.acknowledged(at(1), bytesOf('mine')), 'open')
  t.equal(ledger.place().cursor, 0)
})

test('what was refused at first counts when it is heard again, since it may be stored now', async (t) => {
  const ledger = complete()
  ledger.heard(bytesOf('refused, then stored'))
  ledger.begin()
  ledger.nothingMore()
  t.equal(ledger.heard(bytesOf('refused, then stored')), undefined)
  settle(ledger, ledger.heard(bytesOf('refused')))

  t.equal(ledger.acknowledged(at(2), bytesOf('mine')), 'open')
  t.equal(ledger.place().cursor, 0)
})

test('what is proven does not count again when its sender repeats it', async (t) => {
  const ledger = complete()
  settle(ledger, ledger.heard(bytesOf('one')))
  t.equal(ledger.acknowledged(at(2), bytesOf('mine')), 'even')
  t.equal(ledger.heard(bytesOf('one')), undefined)

  t.equal(ledger.acknowledged(at(3), bytesOf('mine too')), 'even')
  t.equal(ledger.place().cursor, 3)
})

test('an acknowledgement with a number that was given before shows another stream', async (t) => {
  const ledger = openLedger(undefined)
  for (let seq = 1; seq <= 5; seq += 1) settle(ledger, ledger.fetched(at(seq), bytesOf(`${seq}`)))
  ledger.nothingMore()

  t.equal(ledger.acknowledged(at(2), bytesOf('mine')), 'other-stream')
})

test('our own that was met while fetching is no other stream', async (t) => {
  const ledger = openLedger(undefined)
  ledger.sending(bytesOf('mine'))
  ledger.fetchedOwn(at(1), bytesOf('mine'))
  ledger.nothingMore()

  t.equal(ledger.acknowledged(at(1), bytesOf('mine')), 'even')
  t.equal(ledger.place().cursor, 1)
})

test('after a cut, what was given and not settled comes again, what waits does not', async (t) => {
  const ledger = complete()
  const given = ledger.heard(bytesOf('given'))
  const queued = ledger.heard(bytesOf('queued'))
  if (given !== undefined) given.state = 'given'

  ledger.begin()

  t.ok(ledger.fetched(at(1), bytesOf('given')))
  t.equal(ledger.fetched(at(2), bytesOf('queued')), undefined)
  settle(ledger, queued)
  t.equal(ledger.place().cursor, 0)
})

test('a settled envelope is known again after a restart', async (t) => {
  const ledger = complete()
  settle(ledger, ledger.heard(bytesOf('kept')))

  const again = openLedger(ledger.place())

  t.equal(again.place().cursor, 0)
  t.equal(again.fetched(at(1), bytesOf('kept')), undefined)
  t.equal(again.place().cursor, 1)
})

test('a page without numbers counts from below, and its end says where it was', async (t) => {
  const ledger = openLedger(undefined)
  settle(ledger, ledger.fetchedBare(bytesOf('one')))
  settle(ledger, ledger.fetchedBare(bytesOf('two')))

  t.equal(ledger.place().cursor, 2)
  ledger.fetchedUpTo(9)

  t.equal(ledger.place().cursor, 9)
})

test('much that is unproven asks for a look, and a look proves it', async (t) => {
  const ledger = complete()
  for (let count = 1; count <= 60; count += 1) settle(ledger, ledger.heard(bytesOf(`${count}`)))
  t.equal(ledger.isCrowded(), true)

  t.equal(ledger.looked(at(60), bytesOf('60')), 'even')
  t.equal(ledger.place().cursor, 60)
  t.equal(ledger.isCrowded(), false)
})

test('a look that finds something unheard is a gap, whatever the numbers say', async (t) => {
  const ledger = complete()
  settle(ledger, ledger.heard(bytesOf('refused by the stream')))

  t.equal(ledger.looked(at(1), bytesOf('never heard')), 'gap')
  t.equal(ledger.isComplete(), false)
})

test('what was missed while the stream was asked leaves the books incomplete', async (t) => {
  const ledger = openLedger(undefined)
  ledger.asking()
  ledger.missed()
  ledger.nothingMore()
  t.equal(ledger.isComplete(), false)

  ledger.asking()
  ledger.nothingMore()
  t.equal(ledger.isComplete(), true)
})

test('while the stream is being fetched, acknowledgements prove nothing', async (t) => {
  const ledger = openLedger(undefined)

  t.equal(ledger.acknowledged(at(1), bytesOf('mine')), 'open')
  t.equal(ledger.place().cursor, 0)
})

test('what was stored after the first of our own on a line is heard: nothing of our own is read back', async (t) => {
  const ledger = openLedger(undefined)
  t.ok(ledger.asking())
  ledger.sending(bytesOf('mine'))
  ledger.sending(bytesOf('mine too'))
  settle(ledger, ledger.fetched(at(1), bytesOf('from before')))
  t.equal(ledger.acknowledged(at(2), bytesOf('mine')), 'open')
  settle(ledger, ledger.heard(bytesOf('another, at 3')))
  t.equal(ledger.acknowledged(at(4), bytesOf('mine too')), 'open')

  t.notOk(ledger.asking(), 'there is nothing to ask for')
  t.equal(ledger.isComplete(), true)
  t.equal(ledger.place().cursor, 4)
})

test('what was acknowledged while the end of the stream was asked for is not asked for by the next line', async (t) => {
  const ledger = openLedger(undefined)
  t.ok(ledger.asking())
  ledger.sending(bytesOf('mine'))
  t.equal(ledger.acknowledged(at(1), bytesOf('mine')), 'open')
  ledger.nothingMore()

  t.equal(ledger.isComplete(), true)
  t.equal(ledger.place().cursor, 1)
})

test('where something passed us by behind our own it is fetched all the same', async (t) => {
  for (const pass of ['unheard', 'not kept']) {
    const ledger = openLedger(undefined)
    ledger.sending(bytesOf('mine'))
    ledger.sending(bytesOf('mine too'))
    t.equal(ledger.acknowledged(at(1), bytesOf('mine')), 'open')
    if (pass === 'not kept') ledger.missed()
    t.equal(ledger.acknowledged(at(3), bytesOf('mine too')), 'open')

    t.ok(ledger.asking(), pass)
    t.equal(ledger.next(), 1)
  }
})

test('what a full stream refused and stores while its end is asked for is not passed over', async (t) => {
  const ledger = openLedger(undefined)
  t.ok(ledger.heard(bytesOf('refused')))
  t.ok(ledger.asking())
  t.equal(ledger.heard(bytesOf('refused')), undefined, 'sent again, it stands at 1')
  settle(ledger, ledger.heard(bytesOf('refused, too')))
  ledger.sending(bytesOf('mine'))
  t.equal(ledger.acknowledged(at(2), bytesOf('mine')), 'open')

  ledger.nothingMore()

  t.equal(ledger.place().cursor, 0)
})

test('whatever happens, the cursor never passes an envelope that was not accepted, and nothing is lost', async (t) => {
  holds(t, fc.property(fc.array(anEvent, { maxLength: 120, size: 'max' }), neverLoses), 2_000)
})

/** What may happen to a node and its stream. */
type Event =
  | { readonly kind: 'other'; readonly isStored: boolean; readonly isKept: boolean }
  /** Another's may be stored and heard between ours and its acknowledgement, which comes with an `ack`, or never. */
  | { readonly kind: 'own'; readonly isAckLost: boolean }
  | { readonly kind: 'accept'; readonly which: number }
  /** `abandon`: the node drops what it took, and neither accepts nor refuses it. `page`: the stream is asked, or its answer comes. */
  | { readonly kind: 'ack' | 'page' | 'take' | 'abandon' | 'cut' | 'connect' | 'crash' | 'look' }

const anEvent: fc.Arbitrary<Event> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('other' as const),
      isStored: fc.integer({ min: 0, max: 9 }).map((chance) => chance > 0),
      isKept: fc.integer({ min: 0, max: 9 }).map((chance) => chance > 0),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('own' as const),
      isAckLost: fc.integer({ min: 0, max: 9 }).map((chance) => chance === 0),
    }),
  },
  { weight: 4, arbitrary: fc.constant({ kind: 'ack' as const }) },
  { weight: 8, arbitrary: fc.constant({ kind: 'page' as const }) },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('accept' as const), which: fc.nat(5) }) },
  { weight: 4, arbitrary: fc.constant({ kind: 'take' as const }) },
  {
    weight: 3,
    arbitrary: fc.constantFrom(
      { kind: 'cut' as const },
      { kind: 'connect' as const },
      { kind: 'crash' as const },
      { kind: 'look' as const },
      { kind: 'abandon' as const },
    ),
  },
)

interface Stored {
  readonly name: string
  readonly isOwn: boolean
}

interface World {
  ledger: Ledger
  disk: Place | undefined
  isUp: boolean
  count: number
  readonly stream: Stored[]
  /** Numbers of our own whose acknowledgement is under way. */
  acks: number[]
  /** What the stream was asked for, and what stood there then. */
  answer: { readonly seq: number; readonly found: Stored | undefined } | undefined
  readonly refused: string[]
  /** Delivered and not yet settled: first those that wait, then those taken. */
  waiting: { readonly name: string; readonly entry: Entry }[]
  taken: { readonly name: string; readonly entry: Entry }[]
  readonly accepted: Set<string>
}

function neverLoses(events: readonly Event[]): void {
  const world: World = {
    ledger: openLedger(undefined),
    disk: undefined,
    isUp: false,
    count: 0,
    stream: [],
    acks: [],
    answer: undefined,
    refused: [],
    waiting: [],
    taken: [],
    accepted: new Set(),
  }
  for (const event of events) {
    happen(world, event)
    checkCursor(world)
  }
  happen(world, { kind: 'cut' })
  happen(world, { kind: 'connect' })
  while (!world.ledger.isComplete()) happen(world, { kind: 'page' })
  while (world.waiting.length + world.taken.length > 0) {
    happen(world, { kind: 'take' })
    happen(world, { kind: 'accept', which: 0 })
  }
  const lost = world.stream.filter(({ name, isOwn }) => !isOwn && !world.accepted.has(name))
  assert.deepStrictEqual(lost, [])
}

function happen(world: World, event: Event): void {
  switch (event.kind) {
    case 'other':
      return otherWrites(world, event)
    case 'own':
      return world.isUp ? ownWrites(world, event) : undefined
    case 'ack':
      return acknowledge(world)
    case 'page':
      return world.isUp ? page(world) : undefined
    case 'look':
      return world.isUp && world.ledger.isComplete() && world.acks.length === 0
        ? look(world)
        : undefined
    case 'take':
      return take(world)
    case 'accept':
      return accept(world, event.which)
    case 'connect':
      return world.isUp ? undefined : connect(world)
    case 'abandon':
      world.taken = []
      return
    case 'cut':
      return cut(world)
    case 'crash':
      cut(world)
      world.ledger = openLedger(world.disk)
      world.waiting = []
      world.taken = []
  }
}

function cut(world: World): void {
  world.isUp = false
  world.acks = []
  world.answer = undefined
}

/** What a full stream refused was heard all the same, and may be stored when its sender tries again. */
function otherWrites(
  world: World,
  { isStored, isKept }: { readonly isStored: boolean; readonly isKept: boolean },
): void {
  const [retried] = isStored ? world.refused.splice(0, world.count % 2) : []
  const name = retried ?? `other ${(world.count += 1)}`
  if (isStored) world.stream.push({ name, isOwn: false })
  else world.refused.push(name)
  if (world.isUp && isKept) deliver(world, name, world.ledger.heard(bytesOf(name)))
  else if (world.isUp) world.ledger.missed()
}

function ownWrites(world: World, { isAckLost }: { readonly isAckLost: boolean }): void {
  const name = `own ${(world.count += 1)}`
  world.ledger.sending(bytesOf(name))
  world.stream.push({ name, isOwn: true })
  if (isAckLost) return cut(world)
  world.acks.push(world.stream.length)
}

function acknowledge(world: World): void {
  const [seq] = world.acks.splice(0, 1)
  if (seq === undefined) return
  const { name } = must(world.stream[seq - 1], 'it was stored')
  assert.notStrictEqual(world.ledger.acknowledged(at(seq), bytesOf(name)), 'other-stream')
}

function look({ ledger, stream }: World): void {
  const seq = ledger.expectedLast()
  const found = stream[seq - 1]
  if (seq === 0) return
  if (found !== undefined && ledger.looked(at(seq), bytesOf(found.name)) === 'even') return
  ledger.missed()
}

function take(world: World): void {
  const [next] = world.waiting.splice(0, 1)
  if (next === undefined) return
  if (next.entry.state === 'queued') next.entry.state = 'given'
  world.taken.push(next)
}

function accept(world: World, which: number): void {
  const [next] = world.taken.splice(which % Math.max(1, world.taken.length), 1)
  if (next === undefined) return
  world.disk = world.ledger.placeWith(next.entry)
  world.accepted.add(next.name)
  world.ledger.hold(next.entry)
}

function connect(world: World): void {
  world.isUp = true
  world.ledger.begin()
}

/** What the cursor on disk says is held, is held. */
function checkCursor({ disk, stream, accepted }: World): void {
  const early = stream
    .slice(0, disk?.cursor ?? 0)
    .filter(({ name, isOwn }) => !isOwn && !accepted.has(name))
  assert.deepStrictEqual(early, [])
}

/** One question about the stream, or what comes of it. */
function page(world: World): void {
  const { ledger, stream, answer } = world
  world.answer = undefined
  if (answer !== undefined) return fetched(world, answer)
  if (ledger.isComplete() || !ledger.asking()) return
  const seq = ledger.next()
  world.answer = { seq, found: stream[seq - 1] }
}

function fetched(
  world: World,
  { seq, found }: { readonly seq: number; readonly found: Stored | undefined },
): void {
  const { ledger } = world
  if (found === undefined) return ledger.nothingMore()
  const bytes = bytesOf(found.name)
  if (found.isOwn) ledger.fetchedOwn(at(seq), bytes)
  else deliver(world, found.name, ledger.fetched(at(seq), bytes))
}

function deliver(world: World, name: string, entry: Entry | undefined): void {
  if (entry !== undefined) world.waiting.push({ name, entry })
}

/** Books of an empty stream that was fetched to its end. */
function complete(): Ledger {
  const ledger = openLedger(undefined)
  ledger.nothingMore()
  return ledger
}

function settle(ledger: Ledger, entry: Entry | undefined): void {
  if (entry !== undefined) ledger.hold(entry)
}
