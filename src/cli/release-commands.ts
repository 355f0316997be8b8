/** `holdfast release …` on the command line. */
import type { Command } from 'commander'
import { examples, type Action } from './command.ts'
import { holdRelease, release, type ReleaseOptions } from './release.ts'
import type { CommonOptions } from './terminal.ts'

/** Adds the commands about kits that headquarters opens. `command` makes one with the options that all have. */
export function addReleaseCommands(
  program: Command,
  action: Action,
  command: (group: Command, name: string) => Command,
): void {
  const group = program
    .command('release')
    .description('let headquarters decide whether a kit that starts is opened')
  command(group, 'enable')
    .description('let the hubs of unlock.release.from open this node when it starts')
    .option('--only', 'take every other way in away, once a hub has proved that it opens this node')
    .option('--config <file>', 'the config file (default: config.json in the data folder)')
    .option('--passphrase-file <file>', 'a file with the passphrase that is set now')
    .addHelpText('after', examples('release enable', 'release enable --only'))
    .action(action<ReleaseOptions>((options, around) => release('enable', options, around)))
  command(group, 'disable')
    .description('let no hub open this node any more; another way in must be there')
    .action(action<CommonOptions>((options, around) => release('disable', options, around)))
  command(group, 'status')
    .description('show which hubs can open this node, and which kits this hub opens')
    .addHelpText('after', examples('release status', 'release status --json'))
    .action(action<CommonOptions>((options, around) => release('status', options, around)))
  for (const deed of ['hold', 'allow'] as const)
    command(group, deed)
      .argument('<kit>', 'name, number or id of the kit')
      .description(
        deed === 'hold'
          ? 'on a hub: do not open this kit, until it is allowed again'
          : 'on a hub: open this kit when it asks',
      )
      .addHelpText('after', examples(`release ${deed} bravo`))
      .action(
        action<CommonOptions>((options, around, [kit = '']) =>
          holdRelease(kit, { isHeld: deed === 'hold', options }, around),
        ),
      )
}
