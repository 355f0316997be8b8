/** `holdfast person`: who has an account, who vouches for them, whose they are, and helping who cannot get in. */
import type { Command } from 'commander'
import { command, examples, type Action } from './command.ts'
import type { PartnerOptions, PersonDeed } from './person.ts'
import type { CommonOptions, Surroundings } from './terminal.ts'

const DEEDS: Readonly<Record<PersonDeed, string>> = {
  deactivate:
    'end all sessions of a person, and let them sign in no more, on every node that hears of it',
  activate: 'let a person sign in again',
  vouch: 'on a node that administers: confirm that somebody enrolled elsewhere is who they say',
  'sign-out': 'end all sessions of a person on this node; programs keep their tokens',
  'drop-factor':
    'let a person in by the password alone: their authenticator is lost, or a clock is wrong',
  appoint:
    'make somebody an administrator: of their own node there, everywhere on a node that administers',
  dismiss: 'let somebody administer no more; the last one of a node stays',
}

/** Adds the commands about people. */
export function addPersonCommands(
  program: Command,
  action: Action,
  surroundings: Surroundings,
): void {
  const group = program.command('person').description('people with an account, and who may sign in')
  command(group, 'list', surroundings)
    .description('show everybody, who is not vouched for, and who may not sign in')
    .addHelpText('after', examples('person list', 'person list --json'))
    .action(action(async () => (await import('./person.ts')).list))
  command(group, 'partner', surroundings)
    .argument('<name>', 'their username')
    .description(
      'on a node that administers: say that somebody is of a partner organisation; they are a guest then',
    )
    .option('--of <organisation>', 'its name, as labels and rules have it')
    .option('--member', 'no guest: they see people and public channels as our own do')
    .option('--none', 'they are one of ours again')
    .addHelpText('after', examples('person partner bo --of redcross', 'person partner bo --none'))
    .action(
      action(async () => {
        const { setPartner } = await import('./person.ts')
        return (options: PartnerOptions, around, [who = '']) => setPartner(who, options, around)
      }),
    )
  for (const [name, says] of Object.entries(DEEDS))
    command(group, name, surroundings)
      .argument('<name>', 'their username')
      .description(says)
      .addHelpText('after', examples(`person ${name} bo`))
      .action(
        action(async () => {
          const { doFor } = await import('./person.ts')
          return (options: CommonOptions, around, [who = '']) =>
            doFor(name as PersonDeed, { who, options }, around)
        }),
      )
}
