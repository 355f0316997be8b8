/**
 * Fuzzes one target: bends what is in the corpus, checks how it is taken, keeps what reaches something new. The k-th input
 * follows from seed, target and number alone, never from time; time only says when to stop.
 */
import { performance } from 'node:perf_hooks'
import { must } from '#base/assert.ts'
import { byteReader, byteWriter } from '#base/bytes.ts'
import { bend } from './bend.ts'
import { chanceOf, type Chance } from './chance.ts'
import { openCoverage, type Coverage } from './coverage.ts'
import { RESET_EVERY, type Subject, type Target } from './target.ts'

/** How long and by which seed. */
export interface FuzzOptions {
  readonly seed: number
  readonly ms: number
  readonly inputsMax: number
  /** Inputs whose coverage is looked at; later ones come from the corpus as it is then, and run several times faster. */
  readonly guided: number
  /** Told of every input before it is taken: it may never come back. */
  readonly note: (name: string, input: Uint8Array) => void
}

/** What came of it. */
export interface Report {
  readonly target: string
  readonly inputs: number
  readonly seconds: number
  readonly corpus: number
  readonly blocks: number
  readonly slowestMs: number
  readonly fault: Fault | undefined
}

/** An input that was taken wrongly; `input` replays it. */
export interface Fault {
  readonly what: string
  readonly number: number
  readonly input: Uint8Array
}

/** One input takes no longer than this, by the time its thread computed. */
export const INPUT_MS_MAX = 1_000
/** Resident memory grows no more than this over one target. */
const GROWTH_BYTES_MAX = 900_000_000
/** However short the time: a first batch. */
const INPUTS_MIN = 64
const CORPUS_MAX = 4_000
const BATCH_FIRST = 64
const BATCH_MAX = 2_048

interface State {
  readonly subject: Subject
  readonly corpus: Uint8Array[]
  readonly chance: Chance
  readonly options: FuzzOptions
  readonly name: string
  readonly rssBefore: number
  /** Since the last reset. */
  since: Uint8Array[]
  count: number
  slowestMs: number
}

/** Fuzzes one target until time or inputs are used up, or something is wrong. */
export async function fuzz(target: Target, options: FuzzOptions): Promise<Report> {
  const { name } = target
  const subject = await target.open()
  const beganMs = performance.now()
  const state: State = {
    subject,
    corpus: subject.samples.map((sample) => Uint8Array.from(sample)),
    chance: chanceOf(options.seed, name),
    options,
    name,
    rssBefore: process.memoryUsage.rss(),
    since: [],
    count: 0,
    slowestMs: 0,
  }
  const coverage = options.guided > 0 ? await openCoverage() : undefined
  let fault = await takeSamples(state)
  await coverage?.fresh()
  let batch = BATCH_FIRST
  const isOver = (): boolean =>
    state.count >= Math.min(options.inputsMax, INPUTS_MIN + subject.samples.length) &&
    (performance.now() - beganMs >= options.ms || state.count >= options.inputsMax)
  let guide = coverage
  while (fault === undefined && !isOver()) {
    if (state.count >= options.guided) guide = undefined
    const { found, isFresh } = await takeBatch(state, batch, guide)
    fault = found
    batch = isFresh ? Math.max(BATCH_FIRST, batch / 2) : Math.min(BATCH_MAX, batch * 2)
    if (subject.reset !== undefined) batch = BATCH_FIRST
  }
  const blocks = coverage?.blocks() ?? 0
  await coverage?.[Symbol.asyncDispose]()
  await subject[Symbol.asyncDispose]?.()
  return {
    target: name,
    inputs: state.count,
    seconds: (performance.now() - beganMs) / 1000,
    corpus: state.corpus.length,
    blocks,
    slowestMs: state.slowestMs,
    fault,
  }
}

/** Takes one input, or a sequence as a fault of a target that remembers prints it. What is wrong, or undefined. */
export async function replay(target: Target, input: Uint8Array): Promise<string | undefined> {
  const subject = await target.open()
  try {
    for (const one of subject.reset === undefined ? [input] : readSequence(input)) {
      const what = await checked(subject, one)
      if (what !== undefined) return what
    }
    return await subject.reset?.()
  } catch (error) {
    return told(error)
  } finally {
    await subject[Symbol.asyncDispose]?.()
  }
}

/** What is good must be taken, too. */
async function takeSamples(state: State): Promise<Fault | undefined> {
  for (const sample of state.subject.samples) {
    const fault = await takeOne(state, sample)
    if (fault !== undefined) return fault
  }
  return undefined
}

