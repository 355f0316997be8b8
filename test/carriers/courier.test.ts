import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { test } from 'tap'
import { must } from '#base/assert.ts'
import { EdgeError } from '#base/errors.ts'
import { COURIER_STICKS_MAX } from '#base/limits.ts'
import { SYSTEM_STICKS } from '#carriers/courier-disk.ts'
import { openCourierCarrier, type CourierCarrier, type CourierPorts } from '#carriers/courier.ts'
import type { Carrier, PeerId } from '#ports/carrier.ts'
import type { CourierExport, CourierImport, CourierReport } from '#ports/courier.ts'
import type { Store } from '#ports/store.ts'
import { openMemoryStore } from '#storage/memory-store.ts'
import { carrierContract, type CarrierRig } from '../contracts/carrier.ts'
import { accept, hear, parcel, textOf, type CarrierSide } from '../support/carrier-side.ts'
import { aFolder } from '../support/folders.ts'
import { seedOf } from '../support/nodes.ts'
import { seededRandom } from '../support/random.ts'

const secret = seedOf('epoch secret')
const forAll = seedOf('for all')
const keys = async () => ({ suite: 1, now: secret, forAll, held: [secret, forAll] })
const never = new AbortController().signal

carrierContract('courier', openPair)

test('what was put on a stick is found by everybody it comes to, once', async (t) => {
  const stick = await aFolder(t)
  const [alpha, bravo, charlie] = [aSide('alpha'), aSide('bravo'), aSide('charlie')]

  const report = await put(alpha, stick, ['one', 'two'])
  const [byBravo, byCharlie] = [await take(bravo, stick), await take(charlie, stick)]
  const again = await take(bravo, stick)

  t.match(report, { files: 1, envelopes: 2, bytes: 4_136, refused: [] })
  t.match([byBravo, byCharlie], [report, report])
  t.strictSame(again, { files: 0, bytes: 0, envelopes: 0, refused: [] })
  t.strictSame(bravo.arrivals.map(textOf), ['one', 'two'])
  t.strictSame(await take(alpha, stick), again, 'what we wrote ourselves is not read')
})

test('a stick is known by its files: a copy of it is the same, one that lost something is another', async (t) => {
  const [stick, copy] = [await aFolder(t), await aFolder(t)]
  const alpha = aSide('alpha')
  const peers: PeerId[] = []
  const note = async (peer: PeerId): Promise<boolean> => {
    peers.push(peer)
    return true
  }
  await put(alpha, stick, ['one'], note)
  await copyAll(stick, copy)
  await put(alpha, copy, ['two'], note)
  await put(alpha, stick, ['three'], note) // lacks what the copy got
  await put(alpha, copy, ['four'], note)
  await put(alpha, stick, ['five'], note)
  const [first, second, third, fourth, fifth] = peers

  t.equal(second, first)
  t.not(third, first)
  t.equal(fourth, first)
  t.equal(fifth, third)
})

test('a file that is called otherwise, copied beside itself or moved to another stick is taken once', async (t) => {
  const [stick, other] = [await aFolder(t), await aFolder(t)]
  const [alpha, bravo] = [aSide('alpha'), aSide('bravo')]
  await put(alpha, stick, ['one'])
  const [name] = await readdir(stick)
  const bytes = await readFile(join(stick, must(name, 'one file')))
  await writeFile(join(stick, 'one (1).COURIER'), bytes)
  await writeFile(join(other, 'found.courier'), bytes)

  const reports = [await take(bravo, stick), await take(bravo, stick), await take(bravo, other)]

  t.strictSame(
    reports.map(({ files }) => files),
    [1, 0, 0],
  )
  t.equal(bravo.arrivals.length, 1)
})

