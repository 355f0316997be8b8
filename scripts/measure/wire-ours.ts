/** What our own envelopes cost: posts one by one and together, one reaction, and how many posts fit into a frame of Short Burst Data. */
import { SEGMENT_ENTRIES_MAX } from '#base/limits.ts'
import { must } from '#base/assert.ts'
import type { TrainedDictionary } from '#codec/trained-dictionary.ts'
import { numberOf } from '#model/checklist.ts'
import { openLog, type Log, type Logged } from '#model/log.ts'
import type { PlannedMessage } from '../trial/messages.ts'
import { mean, median, rounded } from './statistics.ts'
import { aWorld, cut, openPlace, receiptOf, take } from './wire-world.ts'

/** One run over all messages. */
export interface Run {
  /** Bytes of each envelope. */
  readonly sizes: readonly number[]
  /** Of all of them, if each took as long as the one in the middle: a machine does other things, too. */
  readonly encodeMs: number
  readonly rebuildMs: number
}

/** How they are sent. */
export interface RunOptions {
  /** Posts of one envelope. */
  readonly size: number
  readonly nowMs: () => number
  readonly isThin: boolean
  readonly dictionary?: TrainedDictionary | undefined
}

/** What a modem sends up at once. */
const FRAME_BYTES = 340
/** Frames are cut for so many of the messages. */
const FRAMED_MESSAGES = 400
/** Posts of an envelope to which something is added, and how many such envelopes. */
const BATCH = 10
const BATCHES_MAX = 40
/** People who react and have said nothing before. */
const SILENT = 5
const EMOJIS = ['+1', 'white_check_mark', 'heart', 'eyes', 'warning']

/** One node writes everything, `size` posts at a time; another takes it. Throws when what was rebuilt is not what was cut. */
export function runOurs(
  messages: readonly PlannedMessage[],
  { size, nowMs, isThin, dictionary }: RunOptions,
): Run {
  const world = { ...aWorld(), isThin, dictionary }
  const place = openPlace(world)
  const sizes: number[] = []
  const encodeMs: number[] = []
  const rebuildMs: number[] = []
  for (let from = 0; from < messages.length; from += size) {
    if (place.here.size() >= SEGMENT_ENTRIES_MAX) place.next()
    const changes = messages.slice(from, from + size).map(place.write)
    const cutMs = nowMs()
    const envelope = cut(world, place.here, changes)
    const takeMs = nowMs()
    take(world, place.there, envelope)
    sizes.push(envelope.length)
    encodeMs.push(takeMs - cutMs)
    rebuildMs.push(nowMs() - takeMs)
  }
  return { sizes, encodeMs: inAll(encodeMs), rebuildMs: inAll(rebuildMs) }
}

function inAll(each: readonly number[]): number {
  return median(each) * each.length
}

/**
 * What a reaction, a tick and a receipt add to an envelope with ten posts. Reactions and ticks by five people of whom nothing else is in the channel's
 * segment yet, and by the ten authors of the posts; all are people of the node that sends.
 */
export function marginalBytes(messages: readonly PlannedMessage[]): {
  readonly reaction_b: number
  readonly reaction_known_b: number
  readonly tick_b: number
  readonly tick_known_b: number
  readonly receipt_b: number
} {
  const [reactions, known]: [number[], number[]] = [[], []]
  const [ticks, knownTicks]: [number[], number[]] = [[], []]
  const receipts: number[] = []
  const tens = Math.min(BATCHES_MAX, Math.floor(messages.length / BATCH))
  for (let at = 0; at < tens; at += 1) {
    const world = { ...aWorld(), isThin: true }
    const place = openPlace(world)
    const planned = messages.slice(at * BATCH, (at + 1) * BATCH)
    const posts = planned.map(place.write)
    const after = 1 + must(planned.at(-1), 'there are posts').number
    const bare = cut(world, place.here, posts).length
    const receipt = receiptOf(world, place.here, 20 + at)
    receipts.push(cut(world, place.here, posts, receipt).length - bare)
    const mark = place.here
    const addedBy = (authors: readonly number[], say: Say): number => {
      place.here = copyOf(mark, posts)
      const said = authors.map((author, count) => say({ author, number: after + count }, count))
      return (cut(world, place.here, [...posts, ...said]).length - bare) / said.length
    }
    const react: Say = (by, count) => place.react(by, must(EMOJIS[count % EMOJIS.length], 'one'))
    const tick: Say = (by, count) => place.tick(by, numberOf(`item ${count}`, 0))
    const authors = planned.map(({ author }) => author % world.people.length)
    const silent = world.people.map((_, index) => index).filter((one) => !authors.includes(one))
    reactions.push(addedBy(silent.slice(0, SILENT), react))
    known.push(addedBy(authors, react))
    ticks.push(addedBy(silent.slice(0, SILENT), tick))
    knownTicks.push(addedBy(authors, tick))
  }
  return {
    reaction_b: rounded(mean(reactions)),
    reaction_known_b: rounded(mean(known)),
    tick_b: rounded(mean(ticks)),
    tick_known_b: rounded(mean(knownTicks)),
    receipt_b: rounded(mean(receipts)),
  }
}

type Say = (by: Pick<PlannedMessage, 'author' | 'number'>, count: number) => Logged

/** Bytes of an envelope with one reaction to a message. */
export function reactionBytes(messages: readonly PlannedMessage[]): number {
  const world = { ...aWorld(), isThin: true }
  const place = openPlace(world)
  place.write(must(messages[0], 'there is a message'))
  const sizes = EMOJIS.map(
    (emoji, at) => cut(world, place.here, [place.react({ author: at, number: at }, emoji)]).length,
  )
  return rounded(mean(sizes))
}

/** How many posts a frame takes, if each is filled with as many as fit. A post that fits into none is left out. */
export function postsInFrame(messages: readonly PlannedMessage[]): number {
  const world = { ...aWorld(), isThin: true }
  const place = openPlace(world)
  const written = messages.slice(0, FRAMED_MESSAGES).map(place.write)
  const frames: number[] = []
  for (let from = 0; from < written.length;) {
    const fits = (count: number): boolean =>
      cut(world, place.here, written.slice(from, from + count)).length <= FRAME_BYTES
    const count = most(written.slice(from), fits)
    if (count > 0 && from + count < written.length) frames.push(count)
    from += Math.max(1, count)
  }
  return rounded(mean(frames), 2)
}

/** A log of the same document with these changes and no others. */
function copyOf(log: Log, changes: readonly Logged[]): Log {
  const copy = openLog(log.document)
  for (const { actor, value } of changes) copy.add(copy.next(actor, value))
  return copy
}

function most(left: readonly Logged[], fits: (count: number) => boolean): number {
  for (let count = 1; count <= left.length; count += 1) if (!fits(count)) return count - 1
  return left.length
}
