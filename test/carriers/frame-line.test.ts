import fc from 'fast-check'
import { test } from 'tap'
import { must } from '#base/assert.ts'
import { codeOf } from '#base/errors.ts'
import { decodeFrame, encodeFrame } from '#codec/frame.ts'
import type { Lane } from '#model/precedence.ts'
import type { Parcel } from '#ports/carrier.ts'
import { virtualClock } from '../support/clock.ts'
import { aLineEnd, SATELLITE, type LineEnd } from '../support/frames.ts'
import { holds } from '../support/property.ts'

const never = new AbortController().signal

test('an envelope that fits takes 3 bytes more, and a burst of small ones 2 or 3 each', async (t) => {
  const [alone, several] = [aLineEnd('bravo'), aLineEnd('bravo')]
  void hand(alone, [aParcel(0, 150)])
  void hand(several, [aParcel(0, 100), aParcel(1, 60), aParcel(2, 60), aParcel(3, 100)])

  t.equal(frameOf(alone, 340).bytes.length, 153)
  t.equal(frameOf(several, 340).bytes.length, 2 + 320 + 8)
})

test('no byte of a frame is left over while something waits', async (t) => {
  const end = aLineEnd('bravo')
  void hand(end, [aParcel(0, 190), aParcel(1, 1_000), aParcel(2, 60)])

  const sizes = drain(end, 340).map((bytes) => bytes.length)

  t.strictSame(sizes.slice(0, -1), [340, 340, 340])
  t.equal(sizes.length, 4)
  t.equal(sizes.reduce((sum, size) => sum + size, 0) - 1_250, 4 * 2 + 3 + 8 + 3 + 3 + 5 + 2)
})

test('flash overtakes in the middle of a large envelope', async (t) => {
  const [alpha, bravo] = [aLineEnd('bravo'), aLineEnd('alpha')]
  void hand(alpha, [aParcel(0, 2_000)])
  await pass(alpha, bravo)
  void hand(alpha, [aParcel(0, 120, 'flash')])
  await pass(alpha, bravo)

  t.equal(bravo.arrivals.length, 1)
  t.equal(bravo.arrivals[0]?.bytes.length, 120)
  while (alpha.line.urgency() !== undefined) await pass(alpha, bravo)
  t.equal(bravo.arrivals.length, 2)
})

test('a frame that did not leave is put together anew, with what is urgent by then first', async (t) => {
  const alpha = aLineEnd('bravo')
  void hand(alpha, [aParcel(0, 300)])
  frameOf(alpha, 340)
  void hand(alpha, [aParcel(0, 120, 'flash')])

  const [first] = must(decodeFrame(frameOf(alpha, 340).bytes), 'a frame').items

  t.equal(first?.bytes.length, 120)
})

test('of a large envelope only what was lost is sent again', async (t) => {
  const [alpha, bravo] = [aLineEnd('bravo'), aLineEnd('alpha')]
  const done = hand(alpha, [aParcel(0, 2_000)])
  const frames = drain(alpha, 233)
  for (const [at, bytes] of frames.entries()) if (at !== 3 && at !== 5) await bravo.line.take(bytes)
  await pass(bravo, alpha)
  const again = drain(alpha, 233)
  for (const bytes of again) await bravo.line.take(bytes)

  t.equal(frames.length, 9)
  t.equal(again.length, 2)
  t.equal(bravo.arrivals.length, 1)
  bravo.arrivals[0]?.acceptCustody()
  void hand(alpha, [aParcel(1, 10)])
  await pass(alpha, bravo)
  bravo.arrivals[1]?.acceptCustody()
  await pass(bravo, alpha)
  t.strictSame(await Promise.all(done), ['custody'])
})

test('an answer of 5 bytes settles what came', async (t) => {
  const [alpha, bravo] = [aLineEnd('bravo'), aLineEnd('alpha')]
  const done = hand(alpha, [aParcel(0, 100), aParcel(1, 100)])
  await pass(alpha, bravo)
  for (const arrival of bravo.arrivals) arrival.acceptCustody()
  const answer = frameOf(bravo, 340)
  await alpha.line.take(answer.bytes)

  t.equal(answer.bytes.length, 5)
  t.strictSame(await Promise.all(done), ['custody', 'custody'])
})

test('what came is told with what goes anyway; alone only to who has asked, after a while', async (t) => {
  const clock = virtualClock()
  const choice = { clock, patience: SATELLITE }
  const [alpha, bravo] = [aLineEnd('bravo', choice), aLineEnd('alpha', choice)]
  const done = hand(alpha, [aParcel(0, 100)])
  await pass(alpha, bravo)
  bravo.arrivals[0]?.acceptCustody()
  t.equal(bravo.line.urgency(), undefined)
  await clock.advance(SATELLITE.repeatAfterMs)
  t.equal(alpha.line.urgency(), 'routine')
  await pass(alpha, bravo)
  t.equal(bravo.line.urgency(), undefined)
  await clock.advance(SATELLITE.answerAfterMs)
  t.equal(bravo.line.urgency(), 'routine')
  await pass(bravo, alpha)

  t.strictSame(await Promise.all(done), ['custody'])
  t.equal(bravo.arrivals.length, 1)
})

