/**
 * Makes the streams, where this node is the one to do so, and keeps their settings as they must be.
 *
 * One message for each subject and `discard: new`: a repeated parcel is refused, and so is one for which there is no
 * room, instead of something older being dropped. Pieces of files can be asked for again, so there the oldest goes, and
 * what is repeated takes the place of what it repeats. Plain requests; needs server 2.9.10 or newer.
 */
import { bytesFromText } from '#base/bytes.ts'
import type { Log } from '#ports/log.ts'
import { apiErrorOf, isRecord, jsonOf, type ApiError } from './nats-answer.ts'
import type { Exchange } from './nats-exchange.ts'
import type { NatsOptions } from './nats-options.ts'
import { everyPiece, everySubject, fileStream } from './nats-subject.ts'

/** A stream as it stands now. */
export interface Provisioned {
  /** When it was made, in the server's words: a stream made again says another time. */
  readonly madeAt: string
  /** It was made just now. */
  readonly isNew: boolean
}

type Json = Readonly<Record<string, unknown>>

/** What a stream must be like, in JetStream's words. */
interface StreamConfig extends Json {
  readonly name: string
}

const STREAM_NOT_FOUND = 10_059
const NO_ANSWER = 0
/** JSClusterNotAvailErr. */
const NO_LEADER = 10_008
/** A cluster that has just started passes through these. */
const NOT_YET: readonly number[] = [NO_ANSWER, NO_LEADER]
const MESSAGE_BYTES_MAX = 65_536
const NANOSECONDS_PER_MS = 1_000_000

/**
 * Makes the stream or mends its settings. Undefined when the server cannot yet, or refuses (that is logged): try later.
 * @throws EdgeError CARRIER_UNREACHABLE when the line ends first
 */
export async function provisionStream(
  exchange: Exchange,
  wanted: StreamConfig,
  { carrier, log }: { readonly carrier: string; readonly log: Log },
): Promise<Provisioned | undefined> {
  const { name } = wanted
  const call = (verb: string, body: object): Promise<Json | ApiError> =>
    request(exchange, `$JS.API.STREAM.${verb}.${name}`, body)
  const facts = { carrier, stream: name }

  let stream = await call('INFO', {})
  let isNew = false
  if (isApiError(stream) && stream.code === STREAM_NOT_FOUND) {
    stream = await call('CREATE', wanted)
    isNew = !isApiError(stream)
    if (isNew) log.info('nats.stream-made', facts)
  } else if (!isApiError(stream) && !isAsWanted(stream.config, wanted)) {
    stream = await call('UPDATE', { ...(isRecord(stream.config) ? stream.config : {}), ...wanted })
    if (!isApiError(stream)) log.info('nats.stream-mended', facts)
  }
  if (isApiError(stream)) {
    const { code, reason } = stream
    if (NOT_YET.includes(code)) log.warn('nats.stream-not-yet', { ...facts, code, reason })
    else log.error('nats.stream-unfit', { ...facts, code, reason })
    return undefined
  }
  return typeof stream.created === 'string' ? { madeAt: stream.created, isNew } : undefined
}

/** The stream for all but pieces of files (research/nats.md 4a). */
export function streamConfig(options: NatsOptions): StreamConfig {
  const { workspace, streamBytesMax } = options
  return {
    name: workspace,
    subjects: [everySubject(workspace)],
    discard: 'new',
    discard_new_per_subject: true,
    max_bytes: streamBytesMax,
    ...bothHave(options),
  }
}

/** The stream for pieces of files. */
export function fileStreamConfig(options: NatsOptions): StreamConfig {
  const { workspace, fileStreamBytesMax } = options
  return {
    name: fileStream(workspace),
    subjects: [everyPiece(workspace)],
    discard: 'old',
    max_bytes: fileStreamBytesMax,
    ...bothHave(options),
  }
}

function bothHave({ streamAgeMaxMs, streamReplicas }: NatsOptions): Json {
  return {
    retention: 'limits',
    storage: 'file',
    max_msgs_per_subject: 1,
    allow_direct: true,
    deny_delete: true,
    deny_purge: true,
    max_msg_size: MESSAGE_BYTES_MAX,
    max_age: streamAgeMaxMs * NANOSECONDS_PER_MS,
    num_replicas: streamReplicas ?? 1,
  }
}

async function request(
  exchange: Exchange,
  subject: string,
  body: object,
): Promise<Json | ApiError> {
  const answer = await exchange.ask({ subject, bytes: bytesFromText(JSON.stringify(body)) })
  if (answer === undefined) return { code: NO_ANSWER, reason: 'JetStream does not answer' }
  if (answer.status !== 0) return { code: answer.status, reason: 'JetStream is not enabled here' }
  const value = jsonOf(answer)
  return apiErrorOf(value) ?? value
}

function isApiError(value: Json | ApiError): value is ApiError {
  return typeof value.code === 'number' && typeof value.reason === 'string'
}

function isAsWanted(config: unknown, wanted: Json): boolean {
  return (
    isRecord(config) &&
    Object.entries(wanted).every(
      ([key, value]) => JSON.stringify(config[key]) === JSON.stringify(value),
    )
  )
}
