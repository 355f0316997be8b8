/**
 * What the NATS carrier puts on a line for a kit: a dial, a whole connect, one envelope after the other, a burst, and nothing. The bytes are
 * counted by whoever asks, wherever it can.
 */
import { randomBytes } from 'node:crypto'
import { dialLine, type Line } from '#carriers/nats-line.ts'
import type { NatsOptions } from '#carriers/nats-options.ts'
import { realClock } from '#ports/real.ts'
import type { Store } from '#ports/store.ts'
import { openMemoryStore } from '#storage/memory-store.ts'
import { collectingLog } from '../../test/support/log.ts'
import { hub, openNatsNode, type NatsNode } from '../../test/support/nats-node.ts'
import { median, rounded } from './statistics.ts'

/** Bytes both ways. */
export interface Phases {
  /** Until the server has taken us in. */
  readonly dial: number
  /** Until the carrier, which was here before, listens and knows that it has everything. */
  readonly connect: number
  /** An envelope that leaves alone, with its acknowledgement. */
  readonly ack: number
  /** Each of ten that leave together. */
  readonly burst: number
  /** Of a while with nothing to say. */
  readonly idle: number
}

/** A kit, and another node of its workspace that makes the stream. */
export interface Sides {
  readonly kit: NatsOptions
  readonly other: NatsOptions
}

/** So many bytes are the envelope: as research/nats.md has it. */
const ENVELOPE_BYTES = 300
const SINGLES = 20
const BURSTS = 5
const BURST_ENVELOPES = 10
const IDLE_MS = 10_000
/** Longer than TCP puts an acknowledgement off. */
const SETTLED_MS = 250
/** Far enough from 0 that numbers have the usual two characters. */
const FIRST_NUMBER = 100

const never = new AbortController().signal

/** Goes through all of it as the kit. */
export async function measurePhases(
  { kit, other }: Sides,
  count: () => number,
  isSmall = false,
): Promise<Phases> {
  const clock = realClock()
  const settled = async (): Promise<number> => {
    for (let before = -1; ; before = count()) {
      // oxlint-disable-next-line no-await-in-loop -- until nothing moves
      await clock.sleep(SETTLED_MS, never)
      if (count() === before) return before
    }
  }
  const spent = async (work: () => Promise<unknown>): Promise<number> => {
    const before = await settled()
    await work()
    return (await settled()) - before
  }
  {
    await using maker = await open(other)
    await maker.nextContact(true)
  }
  let line: Line | undefined
  const dial = await spent(async () => {
    line = await dialled(kit)
  })
  line?.drop()
  const store = openMemoryStore()
  {
    await using first = await open(kit, store)
    await first.log.when('nats.caught-up')
  }
  let opened: NatsNode | undefined
  const connect = await spent(async () => {
    opened = await open(kit, store)
    await opened.log.when('nats.caught-up')
  })
  if (opened === undefined) throw new Error('no carrier was opened')
  await using node = opened
  let number = FIRST_NUMBER
  const send = (): Promise<unknown> => node.carrier.send(hub, parcel((number += 1)), never)
  const acks: number[] = []
  for (let each = 0; each < (isSmall ? 1 : SINGLES); each += 1) acks.push(await spent(send))
  const bursts: number[] = []
  for (let each = 0; each < (isSmall ? 1 : BURSTS); each += 1) {
    const together = (): Promise<unknown> =>
      Promise.all(Array.from({ length: BURST_ENVELOPES }, send))
    bursts.push((await spent(together)) / BURST_ENVELOPES)
  }
  const idle = await spent(() => clock.sleep(isSmall ? SETTLED_MS : IDLE_MS, never))
  return { dial, connect, ack: rounded(median(acks)), burst: rounded(median(bursts)), idle }
}

function open(options: NatsOptions, store?: Store): Promise<NatsNode> {
  return openNatsNode(options.servers[0] ?? '', options, store)
}

function dialled(options: NatsOptions): Promise<Line> {
  const [server = ''] = options.servers
  return dialLine(server, options, { clock: realClock(), log: collectingLog(), signal: never })
}

function parcel(number: number) {
  return { bytes: randomBytes(ENVELOPE_BYTES), lane: 'routine', number } as const
}
