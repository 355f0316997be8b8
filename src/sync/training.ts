/**
 * A hub looks now and then whether a channel has a better dictionary in its own newest messages than the one in use. One is
 * named only when it saves enough on the newest of all, which it has not read, and pays for its own announcement soon.
 */
import { hexFromBytes } from '#base/bytes.ts'
import type { ActorId, ChannelId, DocumentId } from '#base/ids.ts'
import { DICTIONARY_BYTES_MAX } from '#base/limits.ts'
import { trainDictionary, type Training } from '#codec/dictionary-training.ts'
import { bytesInText, type Said, type TrainedDictionary } from '#codec/trained-dictionary.ts'
import {
  dictionaryFields,
  type DictionaryContent,
  type Stretch,
} from '#model/dictionary-content.ts'
import { channelDocument, parseDocumentId, segmentDocument } from '#model/document-id.ts'
import type { Log as DocumentLog } from '#model/log.ts'
import { LANES } from '#model/precedence.ts'
import type { ChannelRecord } from '#model/view.ts'
import type { Clock } from '#ports/clock.ts'
import type { Log } from '#ports/log.ts'
import { audienceOf, isGood } from './audience.ts'
import { writeHere } from './author.ts'
import type { SyncContext } from './context.ts'
import { makeHere, publishedIn } from './dictionaries.ts'
import { key } from './keys.ts'
import { endOf } from './list-end.ts'
import { pack, unpack, type SegmentRecord, type TrainedRecord } from './records.ts'
import type { Tx } from './replica.ts'

/** How often a hub looks. */
export interface TrainingPolicy {
  /** In running time; undefined for never. */
  readonly everyMs: number | undefined
}

/** What became of a training. */
export interface Trained {
  readonly channel: ChannelId
  readonly result: 'published' | 'too little' | 'no better' | 'pays too late'
  /** Absent where there was too little. */
  readonly figures?: TrainedFigures
}

/** How the best that was found did on what was held back. */
export interface TrainedFigures {
  readonly textBytes: number
  readonly announcedBytes: number
  readonly heldBack: number
  /** Of these messages on a thin link, before they are sealed: with what was in use, and with this. */
  readonly presentBytes: number
  readonly bytes: number
  /** After how many messages it has saved what its announcement costs; undefined when it saves nothing. */
  readonly paysBackAfter: number | undefined
}

/** Lets others have their turn between two steps, each of which takes up to about a second. */
export type Pause = () => Promise<void>

const LOOK_MS = 3_600_000
/** Between two steps: what is spent on this is a small part of one core. */
const PAUSE_MS = 5_000
/** Channels of one round: every reader keeps a coder for each it talks in. */
const CHANNELS_MAX = 8
/** Segments of a lane that are looked at, the newest first. */
const SEGMENTS_MAX = 4
/** Less to train on is not worth the while, in bytes of text. */
const HISTORY_BYTES_MIN = 4_096
const SAVED_PERCENT_MIN = 3
const PAYS_BACK_AFTER_MAX = 200
/** What an announcement has beside its stretches: hash, head, and what any envelope has. */
const ANNOUNCEMENT_BYTES = 150
/** Of the time between two rounds, how much longer each further hub waits: the first to do it spares the others the work. */
const RANK_SHARE = 1 / 8

/** Looks now and then, until `signal` aborts. */
export async function keepTraining(
  context: SyncContext,
  {
    policy,
    clock,
    log,
  }: { readonly policy: TrainingPolicy; readonly clock: Clock; readonly log: Log },
  signal: AbortSignal,
): Promise<void> {
  const pause = (): Promise<void> => clock.sleep(PAUSE_MS, signal)
  while (policy.everyMs !== undefined && !signal.aborted) {
    await clock.sleep(LOOK_MS, signal)
    try {
      if (!signal.aborted && (await isDue(context, policy.everyMs)))
        await trainAll(context, { lately: policy.everyMs / 2, pause, signal })
    } catch (error) {
      log.warn('dictionary.failed', { reason: String(error) })
    }
  }
}

/** One round: the channels with the most to read. `lately`: what was named within so many ms stays. */
export async function trainAll(
  context: SyncContext,
  {
    lately,
    pause,
    signal,
  }: { readonly lately?: number; readonly pause: Pause; readonly signal: AbortSignal },
): Promise<readonly Trained[]> {
  await context.replica.commit(async (tx) => {
    tx.put(key.trained, pack({ ms: context.time.nowMs() } satisfies TrainedRecord))
  })
  const done: Trained[] = []
  for (const channel of await busiest(context)) {
    if (signal.aborted) break
    const [newest] = await context.replica.commit((tx) => publishedIn(tx, context, channel))
    const isNew = lately !== undefined && context.now() - (newest?.placeAt ?? 0) < lately
    if (isNew) continue
    done.push(await trainOn(context, channel, pause))
    await pause()
  }
  return done
}

/** Trains on one channel, and names what it found where that is worth it. */
export async function trainOn(
  context: SyncContext,
  channel: ChannelId,
  pause: Pause,
): Promise<Trained> {
  const { history, present } = await context.replica.commit((tx) => gather(tx, context, channel))
  const bytes = history.reduce((sum, change) => sum + bytesInText(change), 0)
  if (bytes < HISTORY_BYTES_MIN) return { channel, result: 'too little' }
  let best: Training | undefined
  for (const found of trainDictionary(history, present)) {
    best = found
    await pause()
  }
  if (best === undefined) return { channel, result: 'too little' }
  const hash = hexFromBytes(best.dictionary.hash)
  const content = { kind: 'dictionary', hash, stretches: stretchesOf(best.made) } as const
  const figures = figuresOf(best, content)
  const result = resultOf(best, figures)
  if (result === 'published') await publish(context, { channel, content, figures })
  return { channel, result, figures }
}