test('what was given back goes on where it was', async (t) => {
  const [alpha, bravo] = [aLineEnd('bravo'), aLineEnd('alpha')]
  const [first] = hand(alpha, [aParcel(0, 1_000)])
  await pass(alpha, bravo)
  await pass(alpha, bravo)
  alpha.line.end()
  t.equal(await first, 'CARRIER_UNREACHABLE')
  alpha.line.begin()
  void hand(alpha, [aParcel(0, 1_000)])
  const rest = drain(alpha, 233)
  for (const bytes of rest) await bravo.line.take(bytes)

  t.equal(rest.length, 2)
  t.equal(bravo.arrivals.length, 1)
})

test('what nobody waits for any more does not hold up the rest', async (t) => {
  const [alpha, bravo] = [aLineEnd('bravo'), aLineEnd('alpha')]
  void hand(alpha, [aParcel(0, 1_000)])
  await pass(alpha, bravo)
  alpha.line.end()
  alpha.line.begin()
  for (let number = 1; number < 200; number += 1) {
    const [done] = hand(alpha, [aParcel(number, 50)])
    await pass(alpha, bravo)
    bravo.arrivals.at(-1)?.acceptCustody()
    await pass(bravo, alpha)
    t.equal(await done, 'custody')
  }
})

test('a peer that has forgotten the stream gets it anew', async (t) => {
  const [alpha, bravo] = [aLineEnd('bravo'), aLineEnd('alpha')]
  const [first] = hand(alpha, [aParcel(0, 50)])
  await pass(alpha, bravo)
  bravo.arrivals[0]?.acceptCustody()
  await pass(bravo, alpha)
  await first
  const other = aLineEnd('alpha')
  const [second] = hand(alpha, [aParcel(1, 60)])
  await pass(alpha, other)
  t.equal(other.arrivals.length, 0)
  await pass(other, alpha)
  await pass(alpha, other)
  other.arrivals[0]?.acceptCustody()
  await pass(other, alpha)

  t.equal(await second, 'custody')
})

test(
  'whatever is lost, doubled and out of order, all arrives, once, unchanged',
  { timeout: 120_000 },
  async (t) => {
    const run = fc.asyncProperty(
      fc.array(fc.tuple(fc.integer({ min: 1, max: 1_500 }), fc.constantFrom('flash', 'routine')), {
        minLength: 1,
        maxLength: 90,
      }),
      fc.integer({ min: 20, max: 340 }),
      fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 50, maxLength: 400 }),
      async (sizes, bytesMax, chances) => {
        const clock = virtualClock()
        const [alpha, bravo] = [aLineEnd('bravo', { clock }), aLineEnd('alpha', { clock })]
        const parcels = sizes.map(([size, lane], at) => aParcel(at, size, lane as Lane))
        const done = hand(alpha, parcels)
        const came: string[] = []
        const state = { settled: 0 }
        for (const each of done) void each.then(() => (state.settled += 1))
        const way = aBadWay(chances)
        let isGood = true
        for (let turn = 0; state.settled < parcels.length && turn < 20_000; turn += 1) {
          for (const [from, to] of [
            [alpha, bravo],
            [bravo, alpha],
          ] as const) {
            const frame = from.line.next(bytesMax)
            frame?.sent()
            isGood &&= (frame?.bytes.length ?? 0) <= bytesMax
            if (frame !== undefined) await way(to, frame.bytes, turn > 5_000)
          }
          for (const arrival of bravo.arrivals.splice(0)) {
            came.push(Buffer.from(arrival.bytes).toString('hex'))
            arrival.acceptCustody()
          }
          await clock.advance(500)
        }
        const given = parcels.map(({ bytes }) => Buffer.from(bytes).toString('hex'))
        const isAll = came.toSorted().join() === given.toSorted().join()
        return isGood && isAll && state.settled === parcels.length
      },
    )
    const details = await fc.check(run, { numRuns: 40 })
    t.notOk(details.failed, fc.defaultReportMessage(details) ?? 'it holds')
  },
)

test('hostile frames neither throw nor grow memory, and the line goes on', async (t) => {
  const [alpha, bravo] = [aLineEnd('bravo'), aLineEnd('alpha')]
  holds(
    t,
    fc.property(fc.uint8Array({ maxLength: 340 }), (bytes) => {
      bytes[0] = (bytes[0] ?? 0) & 0x7f
      void bravo.line.take(bytes)
      return true
    }),
    3_000,
  )
  for (const arrival of bravo.arrivals.splice(0)) arrival.refuse()
  const [done] = hand(alpha, [aParcel(0, 700)])
  for (let turn = 0; turn < 20; turn += 1) {
    await pass(alpha, bravo)
    for (const arrival of bravo.arrivals.splice(0)) arrival.acceptCustody()
    await pass(bravo, alpha)
    for (const end of [alpha, bravo]) await end.clock.advance(60_000)
  }

  t.equal(await done, 'custody')
})

