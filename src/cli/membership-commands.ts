/** The commands by which nodes come in, are vouched for, and are listed. */
import type { Command } from 'commander'
import type { AdmitOptions } from './admit.ts'
import { command, examples, naming, type Action } from './command.ts'
import type { JoinOptions } from './join.ts'
import type { CertifyOptions, RootOptions } from './root.ts'
import type { Surroundings } from './terminal.ts'

/** The commands that let a node in over a network. */
export function addJoinCommands(
  program: Command,
  action: Action,
  surroundings: Surroundings,
): void {
  naming(command(program, 'join', surroundings))
    .argument(
      '[address]',
      'host:port of a node of the organisation, or the holdfast:// text of a QR code',
    )
    .argument('[code]', 'the join code that `holdfast invite` showed there')
    .description('make a node that belongs to an organisation which is there already')
    .option(
      '--admin <name>',
      'name of the administrator account (default: admin- and the name of the node)',
    )
    .option('--request <file>', 'no network: write a request into this file')
    .option('--answer <file>', 'no network: take the answer to that request from this file')
    .option('--fingerprint <text>', 'fingerprint of the answer, as the other end read it out')
    .option('--suite <name>', 'with --request: algorithms of the organisation, nacl or fips')
    .addHelpText(
      'after',
      examples(
        'join 192.168.1.10:8065 ybnd-rfg8-ejkm-cpqx --name bravo',
        'join --request bravo.txt --name bravo',
        'join --answer answer.txt',
      ),
    )
    .action(
      action(async () => {
        const { join } = await import('./join.ts')
        return (options: JoinOptions, around, [address = '', code]) =>
          join({ address, code }, options, around)
      }),
    )
  command(program, 'invite', surroundings)
    .description('ask the running node for a code that lets one new node join, or let in who waits')
    .option('--role <role>', 'the only role the code lets in: kit, hub or relay (default: kit)')
    .option('--compare', 'people compare six digits before the node is let in')
    .option('--waiting', 'show who waits, and their digits, instead of making a code')
    .option('--confirm <digits>', 'let in the node whose screen shows these digits')
    .option('--refuse <digits>', 'send that node away')
    .option(
      '--at <host:port>',
      'how the new node reaches this one (default: this machine on the network)',
    )
    .addHelpText(
      'after',
      examples(
        'invite',
        'invite --at hub.example.org:8065',
        'invite --compare',
        'invite --confirm 123456',
      ),
    )
    .action(action(async () => (await import('./invite.ts')).invite))
}

/** The commands about who belongs to the organisation. */
export function addMembershipCommands(
  program: Command,
  action: Action,
  surroundings: Surroundings,
): void {
  command(program, 'nodes', surroundings)
    .description('show the nodes of the organisation: rights, validity, last sign of life')
    .addHelpText('after', examples('nodes', 'nodes --json'))
    .action(action(async () => (await import('./nodes.ts')).nodes))
  command(program, 'admit', surroundings)
    .argument('<file>', 'the request that `holdfast join --request` wrote')
    .description('let in a node by file: answer its request, sealed for it alone')
    .requiredOption('--out <file>', 'where the answer goes')
    .option('--fingerprint <text>', 'fingerprint of the request, as the other end read it out')
    .addHelpText('after', examples('admit bravo.txt --out answer.txt'))
    .action(
      action(async () => {
        const { admit } = await import('./admit.ts')
        return (options: AdmitOptions, around, [file = '']) => admit(file, options, around)
      }),
    )
}

/** The commands about the root of the organisation. */
export function addRootCommands(
  program: Command,
  action: Action,
  surroundings: Surroundings,
): void {
  const root = program
    .command('root')
    .description('keep the root of the organisation in a file, away from every node')
    .addHelpText(
      'after',
      examples('root move root.json', 'root certify bravo.txt --root root.json --out answer.txt'),
    )
  const passphrase = ['--passphrase-file <file>', 'a file with nothing but the passphrase'] as const
  command(root, 'move', surroundings)
    .argument('<file>', 'the new root file')
    .description("move the root's key out of the data folder of a node that is stopped")
    .option(...passphrase)
    .action(
      action(async () => {
        const { moveRoot } = await import('./root.ts')
        return (options: RootOptions, around, [file = '']) => moveRoot(file, options, around)
      }),
    )
  command(root, 'certify', surroundings)
    .argument('<file>', 'the request that `holdfast join --request` wrote')
    .description('vouch for a node, with nothing but the root file')
    .requiredOption('--root <file>', 'the root file')
    .requiredOption('--out <file>', 'where the answer goes')
    .option('--rights <rights>', 'administers, issues, or both with a comma (default: none)')
    .option('--role <role>', 'kit, hub or relay (default: as requested)')
    .option('--days <number>', 'how long it is valid (default: 730)')
    .option('--fingerprint <text>', 'fingerprint of the request, as the other end read it out')
    .option(...passphrase)
    .action(
      action(async () => {
        const { certify } = await import('./root.ts')
        return (options: CertifyOptions, around, [file = '']) => certify(file, options, around)
      }),
    )
  command(root, 'show', surroundings)
    .argument('<file>', 'a root file')
    .description('say whose root is in a file')
    .action(
      action(async () => {
        const { showRoot } = await import('./root.ts')
        return (options: RootOptions, around, [file = '']) => showRoot(file, options, around)
      }),
    )
}
