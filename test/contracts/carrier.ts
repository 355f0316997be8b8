/** What every carrier owes, run against each of them between two nodes: alpha sends, bravo receives. */
import { test, type Test } from 'tap'
import { codeOf } from '#base/errors.ts'
import type { Parcel, PeerId } from '#ports/carrier.ts'
import { accept, handOver, parcel, textOf, type CarrierSide } from '../support/carrier-side.ts'

/** Two nodes in contact through the carrier under test, and what may happen to them. */
export interface CarrierRig extends AsyncDisposable {
  readonly alpha: CarrierSide
  readonly bravo: CarrierSide
  /** How alpha calls the peer through which bravo is reached. */
  readonly toBravo: PeerId
  /** Ends the contact. */
  readonly cut: () => Promise<void>
  /** Makes a new contact possible. */
  readonly heal: () => Promise<void>
  /** Bravo's carrier is closed and opened again on the same store, as after a restart. */
  readonly reopenBravo: () => Promise<CarrierSide>
}

/** Runs the contract. `open` makes a fresh pair with nothing in between but an open way. */
export function carrierContract(name: string, open: () => Promise<CarrierRig>): void {
  const check = (behaviour: string, body: (t: Test, rig: CarrierRig) => Promise<void>): void =>
    void test(`${name}: ${behaviour}`, { timeout: 20_000 }, async (t) => {
      await using rig = await open()
      await body(t, rig)
    })

  check('bytes arrive unchanged, from one byte to the largest envelope', bytesUnchanged)
  check('several parcels are under way at once and all arrive', severalAtOnce)
  check('an envelope that is too large is refused, and the next one works', tooLarge)
  check('sending during a cut fails, and works in the next contact', duringCut)
  check('contacts are announced as they begin and end, one after the other', contactsInTurn)
  check('what was not accepted comes again in the next contact', notAccepted)
  check('what was accepted does not come again, nor what was refused for good', accepted)
  check('a bookmark never covers an arrival that is not yet accepted', bookmarks)
  check('the same parcel sent twice does no harm', sentTwice)
  check('a caller that gives up gets an error, and the carrier goes on', givingUp)
  check('closing ends contacts, arrivals and what is under way', closing)
}

const send = ({ alpha, toBravo }: CarrierRig, outgoing: Parcel, signal?: AbortSignal) =>
  alpha.carrier.send(toBravo, outgoing, signal ?? new AbortController().signal)

const inContact = async ({ alpha, bravo }: CarrierRig): Promise<void> => {
  await Promise.all([alpha.nextContact(true), bravo.nextContact(true)])
}

async function bytesUnchanged(t: Test, rig: CarrierRig): Promise<void> {
  await inContact(rig)
  const { envelopeBytesMax } = rig.alpha.carrier
  const sizes = [1, 256, envelopeBytesMax]

  for (const [number, size] of sizes.entries()) {
    const bytes = Uint8Array.from({ length: size }, (_, at) => (at * 7 + number) & 255)
    const handed = handOver(rig.alpha, rig.toBravo, { bytes, lane: 'immediate', number })
    // oxlint-disable-next-line no-await-in-loop -- one size after another
    const arrival = await rig.bravo.nextArrival()
    // oxlint-disable-next-line no-await-in-loop -- one size after another
    await accept(rig.bravo, arrival)
    t.ok(Buffer.from(bytes).equals(arrival.bytes), `${size} bytes`)
    // oxlint-disable-next-line no-await-in-loop -- one size after another
    t.match(await handed, /^(?:custody|departed)$/)
  }
}

async function severalAtOnce(t: Test, rig: CarrierRig): Promise<void> {
  await inContact(rig)
  const texts = Array.from({ length: 20 }, (_, number) => `report ${number}`)

  const handed = Promise.all(
    texts.map((text, number) => handOver(rig.alpha, rig.toBravo, parcel(text, { number }))),
  )
  const seen = new Set<string>()
  while (seen.size < texts.length) {
    // oxlint-disable-next-line no-await-in-loop -- until all are there
    const arrival = await rig.bravo.nextArrival()
    seen.add(textOf(arrival))
    // oxlint-disable-next-line no-await-in-loop -- until all are there
    await accept(rig.bravo, arrival)
  }

  t.strictSame([...seen].toSorted(), texts.toSorted())
  t.equal((await handed).length, texts.length)
}

async function tooLarge(t: Test, rig: CarrierRig): Promise<void> {
  await inContact(rig)
  const bytes = new Uint8Array(rig.alpha.carrier.envelopeBytesMax + 1)

  await t.rejects(send(rig, { bytes, lane: 'flash', number: 0 }), { code: 'ENVELOPE_TOO_LARGE' })
  const handed = handOver(rig.alpha, rig.toBravo, parcel('fits'))
  const arrival = await rig.bravo.nextArrival()
  await accept(rig.bravo, arrival)

  t.equal(textOf(arrival), 'fits')
  await handed
}

async function duringCut(t: Test, rig: CarrierRig): Promise<void> {
  await inContact(rig)
  await rig.cut()
  await rig.alpha.nextContact(false)

  await t.rejects(send(rig, parcel('too early')), { code: 'CARRIER_UNREACHABLE' })
  await rig.heal()
  const handed = handOver(rig.alpha, rig.toBravo, parcel('in time'))
  const arrival = await rig.bravo.nextArrival()
  await accept(rig.bravo, arrival)

  t.equal(textOf(arrival), 'in time')
  await handed
}

async function contactsInTurn(t: Test, rig: CarrierRig): Promise<void> {
  await inContact(rig)
  await rig.cut()
  await rig.alpha.nextContact(false)
  await rig.heal()
  await rig.alpha.nextContact(true)

  t.strictSame(
    rig.alpha.contacts.map(({ peer, isUp }) => ({ peer, isUp })),
    [true, false, true].map((isUp) => ({ peer: rig.toBravo, isUp })),
  )
}

