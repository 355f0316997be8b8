/** The commands about the key that everything at rest hangs on. */
import type { Command } from 'commander'
import { command, examples, type Action } from './command.ts'
import type { PassphraseOptions } from './passphrase.ts'
import type { Surroundings } from './terminal.ts'

/** The commands about the key that everything at rest hangs on. */
export function addLockCommands(
  program: Command,
  action: Action,
  surroundings: Surroundings,
): void {
  command(program, 'unlock', surroundings)
    .description('unlock the node that waits for its passphrase on this machine')
    .option('--passphrase-file <file>', 'a file with nothing but the passphrase')
    .addHelpText('after', examples('unlock'))
    .action(action(async () => (await import('./unlock.ts')).unlock))
  command(program, 'lock', surroundings)
    .description('close the running node and make it forget its keys until it is unlocked')
    .addHelpText('after', examples('lock'))
    .action(action(async () => (await import('./unlock.ts')).lock))
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
      .action(
        action(async () => {
          const { passphrase } = await import('./passphrase.ts')
          return (options: PassphraseOptions, around) => passphrase(deed, options, around)
        }),
      )
  command(program, 'wipe', surroundings)
    .description('destroy the keys of this node and everything else it has, for ever')
    .option('--yes', 'yes, everything')
    .addHelpText('after', examples('wipe --yes'))
    .action(action(async () => (await import('./wipe.ts')).wipe))
}
