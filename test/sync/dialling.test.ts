/** Lines that are dialled when it is worth it, filled, and closed. */
import { test, type Test } from 'tap'
import { bytesFromText, hexFromBytes } from '#base/bytes.ts'
import { sha256 } from '#base/hash.ts'
import { actorOf, idFromBytes, type FileId } from '#base/ids.ts'
import type { FileName } from '#codec/piece.ts'
import { encodeWishes } from '#codec/wish.ts'
import type { PeerId } from '#ports/carrier.ts'
import { beginFetch, nameOf, noteHeld } from '#sync/file-fetching.ts'
import type { FileRecord } from '#sync/file-records.ts'
import { takeWishes } from '#sync/file-wishes.ts'
import { clockOf, noteHas } from '#sync/ledger.ts'
import type { PacePolicy } from '#sync/pace-desk.ts'
import { unpack } from '#sync/records.ts'
import { spentIn } from '#sync/spending.ts'
import { spendingKey, type SpentRecord } from '#sync/spending-keys.ts'
import { openMemoryStore } from '#storage/memory-store.ts'
import type { Store } from '#ports/store.ts'
import { virtualClock } from '../support/clock.ts'
import { aHandCarrier } from '../support/hand-carrier.ts'
import { anIdentity, lifeOf } from '../support/nodes.ts'
import { aLetter, aRule } from '../support/pace.ts'
import { seededRandom } from '../support/random.ts'
import { amira, aSync, found, ops, say, type SyncNode } from '../support/sync.ts'
import { aTerms, type TermsChoice } from '../support/terms.ts'

const office: PeerId = 'post:office'
const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS
const call = { shape: 'minutes', pricePerMinute: 1, stepMs: 20_000, leastMs: MINUTE_MS } as const
const byCall = { tariff: call, line: 'on demand' } as const
/** A day that begins at midnight UTC. */
const MIDNIGHT = 20_000 * DAY_MS

test('a line on demand stays closed while nothing is worth it, and is closed when all has gone', async (t) => {
  const dialling = { atMinutes: [], gatherMsMax: 6 * HOUR_MS }
  const rig = await aRig(t, { profile: byCall, dialling })
  await rig.met()
  const before = rig.calls.length
  await rig.clock.advance(2 * HOUR_MS)
  t.equal(rig.calls.length, before, 'nothing waits')
  await say(rig.alpha, 'not urgent')
  await rig.clock.advance(HOUR_MS)
  t.equal(rig.calls.length, before, 'and what waits can wait')

  await say(rig.alpha, 'Medevac', 'flash')
  await rig.clock.advance(5 * MINUTE_MS)

  t.equal(rig.calls.length, before + 1)
  const { ms = Infinity } = rig.calls.at(-1) ?? {}
  t.ok(ms < 30_000, `closed after ${ms} ms`)
  t.equal(rig.carrier.sent.filter(({ parcel }) => parcel.lane === 'routine').length, 1, 'filled')
})

test('what is not urgent goes when it has waited long enough, fills the least, or a set time comes', async (t) => {
  const dialling = { atMinutes: [6 * 60], gatherMsMax: 4 * HOUR_MS }
  const rig = await aRig(t, { profile: byCall, dialling })
  await rig.met()
  const before = rig.calls.length
  await say(rig.alpha, 'one')
  await rig.clock.advance(4 * HOUR_MS + MINUTE_MS)
  t.equal(rig.calls.length, before + 1, 'after four hours')
  await rig.clock.advance(2 * HOUR_MS)
  t.equal(rig.calls.length, before + 2, 'at six')

  for (let count = 0; count < 500; count += 1) await say(rig.alpha, `number ${count}`)
  await rig.clock.advance(MINUTE_MS)

  t.equal(rig.calls.length, before + 3, 'when it fills a call')
})

