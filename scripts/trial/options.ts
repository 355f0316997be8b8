/** What a trial may be told on the command line. */
import { Command, InvalidArgumentError, Option } from 'commander'
import { BUILT_IN_TRACES, readLinkTrace, type LinkTrace } from '../link/trace.ts'
import type { FaultWish } from './faults.ts'
import { canFillDisks } from './strikes.ts'

/** The options of a trial. */
export interface TrialOptions extends FaultWish {
  /** File of messages; our own unless given. */
  readonly input: string | undefined
  /** How many messages; all of the input unless given. */
  readonly count: number | undefined
  readonly link: LinkTrace
  readonly speed: number
  /** How long people write at least. */
  readonly minutes: number
  readonly seed: number
  /** The post office stands in a network namespace of its own. */
  readonly namespaces: boolean
  readonly json: boolean
  readonly keep: boolean
}

interface Typed {
  readonly input?: string
  readonly count?: number
  readonly link: LinkTrace
  readonly speed: number
  readonly minutes: number
  readonly cuts: number
  readonly kills: number
  readonly halfOpen?: number
  readonly wipe?: number
  readonly officeRestores?: number
  readonly hubRestores?: number
  readonly kitRestores?: number
  readonly sticks?: number
  readonly fullDisks?: number
  readonly everything?: true
  readonly seed: number
  readonly namespaces?: true
  readonly json?: true
  readonly keep?: true
}

const BUILT_IN = Object.keys(BUILT_IN_TRACES)
const USUAL_LINK = 'satellite'

/** What the JSON object says, for who reads it by a program. */
const KEYS = `
The exit code is 1 when one of these is not 0, 2 when the trial could not be made:
  lost             messages that a kit said it had saved and some node does not show, or shows otherwise
                   (another text, author, channel, or root of the thread)
  doubled          messages shown more than once, or that no client was promised
  order_differs    messages that stand elsewhere on a kit than at the hub
  false_ticks      "stored" or "read" for a node whose disk does not have it: asked at once, and again after that
                   node was killed and has read its disk; and words that went back (ticks_back)
  ticks_unsettled  watched messages that are everywhere and do not say so
  unseen_refusals  what one honest node refused of another, which nobody is told; from the logs
  log_errors       errors in the logs that nothing here explains
  crashes          processes that ended by themselves
Everything is compared when it has drained, and again after all nodes were killed and have started from their disks.
Also in the JSON object:
  messages, refused, resent_posts     what clients were promised; refused for what it is; asked more than once
  threads, replies                    how many threads were written, and messages in them that are not the first
  gone_with_disk                      written on a kit after its last backup, lost with its disk before anybody else
                                      had it, and not come back: no program can keep it
  ticks_checked, ticks_undone         words that were checked; true words that a restored backup made untrue for a while
  cuts, silences, half_open, kills, wipes, office_restores, hub_restores, kit_restores, sticks, full_disks
                                      what went wrong and was mended; silences are among the cuts
  stick_envelopes, full_answers       envelopes that a kit took from the stick; posts answered with 507 by a full disk
  wire_b, wire_b_per_message, envelope_b     bytes through the links, both ways; bytes of sealed envelopes
  wants_refused                       questions for what is missing that were not answered, as they came too often
  seconds, drained_s, drained         from the first message; from the last one until all was everywhere; whether it was
`