async function takeBatch(
  state: State,
  size: number,
  coverage: Coverage | undefined,
): Promise<{ readonly found: Fault | undefined; readonly isFresh: boolean }> {
  const { subject, corpus, chance } = state
  const inputs: Uint8Array[] = []
  for (let left = size; left > 0; left -= 1) {
    const pair = [pickFrom(corpus, chance), pickFrom(corpus, chance)] as const
    const input = subject.bend?.(...pair, chance) ?? bend(subject.form, pair, chance)
    inputs.push(input)
    const found = await takeOne(state, input)
    if (found !== undefined) return { found, isFresh: false }
  }
  // As a node does between two envelopes: zlib gives its memory back only then.
  await new Promise((resolve) => setImmediate(resolve))
  const fresh = await coverage?.fresh()
  if (coverage === undefined || fresh === undefined || fresh.size === 0)
    return { found: undefined, isFresh: false }
  if (subject.reset === undefined) await keepFresh(state, inputs, { coverage, fresh })
  // Which of them it was shows only one by one; a target that remembers would take them otherwise now.
  else corpus.push(...inputs.filter((_, index) => index % 8 === 0))
  return { found: undefined, isFresh: true }
}

/** Keeps an input for each of these blocks: found by halves, as a look costs more than most inputs. */
async function keepFresh(
  state: State,
  inputs: readonly Uint8Array[],
  { coverage, fresh }: { readonly coverage: Coverage; readonly fresh: ReadonlySet<string> },
): Promise<void> {
  const left = new Set(fresh)
  const search = async (part: readonly Uint8Array[]): Promise<void> => {
    if (left.size === 0 || state.corpus.length >= CORPUS_MAX) return
    for (const input of part) await checked(state.subject, input)
    const reached = await coverage.among(left)
    const [only] = part
    if (reached.length === 0 || only === undefined) return
    if (part.length > 1) {
      const middle = Math.floor(part.length / 2)
      await search(part.slice(0, middle))
      return search(part.slice(middle))
    }
    for (const block of reached) left.delete(block)
    state.corpus.push(only)
  }
  await search(inputs)
}

async function takeOne(state: State, input: Uint8Array): Promise<Fault | undefined> {
  const { subject, options, name } = state
  state.count += 1
  state.since.push(input)
  options.note(name, subject.reset === undefined ? input : writeSequence(state.since))
  const beganMs = performance.now()
  let what = await checked(subject, input)
  const ms = performance.now() - beganMs
  state.slowestMs = Math.max(state.slowestMs, ms)
  if (what === undefined && ms > INPUT_MS_MAX) what = await slowness(state, input)
  if (ms > 20 && process.memoryUsage.rss() - state.rssBefore > GROWTH_BYTES_MAX)
    what ??= 'memory grows'
  const faulty = (found: string): Fault => ({
    what: found,
    number: state.count,
    input: subject.reset === undefined ? input : writeSequence(state.since),
  })
  if (what !== undefined) return faulty(what)
  if (subject.reset === undefined) {
    state.since = []
    return undefined
  }
  if (state.since.length < RESET_EVERY) return undefined
  const left = await subject.reset().catch(told)
  if (left !== undefined) return faulty(left)
  state.since = []
  return undefined
}

/** A busy machine is slow as well: only what the thread itself computed counts, the second time too. */
async function slowness(state: State, input: Uint8Array): Promise<string | undefined> {
  if (state.subject.reset !== undefined) return undefined
  const before = process.threadCpuUsage()
  await checked(state.subject, input)
  const { user, system } = process.threadCpuUsage(before)
  const ms = (user + system) / 1000
  return ms > INPUT_MS_MAX ? `it takes ${Math.round(ms)} ms` : undefined
}

async function checked(subject: Subject, input: Uint8Array): Promise<string | undefined> {
  try {
    const outcome = subject.check(input)
    return typeof outcome === 'object' ? await outcome : outcome
  } catch (error) {
    return told(error)
  }
}

function told(error: unknown): string {
  return error instanceof Error ? `it throws ${shortStack(error)}` : 'it throws'
}

/** The first lines tell where. */
function shortStack({ stack, message }: Error): string {
  return stack?.split('\n').slice(0, 6).join('\n') ?? message
}

function pickFrom(corpus: readonly Uint8Array[], chance: Chance): Uint8Array {
  return must(corpus[chance.below(corpus.length)], 'a corpus has samples')
}

function writeSequence(inputs: readonly Uint8Array[]): Uint8Array {
  const writer = byteWriter()
  for (const input of inputs) writer.block(input)
  return writer.bytes()
}

function readSequence(bytes: Uint8Array): readonly Uint8Array[] {
  const reader = byteReader(bytes)
  const inputs: Uint8Array[] = []
  while (reader.left() > 0) inputs.push(reader.block())
  return inputs
}
