/** A node's NATS carrier against a real server, with what a test wants to see of it. */
import { connect, type ConnectionOptions } from '@nats-io/transport-node'
import { openNatsCarrier, type NatsCarrier } from '#carriers/nats.ts'
import type { NatsOptions } from '#carriers/nats-options.ts'
import { fileStream } from '#carriers/nats-subject.ts'
import type { Clock } from '#ports/clock.ts'
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
    fileStreamBytesMax: 50_000_000,
    streamAgeMaxMs: 30 * 24 * 3_600_000,
    connectTimeoutMs: 5_000,
    backOffMaxMs: 100,
    receiptDelayMs: 0,
    keyPrefix: 'carrier/nats/',
    patienceMs: 300,
    ...changes,
  }
}

/** What a test may choose. */
export interface NatsChanges extends Partial<NatsOptions> {
  readonly clock?: Clock
}

/** Opens a carrier and starts to listen to it. */
export async function openNatsNode(
  url: string,
  { clock = realClock(), ...changes }: NatsChanges = {},
  store: Store = openMemoryStore(),
): Promise<NatsNode> {
  const log = collectingLog()
  const options = natsOptions(url, changes)
  const ports = { clock, random: realRandom(), log, store }
  const carrier = await openNatsCarrier(options, ports)
  return {
    ...hear(carrier, store),
    carrier,
    log,
    options,
    [Symbol.asyncDispose]: () => carrier[Symbol.asyncDispose](),
  }
}

/** Resolves when this node has made the stream for pieces of files, which no contact waits for. */
export async function whenFilesReady({ log, options }: NatsNode): Promise<void> {
  await log.when('nats.stream-made', ({ stream }) => stream === fileStream(options.workspace))
}

/** Somebody else at the server, who goes past the carrier. */
export interface RawNats extends AsyncDisposable {
  /** Publishes and waits for the stream's answer. */
  readonly put: (subject: string, text: string) => Promise<unknown>
  /** Of the workspace's own stream unless another is named. */
  readonly streamInfo: (stream?: string) => Promise<unknown>
  /** Gives the stream so much room. */
  readonly makeRoom: (bytesMax: number) => Promise<unknown>
  readonly request: (subject: string, body?: object) => Promise<unknown>
}

/** Connects to workspace `a` without the carrier. */
export async function rawNats(url: string, access: ConnectionOptions = {}): Promise<RawNats> {
  const connection = await connect({ servers: url, ...access })
  const request = async (subject: string, body: object = {}): Promise<unknown> => {
    const answer = await connection.request(subject, JSON.stringify(body))
    return answer.json<unknown>()
  }
  return {
    request,
    put: async (subject, text) => {
      const answer = await connection.request(subject, text)
      return answer.json<unknown>()
    },
    streamInfo: (stream = 'a') => request(`$JS.API.STREAM.INFO.${stream}`),
    makeRoom: async (bytesMax) => {
      const info = await connection.request('$JS.API.STREAM.INFO.a')
      const { config } = info.json<{ config: object }>()
      return request('$JS.API.STREAM.UPDATE.a', { ...config, max_bytes: bytesMax })
    },
    [Symbol.asyncDispose]: () => connection.close(),
  }
}