test('what was refused under a number leaves that to the real one, but not for ever', async (t) => {
  const [alpha, bravo, forger] = [aLineEnd('bravo'), aLineEnd('alpha'), aLineEnd('bravo')]
  const parcel = aParcel(0, 80)
  void hand(forger, [aParcel(9, 60)])
  const forged = frameOf(forger, 340).bytes
  const [done] = hand(alpha, [parcel])
  // Whoever hears a frame knows the tag of its stream.
  const real = frameOf(alpha, 340)
  forged.set(real.bytes.subarray(0, 2))
  const refuse = async (bytes: Uint8Array): Promise<void> => {
    await bravo.line.take(bytes)
    for (const arrival of bravo.arrivals.splice(0)) arrival.refuse('not authentic')
  }

  await refuse(forged)
  await refuse(forged)
  real.sent()
  await bravo.line.take(real.bytes)
  t.strictSame(
    bravo.arrivals.map(({ bytes }) => bytes),
    [parcel.bytes],
  )
  bravo.arrivals.splice(0)[0]?.acceptCustody()
  await pass(bravo, alpha)
  t.equal(await done, 'custody')

  const [second] = hand(alpha, [aParcel(1, 80)])
  for (let each = 0; each < 3; each += 1) {
    await alpha.clock.advance(120_000)
    await refuse(must(alpha.line.next(340), 'it is sent again').bytes)
    await pass(bravo, alpha)
  }
  t.equal(await second, 'custody', 'nothing behind it waits for ever')
})

test('who forges answers cannot have a sender repeat itself without end', async (t) => {
  const alpha = aLineEnd('bravo', { patience: SATELLITE })
  void hand(alpha, [aParcel(0, 900)])
  let sentBytes = 0
  let tag = 0
  for (let each = 0; each < 200; each += 1) {
    const frame = alpha.line.next(340)
    frame?.sent()
    sentBytes += frame?.bytes.length ?? 0
    tag = (frame && decodeFrame(frame.bytes))?.tag ?? tag
    const lacks = { number: 0, gaps: [{ from: 0, length: 0 }] }
    const known = { tag, isKnown: true as const, base: 0, settled: [], holes: [lacks] }
    const acks = each % 2 === 0 ? known : { tag, isKnown: false as const }
    await alpha.line.take(
      encodeFrame({ tag: 5, isFresh: true, isAnswerWanted: false, acks, items: [] }),
    )
  }

  t.ok(sentBytes < 10 * 900, `${sentBytes} bytes of a parcel of 900`)
  await alpha.clock.advance(SATELLITE.repeatAfterMs)
  t.ok(alpha.line.urgency(), 'and it is patient still')
})

/** Loses frames, doubles them, or keeps some back to give them in another order; not once it `isGood`. */
function aBadWay(
  chances: readonly number[],
): (to: LineEnd, bytes: Uint8Array, isGood: boolean) => Promise<void> {
  const late: { readonly to: LineEnd; readonly bytes: Uint8Array }[] = []
  let turn = 0
  return async (to, bytes, isGood) => {
    const chance = isGood ? 9 : (chances[turn++ % chances.length] ?? 9)
    if (chance === 1) late.push({ to, bytes })
    if (chance > 1) await to.line.take(bytes)
    if (chance === 2) await to.line.take(bytes)
    if (late.length > 3)
      for (const one of late.splice(0).toReversed()) await one.to.line.take(one.bytes)
  }
}

/** A parcel whose bytes say its number. */
function aParcel(number: number, size: number, lane: Lane = 'routine'): Parcel {
  const bytes = Uint8Array.from({ length: Math.max(3, size) }, (_, at) => (at * 7 + number) & 255)
  bytes[0] = number & 255
  bytes[1] = number >> 8
  bytes[2] = lane.length
  return { bytes, lane, number }
}

/** Hands parcels in; what becomes of each. */
function hand({ line }: LineEnd, parcels: readonly Parcel[]): readonly Promise<string>[] {
  return parcels.map((parcel) =>
    line.send(parcel, never).catch((error: unknown) => codeOf(error) ?? String(error)),
  )
}

function frameOf({ line }: LineEnd, bytesMax: number) {
  return must(line.next(bytesMax), 'there is something to send')
}

/** All frames that leave without an answer. */
function drain({ line }: LineEnd, bytesMax: number): readonly Uint8Array[] {
  const frames: Uint8Array[] = []
  for (let frame = line.next(bytesMax); frame !== undefined; frame = line.next(bytesMax)) {
    frame.sent()
    frames.push(frame.bytes)
  }
  return frames
}

/** One frame from here to there, if there is one. */
async function pass(from: LineEnd, to: LineEnd, bytesMax = 340): Promise<void> {
  const frame = from.line.next(bytesMax)
  frame?.sent()
  if (frame !== undefined) await to.line.take(frame.bytes)
}
