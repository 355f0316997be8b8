/** The commands about the order of carriers. */
import type { Command } from 'commander'
import { command, examples, type Action } from './command.ts'
import type { SetOptions } from './pace.ts'
import type { Surroundings } from './terminal.ts'

/** Adds them. */
export function addPaceCommands(
  program: Command,
  action: Action,
  surroundings: Surroundings,
): void {
  const pace = program
    .command('pace')
    .description('by which carrier what goes when the usual one fails: rules of the config')
  command(pace, 'status', surroundings)
    .description('show which letter of each rule stands, why, and when each carrier last worked')
    .addHelpText('after', examples('pace status'))
    .action(action(async () => (await import('./pace.ts')).paceStatus))
  command(pace, 'set', surroundings)
    .argument('<rule>', 'which rule')
    .argument('<letter>', 'P, A, C or E; auto lets the links decide again')
    .description('choose a letter by hand; it stands in the audit')
    .option('--minutes <number>', 'for so long; until it is taken back unless given')
    .requiredOption('--reason <text>', 'why')
    .addHelpText('after', examples('pace set everything A --minutes 60 --reason "LTE is jammed"'))
    .action(
      action(async () => {
        const { paceSet } = await import('./pace.ts')
        return (options: SetOptions, around, [rule = '', letter = '']) =>
          paceSet({ rule, letter, options }, around)
      }),
    )
  command(pace, 'drill', surroundings)
    .description('send a small probe by each carrier, to prove that it works')
    .option('--rule <name>', 'only of this rule')
    .option('--letter <letter>', 'only of this letter')
    .addHelpText('after', examples('pace drill', 'pace drill --letter C'))
    .action(action(async () => (await import('./pace.ts')).paceDrill))
}