test('a file that somebody asked for is called for; what nobody asked for, or was asked for in vain, is not', async (t) => {
  const rig = await aRig(t, { profile: byCall, dialling: { atMinutes: [], gatherMsMax: HOUR_MS } })
  await rig.met()
  const before = rig.calls.length
  const { context } = rig.alpha
  const fetch = (name: string, isAsked: boolean) =>
    context.replica.commit((tx) => beginFetch(tx, context, { file: aFile(name), isAsked }))
  await fetch('wanted by nobody', false)
  await rig.clock.advance(5 * HOUR_MS)
  t.equal(rig.calls.length, before)

  await fetch('map', true)
  await rig.clock.advance(10 * MINUTE_MS)

  t.equal(rig.calls.length, before + 1, 'at once: it fills a call')
  await rig.clock.advance(10 * HOUR_MS)
  t.equal(rig.calls.length, before + 1, 'nobody there has it')
})

test('a file that somebody asked for elsewhere is called for where it lies, and given; not when nobody asked, nor in vain', async (t) => {
  const rig = await aRig(t, { profile: byCall, dialling: { atMinutes: [], gatherMsMax: HOUR_MS } })
  await rig.met()
  const before = rig.calls.length
  const plain = await isHere(rig.alpha, 'plain')
  const map = await isHere(rig.alpha, 'map')
  await hearWish(rig.alpha, { name: plain, isAsked: false, number: 1 })
  await rig.clock.advance(5 * HOUR_MS)
  t.equal(rig.calls.length, before, 'nobody asked for it')

  await hearWish(rig.alpha, { name: map, isAsked: true, number: 2 })
  await rig.clock.advance(10 * MINUTE_MS)
  t.equal(rig.calls.length, before + 1, 'at our turn: it fills a call')
  const given = rig.carrier.sent.filter(({ parcel }) => parcel.bytes.length > 5_000)
  t.ok(given.length > 0, 'pieces went')
  await rig.clock.advance(10 * HOUR_MS)
  t.equal(rig.calls.length, before + 1, 'all is given')

  await hearWish(rig.alpha, { name: nameOf(rig.alpha.context, aFile('elsewhere')), isAsked: true })
  await rig.clock.advance(10 * HOUR_MS)
  t.equal(rig.calls.length, before + 1, 'it does not lie here')
})

test('where nobody answers when a file is to be given, it is tried again after growing pauses', async (t) => {
  const rig = await aRig(t, { profile: byCall, dialling: { atMinutes: [], gatherMsMax: HOUR_MS } })
  await rig.met()
  const map = await isHere(rig.alpha, 'map')
  rig.answerAfter(Infinity)
  const before = rig.calls.length
  await hearWish(rig.alpha, { name: map, isAsked: true })
  await rig.clock.advance(HOUR_MS)
  const tries = rig.calls.length - before
  t.ok(tries >= 3 && tries <= 8, `${tries} calls`)

  rig.answerAfter(5_000)
  await rig.clock.advance(2 * HOUR_MS)
  t.ok(
    rig.carrier.sent.some(({ parcel }) => parcel.bytes.length > 5_000),
    'pieces went',
  )
})

test('airtime is booked before it begins, and a budget ends a call', async (t) => {
  const budget = { msMax: 5 * MINUTE_MS, flashReservePercent: 0 }
  const rig = await aRig(t, { profile: byCall, budget }, { answersAfterMs: 4 * HOUR_MS })
  await say(rig.alpha, 'now', 'immediate')
  await rig.clock.advance(HOUR_MS)

  const airtimeMs = rig.calls.reduce((sum, { ms }) => sum + ms, 0)
  t.ok(airtimeMs > 4 * MINUTE_MS && airtimeMs <= 5 * MINUTE_MS, `${airtimeMs} ms`)
  t.equal((await rig.spent()).ms, 5 * MINUTE_MS)
  t.ok(((await rig.spentAtOpen[0]) ?? 0) >= MINUTE_MS, 'on the disk before the line was opened')
  const calls = rig.calls.length
  await rig.clock.advance(DAY_MS)
  t.ok(rig.calls.length > calls, 'it goes on the next day')
})

