/** The command line: what may be typed, and which command runs. Errors are thrown; only `main` catches. */
import { resolve } from 'node:path'
import { Command } from 'commander'
import { VERSION } from '#compose/version.ts'
import { realWorld } from '#compose/world.ts'
import { systemEnvironment, type Environment } from '#config/environment.ts'
import { addAuditCommands } from './audit-commands.ts'
import { addBackupCommands } from './backup-commands.ts'
import { examples, type AddCommands, type Run } from './command.ts'
import { addCourierCommands } from './courier-commands.ts'
import { addDictionaryCommands } from './dictionary-commands.ts'
import { EXIT, type ExitCode } from './explain.ts'
import { addLockCommands } from './lock-commands.ts'
import { addJoinCommands, addMembershipCommands, addRootCommands } from './membership-commands.ts'
import { addNodeCommands, addTroubleCommands } from './node-commands.ts'
import { addPersonCommands } from './person-commands.ts'
import { addPaceCommands } from './pace-commands.ts'
import { addPlanCommands } from './plan-commands.ts'
import { addPolicyCommands } from './policy-commands.ts'
import { addPurgeCommands } from './purge-commands.ts'
import { addReleaseCommands } from './release-commands.ts'
import { addTalkCommands } from './talk-commands.ts'
import type { CommonOptions, Surroundings, Terminal } from './terminal.ts'
import { addTrustCommands } from './trust-commands.ts'

/** In the order of the help. */
const GROUPS: readonly AddCommands[] = [
  addNodeCommands,
  addTroubleCommands,
  addLockCommands,
  addJoinCommands,
  addMembershipCommands,
  addRootCommands,
  addReleaseCommands,
  addTalkCommands,
  addTrustCommands,
  addAuditCommands,
  addCourierCommands,
  addBackupCommands,
  addDictionaryCommands,
  addPersonCommands,
  addPlanCommands,
  addPaceCommands,
  addPolicyCommands,
  addPurgeCommands,
]

/** What the process gives to the command line. */
export interface CommandLinePorts {
  readonly terminal: Terminal
  readonly signal: AbortSignal
  /** The system's unless given. */
  readonly environment?: Environment
}

/**
 * Runs one command to its end.
 * @throws CommanderError for what cannot be understood (it has been written already), EdgeError, NodeNotRunning
 */
export async function runCommandLine(
  words: readonly string[],
  ports: CommandLinePorts,
): Promise<ExitCode> {
  const { clock, random } = realWorld('warn')
  const environment = ports.environment ?? systemEnvironment()
  const surroundings: Surroundings = { ...ports, environment, clock, random }
  let code: ExitCode = EXIT.good
  const program = programFor(surroundings, (result) => {
    code = result
  })
  await program.parseAsync([...words], { from: 'user' })
  return code
}

/** Whether errors are to be shown with their stacks. */
export function isDebug(environment: Environment = systemEnvironment()): boolean {
  return (environment['HOLDFAST_DEBUG'] ?? '') !== ''
}

function programFor(surroundings: Surroundings, finish: (code: ExitCode) => void): Command {
  const { terminal } = surroundings
  const program = new Command('holdfast')
    .description(
      'A store-and-forward collaboration node: a team keeps talking when the link does not.',
    )
    .version(VERSION, '--version', 'show the version')
    .helpOption('-h, --help', 'show help')
    .configureOutput({ writeOut: terminal.out, writeErr: terminal.error })
    .configureHelp({ showGlobalOptions: true })
    .showHelpAfterError('(see holdfast --help)')
    .exitOverride()
    .addHelpText('after', examples('start', 'join 192.168.1.10:8065 CODE --name bravo', 'doctor'))
  const action =
    <Options extends CommonOptions>(load: () => Promise<Run<Options>>) =>
    async (...given: unknown[]): Promise<void> => {
      const typed = given.at(-1) as Command
      const options = typed.opts<Options>()
      const data = resolve(options.data)
      const words = typed.processedArgs.flat().filter((word) => word !== undefined) as string[]
      const json = 'json' in options
      const run = await load()
      finish((await run({ ...options, data, json }, surroundings, words)) ?? EXIT.good)
    }
  for (const add of GROUPS) add(program, action, surroundings)
  return program
}
