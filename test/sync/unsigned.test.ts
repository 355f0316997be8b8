/** When everybody is asked about what nobody signs for, and who answers. */
import { test, type Test } from 'tap'
import { UNSIGNED_MS } from '#base/limits.ts'
import { DIRECTORY } from '#model/document-id.ts'
import type { PeerId } from '#ports/carrier.ts'
import { key, range } from '#sync/keys.ts'
import type { ContactState } from '#sync/contact-state.ts'
import { setHas } from '#sync/ledger.ts'
import { describe } from '#sync/notes.ts'
import { owesAnswer, unsignedAt } from '#sync/unsigned.ts'
import { virtualClock } from '../support/clock.ts'
import { anIdentity } from '../support/nodes.ts'
import { arrive, aSync, envelopeOf, found, noteOf, routine, say } from '../support/sync.ts'

const office: PeerId = 'post:office'
const bravo = anIdentity('bravo', 2)
const headquarters = anIdentity('dave', 4, 'hub')

test('who has said something since, and does not sign, makes us ask; ever more rarely', async (t) => {
  const { alpha, clock, look, speak } = await aWriter(t)
  t.strictSame((await look()).documents, [], 'it may need some time')

  await clock.advance(UNSIGNED_MS)
  t.strictSame((await look()).documents, [], 'nobody has been there since')
  await speak()
  await clock.advance(UNSIGNED_MS)
  t.ok((await look()).documents.includes(routine))
  await speak()
  await clock.advance(UNSIGNED_MS)
  t.notOk((await look()).documents.includes(routine))
  await clock.advance(UNSIGNED_MS)
  t.ok((await look()).documents.includes(routine))
  t.ok((await alpha.context.replica.read.list(range.uneven)).length > 0)
})

test('contacts that are all shorter than that are long enough together', async (t) => {
  const { clock, look, speak, state } = await aWriter(t)
  const asked: boolean[] = []
  for (let quarters = 0; quarters < 9; quarters += 1) {
    // Each has a state of its own.
    const { documents } = await look({ ...state, wanted: new Map(), flying: new Set() })
    asked.push(documents.includes(routine))
    await speak()
    await clock.advance(UNSIGNED_MS / 4)
  }

  t.ok(asked.includes(true))
})

test('who signs is not asked about, and when all have signed the mark goes', async (t) => {
  const { alpha, clock, look, speak, sign } = await aWriter(t)
  await look()
  await speak()
  await sign()
  await clock.advance(UNSIGNED_MS)

  t.notOk((await look()).documents.includes(routine))
  const mark = await alpha.context.replica.read.get(key.uneven('routine', routine))
  t.equal(mark, undefined)
})

test('a node on a metered link that does not sign for what it took is asked, and gives its word again', async (t) => {
  const peer = bravo.certificate.node
  const { alpha, other, clock, look, speak, sign, state } = await aWriter(t, peer)
  const metered = { ...state, isMetered: true as const }
  await look(metered)
  await speak()
  await clock.advance(UNSIGNED_MS)
  t.ok((await look(metered)).documents.includes(routine))
  const question = { kind: 'have', isWhole: false, isQuestion: true } as const
  const items = [{ document: routine, clock: { [alpha.actor]: 2 }, read: {} }]
  await arrive(other, await noteOf(alpha, { ...question, items }), { from: alpha.id })
  const { read } = other.context.replica
  t.ok(await read.get(key.owed(alpha.id, routine)), 'it owes a receipt')
  t.ok(await read.get(key.announced(routine)), 'and asks for what it lacks')

  await sign()
  await speak()
  await clock.advance(4 * UNSIGNED_MS)
  t.notOk((await look(metered)).documents.includes(routine))
  t.ok(await alpha.context.replica.read.get(key.uneven('routine', routine)), 'others may lack it')
})

test('neither a node on a link of its own nor a stick is asked so', async (t) => {
  const { look, state } = await aWriter(t)

  const nothing = { documents: [], lookAgainAt: undefined }
  t.strictSame(await look({ ...state, peer: bravo.certificate.node }), nothing)
  t.strictSame(await look({ ...state, isVisit: true }), nothing)
})

test('a hub answers everybody, a kit answers a hub, or anybody where there is none', async (t) => {
  const answers = async (
    by: 'kit' | 'hub',
    to: 'kit' | 'hub',
    others: readonly (typeof bravo)[],
  ): Promise<boolean> => {
    const alpha = await aSync('alpha', { role: by, knows: others })
    t.teardown(() => alpha[Symbol.asyncDispose]())
    await found(alpha)
    await say(alpha, 'one')
    const asking = (to === 'hub' ? headquarters : bravo).certificate.node
    const { context } = alpha
    const note = await describe(context.replica.read, 'have', [routine])
    const question = { from: office, asking, documents: [routine], note }
    await context.replica.commit((tx) => owesAnswer(tx, context, question))
    return (await context.replica.read.get(key.owed(office, routine))) !== undefined
  }

  t.equal(await answers('hub', 'kit', [bravo]), true)
  t.equal(await answers('kit', 'hub', [bravo, headquarters]), true)
  t.equal(await answers('kit', 'kit', [bravo, headquarters]), false)
  t.equal(await answers('kit', 'kit', [bravo]), true)
})

/** Alpha has written, and a post office has it; bravo reads there, when it is there. */
async function aWriter(t: Test, peer: PeerId = office) {
  const clock = virtualClock()
  const alpha = await aSync('alpha', { clock, knows: [bravo] })
  const other = await aSync('bravo', { clock, knows: [anIdentity('alpha', 1)] })
  t.teardown(async () => {
    for (const node of [alpha, other]) await node[Symbol.asyncDispose]()
  })
  await found(alpha)
  await say(alpha, 'one')
  const { context } = alpha
  const { read } = context.replica
  for (const [place] of await read.list(range.documents)) {
    const document = place.slice('doc/'.length) as typeof routine
    const item = { peer, document, clock: { [alpha.actor]: 99 } }
    await context.replica.commit((tx) => setHas(tx, context, item))
  }
  const state: ContactState = {
    peer,
    carrier: 'test',
    receiptDelayMs: 0,
    left: [],
    flying: new Set(),
    wanted: new Map(),
    refused: new Map(),
  }
  const look = (of: ContactState = state) =>
    context.replica.commit((tx) => unsignedAt(tx, context, of))
  const receipt = async (item: object) => {
    const items = [{ document: routine, clock: {}, read: {}, ...item }]
    await clock.advance(1)
    await arrive(alpha, await noteOf(other, { kind: 'receipt', isWhole: false, items }), {
      from: peer,
    })
  }
  for (const document of [DIRECTORY, routine])
    await arrive(other, await envelopeOf(alpha, document))
  return {
    alpha,
    other,
    clock,
    state,
    look,
    speak: () => receipt({}),
    sign: () => receipt({ clock: { [alpha.actor]: 1 } }),
  }
}
