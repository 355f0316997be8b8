/** The command line: what may be typed, and which command runs. Errors are thrown; only `main` catches. */
import { resolve } from 'node:path'
import { Command, Option } from 'commander'
import { LANES } from '#model/precedence.ts'
import { systemEnvironment, type Environment } from '#config/load.ts'
import { realWorld, VERSION } from '#compose.ts'
import { command, examples, naming, type Action, type Run } from './command.ts'
import { auditExport, auditFollow, auditList, type AuditOptions } from './audit.ts'
import { auditVerify, type VerifyOptions } from './audit-verify.ts'
import { addBackupCommands } from './backup.ts'
import { courierExport, courierImport, courierStatus } from './courier.ts'
import { addDictionaryCommands } from './dictionary.ts'
import { doctor, type DoctorOptions } from './doctor.ts'
import { enrol } from './enrol.ts'
import { EXIT, type ExitCode } from './explain.ts'
import { showFiles, type FilesOptions } from './files.ts'
import { gaps } from './gaps.ts'
import { init, type FoundingOptions } from './init.ts'
import { addJoinCommands, addMembershipCommands } from './membership-commands.ts'
import { passphrase, type PassphraseOptions } from './passphrase.ts'
import { addPersonCommands } from './person.ts'
import { addPlanCommands } from './plan-commands.ts'
import { addPolicyCommands } from './policy.ts'
import { addPurgeCommands } from './purge.ts'
import { post, type PostOptions } from './post.ts'
import { drillCapture, revoke, type RevokeOptions } from './lost.ts'
import { read, type ReadOptions } from './read.ts'
import { addReleaseCommands } from './release-commands.ts'
import { start } from './start.ts'
import { status } from './status.ts'
import type { CommonOptions, Surroundings, Terminal } from './terminal.ts'
import { addTrustCommand } from './trust-command.ts'
import { lock, unlock, type UnlockOptions } from './unlock.ts'
import { wipe, type WipeOptions } from './wipe.ts'

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
    <Options extends CommonOptions>(run: Run<Options>) =>
    async (...given: unknown[]): Promise<void> => {
      const typed = given.at(-1) as Command
      const options = typed.opts<Options>()
      const data = resolve(options.data)
      const words = typed.processedArgs.flat().filter((word) => word !== undefined) as string[]
      const json = 'json' in options
      finish((await run({ ...options, data, json }, surroundings, words)) ?? EXIT.good)
    }
  addNodeCommands(program, action, surroundings)
  addLockCommands(program, action, surroundings)
  addJoinCommands(program, action, surroundings)
  addMembershipCommands(program, action, surroundings)
  addReleaseCommands(program, action, (group, name) => command(group, name, surroundings))
  addTalkCommands(program, action, surroundings)
  addTrustCommand(command(program, 'trust', surroundings), action)
  addAuditCommands(program, action, surroundings)
  addCourierCommands(program, action, surroundings)
  addBackupCommands(program, action, surroundings)
  addDictionaryCommands(program, action, surroundings)
  addPersonCommands(program, action, surroundings)
  addPlanCommands(program, action, surroundings)
  addPolicyCommands(program, action, surroundings)
  addPurgeCommands(program, action, surroundings)
  return program
}