async function notAccepted(t: Test, rig: CarrierRig): Promise<void> {
  await inContact(rig)
  const handed = handOver(rig.alpha, rig.toBravo, parcel('left lying'))
  const first = await rig.bravo.nextArrival()

  await rig.cut()
  await rig.bravo.nextContact(false)
  await rig.heal()
  const second = await rig.bravo.nextArrival()
  await accept(rig.bravo, second)

  t.equal(textOf(first), 'left lying')
  t.equal(textOf(second), 'left lying')
  await handed
}

async function accepted(t: Test, rig: CarrierRig): Promise<void> {
  await inContact(rig)
  const first = handOver(rig.alpha, rig.toBravo, parcel('kept', { number: 0 }))
  await accept(rig.bravo, await rig.bravo.nextArrival())
  await first
  const second = handOver(rig.alpha, rig.toBravo, parcel('forged', { number: 1 }))
  const forged = await rig.bravo.nextArrival()
  forged.refuse()
  await second

  await rig.cut()
  await rig.bravo.nextContact(false)
  await rig.heal()
  await rig.bravo.nextContact(true)
  await markTwice(rig, rig.bravo, 2)

  t.strictSame(rig.bravo.arrivals.map(textOf), ['kept', 'forged', 'mark 2', 'mark 3'])
}

async function bookmarks(t: Test, rig: CarrierRig): Promise<void> {
  await inContact(rig)
  const handed = ['accepted first', 'left lying', 'accepted last'].map((text, number) =>
    handOver(rig.alpha, rig.toBravo, parcel(text, { number })),
  )
  const arrivals = [await rig.bravo.nextArrival(), await rig.bravo.nextArrival()]
  arrivals.push(await rig.bravo.nextArrival())
  const lying = arrivals.find((arrival) => textOf(arrival) === 'left lying')
  for (const arrival of arrivals)
    // oxlint-disable-next-line no-await-in-loop -- one batch after another
    if (arrival !== lying) await accept(rig.bravo, arrival)

  const bravo = await rig.reopenBravo()
  const again = await bravo.nextArrival()
  await accept(bravo, again)
  await Promise.all(handed)
  await markTwice(rig, bravo, 3)

  t.strictSame(bravo.arrivals.map(textOf), ['left lying', 'mark 3', 'mark 4'])
}

async function sentTwice(t: Test, rig: CarrierRig): Promise<void> {
  await inContact(rig)
  const handed = [parcel('once'), parcel('once')].map((one) =>
    handOver(rig.alpha, rig.toBravo, one),
  )
  await accept(rig.bravo, await rig.bravo.nextArrival())
  const marks = markTwice(rig, rig.bravo, 1)
  await Promise.all([...handed, marks])

  const copies = rig.bravo.arrivals.map(textOf).filter((text) => text === 'once')
  t.ok(copies.length === 1 || copies.length === 2, `${copies.length} copies`)
}

async function givingUp(t: Test, rig: CarrierRig): Promise<void> {
  await inContact(rig)
  const aborted = AbortSignal.abort()

  await t.rejects(send(rig, parcel('given up'), aborted), { code: 'CARRIER_UNREACHABLE' })
  const handed = handOver(rig.alpha, rig.toBravo, parcel('meant', { number: 1 }))
  const arrival = await rig.bravo.nextArrival()
  await accept(rig.bravo, arrival)

  t.equal(textOf(arrival), 'meant')
  await handed
}

async function closing(t: Test, rig: CarrierRig): Promise<void> {
  await inContact(rig)
  const arrived = rig.bravo.nextArrival()
  let underWay = outcomeOf(send(rig, parcel('under way')))
  // A contact can break of its own accord on a busy machine: then it goes again in the next.
  for (let heard = rig.alpha.contacts.length; ; heard = rig.alpha.contacts.length) {
    // oxlint-disable-next-line no-await-in-loop -- one try after the other
    const first = await Promise.race([arrived, underWay])
    if (first !== 'CARRIER_UNREACHABLE') break
    // oxlint-disable-next-line no-await-in-loop -- one try after the other
    await rig.alpha.contactFrom(heard)
    underWay = outcomeOf(send(rig, parcel('under way')))
  }
  await arrived

  await rig.alpha.carrier[Symbol.asyncDispose]()
  await rig.bravo.carrier[Symbol.asyncDispose]()

  await Promise.all([rig.alpha.ended, rig.bravo.ended])
  t.match(String(await underWay), /^(?:undefined|CARRIER_UNREACHABLE)$/)
  await t.rejects(send(rig, parcel('after hours')), { code: 'CARRIER_UNREACHABLE' })
}

/** Undefined, or the code of its error. */
async function outcomeOf(sent: Promise<unknown>): Promise<string | undefined> {
  try {
    await sent
    return undefined
  } catch (error) {
    return codeOf(error)
  }
}

/** Sends two marks, one after the other, and waits for both: what came before them has come by then. */
async function markTwice(rig: CarrierRig, bravo: CarrierSide, number: number): Promise<void> {
  for (const at of [number, number + 1]) {
    const text = `mark ${at}`
    const handed = handOver(rig.alpha, rig.toBravo, parcel(text, { number: at }))
    // oxlint-disable-next-line no-await-in-loop -- the second only after the first has come
    for (let seen = ''; seen !== text;) seen = await takeNext(bravo)
    // oxlint-disable-next-line no-await-in-loop -- the second only after the first has come
    await handed
  }
}

async function takeNext(side: CarrierSide): Promise<string> {
  const arrival = await side.nextArrival()
  await accept(side, arrival)
  return textOf(arrival)
}
