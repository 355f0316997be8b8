/** PACE at work: what goes by which carrier while links come and go, and what proves that each of them works. */
import { test, type Test } from 'tap'
import { openMemoryNetwork } from '#carriers/memory.ts'
import type { PeerId } from '#ports/carrier.ts'
import { covers } from '#model/log.ts'
import { paceKey, setByHand, type PacePolicy } from '#sync/pace-desk.ts'
import { beginDrills } from '#sync/pace-drill.ts'
import type { Letter, PaceRule } from '#sync/pace-rules.ts'
import { clockOf } from '#sync/ledger.ts'
import { key, range } from '#sync/keys.ts'
import { lower } from '#sync/lowering.ts'
import { queuesOf, queueTo } from '#sync/queue.ts'
import { pack, unpack, type DepartureRecord } from '#sync/records.ts'
import { openMemoryStore } from '#storage/memory-store.ts'
import type { MessageRecord } from '#model/view.ts'
import { virtualClock } from '../support/clock.ts'
import { aHandCarrier } from '../support/hand-carrier.ts'
import { anIdentity } from '../support/nodes.ts'
import { aLetter, aRule } from '../support/pace.ts'
import { aSync, found, say, type SyncNode } from '../support/sync.ts'
import { aTerms } from '../support/terms.ts'

const wide: PeerId = 'post:wide'
const thin: PeerId = 'post:thin'
const MINUTE_MS = 60_000
const hub = anIdentity('bravo', 2, 'hub')

test('the alternate takes over when the primary was not there for long enough, flash at once, and gives back after the hold', async (t) => {
  const rig = await aRig(t, [aLetter('P'), aLetter('A')])
  await rig.begin()
  const first = await say(rig.alpha, 'by the primary')
  await rig.clock.advance(1_000)
  t.equal(await rig.leftBy(first), 'p')

  rig.p.end(wide)
  await rig.clock.advance(1_000)
  const second = await say(rig.alpha, 'can wait')
  const flash = await say(rig.alpha, 'Medevac', 'flash')
  await rig.clock.advance(1_000)
  t.equal(await rig.leftBy(flash), 'a', 'flash waits for no timer')
  t.equal(await rig.leftBy(second), undefined)
  await rig.clock.advance(5 * MINUTE_MS)
  t.equal(await rig.leftBy(second), 'a')
  t.equal(rig.letter(), 'A')

  rig.p.begin(wide)
  await rig.clock.advance(MINUTE_MS)
  const third = await say(rig.alpha, 'while it has not held')
  await rig.clock.advance(MINUTE_MS)
  t.equal(await rig.leftBy(third), 'a')
  await rig.clock.advance(10 * MINUTE_MS)
  const fourth = await say(rig.alpha, 'after the hold')
  await rig.clock.advance(1_000)
  t.equal(await rig.leftBy(fourth), 'p')
  t.equal(rig.letter(), 'P')
  t.strictSame(
    rig.alpha.log.named('pace.changed').map(({ facts }) => [facts?.letter, facts?.reason]),
    [
      ['A', 'down'],
      ['P', 'held'],
    ],
  )
})

test('what only a letter that is not there may carry says which rule that is, and goes when it may', async (t) => {
  const rig = await aRig(t, [aLetter('P'), aLetter('A', { lanes: ['flash', 'immediate'] })])
  await rig.begin()
  rig.p.end(wide)
  await rig.clock.advance(6 * MINUTE_MS)
  const routine = await say(rig.alpha, 'large and dull')
  const urgent = await say(rig.alpha, 'urgent', 'immediate')
  await rig.clock.advance(1_000)

  t.equal(await rig.leftBy(urgent), 'a')
  t.match(await rig.waits(routine), {
    link: thin,
    unknown: 'rule allows only',
    rule: { rule: 'all', letters: ['P'] },
  })
  rig.p.begin(wide)
  await rig.clock.advance(11 * MINUTE_MS)
  t.equal(await rig.leftBy(routine), 'p')
})

test('a message that is too long for a letter waits, and what its people wrote there after it, and nothing else', async (t) => {
  const rig = await aRig(t, [aLetter('P'), aLetter('A', { messageBytesMax: 300 })])
  await rig.begin()
  rig.p.end(wide)
  await rig.clock.advance(6 * MINUTE_MS)
  const before = await say(rig.alpha, 'short')
  const long = await say(rig.alpha, 'x'.repeat(400))
  const after = await say(rig.alpha, 'short, too')
  const other = await say(rig.alpha, 'in another lane', 'priority')
  await rig.clock.advance(MINUTE_MS)

  t.equal(await rig.leftBy(before), 'a')
  t.equal(await rig.leftBy(other), 'a')
  for (const waiting of [long, after]) {
    t.equal(await rig.leftBy(waiting), undefined)
    const why = { unknown: 'rule allows only', rule: { rule: 'all', letters: ['P'] } }
    t.match(await rig.waits(waiting), why, 'its author is told')
  }
})

