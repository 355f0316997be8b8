/** The commands about what links cost. */
import type { Command } from 'commander'
import { command, examples, type Action } from './command.ts'
import type { BudgetOptions } from './plan.ts'
import type { Surroundings } from './terminal.ts'

/** Adds them. */
export function addPlanCommands(
  program: Command,
  action: Action,
  surroundings: Surroundings,
): void {
  command(program, 'plan', surroundings)
    .description('show what would leave now on links that are billed, for how much, and what waits')
    .option('--carrier <name>', 'only this carrier')
    .option('--window <start,minutes>', 'what clears in a window: from now, or from a time in UTC')
    .addHelpText('after', examples('plan', 'plan --carrier shore', 'plan --window 18:30,20'))
    .action(action(async () => (await import('./plan.ts')).plan))
  command(program, 'costs', surroundings)
    .description('show what links have cost, day by day')
    .option('--csv', 'as a table for a spreadsheet, to be laid beside the bill of an operator')
    .addHelpText('after', examples('costs', 'costs --csv'))
    .action(action(async () => (await import('./plan.ts')).costs))
  command(program, 'budget', surroundings)
    .argument('<carrier>', 'whose budget')
    .description('let a link cost more in the window at hand; it stands in the audit')
    .option('--bytes <number>', 'so many bytes more')
    .option('--minutes <number>', 'so many minutes of airtime more')
    .option('--money <amount>', 'so much money more')
    .requiredOption('--reason <text>', 'why')
    .addHelpText('after', examples('budget shore --money 5 --reason "Evacuation"'))
    .action(
      action(async () => {
        const { budget } = await import('./plan.ts')
        return (options: BudgetOptions, around, [name = '']) => budget(name, options, around)
      }),
    )
}
