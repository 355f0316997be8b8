/** `holdfast policy`: why somebody may or may not do something, and what becomes of positions in pictures. */
import type { Command } from 'commander'
import { command, examples, type Action } from './command.ts'
import type { ExplainOptions, PositionsOptions } from './policy.ts'
import type { Surroundings } from './terminal.ts'

/** Adds the command. */
export function addPolicyCommands(
  program: Command,
  action: Action,
  surroundings: Surroundings,
): void {
  const policy = program.command('policy').description('who may do what, and why')
  command(policy, 'explain', surroundings)
    .argument('<person>', 'username')
    .argument('<action>', 'what they want to do, such as "read channel" or post')
    .option('--in <channel>', 'name or id of the channel')
    .option('--attribute <name=value...>', 'attributes of the person, in place of those they have')
    .option('--label <name=value...>', 'label of the channel, in place of the one it has')
    .option('--environment <name=value...>', 'circumstances, such as link=satellite')
    .option('--author', 'it is about what they have written themselves')
    .description('say whether somebody may do something, and all that was looked at for it')
    .addHelpText(
      'after',
      examples(
        'policy explain bo "read channel" --in medical',
        'policy explain eva post --in ops --attribute role=guest',
      ),
    )
    .action(
      action(async () => {
        const { explainPolicy } = await import('./policy.ts')
        return (options: ExplainOptions, around, [person = '', deed = '']) =>
          explainPolicy({ person, deed }, options, around)
      }),
    )
  command(policy, 'positions', surroundings)
    .argument('<rule>', 'strip, keep, ask (unless whoever hands it in wants it to stay) or default')
    .option('--in <channel>', 'name or id of a channel that gets a rule of its own')
    .description('say what becomes of the place where a picture was taken, when it is handed in')
    .addHelpText('after', examples('policy positions strip', 'policy positions keep --in mapping'))
    .action(
      action(async () => {
        const { setPositions } = await import('./policy.ts')
        return (options: PositionsOptions, around, [rule = '']) =>
          setPositions(rule, options, around)
      }),
    )
}
