/** What lies on the shelf of a post office: who says so, who believes it, and what follows. */
import { test, type Test } from 'tap'
import { must } from '#base/assert.ts'
import { actorOf } from '#base/ids.ts'
import type { Span } from '#base/spans.ts'
import { LYING_MAX } from '#base/limits.ts'
import { decodeGiven, encodeGiven, type Given } from '#codec/given.ts'
import { encodeWishes } from '#codec/wish.ts'
import type { PeerId } from '#ports/carrier.ts'
import { GIVEN_TOGETHER_MS } from '#sync/file-limits.ts'
import { fileRange } from '#sync/file-records.ts'
import { sayGiven, takeGiven } from '#sync/file-lying.ts'
import { allWishers, takeWishes } from '#sync/file-wishes.ts'
import { forgetLying, lyingAt } from '#sync/file-words.ts'
import { range } from '#sync/keys.ts'
import { restoreNotes, takeQueued } from '#sync/note-queue.ts'
import { unpack, type NoteRecord } from '#sync/records.ts'
import { virtualClock } from '../support/clock.ts'
import { anIdentity, lifeOf } from '../support/nodes.ts'
import { aSync } from '../support/sync.ts'

const POST: PeerId = 'post:office'
const NAME = '0123456789abcdef'
const STATE = { peer: POST, receiptDelayMs: 300_000 }
const bravo = anIdentity('bravo', 2)
const chad = anIdentity('chad', 3)
const delta = anIdentity('delta', 4)

test('what somebody has put on a shelf is wanted there no more, and is found there later', async (t) => {
  const { hear, want, lying, wishes } = await aReader(t)
  await want([[0, 900]])

  await hear([[0, 300]])
  t.strictSame(await wishes(), [[[300, 900]]])
  await hear([[300, 900]])

  t.strictSame(await wishes(), [])
  t.strictSame(await lying(), [[NAME, [[0, 900]]]])
})

test('only what lies at a post office is believed, and nobody learns from his own word', async (t) => {
  const { alpha, hear, lying } = await aReader(t)
  const { node } = bravo.certificate

  await hear([[0, 300]], { from: node })
  await hear([[0, 300]], { from: undefined })
  await hear([[0, 300]], { node: alpha.id })
  t.strictSame(await lying(), [])
  t.equal(await hear([[5, 5]]), 'malformed')
})

test('what was fetched in vain is not thought to lie there any more, and the rest is', async (t) => {
  const { alpha, clock, hear, lying } = await aReader(t)
  await hear([[0, 900]])
  const forget = (lacking: readonly Span[]) =>
    alpha.context.replica.commit((tx) =>
      forgetLying(tx, alpha.context, { peer: POST, name: NAME, lacking }),
    )

  await forget([[100, 200]])
  const left = await lying()
  await clock.advance(120_000)
  await forget([[0, 900]])

  t.strictSame(left, [
    [
      NAME,
      [
        [0, 100],
        [200, 900],
      ],
    ],
  ])
  t.strictSame(await lying(), [[NAME, []]])
})

test('who says that something lies there, and is contradicted by who looked, is not believed for a while', async (t) => {
  const { clock, hear, want, wishes } = await aReader(t)
  await want([[0, 900]])
  await hear([[0, 900]])
  t.strictSame(await wishes(), [], 'believed once')

  await want([[0, 900]])
  await hear([[0, 900]])
  t.strictSame(await wishes(), [[[0, 900]]], 'they say that it is not there')
  await hear([[0, 300]], { node: delta.certificate.node })
  t.strictSame(await wishes(), [[[300, 900]]], 'others are believed')

  await clock.advance(120_000)
  await hear([[0, 900]])
  t.strictSame(await wishes(), [], 'two minutes later it may be so')
  await want([[0, 900]])
  await clock.advance(120_000)
  await hear([[0, 900]])
  t.strictSame(await wishes(), [[[0, 900]]], 'four minutes the next time')
})

test('whoever says most gives way to others, and a note looks for room once', async (t) => {
  const { alpha, hearOf, lying } = await aReader(t)
  const { node } = delta.certificate
  await hearOf(['00000000000000aa'], { node })
  // oxlint-disable-next-line no-await-in-loop -- note after note
  for (let at = 0; at < LYING_MAX + 128; at += 64) await hearOf(names(at, 64))

  const all = (await lying()).map(([name]) => name)
  t.ok(all.length <= LYING_MAX, `${all.length} are kept`)
  t.ok(all.includes('00000000000000aa'), 'the word of another stays')
  const { replica } = alpha.context
  let lists = 0
  await replica.commit(async (tx) => {
    const body = encodeGiven(names(9_000, 64).map((name) => ({ name, spans: [[0, 9]] })))
    const counting = {
      ...tx,
      list: (asked: Parameters<typeof tx.list>[0]) => {
        if (asked.from === fileRange.allLying.from) lists += 1
        return tx.list(asked)
      },
    }
    const said = { body, node: bravo.certificate.node, from: POST }
    await takeGiven(counting, alpha.context, said)
  })
  t.equal(lists, 1)
})