test('a line on which nobody answers is tried again after growing pauses', async (t) => {
  const rig = await aRig(t, { profile: byCall }, { answersAfterMs: Infinity })
  await say(rig.alpha, 'now', 'immediate')
  await rig.clock.advance(6 * HOUR_MS)

  const tries = rig.calls.length
  t.ok(tries >= 5 && tries <= 14, `${tries} calls`)
})

test('a line that stands is opened at once, and closed while its budget is spent', async (t) => {
  const budget = { bytesMax: 4_000 }
  const rig = await aRig(t, { budget })
  await rig.clock.advance(10_000)
  t.equal(rig.isOpen(), true)
  rig.carrier.use(5_000)
  await rig.clock.advance(2 * MINUTE_MS)
  t.equal(rig.isOpen(), false)

  await rig.clock.advance(DAY_MS)

  t.equal(rig.isOpen(), true)
})

test('once a line has failed, what is urgent is heard again after the pause, whatever else there is to wait for', async (t) => {
  const rig = await aRig(t, { profile: byCall })
  await rig.met()
  rig.answerAfter(Infinity)
  const message = await say(rig.alpha, 'goes by another way', 'immediate')
  await rig.clock.advance(4 * MINUTE_MS)
  const { context } = rig.alpha
  await context.replica.commit(async (tx) => {
    const { document } = message
    await noteHas(tx, office, { document, clock: await clockOf(tx, document) })
  })
  await rig.clock.advance(HOUR_MS)
  const isUp = (): boolean | undefined => context.pace.look('thin', undefined)?.isUp
  t.equal(isUp(), false, 'rules take it for a line that is not there')
  await rig.clock.advance(2 * HOUR_MS)
  t.equal(isUp(), true, 'until that tells nothing any more')
  rig.answerAfter(5_000)
  const before = rig.calls.length
  await say(rig.alpha, 'Medevac', 'flash')
  await rig.clock.advance(5 * MINUTE_MS)
  t.equal(rig.calls.length, before + 1)
})

test('who was met in a commit that the disk refused is called as one who was never met', async (t) => {
  const rig = await aRig(t, { profile: byCall }, { answersAfterMs: Infinity })
  await rig.clock.advance(200_000)
  rig.alpha.context.peers.add(office)
  const before = rig.calls.length
  rig.answerAfter(5_000)
  await rig.clock.advance(HOUR_MS)
  t.ok(rig.calls.length > before)
})

test('nobody is called for a message that is too long to go by the line', async (t) => {
  const rule = aRule([aLetter('P', { carriers: ['thin'], messageBytesMax: 300 })])
  const pace = { rules: [rule], drillEveryMs: undefined }
  const rig = await aRig(t, { profile: byCall }, { pace })
  await rig.met()
  const before = rig.calls.length
  await say(rig.alpha, 'x'.repeat(400), 'immediate')
  await say(rig.alpha, 'short, and after it', 'immediate')
  await rig.clock.advance(12 * HOUR_MS)
  t.equal(rig.calls.length, before)
  t.equal(rig.alpha.context.pace.failing.size, 0, 'nor is the line taken for one that fails')

  await say(rig.alpha, 'Medevac', 'flash')
  await rig.clock.advance(5 * MINUTE_MS)
  t.equal(rig.calls.length, before + 1)
})

