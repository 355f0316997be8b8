/** `holdfast backup` and `holdfast restore`: a whole node in one sealed file, and back. */
import type { Command } from 'commander'
import { command, examples, type Action } from './command.ts'
import type { BackupOptions, RestoreOptions } from './backup.ts'
import type { Surroundings } from './terminal.ts'

/** Adds both commands. */
export function addBackupCommands(
  program: Command,
  action: Action,
  surroundings: Surroundings,
): void {
  command(program, 'backup', surroundings)
    .argument('<file>', 'where it goes; a new file')
    .description('write the whole node into one sealed file, while it runs or not')
    .option('--passphrase-file <file>', 'seal it under the passphrase in this file (default: asks)')
    .option('--recipient <key>', 'seal it for this public key of age instead (age1...)')
    .addHelpText(
      'after',
      examples('backup /media/stick/alpha.age', 'backup a.age --recipient age1…'),
    )
    .action(
      action(async () => {
        const { backup } = await import('./backup.ts')
        return (options: BackupOptions, around, [file = '']) => backup(file, options, around)
      }),
    )
  command(program, 'restore', surroundings)
    .argument('<file>', 'a file of `holdfast backup`')
    .description('put a node back from its backup, into a folder that is not there yet')
    .option('--passphrase-file <file>', 'the passphrase is in this file (default: asks)')
    .option('--identity <file>', 'the private key of age is in this file')
    .addHelpText('after', examples('restore /media/stick/alpha.age --data /srv/alpha'))
    .action(
      action(async () => {
        const { restore } = await import('./backup.ts')
        return (options: RestoreOptions, around, [file = '']) => restore(file, options, around)
      }),
    )
}