test('a rule is for the channels that it names; what is under none goes by anything', async (t) => {
  const rig = await aRig(t, [aLetter('P'), aLetter('A')], { channels: ['another'] })
  await rig.begin()
  rig.p.end(wide)
  await rig.clock.advance(0)
  const message = await say(rig.alpha, 'not under the rule')
  await rig.clock.advance(1_000)
  t.equal(await rig.leftBy(message), 'a')
})

test('what headquarters has signed for goes by no other letter again', async (t) => {
  const rig = await aRig(t, [aLetter('P'), aLetter('A')])
  await rig.begin()
  const signed = await say(rig.alpha, 'signed for')
  await rig.clock.advance(1_000)
  await rig.sign(signed)
  const routine = (): number => rig.a.sent.filter(({ parcel }) => parcel.lane === 'routine').length
  rig.p.end(wide)
  await rig.clock.advance(6 * MINUTE_MS)

  t.equal(rig.letter(), 'A')
  t.equal(routine(), 0)
  const next = await say(rig.alpha, 'next')
  await rig.clock.advance(1_000)
  t.equal(await rig.leftBy(next), 'a')
  t.equal(routine(), 1)
  const asked = { from: thin, document: signed.document, clock: {}, sender: hub.certificate.node }
  const { context } = rig.alpha
  await context.replica.commit((tx) => lower(tx, context, asked))
  await rig.clock.advance(1_000)
  t.equal(routine(), 2, 'whoever lacks it there and says so gets it all the same')
})

test('a letter set by hand holds for flash as well, over a start of the node, until it is taken back', async (t) => {
  const store = openMemoryStore()
  const rig = await aRig(t, [aLetter('P'), aLetter('A')], {}, { store })
  await rig.begin()
  await rig.set('A')
  const flash = await say(rig.alpha, 'not by the primary', 'flash')
  await rig.clock.advance(1_000)
  t.equal(await rig.leftBy(flash), 'a')
  await rig.alpha[Symbol.asyncDispose]()

  const again = await aRig(t, [aLetter('P'), aLetter('A')], {}, { store, isAgain: true })
  await again.begin()
  t.equal(again.letter(), 'A')
  await again.set(undefined)
  await again.clock.advance(11 * MINUTE_MS)
  t.equal(again.letter(), 'P', 'the links decide again')
})

test('a drill is one small parcel by the very carrier, and its answer the proof; without one it fails', async (t) => {
  const rig = await aRig(t, [aLetter('P'), aLetter('A'), aLetter('C')])
  await rig.begin()
  await rig.clock.advance(20 * MINUTE_MS)
  const [before, beside] = [rig.a.sent.length, rig.p.sent.length]
  beginDrills(rig.alpha.context, { carriers: ['a', 'c'], by: undefined })
  await rig.clock.advance(1_000)

  t.equal(rig.a.sent.length, before + 1)
  t.equal(rig.p.sent.length, beside)
  const { bytes = new Uint8Array(999) } = rig.a.sent.at(-1)?.parcel ?? {}
  t.ok(bytes.length < 250, `${bytes.length} bytes`)
  const { proofs, lastDrills } = rig.alpha.context.pace
  t.match(proofs.get('a'), { answer: 'departed', by: 'drill' })
  t.match(lastDrills.get('a'), { outcome: 'worked' })
  await rig.clock.advance(11 * MINUTE_MS)
  t.match(lastDrills.get('c'), { outcome: 'not in contact' })
})

test('what is not proved is drilled by itself as often as it is wanted, and traffic is proof enough', async (t) => {
  const policy = { drillEveryMs: 60 * MINUTE_MS }
  const rig = await aRig(t, [aLetter('P'), aLetter('A')], {}, { policy })
  await rig.begin()
  await rig.clock.advance(10 * MINUTE_MS)
  const before = rig.a.sent.length
  const beside = rig.p.sent.length
  for (let count = 0; count < 12; count += 1) {
    await say(rig.alpha, 'traffic')
    await rig.clock.advance(10 * MINUTE_MS)
  }

  const drills = rig.alpha.log.named('pace.drill').map(({ facts }) => facts?.carrier)
  t.strictSame(new Set(drills.slice(2)), new Set(['a']), 'the primary has traffic')
  t.ok(rig.a.sent.length - before <= 3, 'one an hour')
  t.ok(rig.p.sent.length - beside >= 12)
})