test('a full stick loses nothing, and leaves nothing half written', async (t) => {
  const stick = await aFolder(t)
  let isFull = true
  const alpha = aSide('alpha', {
    disk: {
      ...SYSTEM_STICKS,
      create: async (folder, name, bytes) => {
        await SYSTEM_STICKS.create(folder, name, isFull ? bytes.subarray(0, 100) : bytes)
        if (isFull) throw Object.assign(new Error('no room'), { code: 'ENOSPC' })
      },
    },
  })
  const sent: string[] = []

  await t.rejects(put(alpha, stick, ['one'], undefined, sent), { code: 'STICK_FULL' })
  const left = await readdir(stick)
  isFull = false
  await put(alpha, stick, ['one'], undefined, sent)

  t.strictSame(left, [])
  t.strictSame(sent, ['CARRIER_UNREACHABLE', 'departed'])
  t.equal((await readdir(stick)).length, 1)
})

test('a stick for which there is nothing gets no file and no contact', async (t) => {
  const stick = await aFolder(t)
  const alpha = aSide('alpha')

  const report = await alpha.courier.exportTo(
    visitOf(stick, async () => false),
    never,
  )

  t.strictSame(report, { files: 0, bytes: 0, envelopes: 0, refused: [] })
  t.strictSame(await readdir(stick), [])
  t.strictSame(alpha.contacts, [])
})

test('only so many sticks are remembered; the one unused for longest is let go', async (t) => {
  const alpha = aSide('alpha')
  const peers: PeerId[] = []
  const forgotten: PeerId[] = []
  const note = async (peer: PeerId): Promise<boolean> => {
    peers.push(peer)
    return true
  }
  const sticks: string[] = []
  for (let number = 0; number <= COURIER_STICKS_MAX; number += 1) {
    const stick = await aFolder(t)
    sticks.push(stick)
    await put(alpha, stick, [`for ${number}`], note, [], forgotten)
    if (number === 1) await put(alpha, must(sticks[0], 'the first'), ['again'], note, [], forgotten)
  }

  t.strictSame(forgotten, [peers[1]])
  t.equal((await alpha.courier.statusOf(must(sticks[1], 'the second'))).peer, undefined)
  t.equal((await alpha.courier.statusOf(must(sticks[0], 'the first'))).peer, peers[0])
  const rows = await alpha.store.list({ from: 'carrier/', to: 'carrier0' })
  t.equal(rows.length, COURIER_STICKS_MAX * 2 + 1, 'a row for each stick and each file')
})

test('who was stopped in the middle of a file goes on there', async (t) => {
  const stick = await aFolder(t)
  const [alpha, bravo] = [aSide('alpha'), aSide('bravo')]
  await put(alpha, stick, ['one', 'two', 'three'])
  const stop = new AbortController()
  const stopped = t.rejects(bravo.courier.importFrom(visitOf(stick), stop.signal), {
    code: 'STOPPING',
  })
  await accept(bravo, await bravo.nextArrival())
  await bravo.nextArrival()
  stop.abort()
  await stopped

  const report = await take(bravo, stick)

  t.equal(report.envelopes, 2)
  t.strictSame(bravo.arrivals.map(textOf).slice(3), ['two', 'three'])
})

test('status tells what lies there and what of it is new', async (t) => {
  const stick = await aFolder(t)
  const [alpha, bravo] = [aSide('alpha'), aSide('bravo')]
  t.match(await alpha.courier.statusOf(stick), { peer: undefined, files: 0, bytes: 0, fresh: 0 })
  await put(alpha, stick, ['one'])
  await put(alpha, stick, ['two'])

  t.match(await alpha.courier.statusOf(stick), { peer: /^post:/, files: 2, bytes: 8_272, fresh: 0 })
  t.match(await bravo.courier.statusOf(stick), { peer: undefined, files: 2, fresh: 2 })
  await take(bravo, stick)
  t.match(await bravo.courier.statusOf(stick), { peer: /^post:/, files: 2, fresh: 0 })
})

interface CourierSide extends CarrierSide {
  readonly courier: CourierCarrier
}

function aSide(name: string, part: Partial<CourierPorts> & { store?: Store } = {}): CourierSide {
  const store = part.store ?? openMemoryStore()
  const random = seededRandom(name.charCodeAt(0))
  const courier = openCourierCarrier({ store, random, disk: SYSTEM_STICKS, ...part })
  return { ...hear(courier, store), courier }
}

function visitOf(
  folder: string,
  begin: CourierExport['begin'] = async () => true,
  forgotten: PeerId[] = [],
): CourierExport & CourierImport {
  const forget = async (peer: PeerId): Promise<void> => void forgotten.push(peer)
  return { folder, keys, begin, forget, missed: async () => undefined }
}