/** Reads the arguments; prints help or what is wrong with them, and then ends the process. */
export function readOptions(words: readonly string[]): TrialOptions {
  const program = new Command('scripts/demo')
    .description(
      'Runs a hub, two kits and a post office on an emulated bad link, writes messages into both kits while links are cut and processes killed, and compares what everybody has in the end.',
    )
    .option('--input <file>', 'messages, JSON Lines with text, author, channel, ts, replyTo, id')
    .option('--count <number>', 'how many messages (default: all of the input)', whole(1))
    .option(
      '--link <trace>',
      `a trace, CSV (NAME.up.csv finds its NAME.down.csv), or one of ${BUILT_IN.join(', ')}`,
      traceOf,
      traceOf(USUAL_LINK),
    )
    .option(
      '--speed <number>',
      'how much faster than life the link and the nodes are',
      positive,
      20,
    )
    .option(
      '--minutes <number>',
      'how long people write, in real time; 0 for as fast as they can',
      minutes,
      0,
    )
    .option('--cuts <number>', 'links cut or, each third time, gone silent', whole(0), 6)
    .option('--kills <number>', 'kits, hub and nats-server killed with kill -9', whole(0), 4)
  addRareFaults(program)
    .option('--seed <number>', 'decides what happens when', whole(0), 1)
    .option(
      '--namespaces',
      'put the post office into a network namespace, behind cables that the kernel shapes to the best rate of the trace (by unshare, ip and tc); delay, loss and cuts come from the emulated link before them',
    )
    .option('--json', 'the last line is one JSON object')
    .option('--keep', 'keep the folder with data and logs')
    .addHelpText('after', KEYS)
  program
    .configureHelp({ optionDescription: describe })
    .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : 2))
  const typed = program.parse([...words], { from: 'user' }).opts<Typed>()
  const { input, count, link, speed, minutes: long, seed } = typed
  const { namespaces = false, json = false, keep = false } = typed
  const pace = { speed, minutes: long, seed }
  return { input, count, link, ...pace, namespaces, json, keep, ...wishOf(typed) }
}

function addRareFaults(program: Command): Command {
  return program
    .option('--half-open <number>', 'connections that swallow everything and never end', whole(0))
    .addOption(
      new Option('--wipe [number]', 'the post office loses its store, once or more')
        .argParser(whole(0))
        .preset(1),
    )
    .option('--office-restores <number>', 'the post office is put back to a backup', whole(0))
    .option('--hub-restores <number>', 'the hub is put back to a backup', whole(0))
    .option('--kit-restores <number>', 'a kit is put back to a backup', whole(0))
    .option('--sticks <number>', 'sticks carried between the kits while there is no link', whole(0))
    .option('--full-disks <number>', 'a kit finds no room on its disk (by prlimit)', fullDisks)
    .option('--everything', 'each of these seven once, unless it is given')
}

function wishOf(typed: Typed): FaultWish {
  const usual = typed.everything === true ? 1 : 0
  return {
    cuts: typed.cuts,
    kills: typed.kills,
    halfOpens: typed.halfOpen ?? usual,
    wipes: typed.wipe ?? usual,
    officeRestores: typed.officeRestores ?? usual,
    hubRestores: typed.hubRestores ?? usual,
    kitRestores: typed.kitRestores ?? usual,
    sticks: typed.sticks ?? usual,
    fullDisks: typed.fullDisks ?? (usual > 0 && canFillDisks() ? usual : 0),
  }
}

/** As commander does it, but with the name of the usual link instead of all its rows. */
function describe({
  description,
  defaultValue,
}: {
  readonly description: string
  readonly defaultValue?: unknown
}): string {
  if (defaultValue === undefined) return description
  const usual = typeof defaultValue === 'number' ? defaultValue : USUAL_LINK
  return `${description} (default: ${usual})`
}

function whole(min: number): (text: string) => number {
  return (text) => {
    const number = Number(text)
    if (Number.isSafeInteger(number) && number >= min) return number
    throw new InvalidArgumentError(`Wanted: a whole number from ${min} on.`)
  }
}

function fullDisks(text: string): number {
  const number = whole(0)(text)
  if (number === 0 || canFillDisks()) return number
  throw new InvalidArgumentError(
    'Found no prlimit, which is part of util-linux; wanted it for this.',
  )
}

function minutes(text: string): number {
  return text === '0' ? 0 : positive(text)
}

function positive(text: string): number {
  const number = Number(text)
  if (Number.isFinite(number) && number > 0) return number
  throw new InvalidArgumentError('Wanted: a number above 0.')
}

function traceOf(text: string): LinkTrace {
  const builtIn = BUILT_IN_TRACES[text]
  if (builtIn !== undefined) return { ...builtIn, name: text }
  try {
    return readLinkTrace(text)
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw new InvalidArgumentError(`Wanted: a trace file or one of ${BUILT_IN.join(', ')}. ${why}`)
  }
}