/** The commands that make, run and examine a node. */
function addNodeCommands(program: Command, action: Action, surroundings: Surroundings): void {
  founding(command(program, 'init', surroundings))
    .description('make a new organisation and its first node, without starting it')
    .addHelpText('after', examples('init --organisation "Relief" --name alpha --role hub'))
    .action(action<FoundingOptions>(init))
  founding(command(program, 'start', surroundings))
    .description('run the node until Ctrl-C; the first time, make everything that is needed')
    .addHelpText(
      'after',
      examples('start', 'start --port 9000', 'start --data /srv/alpha --role hub'),
    )
    .action(action<FoundingOptions>(start))
  command(program, 'status', surroundings)
    .description('show the running node, the nodes it knows and its links')
    .addHelpText('after', examples('status', 'status --json'))
    .action(action<CommonOptions>(status))
  command(program, 'gaps', surroundings)
    .description(
      'show what is lacking here and on the other nodes, since when, and who could give it',
    )
    .addHelpText('after', examples('gaps', 'gaps --json'))
    .action(action<CommonOptions>(gaps))
  command(program, 'files', surroundings)
    .description('show which files are on their way here, and what the rest takes')
    .option('--fetch <id>', 'fetch this one by whatever link there is')
    .option('--cancel <id>', 'stop fetching this one')
    .addHelpText('after', examples('files', 'files --json'))
    .action(action<FilesOptions>(showFiles))
  command(program, 'revoke', surroundings)
    .argument('<kit>', 'name, number or id of the lost node')
    .description('shut a lost node out, make new keys, and say what its loss means')
    .option('--lost <ago>', 'how long ago it was lost, such as 90m, 6h or 2d (default: just now)')
    .option('--reason <text>', 'why; every node can read it, the lost one too')
    .option('--wipe', 'also order it to destroy its keys')
    .addHelpText('after', examples('revoke bravo', 'revoke bravo --lost 6h --wipe'))
    .action(action<RevokeOptions>((options, around, [kit = '']) => revoke(kit, options, around)))
  const drill = program.command('drill').description('exercises that change nothing')
  command(drill, 'capture', surroundings)
    .argument('<kit>', 'name, number or id of the node')
    .description('say what it would mean if somebody took this node')
    .addHelpText('after', examples('drill capture bravo', 'drill capture bravo --json'))
    .action(
      action<CommonOptions>((options, around, [kit = '']) => drillCapture(kit, options, around)),
    )
  command(program, 'doctor', surroundings)
    .description('check folder, keys, config, store, clock, disk, port and carriers')
    .option('--config <file>', 'the config file (default: config.json in the data folder)')
    .addHelpText('after', examples('doctor', 'doctor --data /srv/alpha --json'))
    .action(action<DoctorOptions>(doctor))
}

/** The commands about the key that everything at rest hangs on. */
function addLockCommands(program: Command, action: Action, surroundings: Surroundings): void {
  command(program, 'unlock', surroundings)
    .description('unlock the node that waits for its passphrase on this machine')
    .option('--passphrase-file <file>', 'a file with nothing but the passphrase')
    .addHelpText('after', examples('unlock'))
    .action(action<UnlockOptions>(unlock))
  command(program, 'lock', surroundings)
    .description('close the running node and make it forget its keys until it is unlocked')
    .addHelpText('after', examples('lock'))
    .action(action<CommonOptions>(lock))
  const group = program
    .command('passphrase')
    .description('set, change or remove the passphrase that opens the store of this node')
  for (const deed of ['set', 'change', 'remove'] as const)
    command(group, deed, surroundings)
      .description(`${deed} the passphrase`)
      .option('--config <file>', 'the config file (default: config.json in the data folder)')
      .option('--passphrase-file <file>', 'a file with the passphrase that is set now')
      .option('--new-passphrase-file <file>', 'a file with the new passphrase')
      .option('--keep-key-file', 'leave the key file as a second way')
      .action(action<PassphraseOptions>((options, around) => passphrase(deed, options, around)))
  command(program, 'wipe', surroundings)
    .description('destroy the keys of this node and everything else it has, for ever')
    .option('--yes', 'yes, everything')
    .addHelpText('after', examples('wipe --yes'))
    .action(action<WipeOptions>(wipe))
}

