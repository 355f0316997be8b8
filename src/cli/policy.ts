/** `holdfast policy explain`: why somebody may or may not do something, check by check, as the node itself decides it. */
import { z } from 'zod'
import type { Explanation, Question } from '#app/policy-types.ts'
import { parseId, type ChannelId, type UserId } from '#base/ids.ts'
import { channelId } from './channel.ts'
import { EXIT, type ExitCode } from './explain.ts'
import { findLocalNode } from './local-node.ts'
import { table, writeJson, writeLines, type CommonOptions, type Surroundings } from './terminal.ts'

/** What may be typed behind it. */
export interface ExplainOptions extends CommonOptions {
  readonly in?: string
  readonly attribute?: readonly string[]
  readonly label?: readonly string[]
  readonly environment?: readonly string[]
  readonly author?: true
}

const Person = z.object({ id: z.string() })

/** Runs the command. */
export async function explainPolicy(
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

/** What may be typed behind the rule. */
export interface PositionsOptions extends CommonOptions {
  readonly in?: string
}

/** Runs `holdfast policy positions`. */
export async function setPositions(
  rule: string,
  options: PositionsOptions,
  surroundings: Surroundings,
): Promise<void> {
  const node = await findLocalNode(options.data, surroundings)
  const channel = options.in === undefined ? '' : `/channels/${await channelId(node, options.in)}`
  const positions = rule === 'default' ? null : rule // the node says which there are
  const policy = await node.ask('PUT', `/api/holdfast/v1/policy${channel}/positions`, { positions })
  const place = options.in ?? 'all channels without a rule of their own'
  if (options.json) writeJson(surroundings.terminal, policy)
  else writeLines(surroundings.terminal, [`Positions in pictures, ${place}: ${rule}`])
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
