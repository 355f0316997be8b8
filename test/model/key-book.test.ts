/** The book of keys is the same for the same entries, whatever order they come in. */
import assert from 'node:assert/strict'
import fc from 'fast-check'
import { test } from 'tap'
import { COUNTER_MAX } from '#base/limits.ts'
import { newChannelId } from '#model/channel-id.ts'
import { KEYS } from '#model/document-id.ts'
import {
  nameOfSealingKey,
  openKeyBook,
  type KeyBook,
  type KeyNews,
  type Writer,
} from '#model/key-book.ts'
import type { Content } from '#model/entry.ts'
import { openLog, type Log, type Logged } from '#model/log.ts'
import { anActor, append, aWriter } from '../support/histories.ts'
import { seedOf } from '../support/organisation.ts'
import { anyBytes, holds } from '../support/property.ts'

type NodeName = 'alpha' | 'bravo' | 'hub'

const NAMES: readonly NodeName[] = ['alpha', 'bravo', 'hub']
const NODES = NAMES.map((name) => aWriter(name).node)
const ops = newChannelId(aWriter('alpha').node, 'private', seedOf('ops').subarray(0, 8))
const KEYS_OF = [1, 2, 3].map((fill) => new Uint8Array(8).fill(fill))
const EPOCH = '0a'.repeat(16)

interface Said {
  readonly by: NodeName
  readonly logged: Logged
}

const anyNode = fc.constantFrom(...NODES)
const SIGNED = { by: aWriter('hub').node, signature: new Uint8Array(64) }
const ORDER = { node: anyNode, by: anyNode, signature: fc.constant(SIGNED.signature) }
const anyContent: fc.Arbitrary<Content> = fc.oneof(
  fc.record({
    kind: fc.constant('sealing key' as const),
    generation: fc.nat(3),
    publicBytes: fc.constantFrom(...KEYS_OF),
  }),
  fc.record({
    kind: fc.constant('pair' as const),
    keyName: fc.constantFrom(...KEYS_OF).map((one) => nameOf(one)),
    ciphertext: anyBytes(4),
  }),
  fc.record({
    kind: fc.constant('epoch' as const),
    audience: fc.constantFrom(ops, NODES[0] ?? ops),
    number: fc.nat(2),
    epoch: fc.constantFrom(EPOCH, '0b'.repeat(16)),
    maker: fc.option(anyNode, { nil: undefined }),
    wraps: fc.array(fc.record({ pair: fc.integer({ min: 1, max: 6 }), bytes: anyBytes(48) }), {
      maxLength: 3,
    }),
  }),
  fc.record({
    kind: fc.constant('revocation' as const),
    ...ORDER,
    since: fc.nat(3).map((seconds) => seconds * 1000),
    reason: fc.constantFrom('lost', 'taken'),
  }),
  fc.record({ kind: fc.constant('wipe order' as const), ...ORDER, at: fc.constant(0) }),
  fc.constant({ kind: 'wiped' as const }),
)

test('whatever order lists come in, the book is the same', async (t) => {
  const anyEntry = fc.record({ by: fc.constantFrom(...NAMES), content: anyContent })
  holds(
    t,
    fc.property(
      fc.array(anyEntry, { maxLength: 24 }),
      fc.infiniteStream(fc.nat()),
      (all, picks) => {
        const log = openLog(KEYS)
        const said = all.map(({ by, content }) => say(log, by, content))
        const lists = new Map(NAMES.map((name) => [name, said.filter(({ by }) => by === name)]))
        const mixed: Said[] = []
        while (mixed.length < said.length) {
          const open = [...lists.values()].filter((list) => list.length > 0)
          const list = open[picks.next().value % open.length]
          mixed.push(...(list?.splice(0, 1) ?? []))
        }
        assert.deepEqual(pictureOf(bookOf(mixed)), pictureOf(bookOf(said)))
      },
    ),
    400,
  )
})

