/** Whose word counts on what lies on a shelf: each node's for itself, and nobody's who is out. */
import { test, type Test } from 'tap'
import type { NodeId } from '#base/ids.ts'
import type { Span } from '#base/spans.ts'
import type { PeerId } from '#ports/carrier.ts'
import { believedOf, denyLying, forgetLying, lyingAt, noteFound } from '#sync/file-words.ts'
import { fileKey, type LyingRecord } from '#sync/file-records.ts'
import { pack } from '#sync/records.ts'
import { virtualClock } from '../support/clock.ts'
import { anIdentity } from '../support/nodes.ts'
import { aSync } from '../support/sync.ts'

const POST: PeerId = 'post:office'
const NAME = '0123456789abcdef'
const bravo = anIdentity('bravo', 2).certificate.node
const chad = anIdentity('chad', 3).certificate.node
const MINUTE_MS = 60_000

test('who said what is not so is believed again two minutes later, and others meanwhile', async (t) => {
  const { clock, context, say, believed } = await aReader(t)
  await say(bravo, [[0, 900]])
  await say(chad, [[300, 600]])
  t.strictSame(await believed(), { spans: [[0, 900]], moreMs: Infinity })

  const of = { peer: POST, name: NAME }
  await context.replica.commit((tx) => forgetLying(tx, context, { ...of, lacking: [[600, 900]] }))
  t.strictSame(await believed(), { spans: [[300, 600]], moreMs: 2 * MINUTE_MS })

  await clock.advance(2 * MINUTE_MS)
  t.strictSame(await believed(), { spans: [[0, 600]], moreMs: Infinity })
})

test('of whom a piece was found is believed at once, and nobody else', async (t) => {
  const { context, say, believed } = await aReader(t)
  await say(bravo, [[0, 900]])
  await say(chad, [[0, 900]])
  const of = { peer: POST, name: NAME }
  await context.replica.commit((tx) => forgetLying(tx, context, { ...of, lacking: [[0, 300]] }))

  await context.replica.commit((tx) => noteFound(tx, { ...of, by: chad }))

  t.strictSame(await believed(), { spans: [[300, 900]], moreMs: 2 * MINUTE_MS })
  t.match(
    (await lyingAt(context.replica.read, POST)).get(NAME)?.map(({ record }) => record.vain?.times),
    [1, undefined],
  )
})

test('who is asked for it all the same spares nobody, and is looked for as before', async (t) => {
  const { context, say, believed, told } = await aReader(t)
  await say(bravo, [[0, 300]])
  await say(chad, [[300, 600]])
  const deny = (wanted: readonly Span[]) =>
    context.replica.commit((tx) => denyLying(tx, context, { peer: POST, name: NAME, wanted }))

  await deny([[100, 200]])
  await deny([[100, 200]])

  t.match(await told(), [{ denied: { times: 1 } }, { denied: undefined }], 'once at a time')
  t.strictSame((await believed()).spans, [[0, 600]])
})

test('what a revoked node said counts for nothing', async (t) => {
  const { context, say, believed } = await aReader(t)
  await say(bravo, [[0, 300]])
  await say(chad, [[300, 600]])
  const roster = {
    ...context.roster,
    revokedSince: (node: NodeId) => (node === bravo ? 1 : undefined),
  }

  t.strictSame(await believed({ ...context, roster }), { spans: [[300, 600]], moreMs: Infinity })
})

/** A node that reads at a post office. */
async function aReader(t: Test) {
  const clock = virtualClock()
  const alpha = await aSync('alpha', { clock })
  t.teardown(() => alpha[Symbol.asyncDispose]())
  const { context } = alpha
  const { replica } = context
  const wordsOf = async () => (await lyingAt(replica.read, POST)).get(NAME)
  return {
    clock,
    context,
    say: async (node: NodeId, spans: readonly Span[]) => {
      const record: LyingRecord = { spans, heardMs: context.time.nowMs() }
      await replica.commit((tx) => {
        tx.put(fileKey.lying(POST, NAME, node), pack(record))
        return Promise.resolve()
      })
    },
    believed: async (ground: Parameters<typeof believedOf>[0] = context) =>
      believedOf(ground, await wordsOf()),
    told: async () => (await wordsOf())?.map(({ record }) => record),
  }
}