test('a proof of a time that lies ahead brings one drill, and not one after the other', async (t) => {
  const store = openMemoryStore()
  const proof = { at: 100_000_000 * MINUTE_MS, answer: 'departed', by: 'traffic' } as const
  await store.write([{ key: paceKey.proof('c'), value: pack(proof) }])
  const policy = { drillEveryMs: 60 * MINUTE_MS }
  const rig = await aRig(t, [aLetter('P'), aLetter('C')], {}, { store, policy })
  await rig.begin()
  await rig.clock.advance(55 * MINUTE_MS)

  const drills = rig.alpha.log.named('pace.drill').map(({ facts }) => facts?.carrier)
  t.equal(drills.filter((name) => name === 'c').length, 1)
})

test('a drill that the budget does not allow says so, and sends nothing', async (t) => {
  const terms = aTerms({ budget: { bytesMax: 0 } })
  const rig = await aRig(t, [aLetter('P'), aLetter('A')], {}, { terms })
  await rig.begin()
  await rig.clock.advance(MINUTE_MS)
  beginDrills(rig.alpha.context, { carriers: ['a'], by: undefined })
  await rig.clock.advance(MINUTE_MS)

  t.equal(rig.a.sent.length, 0)
  t.match(rig.alpha.context.pace.lastDrills.get('a'), { outcome: 'no budget' })
})

test('a fleet whose primary dies goes on by the alternate, and nothing is lost or doubled when it comes back', async (t) => {
  const clock = virtualClock()
  const [one, two] = [
    openMemoryNetwork({ clock, delayMs: 50 }),
    openMemoryNetwork({ clock, delayMs: 900 }),
  ]
  const ids = { alpha: anIdentity('alpha', 1), bravo: hub }
  const open = (name: 'alpha' | 'bravo') => {
    const { node, role } = ids[name].certificate
    const p = { ...one.open(node), name: 'p' }
    const a = { ...two.open(node), name: 'a' }
    const options = {
      pace: { rules: [aRule([aLetter('P'), aLetter('A')])], drillEveryMs: undefined },
    }
    const choice = { role, clock, carriers: [p, a], knows: Object.values(ids), options }
    return aSync(name, choice)
  }
  const [alpha, bravo] = [await open('alpha'), await open('bravo')]
  t.teardown(() => Promise.all([alpha, bravo].map((node) => node[Symbol.asyncDispose]())))
  await found(alpha)
  await clock.advance(MINUTE_MS)
  const nodes = [alpha.id, bravo.id] as const
  const messages: MessageRecord[] = []
  for (let minute = 0; minute < 40; minute += 1) {
    if (minute === 5) one.cut(...nodes)
    if (minute >= 12 && minute < 20) (minute % 4 === 0 ? one.heal : one.cut)(...nodes)
    if (minute === 20) one.heal(...nodes)
    messages.push(await say(alpha, `minute ${minute}`))
    await clock.advance(MINUTE_MS)
  }
  await clock.advance(5 * MINUTE_MS)

  for (const { document, actor, seq, body } of messages)
    t.ok(covers(await clockOf(bravo.context.replica.read, document), actor, seq), body)
  const by = await Promise.all(messages.map((each) => carrierOf(alpha, each)))
  t.equal(by[3], 'p')
  t.strictSame(new Set(by.slice(11, 28)), new Set(['a']), 'a link that flaps is not gone back to')
  t.equal(by.at(-1), 'p')
  const letters = alpha.log.named('pace.changed').map(({ facts }) => facts?.letter)
  t.strictSame(letters, ['A', 'P'])
  t.equal(alpha.links().find(({ carrier }) => carrier === 'a')?.isUp, true)
  t.strictSame(await alpha.context.replica.read.list(range.outbox(bravo.id)), [])
})

