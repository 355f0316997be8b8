/** `holdfast policy explain`: why somebody may or may not do something, check by check, as the node itself decides it. */
import type { Command } from 'commander'
import { z } from 'zod'
import type { Explanation, Question } from '#app/policy-types.ts'
import { parseId, type ChannelId, type UserId } from '#base/ids.ts'
import { channelId } from './channel.ts'
import { command, examples, type Action } from './command.ts'
import { EXIT, type ExitCode } from './explain.ts'
import { findLocalNode } from './local-node.ts'
import { table, writeJson, writeLines, type CommonOptions, type Surroundings } from './terminal.ts'

interface ExplainOptions extends CommonOptions {
  readonly in?: string
  readonly attribute?: readonly string[]
  readonly label?: readonly string[]
  readonly environment?: readonly string[]
  readonly author?: true
}

const Person = z.object({ id: z.string() })

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
      action<ExplainOptions>((options, around, [person = '', deed = '']) =>
        explainPolicy({ person, deed }, options, around),
      ),
    )
}

async function explainPolicy(
  { person, deed }: { readonly person: string; readonly deed: string },
  options: ExplainOptions,
  surroundings: Surroundings,
): Promise<ExitCode> {
  const node = await findLocalNode(options.data, surroundings)
  const name = encodeURIComponent(person.replace(/^@/, '').toLowerCase())
  const { id } = Person.parse(await node.ask('GET', `/api/v4/users/username/${name}`))
  const channel =
    options.in === undefined
      ? undefined
      : (parseId<ChannelId>(options.in) ?? ((await channelId(node, options.in)) as ChannelId))
  const question: Question = {
    action: deed as Question['action'], // the node says which there are
    person: id as UserId,
    ...(channel !== undefined && { channel }),
    ...(options.attribute && { attributes: pairs(options.attribute) }),
    ...(options.label && { label: pairs(options.label) }),
    ...(options.environment && { environment: pairs(options.environment) }),
    ...(options.author && { isAuthor: true }),
  }
  const explanation = (await node.ask(
    'POST',
    '/api/holdfast/v1/policy/explain',
    question,
  )) as Explanation
  if (options.json) writeJson(surroundings.terminal, explanation)
  else writeLines(surroundings.terminal, linesOf(explanation, `${person}: ${deed}`))
  return explanation.ok ? EXIT.good : EXIT.refused
}

/** `name=value`; what has no sign is a name with an empty value, which the node refuses where it means nothing. */
function pairs(typed: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    typed.map((one) => {
      const at = one.indexOf('=')
      return at < 0 ? [one, ''] : [one.slice(0, at), one.slice(at + 1)]
    }),
  )
}

/** The decision, what was looked at, and what it was decided by. */
function linesOf({ ok, reason, checks, facts }: Explanation, about: string): readonly string[] {
  const rows = checks.map((one) => [
    one.ok ? 'ok' : 'no',
    one.rule === undefined ? one.check : `${one.check} ${one.rule}`,
    [one.ok ? '' : (one.reason ?? ''), one.needs === undefined ? '' : `needs ${one.needs}`]
      .filter((part) => part !== '')
      .join('; '),
  ])
  const known = Object.entries(facts).flatMap(([of, attributes]) =>
    Object.entries(attributes).map(([name, value]) => [of, name, String(value)]),
  )
  return [
    `${about}: ${ok ? 'allowed' : `refused, ${reason ?? 'without a reason'}`}`,
    ...table(rows),
    ...(known.length === 0 ? [] : ['Decided by:', ...table(known)]),
  ]
}