test('what was given is told together while more is wanted, at once when nothing is', async (t) => {
  const { want, give, queued } = await aReader(t)
  await want([[0, 900]])

  await give([0, 300], 1)
  await give([300, 600], 2)
  const before = await queued()
  await want([])
  await give([600, 900], 3)
  const after = await queued()

  t.match(before, [{ spans: [[0, 600]] }])
  t.ok(must(before[0], 'one waits').since > 0)
  t.match(after, [{ spans: [[0, 900]], since: 0 }])
})

test('of many small files several are told together', async (t) => {
  const { alpha, clock, give, queued } = await aReader(t)
  const { context } = alpha
  const room = { peer: POST, bytes: 10_000, isAlone: true }
  await give([0, 9], 1, '00000000000000a1')
  t.match(await queued(), [{ since: 0 }], 'the first at once')
  await context.replica.commit((tx) => takeQueued(tx, context, room))

  for (let at = 2; at < 80; at += 1)
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    await give([0, 9], at, at.toString(16).padStart(16, '0'))
  const notes = await context.replica.read.list(range.notes(POST))
  const told = await queued()
  t.equal(notes.length, 2, 'as many as a note tells of')
  t.equal(told.length, 78)
  const dueAt = told.map(({ since }) => since + STATE.receiptDelayMs)
  t.ok(
    dueAt.every((each) => each === context.now() + GIVEN_TOGETHER_MS),
    'within two seconds',
  )

  await context.replica.commit((tx) => takeQueued(tx, context, room))
  await clock.advance(GIVEN_TOGETHER_MS)
  await give([0, 9], 80, '00000000000000a2')
  t.match(await queued(), [{ since: 0 }])
})

test('a note that is given up goes back beside what was given since', async (t) => {
  const { alpha, give, queued } = await aReader(t)
  await give([0, 300], 1)
  const { context } = alpha
  const room = { peer: POST, bytes: 10_000, isAlone: true }
  const notes = await context.replica.commit((tx) => takeQueued(tx, context, room))

  await give([300, 600], 2)
  await context.replica.commit((tx) => restoreNotes(tx, POST, { notes }))

  t.match(await queued(), [{ spans: [[0, 300]] }, { spans: [[300, 600]] }])
})

function names(from: number, count: number): readonly string[] {
  return Array.from({ length: count }, (_, at) => (from + at).toString(16).padStart(16, 'f'))
}

/** A node that reads at a post office. */
async function aReader(t: Test) {
  const clock = virtualClock()
  const alpha = await aSync('alpha', { clock, knows: [bravo, chad, delta] })
  t.teardown(() => alpha[Symbol.asyncDispose]())
  const { context } = alpha
  const { replica } = context
  let number = 0
  const hear = (
    given: readonly Given[],
    said: Partial<Parameters<typeof takeGiven>[2]> = {},
  ): Promise<string | undefined> => {
    const by = { body: encodeGiven(given), node: bravo.certificate.node, from: POST, ...said }
    return replica.commit((tx) => takeGiven(tx, context, by))
  }
  return {
    alpha,
    clock,
    hear: (spans: readonly Span[], said: Partial<Parameters<typeof takeGiven>[2]> = {}) =>
      hear([{ name: NAME, spans }], said),
    hearOf: (files: readonly string[], said: Partial<Parameters<typeof takeGiven>[2]> = {}) =>
      hear(
        files.map((name) => ({ name, spans: [[0, 9]] })),
        said,
      ),
    want: async (spans: readonly Span[]) => {
      const { node } = chad.certificate
      const wish = { name: NAME, bytes: 900, isAsked: true, hops: 0, through: [], pieceBytes: 0 }
      number += 1
      const body = encodeWishes({ number, wishes: [{ ...wish, spans }] })
      const said = { body, actor: actorOf(node, lifeOf('chad')), node, from: POST }
      await replica.commit((tx) => takeWishes(tx, context, said))
    },
    give: async ([from, to]: Span, parcel: number, name = NAME) => {
      const piece = { name, from, to }
      await replica.commit((tx) => sayGiven(tx, context, { state: STATE, piece, number: parcel }))
    },
    lying: async () =>
      [...(await lyingAt(replica.read, POST))].map(([name, told]) => [
        name,
        told.flatMap(({ record }) => record.spans),
      ]),
    wishes: async () => (await allWishers(replica.read)).map(({ wish }) => wish.spans),
    queued: async () => {
      const notes = await replica.read.list(range.notes(POST))
      return notes
        .map(([, bytes]) => must(unpack<NoteRecord>(bytes), 'a note'))
        .flatMap(({ body, since }) =>
          (decodeGiven(body) ?? []).map(({ spans }) => ({ spans, since })),
        )
    },
  }
}
