/** What every command is made with: the common options, the options of whatever makes a node, and examples. */
import { homedir } from 'node:os'
import { join as joinPath } from 'node:path'
import type { Command } from 'commander'
import type { ExitCode } from './explain.ts'
import type { CommonOptions, Surroundings } from './terminal.ts'

/** What a command does with what was typed. */
export type Run<Options> = (
  options: Options,
  surroundings: Surroundings,
  words: readonly string[],
) => Promise<ExitCode | void>

/**
 * Makes what commander calls. `load` imports the module of the command when it is typed, and not before: loading all of the program
 * takes seconds on a small machine, and most commands need little of it.
 */
export type Action = <Options extends CommonOptions>(
  load: () => Promise<Run<Options>>,
) => (...given: unknown[]) => Promise<void>

/** Adds a group of commands. A file that does says what may be typed, and imports only types of what happens then. */
export type AddCommands = (program: Command, action: Action, surroundings: Surroundings) => void

/** A command with the options that all have. */
export function command(program: Command, name: string, { environment }: Surroundings): Command {
  const usual = joinPath(homedir(), '.holdfast')
  const data = environment['HOLDFAST_DATA'] ?? ''
  return program
    .command(name)
    .option(
      '--data <folder>',
      'the data folder; $HOLDFAST_DATA sets it, too',
      data === '' ? usual : data,
    )
    .option('--json', 'one line of JSON instead of words')
}

/** Options of whatever makes a node. */
export function naming(made: Command): Command {
  return made
    .option('--name <name>', "name of the node (default: the machine's)")
    .option('--role <role>', 'kit, hub or relay (default: kit)')
    .option('--host <address>', 'address to listen on (default: all)')
    .option('--port <port>', 'port to listen on (default: 8065)')
    .option('--config <file>', 'the config file (default: config.json in the data folder)')
}

/** Lines under the help of a command. */
export function examples(...lines: readonly string[]): string {
  return `\nExamples:\n${lines.map((line) => `  holdfast ${line}`).join('\n')}`
}