test('a way that costs takes what its letter alone lets go, though its peer is in contact by one that costs nothing', async (t) => {
  const clock = virtualClock()
  const p = aHandCarrier(() => 'custody', { name: 'p' })
  const a = { ...aHandCarrier(() => 'custody', { name: 'a' }), isMetered: true }
  const rules = [aRule([aLetter('P'), aLetter('A')])]
  const choice = { clock, carriers: [p, a], knows: [hub] }
  const options = { pace: { rules, drillEveryMs: undefined } }
  const alpha = await aSync('alpha', { ...choice, options })
  t.teardown(() => alpha[Symbol.asyncDispose]())
  await found(alpha)
  p.begin(hub.certificate.node)
  a.begin(hub.certificate.node)
  await clock.advance(5_000)
  const free = await say(alpha, 'by the primary', 'flash')
  await clock.advance(5_000)
  t.equal(await carrierOf(alpha, free), 'p')
  t.equal(a.sent.length, 0, 'it is spared as long as the other may take it')

  const hand = { letter: 'A', until: undefined, by: 'amira', reason: 'overheard' } as const
  const { context } = alpha
  const [rule = aRule([])] = rules
  await context.replica.commit(async (tx) => setByHand(tx, context, { rule, hand }))
  const message = await say(alpha, 'by the alternate')
  await clock.advance(5_000)
  t.equal(await carrierOf(alpha, message), 'a')
})

test('two ways that both cost do not spare each other', async (t) => {
  const clock = virtualClock()
  const ways = ['p', 'a'].map((name) => ({
    ...aHandCarrier(() => 'custody', { name }),
    isMetered: true,
  }))
  const alpha = await aSync('alpha', { clock, carriers: ways, knows: [hub] })
  t.teardown(() => alpha[Symbol.asyncDispose]())
  await found(alpha)
  for (const way of ways) way.begin(hub.certificate.node)
  await clock.advance(5_000)
  const message = await say(alpha, 'by one of them')
  await clock.advance(5_000)
  t.ok(await carrierOf(alpha, message))
})

async function carrierOf(
  { context }: SyncNode,
  { document, actor, seq }: MessageRecord,
): Promise<string | undefined> {
  const left = await context.replica.read.list(range.departures(document, actor, seq))
  const records = left.map(([, bytes]) => unpack<DepartureRecord>(bytes))
  return records.find((record) => record !== undefined && record.from <= seq)?.carrier
}

interface More {
  readonly store?: ReturnType<typeof openMemoryStore>
  readonly isAgain?: boolean
  readonly terms?: ReturnType<typeof aTerms>
  readonly policy?: Partial<PacePolicy>
}

/** Alpha, with a post office behind each of two carriers that take everything, and headquarters that the test speaks for. */
async function aRig(
  t: Test,
  letters: PaceRule['letters'],
  more: Partial<PaceRule> = {},
  { store = openMemoryStore(), isAgain = false, terms, policy }: More = {},
) {
  const clock = virtualClock()
  const p = aHandCarrier(() => 'departed', { name: 'p', receiptDelayMs: 3_600_000 })
  const bare = aHandCarrier(() => 'departed', { name: 'a', receiptDelayMs: 3_600_000 })
  const a = { ...bare, ...(terms && { terms }) }
  const c = aHandCarrier(() => 'departed', { name: 'c', receiptDelayMs: 3_600_000 })
  const rule = aRule(letters, more)
  const pace = { rules: [rule], drillEveryMs: undefined, ...policy }
  const options = { pace }
  const alpha = await aSync('alpha', { clock, store, carriers: [p, a, c], knows: [hub], options })
  t.teardown(() => alpha[Symbol.asyncDispose]())
  if (!isAgain) await found(alpha)
  const { context } = alpha
  return {
    alpha,
    clock,
    p,
    a,
    begin: async () => {
      p.begin(wide)
      a.begin(thin)
      await clock.advance(5_000)
    },
    letter: (): Letter | undefined => context.pace.states.get('all')?.letter,
    leftBy: (message: MessageRecord) => carrierOf(alpha, message),
    waits: async (message: MessageRecord) =>
      queueTo(await queuesOf(context, message, alpha.links()), hub.certificate.node),
    sign: async ({ document, actor, seq }: MessageRecord): Promise<void> => {
      const { node } = hub.certificate
      await context.replica.commit(async (tx) => {
        const mine = await clockOf(tx, document)
        t.ok(covers(mine, actor, seq))
        const told = { told: mine, toldRead: {}, said: undefined, at: 1 }
        tx.put(key.receipt(node, document), pack({ clock: mine, read: {}, ...told }))
      })
    },
    set: async (letter: Letter | undefined): Promise<void> => {
      const by = { until: undefined, by: 'amira', reason: 'jammed' }
      const hand = letter && { letter, ...by }
      await context.replica.commit(async (tx) => setByHand(tx, context, { rule, hand }))
      await clock.advance(0)
    },
  }
}
