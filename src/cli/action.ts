/** How a command hangs on the command line. */
import type { ExitCode } from './explain.ts'
import type { CommonOptions, Surroundings } from './terminal.ts'

/** What a command runs: its options, its surroundings, and the words behind its name. */
export type Run<Options> = (
  options: Options,
  surroundings: Surroundings,
  words: readonly string[],
) => Promise<ExitCode | void>

/** Wraps what a command runs. */
export type Action = <Options extends CommonOptions>(
  run: Run<Options>,
) => (...given: unknown[]) => Promise<void>

/** Examples below the help of a command. */
export function examples(...lines: readonly string[]): string {
  return `\nExamples:\n${lines.map((line) => `  holdfast ${line}`).join('\n')}`
}
