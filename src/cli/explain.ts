/** Errors as a person at a terminal reads them, and as a script does: one line, and an exit code. */
import { CommanderError } from 'commander'
import { EdgeError, ERRORS, type ErrorCode, type Facts } from '#base/errors.ts'

/** Exit codes of the program; README.md lists them. */
export const EXIT = {
  good: 0,
  failed: 1,
  /** What was typed or configured is wrong. */
  usage: 2,
  notRunning: 3,
  refused: 4,
} as const

/** One of the exit codes. */
export type ExitCode = (typeof EXIT)[keyof typeof EXIT]

/** The command needs a running node and there is none. */
export class NodeNotRunning extends Error {
  override readonly name = 'NodeNotRunning'

  constructor(dataFolder: string, options?: ErrorOptions) {
    super(
      `NODE_NOT_RUNNING: no node runs on data folder ${dataFolder}. Start it with \`holdfast start\`, or name the right folder with --data.`,
      options,
    )
  }
}

const USAGE: readonly ErrorCode[] = ['CONFIG_INVALID', 'CONFIG_MISSING', 'INPUT_INVALID', 'WIPED']
/** What a system says of a file that cannot be used as it was named, in words. */
const FILE_WORDS: Readonly<Record<string, string>> = {
  ENOENT: 'nothing of this name',
  ENOTDIR: 'something that is no folder on the way to it',
  EISDIR: 'a folder',
  EACCES: 'no permission',
  EPERM: 'no permission',
  EROFS: 'a disk that cannot be written to',
}
const REFUSED: readonly ErrorCode[] = [
  'NOT_ALLOWED',
  'NOT_SIGNED_IN',
  'JOIN_REFUSED',
  'ALLOWANCE_SPENT',
]

/** The exit code of a program that ended with this error. */
export function exitCodeOf(error: unknown): ExitCode {
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.good : EXIT.usage
  if (error instanceof NodeNotRunning) return EXIT.notRunning
  if (wrongFile(error) !== undefined) return EXIT.usage
  if (!(error instanceof EdgeError)) return EXIT.failed
  if (USAGE.includes(error.code)) return EXIT.usage
  return REFUSED.includes(error.code) ? EXIT.refused : EXIT.failed
}

/**
 * The error in one line: code, facts in words, what to do. A bad config has one more line for each problem.
 * With `isDebug`, the stack and its causes follow.
 */
export function explain(error: unknown, isDebug: boolean): string {
  const told = wrongFile(error) ?? error
  const line =
    told instanceof EdgeError
      ? explainEdgeError(told)
      : told instanceof Error
        ? told.message
        : String(told)
  return isDebug && error instanceof Error ? `${line}\n${stacks(error)}` : line
}

/** What the system says of a file that was named, as an error of ours; undefined for anything else. */
function wrongFile(error: unknown): EdgeError | undefined {
  if (!(error instanceof Error) || !('code' in error) || !('path' in error)) return undefined
  const found = FILE_WORDS[String(error.code)]
  if (found === undefined) return undefined
  const file = String(error.path).replace(/\.new$/, '') // written under another name first
  return new EdgeError('INPUT_INVALID', {
    file,
    found,
    do: 'Name another file, or make way for it.',
  })
}

function explainEdgeError({ code, facts }: EdgeError): string {
  const { problems, do: special, ...rest } = facts
  const remedy = special === undefined ? ERRORS[code].remedy : String(special)
  if (problems === undefined) return `${code}: ${inWords(rest)}${remedy}`
  const lines = String(problems)
    .split('\n')
    .map((problem) => `\n  ${problem}`)
  return `${code}: ${inWords(rest)}${remedy}${lines.join('')}`
}

/** What it is about stands first; `dataFolder` becomes `data folder`; what was found and wanted stands last. */
function inWords({ what, found, wanted, ...others }: Facts): string {
  const about = Object.entries(others).map(([name, value]) => `${spaced(name)} ${String(value)}`)
  const parts = what === undefined ? about : [String(what), ...about]
  if (found !== undefined) parts.push(`found ${String(found)}`)
  if (wanted !== undefined) parts.push(`wanted ${String(wanted)}`)
  return parts.length === 0 ? '' : `${parts.join(', ')}. `
}

function spaced(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)
}

function stacks(error: Error): string {
  const own = error.stack ?? ''
  return error.cause instanceof Error ? `${own}\ncaused by ${stacks(error.cause)}` : own
}