test('of two sealing keys the later generation counts, and both keep their owner', async (t) => {
  const log = openLog(KEYS)
  const [first, second] = KEYS_OF as [Uint8Array, Uint8Array]
  const older = say(log, 'alpha', { kind: 'sealing key', generation: 1, publicBytes: first })
  const newer = say(log, 'alpha', { kind: 'sealing key', generation: 2, publicBytes: second })

  const book = bookOf([older, newer])

  t.equal(book.sealingKey(aWriter('alpha').node)?.name, nameOf(second))
  for (const one of [first, second])
    t.strictSame([...book.ownersOf(nameOf(one))], [aWriter('alpha').node])
})

test('who makes an epoch is covered by their key of that time, others by their wraps', async (t) => {
  const log = openLog(KEYS)
  const [own, theirs, next] = KEYS_OF as [Uint8Array, Uint8Array, Uint8Array]
  const said = [
    say(log, 'alpha', { kind: 'sealing key', generation: 1, publicBytes: own }),
    say(log, 'alpha', { kind: 'pair', keyName: nameOf(theirs), ciphertext: own }),
    say(log, 'alpha', epoch({ wraps: [wrap(2), wrap(1), wrap(77)] })),
    say(log, 'alpha', { kind: 'sealing key', generation: 2, publicBytes: next }),
  ]
  const [facts] = bookOf(said).epochs(ops)

  t.strictSame([...(facts?.covered ?? [])].toSorted(), [nameOf(own), nameOf(theirs)].toSorted())
  t.equal(facts?.maker, aWriter('alpha').node)
})

test('more wraps by who has the epoch join it; what others tell of it, or in its makers name, does not', async (t) => {
  const log = openLog(KEYS)
  const [own, theirs] = KEYS_OF as [Uint8Array, Uint8Array]
  const { node: maker } = aWriter('alpha')
  const pairWith = (publicBytes: Uint8Array, of: NodeName = 'alpha'): Content => ({
    kind: 'pair',
    keyName: nameOf(publicBytes, of),
    ciphertext: publicBytes,
  })
  const said = [
    say(log, 'alpha', epoch({})),
    say(log, 'bravo', pairWith(theirs)),
    say(log, 'bravo', epoch({ maker, wraps: [wrap(1)] })),
    say(log, 'bravo', epoch({ number: 9, maker, wraps: [wrap(1)] })),
  ]
  const covered = (): unknown =>
    bookOf(said)
      .epochs(ops)
      .map((one) => [one.number, [...one.covered].toSorted()])

  t.strictSame(covered(), [[1, []]])
  said.push(say(log, 'bravo', { kind: 'sealing key', generation: 1, publicBytes: own }))
  said.push(
    say(log, 'alpha', pairWith(own, 'bravo')),
    say(log, 'alpha', epoch({ maker, wraps: [wrap(2)] })),
  )
  t.strictSame(covered(), [[1, [nameOf(own, 'bravo'), nameOf(theirs)].toSorted()]])
})

test('only nodes that administer revoke and order wipes; everybody says of themselves that they wiped', async (t) => {
  for (const by of NAMES) {
    const log = openLog(KEYS)
    const { node } = aWriter('bravo')
    const book = bookOf([
      say(log, by, { ...SIGNED, kind: 'revocation', node, since: 1_000, reason: 'lost' }),
      say(log, by, { ...SIGNED, kind: 'wipe order', node, at: 0 }),
      say(log, by, { kind: 'wiped' }),
    ])
    t.equal(book.revocation(node) !== undefined, by === 'hub')
    t.equal(book.isToBeWiped(node), by === 'hub')
    t.strictSame(
      NAMES.filter((name) => book.hasWiped(aWriter(name).node)),
      [by],
    )
  }
})

