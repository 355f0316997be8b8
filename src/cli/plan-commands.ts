/** The commands about what links cost. */
import type { Command } from 'commander'
import { command, examples, type Action } from './command.ts'
import {
  budget,
  costs,
  plan,
  type BudgetOptions,
  type CostsOptions,
  type PlanOptions,
} from './plan.ts'
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
    .addHelpText('after', examples('plan', 'plan --carrier shore'))
    .action(action<PlanOptions>(plan))
  command(program, 'costs', surroundings)
    .description('show what links have cost, day by day')
    .option('--csv', 'as a table for a spreadsheet, to be laid beside the bill of an operator')
    .addHelpText('after', examples('costs', 'costs --csv'))
    .action(action<CostsOptions>(costs))
  command(program, 'budget', surroundings)
    .argument('<carrier>', 'whose budget')
    .description('let a link cost more in the window at hand; it stands in the audit')
    .option('--bytes <number>', 'so many bytes more')
    .option('--minutes <number>', 'so many minutes of airtime more')
    .option('--money <amount>', 'so much money more')
    .requiredOption('--reason <text>', 'why')
    .addHelpText('after', examples('budget shore --money 5 --reason "Evacuation"'))
    .action(action<BudgetOptions>((options, around, [name = '']) => budget(name, options, around)))
}
