/** The commands that make, run and examine a node. */
import type { Command } from 'commander'
import { command, examples, naming, type Action } from './command.ts'
import type { RevokeOptions } from './lost.ts'
import type { CommonOptions, Surroundings } from './terminal.ts'

/** The commands that make, run and show a node. */
export function addNodeCommands(
  program: Command,
  action: Action,
  surroundings: Surroundings,
): void {
  founding(command(program, 'init', surroundings))
    .description('make a new organisation and its first node, without starting it')
    .addHelpText('after', examples('init --organisation "Relief" --name alpha --role hub'))
    .action(action(async () => (await import('./init.ts')).init))
  founding(command(program, 'start', surroundings))
    .description('run the node until Ctrl-C; the first time, make everything that is needed')
    .addHelpText(
      'after',
      examples('start', 'start --port 9000', 'start --data /srv/alpha --role hub'),
    )
    .action(action(async () => (await import('./start.ts')).start))
  command(program, 'status', surroundings)
    .description('show the running node, the nodes it knows and its links')
    .addHelpText('after', examples('status', 'status --json'))
    .action(action(async () => (await import('./status.ts')).status))
  command(program, 'gaps', surroundings)
    .description(
      'show what is lacking here and on the other nodes, since when, and who could give it',
    )
    .addHelpText('after', examples('gaps', 'gaps --json'))
    .action(action(async () => (await import('./gaps.ts')).gaps))
  command(program, 'files', surroundings)
    .description('show which files are on their way here, and what the rest takes')
    .option('--fetch <id>', 'fetch this one by whatever link there is')
    .option('--cancel <id>', 'stop fetching this one')
    .option('--show <id>', 'show this one, wherever it is')
    .option('--lost', 'show what this node had and has lost, as administrators may know of it')
    .option('--small', 'with --fetch or --cancel: the small picture of it instead')
    .addHelpText('after', examples('files', 'files --fetch ID --small', 'files --json'))
    .action(action(async () => (await import('./files.ts')).showFiles))
}

/** The commands about nodes that are lost, and about trouble. */
export function addTroubleCommands(
  program: Command,
  action: Action,
  surroundings: Surroundings,
): void {
  command(program, 'revoke', surroundings)
    .argument('<kit>', 'name, number or id of the lost node')
    .description('shut a lost node out, make new keys, and say what its loss means')
    .option('--lost <ago>', 'how long ago it was lost, such as 90m, 6h or 2d (default: just now)')
    .option('--reason <text>', 'why; every node can read it, the lost one too')
    .option('--wipe', 'also order it to destroy its keys')
    .addHelpText('after', examples('revoke bravo', 'revoke bravo --lost 6h --wipe'))
    .action(
      action(async () => {
        const { revoke } = await import('./lost.ts')
        return (options: RevokeOptions, around, [kit = '']) => revoke(kit, options, around)
      }),
    )
  const drill = program.command('drill').description('exercises that change nothing')
  command(drill, 'capture', surroundings)
    .argument('<kit>', 'name, number or id of the node')
    .description('say what it would mean if somebody took this node')
    .addHelpText('after', examples('drill capture bravo', 'drill capture bravo --json'))
    .action(
      action(async () => {
        const { drillCapture } = await import('./lost.ts')
        return (options: CommonOptions, around, [kit = '']) => drillCapture(kit, options, around)
      }),
    )
  command(program, 'doctor', surroundings)
    .description('check folder, keys, config, store, clock, disk, port and carriers')
    .option('--config <file>', 'the config file (default: config.json in the data folder)')
    .addHelpText('after', examples('doctor', 'doctor --data /srv/alpha --json'))
    .action(action(async () => (await import('./doctor.ts')).doctor))
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