test('of two revocations the one that goes further back counts, and the other is no news', async (t) => {
  const log = openLog(KEYS)
  const { node } = aWriter('bravo')
  const revoke = (since: number, reason: string) =>
    say(log, 'hub', { ...SIGNED, kind: 'revocation', node, since, reason })
  const [late, early] = [revoke(9_000, 'late'), revoke(1_000, 'early')]

  for (const order of [
    [late, early],
    [early, late],
  ]) {
    const book = openKeyBook()
    const news = order.map((said) => hear(book, said).kind)
    t.match(book.revocation(node), { since: 1_000, reason: 'early', by: aWriter('hub').node })
    t.strictSame(news, order[0] === late ? ['revocation', 'revocation'] : ['revocation', 'nothing'])
  }
})

test('a counter at its end and a new life undo no revocation and no sealing key', async (t) => {
  const log = openLog(KEYS)
  const { node } = aWriter('bravo')
  const base = [
    say(log, 'hub', { ...SIGNED, kind: 'revocation', node, since: 1_000, reason: 'lost' }),
    say(log, 'alpha', { kind: 'sealing key', generation: 1, publicBytes: new Uint8Array(8) }),
  ]
  const fresh = openLog(KEYS)
  const sly = [
    say(fresh, 'bravo', {
      ...SIGNED,
      kind: 'revocation',
      node,
      since: 9_000,
      reason: 'never mind',
    }),
    say(fresh, 'bravo', { kind: 'sealing key', generation: 9, publicBytes: new Uint8Array(8) }),
  ].map(({ by, logged }) => ({
    by,
    logged: { ...logged, entry: { ...logged.entry, counter: COUNTER_MAX, claimedAt: 0 } },
  }))
  const book = bookOf([...base, ...sly])

  t.match(book.revocation(node), { since: 1_000, reason: 'lost' })
  t.equal(book.sealingKey(aWriter('alpha').node)?.generation, 1)
})

test('what a node without a known certificate wrote changes nothing', async (t) => {
  const log = openLog(KEYS)
  const book = openKeyBook()
  for (const content of [epoch({}), { kind: 'wiped' } as const])
    t.equal(book.apply(say(log, 'alpha', content).logged, undefined).kind, 'nothing')
  t.strictSame(book.audiences(), [])
})

function epoch(facts: Partial<Extract<Content, { kind: 'epoch' }>>): Content {
  return {
    kind: 'epoch',
    audience: ops,
    number: 1,
    epoch: EPOCH,
    maker: undefined,
    wraps: [],
    ...facts,
  }
}

function wrap(pair: number) {
  return { pair, bytes: new Uint8Array(48) }
}

function nameOf(publicBytes: Uint8Array, by: NodeName = 'alpha'): string {
  return nameOfSealingKey(aWriter(by).node, publicBytes)
}

function say(log: Log, by: NodeName, content: Content): Said {
  return { by, logged: append(log, anActor(by), { author: undefined, claimedAt: 0, content }) }
}

function writerOf(name: NodeName): Writer {
  return aWriter(name, name === 'hub')
}

function hear(book: KeyBook, { by, logged }: Said): KeyNews {
  return book.apply(logged, writerOf(by))
}

function bookOf(all: readonly Said[]): KeyBook {
  const book = openKeyBook()
  for (const said of all) hear(book, said)
  return book
}

/** All that a book answers, in an order of its own. */
function pictureOf(book: KeyBook): unknown {
  return {
    sealing: NODES.map((node) => book.sealingKey(node)),
    owners: KEYS_OF.map((bytes) => [...book.ownersOf(nameOf(bytes))].toSorted()),
    pairs: NAMES.map((name) => KEYS_OF.map((one) => book.pairWith(anActor(name), nameOf(one)))),
    epochs: book
      .audiences()
      .toSorted()
      .map((audience) =>
        book
          .epochs(audience)
          .map((one) => ({ ...one, covered: [...one.covered].toSorted() }))
          .toSorted(byText),
      ),
    revocations: NODES.map((node) => book.revocation(node)),
    wipes: NODES.map((node) => [book.isToBeWiped(node), book.hasWiped(node)]),
  }
}

function byText(a: unknown, b: unknown): number {
  return JSON.stringify(a) < JSON.stringify(b) ? -1 : 1
}
