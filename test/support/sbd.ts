/** A kit's modem and headquarters' gateway with a little Iridium between them, as carriers, on a clock that runs fast. */
import type { NodeId } from '#base/ids.ts'
import { openSbdCarrier, type SbdCarrier, type SbdOptions } from '#carriers/sbd.ts'
import { LANES } from '#model/precedence.ts'
import type { Clock } from '#ports/clock.ts'
import type { Store } from '#ports/store.ts'
import { openMemoryStore } from '#storage/memory-store.ts'
import { quickClock } from '../../scripts/link/quick-clock.ts'
import { collectingLog, type CollectingLog } from './log.ts'
import { seededRandom } from './random.ts'
import type { LittleIridium } from './sbd-gateway.ts'
import type { EmulatedModem } from './sbd-modem.ts'

/** A tariff by which nothing costs money. */
export const freeMessages = {
  shape: 'messages',
  pricePerMegabyte: 0,
  stepBytes: 1,
  leastBytes: 1,
  emptyBytes: 0,
} as const

/** The modem that there is when there is one. */
export const IMEI = '300234010123450'

/** What a test may choose. */
export interface SbdChoice {
  readonly store?: Store
  readonly clock?: Clock
  readonly log?: CollectingLog
  readonly seed?: number
  readonly options?: Partial<SbdOptions>
  readonly gatherMs?: number
  readonly mailboxCheckMs?: number
  readonly allowFrom?: readonly string[]
}

/** Time as fast as tests like it: a minute is over in 1.5 s. */
export const SPEED = 40

/** A kit's carrier. */
export function aKitCarrier(
  modem: EmulatedModem,
  hub: string,
  choice: SbdChoice = {},
): Promise<SbdCarrier> {
  const { gatherMs = 0, mailboxCheckMs } = choice
  return open(choice, {
    role: 'modem',
    peer: hub as NodeId,
    address: { host: '127.0.0.1', port: modem.port },
    bytesMax: 340,
    gatherMs,
    mailboxCheckMs,
  })
}

/** Headquarters' carrier, to which `iridium` delivers from then on. */
export async function aHubCarrier(
  iridium: LittleIridium,
  modems: readonly { readonly imei: string; readonly peer: string }[],
  choice: SbdChoice = {},
): Promise<SbdCarrier> {
  const carrier = await open(choice, {
    role: 'gateway',
    listen: { host: '127.0.0.1', port: 0 },
    allowFrom: choice.allowFrom ?? ['127.0.0.1'],
    gateway: { host: '127.0.0.1', port: iridium.port },
    modems: modems.map(({ imei, peer }) => ({ imei, peer: peer as NodeId })),
    bytesMax: 270,
    gatherMs: choice.gatherMs ?? 0,
  })
  iridium.setHeadquarters(carrier.port ?? 0)
  return carrier
}

function open(choice: SbdChoice, end: SbdOptions['end']): Promise<SbdCarrier> {
  const options: SbdOptions = {
    name: 'sbd',
    keyPrefix: 'carrier/sbd/',
    receiptDelayMs: 0,
    lanes: LANES,
    tariff: freeMessages,
    repeatAfterMs: 20_000,
    end,
    ...choice.options,
  }
  return openSbdCarrier(options, {
    clock: choice.clock ?? quickClock(SPEED),
    random: seededRandom(choice.seed ?? end.role.length),
    log: choice.log ?? collectingLog(),
    store: choice.store ?? openMemoryStore(),
  })
}