/** One export of these texts, as a node does it; what became of each joins `outcomes`. */
async function put(
  side: CourierSide,
  folder: string,
  texts: readonly string[],
  begin: CourierExport['begin'] = async () => true,
  outcomes: string[] = [],
  forgotten: PeerId[] = [],
): Promise<CourierReport> {
  const heard = side.contacts.length
  const done = side.courier.exportTo(visitOf(folder, begin, forgotten), never)
  void done.catch(() => undefined)
  const { peer } = await side.contactFrom(heard)
  const under = texts.map((text, number) =>
    side.courier.send(peer, parcel(text, { number }), never).then(
      (handover) => outcomes.push(handover),
      (error: unknown) => outcomes.push(error instanceof EdgeError ? error.code : 'unknown'),
    ),
  )
  must(side.courier.onQuiet, 'a courier gathers')(peer, under.length)
  await Promise.all(under)
  side.courier.onQuiet?.(peer, 0)
  return done
}

/** One import, everything accepted. */
async function take(side: CourierSide, folder: string): Promise<CourierReport> {
  const done = side.courier.importFrom(visitOf(folder), never)
  const state = { isOver: false }
  void done.finally(() => {
    state.isOver = true
  })
  for (let at = side.arrivals.length; !state.isOver;) {
    const arrival = side.arrivals[at]
    // oxlint-disable-next-line no-await-in-loop -- until it is over
    if (arrival === undefined) await setImmediate()
    else {
      // oxlint-disable-next-line no-await-in-loop -- one after another
      await accept(side, arrival)
      at += 1
    }
  }
  return done
}

async function copyAll(from: string, to: string): Promise<void> {
  for (const name of await readdir(from))
    await writeFile(join(to, name), await readFile(join(from, name)))
}

/** Two nodes and one stick between them, which is carried over whenever something was written on it. */
async function openPair(): Promise<CarrierRig> {
  const folder = await aFolder()
  const alpha = aSide('alpha')
  let bravo = aSide('bravo')
  let contact = new AbortController()
  const visits = new Set<Promise<unknown>>()
  const during = (visit: Promise<unknown>): void => {
    const over = visit.then(
      () => undefined,
      () => undefined,
    )
    visits.add(over)
  }
  let carried: Promise<unknown> = Promise.resolve()
  const takeNext = (): Promise<unknown> =>
    bravo.courier.importFrom(visitOf(folder), contact.signal).catch(() => undefined)
  const carry = (): void => {
    carried = carried.then(takeNext)
    during(carried)
  }
  const heal = async (): Promise<void> => {
    contact = new AbortController()
    for (const side of [alpha, bravo])
      during(side.courier.exportTo(visitOf(folder), contact.signal))
    carry()
  }
  const cut = async (): Promise<void> => {
    contact.abort()
    await Promise.all(visits)
    visits.clear()
  }
  const carrier: Carrier = {
    ...alpha.courier,
    [Symbol.asyncDispose]: () => alpha.courier[Symbol.asyncDispose](),
    send: async (peer, outgoing, signal) => {
      const handed = alpha.courier.send(peer, outgoing, signal)
      void setImmediate().then(() => alpha.courier.onQuiet?.(peer, 1))
      void handed.then(carry, () => undefined)
      return handed
    },
  }
  await heal()
  return {
    alpha: { ...alpha, carrier },
    bravo,
    get toBravo() {
      return must(alpha.contacts[0], 'there was a contact').peer
    },
    cut,
    heal,
    reopenBravo: async () => {
      const { store } = bravo
      await bravo.courier[Symbol.asyncDispose]()
      bravo = aSide('bravo', { store, random: seededRandom(99) })
      during(bravo.courier.exportTo(visitOf(folder), contact.signal))
      carry()
      return bravo
    },
    [Symbol.asyncDispose]: async () => {
      await cut()
      await alpha.courier[Symbol.asyncDispose]()
      await bravo.courier[Symbol.asyncDispose]()
      await rm(folder, { recursive: true })
    },
  }
}
