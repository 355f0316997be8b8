/** What a trial may be told on the command line. */
import { Command, InvalidArgumentError } from 'commander'
import { BUILT_IN_TRACES, readLinkTrace, type LinkTrace } from '../link/trace.ts'

/** The options of a trial. */
export interface TrialOptions {
  /** File of messages; our own unless given. */
  readonly input: string | undefined
  /** How many messages; all of the input unless given. */
  readonly count: number | undefined
  readonly link: LinkTrace
  readonly speed: number
  readonly cuts: number
  readonly kills: number
  readonly isWiped: boolean
  readonly seed: number
  readonly json: boolean
  readonly keep: boolean
}

interface Typed {
  readonly input?: string
  readonly count?: number
  readonly link: LinkTrace
  readonly speed: number
  readonly cuts: number
  readonly kills: number
  readonly wipe?: true
  readonly seed: number
  readonly json?: true
  readonly keep?: true
}

const BUILT_IN = Object.keys(BUILT_IN_TRACES)
const USUAL_LINK = 'satellite'

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
    .option('--speed <number>', 'how much faster than life the link is', positive, 20)
    .option('--cuts <number>', 'links cut or gone silent', whole(0), 6)
    .option('--kills <number>', 'kits, hub and nats-server killed with kill -9', whole(0), 4)
    .option('--wipe', 'the post office loses its store once')
    .option('--seed <number>', 'decides what happens when', whole(0), 1)
    .option('--json', 'the last line is one JSON object')
    .option('--keep', 'keep the folder with data and logs')
  program
    .configureHelp({ optionDescription: describe })
    .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : 2))
  const { input, count, link, speed, cuts, kills, seed, ...flags } = program
    .parse([...words], { from: 'user' })
    .opts<Typed>()
  const isWiped = flags.wipe ?? false
  const json = flags.json ?? false
  return { input, count, link, speed, cuts, kills, isWiped, seed, json, keep: flags.keep ?? false }
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
