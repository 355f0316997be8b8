/** `holdfast dictionary`: what channels have learned of themselves, so that their messages pack small. */
import type { Command } from 'commander'
import { command, examples, type Action } from './command.ts'
import type { Surroundings } from './terminal.ts'

/** The commands about dictionaries. */
export function addDictionaryCommands(
  program: Command,
  action: Action,
  surroundings: Surroundings,
): void {
  const group = program
    .command('dictionary')
    .description('what channels have learned of themselves, so that their messages pack small')
    .addHelpText('after', examples('dictionary show', 'dictionary train'))
  command(group, 'show', surroundings)
    .description('show which dictionaries there are, and who cannot use them yet')
    .addHelpText('after', examples('dictionary show --json'))
    .action(action(async () => (await import('./dictionary.ts')).show))
  command(group, 'train', surroundings)
    .description('on a hub: look now for better ones in the newest messages')
    .addHelpText('after', examples('dictionary train'))
    .action(action(async () => (await import('./dictionary.ts')).train))
}
