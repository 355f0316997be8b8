/**
 * Short burst data over Iridium satellites: a kit has a modem, headquarters the gateway behind it. To the node both are a carrier
 * of frames in which every byte is paid for.
 */
import type { Lane } from '#model/precedence.ts'
import type { Carrier, PeerId } from '#ports/carrier.ts'
import type { MessageTariff } from '#tariff/tariff.ts'
import { openFrameCarrier, type FrameCarrierPorts, type FramePort } from './frame-carrier.ts'
import type { FramePatience } from './frame-line.ts'
import { openSbdMeter, type SbdAccount } from './sbd-billing.ts'
import { openSbdGateway, type SbdGatewayOptions } from './sbd-gateway.ts'
import { sbdModemPort, type SbdKitOptions } from './sbd-kit.ts'

/** What both ends have. */
export interface SbdOptions {
  readonly name: string
  readonly keyPrefix: string
  readonly receiptDelayMs: number
  readonly lanes: readonly Lane[]
  readonly tariff: MessageTariff
  /** What was not answered for so long is asked about: 1 h for a modem, a day for a gateway, unless given. */
  readonly repeatAfterMs?: number
  /** One of the two ends. */
  readonly end:
    | ({ readonly role: 'modem'; readonly peer: PeerId } & Omit<SbdKitOptions, 'peer'>)
    | ({ readonly role: 'gateway' } & SbdGatewayOptions)
}

/** The carrier, and what it has used since it was opened. */
export interface SbdCarrier extends Carrier {
  readonly account: () => SbdAccount
  /** The port where the gateway calls; undefined for a modem. */
  readonly port: number | undefined
}

const HOUR_MS = 3_600_000
/** Headquarters answers whatever a kit sends. A kit answers with what it sends next: asking it would cost both a message. */
const REPEAT_MS = { modem: HOUR_MS, gateway: 24 * HOUR_MS }
const REPEAT_MS_MAX = 24 * HOUR_MS

/**
 * Opens the carrier. The store must outlive it.
 * @throws EdgeError STORE_BROKEN, PORT_IN_USE
 */
export async function openSbdCarrier(
  options: SbdOptions,
  ports: FrameCarrierPorts,
): Promise<SbdCarrier> {
  const { end, tariff, receiptDelayMs } = options
  const { repeatAfterMs = REPEAT_MS[end.role] } = options
  const meter = openSbdMeter(tariff)
  const patience: FramePatience = {
    // A receipt comes up within its delay, and takes the answer along.
    answerAfterMs: receiptDelayMs + 2 * end.gatherMs,
    repeatAfterMs,
    repeatAfterMsMax: Math.max(REPEAT_MS_MAX, repeatAfterMs),
    asksAtOnce: false,
  }
  const gateway =
    end.role === 'gateway' ? await openSbdGateway(end, { ...ports, meter }) : undefined
  const ends: readonly FramePort[] =
    end.role === 'gateway' ? (gateway?.ports ?? []) : [sbdModemPort(end, { ...ports, meter })]
  const { name, keyPrefix, lanes } = options
  const carrier = await openFrameCarrier(
    { name, keyPrefix, receiptDelayMs, patience, lanes, isMetered: true, ends },
    ports,
  )
  return {
    ...carrier,
    account: meter.account,
    port: gateway?.port,
    [Symbol.asyncDispose]: async () => {
      await carrier[Symbol.asyncDispose]()
      await gateway?.[Symbol.asyncDispose]()
    },
  }
}