/** The commands that enrol people, write and read messages. */
function addTalkCommands(program: Command, action: Action, surroundings: Surroundings): void {
  command(program, 'enrol', surroundings)
    .argument('<username>', 'lower-case letters, digits, dot, dash and underscore, a letter first')
    .argument('[name...]', 'what others see')
    .description('make an account for one more person on the running node')
    .addHelpText('after', examples('enrol amira', 'enrol bo Bo Lind'))
    .action(
      action<CommonOptions>((options, around, [username = '', ...displayName]) =>
        enrol({ username, displayName }, options, around),
      ),
    )
  command(program, 'post', surroundings)
    .argument('<channel>', 'name of the channel')
    .argument('<text...>', 'the message')
    .description('write a message on the running node, as its first administrator')
    .addOption(new Option('--lane <lane>', 'how urgent it is').choices(LANES).default('routine'))
    .option('--override <reason>', 'why it cannot wait, when you have sent as many as you may')
    .option('--reply <id>', 'id of the message that this answers')
    .addHelpText(
      'after',
      examples('post town-square "Water is here"', 'post ops "Fire" --lane flash'),
    )
    .action(
      action<PostOptions>((options, around, [channel = '', ...text]) =>
        post({ channel, words: text }, options, around),
      ),
    )
  command(program, 'read', surroundings)
    .argument('[channel]', 'name of the channel', 'town-square')
    .description('show the newest messages, and where each stands on its way to the other nodes')
    .option('--limit <number>', 'how many', '20')
    .addHelpText('after', examples('read', 'read ops --limit 100 --json'))
    .action(
      action<ReadOptions>((options, around, [channel = '']) => read(channel, options, around)),
    )
}

/** The commands about what was done, by whom. */
function addAuditCommands(program: Command, action: Action, surroundings: Surroundings): void {
  const audit = program
    .command('audit')
    .description('what was done on the nodes, by whom: list, follow, export, verify')
    .addHelpText('after', examples('audit list', 'audit export may.audit'))
  selecting(command(audit, 'list', surroundings))
    .description('show the newest entries that the running node holds')
    .option('--limit <number>', 'how many, up to 1000', '50')
    .addHelpText('after', examples('audit list --deed "sign-in refused,envelope refused"'))
    .action(action<AuditOptions>(auditList))
  selecting(command(audit, 'follow', surroundings))
    .description('show entries as they come, until Ctrl-C')
    .addHelpText('after', examples('audit follow --json'))
    .action(action<AuditOptions>(auditFollow))
  command(audit, 'export', surroundings)
    .argument('<file>', 'the file to make')
    .option('--node <id>', "only this node's audit")
    .description('write all audits here into a file that can be checked anywhere')
    .addHelpText('after', examples('audit export may.audit'))
    .action(
      action<AuditOptions>((options, around, [file = '']) => auditExport(file, options, around)),
    )
  command(audit, 'verify', surroundings)
    .argument('<file>', 'what `audit export` wrote')
    .argument('[newer]', 'a later export, which must go on from the first')
    .option('--root <key>', "the root's public key in hexadecimal digits")
    .option('--entries', 'also write every entry as a line of JSON')
    .description('check exported audits; needs neither a node nor its data folder')
    .addHelpText('after', examples('audit verify may.audit june.audit --root 5f0c…'))
    .action(action<VerifyOptions>((options, around, files) => auditVerify(files, options, around)))
}

/** The commands about sticks that people carry. */
function addCourierCommands(program: Command, action: Action, surroundings: Surroundings): void {
  const courier = program
    .command('courier')
    .description('carry sealed messages and receipts between nodes on a USB stick')
    .addHelpText('after', examples('courier export /media/stick', 'courier import /media/stick'))
  const deeds = {
    export: [courierExport, 'write what the stick does not have yet into the folder'],
    import: [courierImport, 'take what lies in the folder and is not here yet'],
    status: [courierStatus, 'show what lies in the folder, and what is here and not there'],
  } as const
  for (const [name, [run, description]] of Object.entries(deeds))
    command(courier, name, surroundings)
      .argument('<folder>', 'a folder on the stick')
      .description(description)
      .addHelpText('after', examples(`courier ${name} /media/stick`))
      .action(
        action<CommonOptions>((options, around, [folder = '']) => run(folder, options, around)),
      )
}

/** Options that choose among entries of audits. */
function selecting(made: Command): Command {
  return made
    .option('--node <id>', 'only entries of this node')
    .option('--deed <names>', 'only these deeds, commas between')
}

function founding(made: Command): Command {
  return naming(made)
    .option('--organisation <name>', 'name of the new organisation (default: Holdfast)')
    .option('--admin <name>', 'name of the first administrator account', 'admin')
    .option(
      '--suite <name>',
      'algorithms of the organisation, for ever: nacl or fips (default: nacl)',
    )
}
