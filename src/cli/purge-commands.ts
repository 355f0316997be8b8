/** `holdfast purge`, `hold` and `retention`: what is to be gone, what must stay, and how long messages are kept. */
import type { Command } from 'commander'
import { command, examples, type Action } from './command.ts'
import type { PurgeOptions, RetentionOptions } from './purge.ts'
import type { Surroundings } from './terminal.ts'

/** The commands that take away for good, and that keep from it. */
export function addPurgeCommands(
  program: Command,
  action: Action,
  surroundings: Surroundings,
): void {
  command(program, 'purge', surroundings)
    .argument('<channel>', 'name of the channel')
    .description('make messages be gone everywhere, or show what was purged of a channel')
    .option('--message <id...>', 'ids of messages, as `holdfast read --json` shows them')
    .option('--older-than <days>', 'everything that was written longer ago')
    .option('--compact', 'make this disk drop at once what was purged; it does so within a day')
    .addHelpText('after', examples('purge ops', 'purge ops --older-than 365 --compact'))
    .action(
      action(async () => {
        const { purge } = await import('./purge.ts')
        return (options: PurgeOptions, around, [name = '']) => purge(name, options, around)
      }),
    )
  command(program, 'hold', surroundings)
    .description('keep a channel, or what a person wrote, from being purged; show what is held')
    .option('--channel <name>', 'name of the channel')
    .option('--person <username>', 'username of the person')
    .option('--end', 'the hold has ended: what was ordered meanwhile takes effect')
    .addHelpText('after', examples('hold', 'hold --channel ops', 'hold --person bo --end'))
    .action(action(async () => (await import('./purge.ts')).hold))
  command(program, 'retention', surroundings)
    .argument(
      '<days>',
      'after how many days messages are purged; 0 for never, `default` for as all',
    )
    .description('say how long messages are kept, in all channels or in one')
    .option('--channel <name>', 'name of the channel')
    .option('--shown-once', 'only what is shown once; it goes sooner when all have opened it')
    .addHelpText('after', examples('retention 365', 'retention 30 --channel ops'))
    .action(
      action(async () => {
        const { retention } = await import('./purge.ts')
        return (options: RetentionOptions, around, [days = '']) => retention(days, options, around)
      }),
    )
}
