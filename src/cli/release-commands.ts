/** `holdfast release …` on the command line. */
import type { Command } from 'commander'
import { command, examples, type Action } from './command.ts'
import type { ReleaseOptions } from './release.ts'
import type { CommonOptions, Surroundings } from './terminal.ts'

/** Adds the commands about kits that headquarters opens. */
export function addReleaseCommands(
  program: Command,
  action: Action,
  surroundings: Surroundings,
): void {
  const group = program
    .command('release')
    .description('let headquarters decide whether a kit that starts is opened')
  command(group, 'enable', surroundings)
    .description('let the hubs of unlock.release.from open this node when it starts')
    .option('--only', 'take every other way in away, once a hub has proved that it opens this node')
    .option('--config <file>', 'the config file (default: config.json in the data folder)')
    .option('--passphrase-file <file>', 'a file with the passphrase that is set now')
    .addHelpText('after', examples('release enable', 'release enable --only'))
    .action(
      action(async () => {
        const { release } = await import('./release.ts')
        return (options: ReleaseOptions, around) => release('enable', options, around)
      }),
    )
  command(group, 'disable', surroundings)
    .description('let no hub open this node any more; another way in must be there')
    .action(
      action(async () => {
        const { release } = await import('./release.ts')
        return (options: CommonOptions, around) => release('disable', options, around)
      }),
    )
  command(group, 'status', surroundings)
    .description('show which hubs can open this node, and which kits this hub opens')
    .addHelpText('after', examples('release status', 'release status --json'))
    .action(
      action(async () => {
        const { release } = await import('./release.ts')
        return (options: CommonOptions, around) => release('status', options, around)
      }),
    )
  for (const deed of ['hold', 'allow'] as const)
    command(group, deed, surroundings)
      .argument('<kit>', 'name, number or id of the kit')
      .description(
        deed === 'hold'
          ? 'on a hub: do not open this kit, until it is allowed again'
          : 'on a hub: open this kit when it asks',
      )
      .addHelpText('after', examples(`release ${deed} bravo`))
      .action(
        action(async () => {
          const { holdRelease } = await import('./release.ts')
          return (options: CommonOptions, around, [kit = '']) =>
            holdRelease(kit, { isHeld: deed === 'hold', options }, around)
        }),
      )
}