async function publish(
  context: SyncContext,
  named: {
    readonly channel: ChannelId
    readonly content: DictionaryContent
    readonly figures: TrainedFigures
  },
): Promise<void> {
  const { channel, content, figures } = named
  const document = channelDocument(channel)
  await context.replica.commit((tx) => {
    const entry = { author: undefined, claimedAt: context.now(), content }
    return writeHere(tx, context, { document, entry })
  })
  const { textBytes, announcedBytes } = figures
  context.log.info('dictionary.published', { document, size: textBytes, bytes: announcedBytes })
}

function resultOf(
  { presentBytes, bytes, presentPlainBytes, plainBytes }: Training,
  { paysBackAfter = Infinity }: TrainedFigures,
): Trained['result'] {
  const isBetter = bytes * 100 <= presentBytes * (100 - SAVED_PERCENT_MIN)
  if (!isBetter || plainBytes > presentPlainBytes) return 'no better'
  return paysBackAfter > PAYS_BACK_AFTER_MAX ? 'pays too late' : 'published'
}

function figuresOf(training: Training, content: DictionaryContent): TrainedFigures {
  const { dictionary, heldBack, presentBytes, bytes } = training
  const [, packed] = dictionaryFields(content)
  const announcedBytes = ANNOUNCEMENT_BYTES + (packed as Uint8Array).length
  const savedEach = (presentBytes - bytes) / heldBack
  const paysBackAfter = savedEach > 0 ? Math.ceil(announcedBytes / savedEach) : undefined
  const textBytes = dictionary.text.length
  return { textBytes, announcedBytes, heldBack, presentBytes, bytes, paysBackAfter }
}

/** Changes that stand list by list, each list's without a gap. */
function stretchesOf(made: readonly Said[]): readonly Stretch[] {
  const stretches: Stretch[] = []
  for (const { document, actor, seq } of made) {
    const name = parseDocumentId(document)
    if (name?.kind !== 'segment') continue
    const { lane, number: segment } = name
    const last = stretches.at(-1)
    const isSame = last?.lane === lane && last.segment === segment && last.actor === actor
    if (last !== undefined && isSame && last.from + last.count === seq)
      stretches[stretches.length - 1] = { ...last, count: last.count + 1 }
    else stretches.push({ lane, segment, actor, from: seq, count: 1 })
  }
  return stretches
}

interface Gathered {
  /** The newest changes that all readers of the channel may read, the oldest first. */
  readonly history: readonly Said[]
  readonly present: TrainedDictionary | undefined
}

async function gather(tx: Tx, context: SyncContext, channel: ChannelId): Promise<Gathered> {
  const [newest] = await publishedIn(tx, context, channel)
  const present = newest && (await makeHere(tx, context, newest))
  const found: (Said & { readonly placeAt: number })[] = []
  for (const document of await newestSegments(tx, context, channel)) {
    const log = await tx.log(document)
    const isWhole = await wholeLists(tx, context, log)
    for (const { actor, seq, value, entry } of log.since({}))
      if (isWhole.has(actor)) found.push({ document, actor, seq, value, placeAt: entry.placeAt })
  }
  const inOrder = found.toSorted((a, b) => a.placeAt - b.placeAt)
  let from = inOrder.length
  for (let bytes = 0; from > 0 && bytes < 2 * DICTIONARY_BYTES_MAX; from -= 1)
    bytes += inOrder[from - 1]?.value.length ?? 0
  return { history: inOrder.slice(from), present }
}

/** Those that everybody may read who may read the channel's settings. */
async function newestSegments(
  tx: Tx,
  context: SyncContext,
  channel: ChannelId,
): Promise<readonly DocumentId[]> {
  const audience = audienceOf(context, channelDocument(channel))
  const documents: DocumentId[] = []
  for (const lane of LANES) {
    const newest = unpack<SegmentRecord>(await tx.get(key.segment(channel, lane)))?.number ?? -1
    for (let number = newest; number >= 0 && number > newest - SEGMENTS_MAX; number -= 1)
      documents.push(segmentDocument(channel, lane, number))
  }
  return documents.filter((document) => audienceOf(context, document) === audience)
}

/** Actors whose lists were not proved to fork: what stands in one that was may be taken out again. */
async function wholeLists(
  tx: Tx,
  { roster, run }: SyncContext,
  { document, clock }: DocumentLog,
): Promise<ReadonlySet<string>> {
  const actors = Object.keys(clock()) as ActorId[]
  if (!run.hasForks) return new Set(actors)
  const whole = new Set<string>()
  for (const actor of actors)
    if ((await endOf(tx, roster, { document, actor })) === undefined) whole.add(actor)
  return whole
}

async function busiest(context: SyncContext): Promise<readonly ChannelId[]> {
  const counted: { readonly id: ChannelId; readonly count: number }[] = []
  for (const { id } of context.directory().channels()) {
    const record = unpack<ChannelRecord>(await context.replica.read.get(key.channel(id)))
    counted.push({ id, count: record?.messageCount ?? 0 })
  }
  const ranked = counted.toSorted((a, b) => b.count - a.count)
  return ranked.slice(0, CHANNELS_MAX).map(({ id }) => id)
}

/** Whether it is this hub's turn. */
async function isDue(context: SyncContext, everyMs: number): Promise<boolean> {
  const { certificate } = context.identity
  if (certificate.role !== 'hub') return false
  const before = context.roster
    .all()
    .filter((one) => one.role === 'hub' && one.number < certificate.number && isGood(context, one))
  const last = unpack<TrainedRecord>(await context.replica.read.get(key.trained))?.ms ?? 0
  return context.time.nowMs() - last >= everyMs * (1 + before.length * RANK_SHARE)
}