async function aRig(
  t: Test,
  choice: TermsChoice,
  {
    answersAfterMs = 5_000,
    pace,
  }: { readonly answersAfterMs?: number; readonly pace?: PacePolicy } = {},
) {
  const clock = virtualClock(MIDNIGHT)
  const terms = aTerms(choice)
  const hand = aHandCarrier(() => 'departed', { name: 'thin' })
  const store = openMemoryStore()
  const calls: { ms: number }[] = []
  const spentAtOpen: Promise<number>[] = []
  const state = { openedMs: -1, over: new AbortController(), isUp: false, used: 0, answersAfterMs }
  const whenAnswered = async (signal: AbortSignal): Promise<void> => {
    await clock.sleep(state.answersAfterMs, signal)
    if (signal.aborted) return
    state.isUp = true
    hand.begin(office)
  }
  const line = {
    peer: office,
    open: () => {
      state.openedMs = clock.monotonicMs()
      state.over = new AbortController()
      spentAtOpen.push(spentOnDisk(store))
      if (state.answersAfterMs < Infinity) void whenAnswered(state.over.signal)
    },
    close: () => {
      state.over.abort()
      if (state.isUp) hand.end(office)
      state.isUp = false
      calls.push({ ms: clock.monotonicMs() - state.openedMs })
      state.openedMs = -1
    },
  }
  const sentBytes = (): number =>
    hand.sent.reduce((sum, { parcel }) => sum + parcel.bytes.length, 0)
  const usedBytes = (): number => state.used + sentBytes()
  const use = (bytes: number): void => void (state.used += bytes)
  const carrier = { ...hand, terms, line, usedBytes, use }
  const alpha = await aSync('alpha', {
    clock,
    store,
    carriers: [carrier],
    ...(pace && { options: { pace } }),
    knows: [anIdentity('bravo', 2)],
  })
  t.teardown(() => alpha[Symbol.asyncDispose]())
  await found(alpha)
  const { context } = alpha
  const spent = async () =>
    (await spentIn(context.replica.read, context, { name: 'thin', terms })).spent
  return {
    alpha,
    clock,
    carrier,
    calls,
    spentAtOpen,
    isOpen: () => state.openedMs >= 0,
    answerAfter: (ms: number) => void (state.answersAfterMs = ms),
    spent,
    met: () => clock.advance(5 * MINUTE_MS),
  }
}

/** A file of 90,000 bytes that lies here; its name on the way. */
async function isHere({ context }: SyncNode, name: string): Promise<FileName> {
  const content = seededRandom(name.length).bytes(90_000)
  const file = { ...aFile(name), hash: hexFromBytes(sha256(content)) }
  await context.files.blobs.keep(once(content), content.length, async (tx) => {
    noteHeld(tx, context, file)
    context.files.blobs.use(tx, { hash: file.hash, id: file.id })
  })
  return nameOf(context, file)
}

async function* once(bytes: Uint8Array): AsyncIterable<Uint8Array> {
  yield bytes
}

/** Bravo says at the office that it wants all of a file. */
async function hearWish(
  { context }: SyncNode,
  { name, isAsked, number = 9 }: { name: FileName; isAsked: boolean; number?: number },
): Promise<void> {
  const spans = [[0, 90_000]] as const
  const wish = { name, bytes: 90_000, isAsked, hops: 0, through: [], pieceBytes: 0, spans }
  const { node } = anIdentity('bravo', 2).certificate
  const said = { body: encodeWishes({ number, wishes: [wish] }), node, from: office }
  const actor = actorOf(node, lifeOf('bravo'))
  await context.replica.commit((tx) => takeWishes(tx, context, { ...said, actor }))
}

/** A file of 90,000 bytes that is elsewhere. */
function aFile(name: string): FileRecord {
  const bytes = bytesFromText(`file ${name}`)
  return {
    id: idFromBytes<FileId>(sha256(bytes).slice(0, 16)),
    hash: hexFromBytes(sha256(bytes)),
    name: `${name}.bin`,
    type: 'application/octet-stream',
    bytes: 90_000,
    channel: ops,
    owner: amira,
    createdAt: MIDNIGHT,
  }
}

async function spentOnDisk(store: Store): Promise<number> {
  return unpack<SpentRecord>(await store.get(spendingKey.spent('thin')))?.ms ?? 0
}
