/** Frames by radio: 233 bytes (LoRa), heard by everybody in reach, often lost. */
import { setTimeout as sleep } from 'node:timers/promises'
import { test } from 'tap'
import { must } from '#base/assert.ts'
import { openFrameCarrier, type FramePort } from '#carriers/frame-carrier.ts'
import type { FrameLine } from '#carriers/frame-line.ts'
import type { Carrier, PeerId } from '#ports/carrier.ts'
import { openMemoryStore } from '#storage/memory-store.ts'
import { quickClock } from '../../scripts/link/quick-clock.ts'
import { carrierContract } from '../contracts/carrier.ts'
import { accept, hear, parcel, type CarrierSide } from '../support/carrier-side.ts'
import { RADIO } from '../support/frames.ts'
import { collectingLog } from '../support/log.ts'
import { seededRandom } from '../support/random.ts'

const FRAME_BYTES = 233
/** From whom, and for whom: all that the radio itself needs. */
const ADDRESS_BYTES = 2

carrierContract('frames by a radio that loses one in five', async () => {
  const air = anAir({ lostOneIn: 5 })
  const stores = [openMemoryStore(), openMemoryStore()] as const
  let seed = 1
  const open = async (self: number): Promise<CarrierSide> => {
    const store = must(stores[self], 'two stations')
    return hear(await aStation(air, { self, other: 1 - self, store, seed: seed++ }), store)
  }
  const alpha = await open(0)
  let bravo = await open(1)
  return {
    alpha,
    get bravo() {
      return bravo
    },
    toBravo: 'station 1' as PeerId,
    cut: async () => air.setOpen(false),
    heal: async () => air.setOpen(true),
    reopenBravo: async () => {
      await bravo.carrier[Symbol.asyncDispose]()
      bravo = await open(1)
      return bravo
    },
    [Symbol.asyncDispose]: async () => {
      await alpha.carrier[Symbol.asyncDispose]()
      await bravo.carrier[Symbol.asyncDispose]()
    },
  }
})

test('no frame on the air is larger than the radio takes, and who is not meant hears nothing of use', async (t) => {
  const air = anAir({ lostOneIn: 4 })
  const [alpha, bravo, charlie] = await Promise.all(
    [0, 1, 2].map(async (self) => {
      const store = openMemoryStore()
      const choice = { self, other: self === 0 ? 1 : 0, store, seed: 10 + self }
      return hear(await aStation(air, choice), store)
    }),
  )
  await alpha?.nextContact(true)
  const bytes = Uint8Array.from({ length: 3_000 }, (_, at) => at & 255)
  const handed = alpha?.carrier.send(
    'station 1' as PeerId,
    { ...parcel(''), bytes },
    new AbortController().signal,
  )
  const arrival = await must(bravo, 'bravo').nextArrival()
  await accept(must(bravo, 'bravo'), arrival)

  t.equal(await handed, 'custody')
  t.strictSame(Buffer.from(arrival.bytes), Buffer.from(bytes))
  t.ok(air.largest() <= FRAME_BYTES)
  t.equal(charlie?.arrivals.length, 0)
  for (const side of [alpha, bravo, charlie]) await side?.carrier[Symbol.asyncDispose]()
})

interface Air {
  readonly put: (frame: Uint8Array) => void
  readonly hear: (ear: (frame: Uint8Array) => void) => () => void
  readonly isOpen: () => boolean
  readonly onTurn: (told: () => void) => () => void
  readonly setOpen: (isOpen: boolean) => void
  readonly largest: () => number
}

function anAir({ lostOneIn }: { readonly lostOneIn: number }): Air {
  const ears = new Set<(frame: Uint8Array) => void>()
  const turns = new Set<() => void>()
  const random = seededRandom(lostOneIn)
  const state = { isOpen: true, largest: 0 }
  return {
    put: (frame) => {
      state.largest = Math.max(state.largest, frame.length)
      if (!state.isOpen) return
      for (const ear of ears) {
        const [chance = 0] = random.bytes(1)
        if (chance % lostOneIn > 0) setImmediate(() => ear(frame))
      }
    },
    hear: (ear) => {
      ears.add(ear)
      return () => ears.delete(ear)
    },
    isOpen: () => state.isOpen,
    onTurn: (told) => {
      turns.add(told)
      return () => turns.delete(told)
    },
    setOpen: (isOpen) => {
      state.isOpen = isOpen
      for (const told of turns) told()
    },
    largest: () => state.largest,
  }
}

interface Station {
  readonly self: number
  readonly other: number
  readonly store: ReturnType<typeof openMemoryStore>
  readonly seed: number
}

function aStation(air: Air, { self, other, store, seed }: Station): Promise<Carrier> {
  const port: FramePort = {
    peer: `station ${other}` as PeerId,
    bytesMax: FRAME_BYTES - ADDRESS_BYTES,
    run: (line, signal) => runRadio(air, { self, other, line, signal }),
  }
  return openFrameCarrier(
    {
      name: 'radio',
      keyPrefix: 'carrier/radio/',
      receiptDelayMs: 0,
      patience: RADIO,
      ends: [port],
    },
    { clock: quickClock(50), random: seededRandom(seed), log: collectingLog(), store },
  )
}

async function runRadio(
  air: Air,
  way: {
    readonly self: number
    readonly other: number
    readonly line: FrameLine
    readonly signal: AbortSignal
  },
): Promise<void> {
  const { self, other, line, signal } = way
  const turn = (): void => (air.isOpen() ? line.begin() : line.end())
  const offs = [
    air.onTurn(turn),
    air.hear((frame) => {
      if (frame[0] === other && frame[1] === self) void line.take(frame.subarray(ADDRESS_BYTES))
    }),
  ]
  turn()
  while (!signal.aborted) {
    const isDue = line.urgency() !== undefined && line.isUp()
    const frame = isDue ? line.next(FRAME_BYTES - ADDRESS_BYTES) : undefined
    if (frame === undefined) {
      await line.changed(60_000, signal)
      continue
    }
    air.put(Buffer.concat([Uint8Array.of(self, other), frame.bytes]))
    frame.sent()
    await sleep(1)
  }
  for (const off of offs) off()
}
