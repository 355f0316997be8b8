/**
 * What goes over the wire, beside what others would send for the same posts, in one run. Bytes are of the payload: before whatever a
 * carrier puts around it, but for the keys that begin with `nats`.
 *
 * One channel of one node, messages of a file or our own; a node beside it opens, verifies and rebuilds every envelope. `single_b` and
 * `ten_b` are bytes a post, alone and in tens, sealed and signed, for a thin link; `payload_…` the same by number of posts, for any link
 * and with `thin` for a thin one; `single_trained_b` and `ten_trained_b` with the channel's own dictionary (see wire-trained.ts).
 * `burst340_posts` is how many posts an envelope of 340 bytes takes, `reaction_b`, `tick_b` (of an item of a checklist) and `receipt_b` what one adds to an envelope with ten
 * posts, the reaction by somebody of whom nothing else is there (`…_known_b`: by an author of one of the posts), `…_alone_b` an envelope with nothing else. `<form>_single_b` and `<form>_ten_b` are those of others (see wire-others.ts), `floor_…`
 * what a primed model needs for the bare text. Codec times are ratios to deflate's for the same bytes in the same run, of time computed.
 */
import { must } from '#base/assert.ts'
import { chanceFrom } from '../link/schedule.ts'
import { planMessages, type PlannedMessage } from '../trial/messages.ts'
import { measureNats } from './nats.ts'
import { receiptBytes } from './receipts.ts'
import { mean, median, rounded } from './statistics.ts'
import { codecMemory, codecRatios } from './wire-cost.ts'
import { languageRatios } from './wire-languages.ts'
import { formsOfMattermost } from './wire-mattermost.ts'
import { marginalBytes, postsInFrame, reactionBytes, runOurs, type Run } from './wire-ours.ts'
import { floorOf, formsOfOthers, type Form } from './wire-others.ts'
import { tableOf, wantedTable } from './wire-table.ts'
import { trainedBytes } from './wire-trained.ts'
import { readLanguages, readTexts, type TextChoice } from './wire-texts.ts'

/** What the bench may be told. */
export interface WireOptions extends TextChoice {
  /** Sentences in several languages. */
  readonly languages: string | undefined
  /** Few messages, one round, a short look at NATS: to see that it runs. */
  readonly isSmall: boolean
  /** Milliseconds of work, that never go back. */
  readonly nowMs: () => number
  readonly tell: (line: string) => void
}

/** Flat, ready for JSON. */
export type WireResult = Readonly<Record<string, number>>

const SIZES = [1, 10, 100] as const
const MESSAGES_MAX = 2_000
const ROUNDS = 3
/** Texts about as long as those that other systems were measured with (research/peers.md). */
const USUAL_TEXT_BYTES = { least: 80, most: 100 }

/** Measures. Throws when what was rebuilt is not what was cut. */
export async function measureWire(options: WireOptions): Promise<WireResult> {
  const { languages, isSmall, tell } = options
  const { measured, others } = await readTexts(options, MESSAGES_MAX)
  const { messages } = planMessages(measured, measured.length, chanceFrom(1))
  const textBytes = messages.map(({ text }) => Buffer.byteLength(text))
  const text = rounded(mean(textBytes))
  tell(`${messages.length} messages, mean text ${text} B, of ${options.input ?? 'our own'}`)
  const rows = SIZES.map((size) => rowOf(messages, size, options))
  const forms = formsBeside(messages, others, rows)
  for (const line of tableOf(forms)) tell(line)
  const result = {
    messages: messages.length,
    text_b: text,
    ...ours(messages, rows),
    ...trainedBytes(messages, options.nowMs),
    receipt_alone_b: await receiptBytes(),
    ...payloads(rows, textBytes),
    ...flat(forms),
    ...codecRatios(messages, options),
    ...codecMemory(),
    ...(languages === undefined
      ? {}
      : languageRatios(await readLanguages(languages, options.input), tell)),
    ...(await measureNats({ isSmall, tell })),
  }
  for (const line of wantedTable(result)) tell(line)
  return result
}

/** All posts cut by `size`. */
interface Row {
  readonly size: number
  readonly usual: Run
  readonly thin: Run
  readonly encodeMs: number
  readonly rebuildMs: number
  /** Bytes a post. */
  readonly usualBytes: number
  readonly thinBytes: number
}

function rowOf(
  messages: readonly PlannedMessage[],
  size: number,
  { nowMs, isSmall }: WireOptions,
): Row {
  const rounds = isSmall ? 1 : ROUNDS
  const runs = Array.from({ length: rounds }, () =>
    runOurs(messages, { size, nowMs, isThin: false }),
  )
  const [usual, thin] = [
    must(runs[0], 'there is a round'),
    runOurs(messages, { size, nowMs, isThin: true }),
  ]
  const each = ({ sizes }: Run): number => rounded((mean(sizes) * sizes.length) / messages.length)
  return {
    size,
    usual,
    thin,
    encodeMs: median(runs.map(({ encodeMs }) => encodeMs)),
    rebuildMs: median(runs.map(({ rebuildMs }) => rebuildMs)),
    usualBytes: each(usual),
    thinBytes: each(thin),
  }
}

function rowFor(rows: readonly Row[], size: number): Row {
  return must(
    rows.find((row) => row.size === size),
    'it is one of the sizes',
  )
}

function ours(messages: readonly PlannedMessage[], rows: readonly Row[]): WireResult {
  return {
    single_b: rowFor(rows, 1).thinBytes,
    ten_b: rowFor(rows, 10).thinBytes,
    burst340_posts: postsInFrame(messages),
    ...marginalBytes(messages),
    reaction_alone_b: reactionBytes(messages),
  }
}

function payloads(rows: readonly Row[], textBytes: readonly number[]): WireResult {
  const single = rowFor(rows, 1)
  const { least, most } = USUAL_TEXT_BYTES
  const isUsual = (at: number): boolean => {
    const bytes = textBytes[at] ?? 0
    return bytes >= least && bytes <= most
  }
  return {
    ...Object.fromEntries(
      rows.flatMap(({ size, thin, usualBytes, thinBytes, encodeMs, rebuildMs }) => [
        [`payload_${size}_b`, usualBytes],
        [`payload_${size}_thin_b`, thinBytes],
        [`encode_${size}_thin_ratio`, rounded(thin.encodeMs / single.encodeMs, 3)],
        [`encode_${size}_ratio`, rounded(encodeMs / single.encodeMs, 3)],
        [`rebuild_${size}_ratio`, rounded(rebuildMs / single.encodeMs, 3)],
      ]),
    ),
    payload_1_usual_b: rounded(mean(single.usual.sizes.filter((_, at) => isUsual(at)))),
  }
}

/** Ours first, the floor last. */
function formsBeside(
  messages: readonly PlannedMessage[],
  others: readonly string[],
  rows: readonly Row[],
): readonly Form[] {
  const [one, ten] = [rowFor(rows, 1), rowFor(rows, 10)]
  return [
    { name: 'ours', single: one.thinBytes, ten: ten.thinBytes },
    { name: 'ours_any_link', single: one.usualBytes, ten: ten.usualBytes },
    ...formsOfMattermost(messages),
    ...formsOfOthers(messages),
    floorOf(messages, others),
  ]
}

function flat(forms: readonly Form[]): WireResult {
  return Object.fromEntries(
    forms
      .slice(1)
      .flatMap(({ name, single, ten }) =>
        Object.entries({ single, ten }).flatMap(([what, bytes]) =>
          bytes === undefined ? [] : [[`${name}_${what}_b`, bytes] as const],
        ),
      ),
  )
}
