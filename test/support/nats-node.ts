/** A node's NATS carrier against a real server, with what a test wants to see of it. */
import { openNatsCarrier, type NatsCarrier } from '#carriers/nats.ts'
import type { NatsOptions } from '#carriers/nats-options.ts'
import type { Store } from '#ports/store.ts'
import { realClock, realRandom } from '#ports/real.ts'
import { openMemoryStore } from '#storage/memory-store.ts'
import { hear, type CarrierSide } from './carrier-side.ts'
import { collectingLog, type CollectingLog } from './log.ts'

/** The peer that all of these carriers have. */
export const hub = 'post:hub'

/** A carrier that is heard, and its log. */
export interface NatsNode extends CarrierSide, AsyncDisposable {
  readonly carrier: NatsCarrier
  readonly log: CollectingLog
  readonly options: NatsOptions
}

/** Settings for a quick link on this machine. */
export function natsOptions(url: string, changes: Partial<NatsOptions> = {}): NatsOptions {
  return {
    name: 'hub',
    servers: [url],
    workspace: 'a',
    nodeNumber: 1,
    epoch: 'k3x9q',
    provision: true,
    streamBytesMax: 50_000_000,
    streamAgeMaxMs: 30 * 24 * 3_600_000,
    connectTimeoutMs: 5_000,
    backOffMaxMs: 100,
    receiptDelayMs: 0,
    keyPrefix: 'carrier/nats/',
    patienceMs: 300,
    ...changes,
  }
}

/** Opens a carrier and starts to listen to it. */
export async function openNatsNode(
  url: string,
  changes: Partial<NatsOptions> = {},
  store: Store = openMemoryStore(),
): Promise<NatsNode> {
  const log = collectingLog()
  const options = natsOptions(url, changes)
  const ports = { clock: realClock(), random: realRandom(), log, store }
  const carrier = await openNatsCarrier(options, ports)
  return {
    ...hear(carrier, store),
    carrier,
    log,
    options,
    [Symbol.asyncDispose]: () => carrier[Symbol.asyncDispose](),
  }
}
