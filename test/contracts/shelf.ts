/** What a post office owes that keeps the pieces of each file apart (`Shelf`): alpha puts pieces there, bravo wants a file. */
import { test, type Test } from 'tap'
import { must } from '#base/assert.ts'
import {
  fetchAll,
  handOver,
  keepAccepting,
  parcel,
  textOf,
  type CarrierSide,
} from '../support/carrier-side.ts'
import type { CarrierRig } from './carrier.ts'

const MAP = '00000000000000a1'
const PHOTO = 'ffffffff000000b2'
const PIECES = 12
const never = new AbortController().signal

/** Runs the contract. `open` makes a fresh pair with nothing in between but an open way. */
export function shelfContract(name: string, open: () => Promise<CarrierRig>): void {
  const check = (behaviour: string, body: (t: Test, rig: CarrierRig) => Promise<void>): void =>
    void test(`${name}: ${behaviour}`, { timeout: 20_000 }, async (t) => {
      await using rig = await open()
      await Promise.all([rig.alpha.nextContact(true), rig.bravo.nextContact(true)])
      await body(t, rig)
    })

  check('a piece comes to whoever fetches its file, and to nobody unasked', onlyFetched)
  check('of two files, each comes when it is fetched, also both at once', twoFiles)
  check('what was accepted is not fetched again, in another contact or after a restart', placeKept)
  check('what was not accepted is fetched again', notAccepted)
  check('a fetch resolves once the node has settled what came, and not before', settled)
  check('a fetch ends with its contact, and when the caller gives up', ending)
  check('two callers for one file get its pieces once', shared)
}

async function onlyFetched(t: Test, rig: CarrierRig): Promise<void> {
  await put(rig, MAP, 0)
  const handed = handOver(rig.alpha, rig.toBravo, parcel('a message', { number: PIECES }))
  void keepAccepting(rig.bravo)
  await until(rig.bravo, 1)
  await handed
  t.strictSame(rig.bravo.arrivals.map(textOf), ['a message'])

  await fetchAll(rig.bravo, rig.toBravo, MAP)
  t.strictSame(piecesAt(rig.bravo, 'map').toSorted(), texts('map').toSorted())
}

async function twoFiles(t: Test, rig: CarrierRig): Promise<void> {
  for (let at = 0; at < PIECES; at += 1) {
    // oxlint-disable-next-line no-await-in-loop -- in turn
    await handOver(rig.alpha, rig.toBravo, piece(MAP, 2 * at, texts('map')[at]))
    // oxlint-disable-next-line no-await-in-loop -- in turn
    await handOver(rig.alpha, rig.toBravo, piece(PHOTO, 2 * at + 1, texts('photo')[at]))
  }
  void keepAccepting(rig.bravo)

  await Promise.all([MAP, PHOTO].map((file) => fetchAll(rig.bravo, rig.toBravo, file)))

  t.strictSame(piecesAt(rig.bravo, 'map'), texts('map'))
  t.strictSame(piecesAt(rig.bravo, 'photo'), texts('photo'))
}

async function placeKept(t: Test, rig: CarrierRig): Promise<void> {
  await put(rig, MAP, 0)
  void keepAccepting(rig.bravo)
  await fetchAll(rig.bravo, rig.toBravo, MAP)
  await handOver(rig.alpha, rig.toBravo, piece(MAP, PIECES, 'map, one more'))

  await rig.cut()
  await rig.bravo.nextContact(false)
  await rig.heal()
  await rig.bravo.nextContact(true)
  await fetchAll(rig.bravo, rig.toBravo, MAP)
  t.strictSame(piecesAt(rig.bravo, 'map').toSorted(), [...texts('map'), 'map, one more'].toSorted())
  await handOver(rig.alpha, rig.toBravo, piece(MAP, PIECES + 1, 'map, the last'))

  const bravo = await rig.reopenBravo()
  void keepAccepting(bravo)
  await bravo.nextContact(true)
  await fetchAll(bravo, rig.toBravo, MAP)
  t.strictSame(piecesAt(bravo, 'map'), ['map, the last'])
}

async function notAccepted(t: Test, rig: CarrierRig): Promise<void> {
  await put(rig, MAP, 0)
  const fetched = t.rejects(fetch(rig.bravo, rig), { code: 'CARRIER_UNREACHABLE' })
  await rig.bravo.nextArrival()
  await rig.cut()
  await fetched

  await rig.heal()
  const bravo = await rig.reopenBravo()
  void keepAccepting(bravo)
  await bravo.nextContact(true)
  await fetchAll(bravo, rig.toBravo, MAP)
  t.strictSame(piecesAt(bravo, 'map').toSorted(), texts('map').toSorted())
}

async function settled(t: Test, rig: CarrierRig): Promise<void> {
  await handOver(rig.alpha, rig.toBravo, piece(MAP, 0, 'map'))
  let isDone = false
  const fetched = fetch(rig.bravo, rig).then((outcome) => {
    isDone = true
    return outcome
  })
  const arrival = await rig.bravo.nextArrival()
  const other = handOver(rig.alpha, rig.toBravo, parcel('meanwhile', { number: 1 }))
  t.equal(textOf(await rig.bravo.nextArrival()), 'meanwhile')
  await other
  t.equal(isDone, false)

  t.strictSame(arrival.bookmark, [])
  arrival.refuse()
  t.match(await fetched, /^(?:more|end)$/)
}

async function ending(t: Test, rig: CarrierRig): Promise<void> {
  await handOver(rig.alpha, rig.toBravo, piece(MAP, 0, 'map'))
  const caller = new AbortController()
  const given = t.rejects(fetch(rig.bravo, rig, caller.signal), { code: 'CARRIER_UNREACHABLE' })
  const lost = t.rejects(fetch(rig.bravo, rig), { code: 'CARRIER_UNREACHABLE' })
  await rig.bravo.nextArrival()

  caller.abort()
  await given
  await rig.cut()
  await lost
  await rig.bravo.nextContact(false)

  await t.rejects(fetch(rig.bravo, rig), { code: 'CARRIER_UNREACHABLE' })
}

async function shared(t: Test, rig: CarrierRig): Promise<void> {
  await put(rig, MAP, 0)
  void keepAccepting(rig.bravo)

  await Promise.all([1, 2, 3].map(() => fetchAll(rig.bravo, rig.toBravo, MAP)))

  t.strictSame(piecesAt(rig.bravo, 'map').toSorted(), texts('map').toSorted())
}

function fetch(side: CarrierSide, { toBravo }: CarrierRig, signal = never) {
  return must(side.carrier.shelf, 'it keeps pieces apart').fetch(toBravo, MAP, signal)
}

async function put({ alpha, toBravo }: CarrierRig, file: string, from: number): Promise<void> {
  await Promise.all(
    texts('map').map((text, at) => handOver(alpha, toBravo, piece(file, from + at, text))),
  )
}

function piece(file: string, number: number, text = '') {
  return parcel(text, { file, number })
}

function texts(of: string): readonly string[] {
  return Array.from({ length: PIECES }, (_, at) => `${of}, piece ${at}`)
}

function piecesAt({ arrivals }: CarrierSide, of: string): readonly string[] {
  return arrivals.map(textOf).filter((text) => text.startsWith(of))
}

async function until(side: CarrierSide, count: number): Promise<void> {
  // oxlint-disable-next-line no-await-in-loop -- until so many have come
  while (side.arrivals.length < count) await new Promise((resolve) => void setImmediate(resolve))
}
