/** The commands about sticks that people carry. */
import type { Command } from 'commander'
import { command, examples, type Action } from './command.ts'
import type { CommonOptions, Surroundings } from './terminal.ts'

/** The commands about sticks that people carry. */
export function addCourierCommands(
  program: Command,
  action: Action,
  surroundings: Surroundings,
): void {
  const group = program
    .command('courier')
    .description('carry sealed messages and receipts between nodes on a USB stick')
    .addHelpText('after', examples('courier export /media/stick', 'courier import /media/stick'))
  const deeds = {
    export: ['courierExport', 'write what the stick does not have yet into the folder'],
    import: ['courierImport', 'take what lies in the folder and is not here yet'],
    status: ['courierStatus', 'show what lies in the folder, and what is here and not there'],
  } as const
  for (const [name, [run, description]] of Object.entries(deeds))
    command(group, name, surroundings)
      .argument('<folder>', 'a folder on the stick')
      .description(description)
      .addHelpText('after', examples(`courier ${name} /media/stick`))
      .action(
        action(async () => {
          const courier = await import('./courier.ts')
          return (options: CommonOptions, around, [folder = '']) =>
            courier[run](folder, options, around)
        }),
      )
}
