/** The policy: levels, rules, attributes of people and labels of channels; and why somebody may or may not. Administrators only. */
import { z } from 'zod'
import type { ChannelId, UserId } from '#base/ids.ts'
import { RULES_MAX } from '#model/policy-limits.ts'
import { Attributes, Levels, PolicyName, PositionRule, Rule } from '#model/policy.ts'
import type { PolicyPart } from '#model/policy.ts'
import type { Door } from '#server/door.ts'
import { bodyOf, idParam, idSchema, parse, textParam, userParam } from '#server/input.ts'
import { route, type Call, type Route } from '#server/route.ts'

/** What can be asked about, in the order of the interface. */
const ACTIONS = [
  'read channel',
  'post',
  'edit message',
  'delete message',
  'react',
  'mention channel',
  'join channel',
  'manage members',
  'manage member roles',
  'create channel',
] as const

/** Whom and what is asked about. */
export const Question = z.strictObject({
  action: z.enum(ACTIONS),
  person: idSchema<UserId>(),
  channel: idSchema<ChannelId>().optional(),
  attributes: Attributes.optional(),
  label: Attributes.optional(),
  message: Attributes.optional(),
  environment: Attributes.optional(),
  rules: z
    .array(z.strictObject({ name: PolicyName, rule: Rule }))
    .max(RULES_MAX)
    .optional(),
  isAuthor: z.boolean().optional(),
})

/** What becomes of the place where a picture was taken; null for what holds for all channels, or holds by itself. */
export const Positions = z.strictObject({ positions: PositionRule.nullable() })

/** The routes about the policy. */
export function policyRoutes(door: Door): readonly Route[] {
  const { node } = door
  const base = '/api/holdfast/v1/policy'
  return [
    route('GET', base, (call) => node.policy(call.subject)),
    route('POST', `${base}/explain`, (call) =>
      node.explainAccess(call.subject, bodyOf(call, Question)),
    ),
    route('PUT', `${base}/levels`, (call) =>
      change(door, call, { about: 'levels', levels: bodyOf(call, Levels) }),
    ),
    route('PUT', `${base}/rules/:rule`, (call) =>
      change(door, call, { about: 'rule', name: ruleParam(call), rule: bodyOf(call, Rule) }),
    ),
    route('DELETE', `${base}/rules/:rule`, (call) =>
      change(door, call, { about: 'rule', name: ruleParam(call), rule: undefined }),
    ),
    route('PUT', `${base}/people/:user`, (call) => {
      const attributes = bodyOf(call, Attributes)
      return change(door, call, { about: 'person', person: userParam(call), attributes })
    }),
    route('PUT', `${base}/channels/:channel`, (call) => {
      const channel = idParam<ChannelId>(call, 'channel')
      return change(door, call, { about: 'label', channel, label: bodyOf(call, Attributes) })
    }),
    route('PUT', `${base}/positions`, (call) => changePositions(door, call, undefined)),
    route('PUT', `${base}/channels/:channel/positions`, (call) =>
      changePositions(door, call, idParam<ChannelId>(call, 'channel')),
    ),
  ]
}

function ruleParam(call: Call): string {
  return parse('path', PolicyName, textParam(call, 'rule'))
}

function changePositions(door: Door, call: Call, channel: ChannelId | undefined): Promise<object> {
  const { positions } = bodyOf(call, Positions)
  return change(door, call, { about: 'positions', channel, rule: positions ?? undefined })
}

/** Gives the whole policy back. */
async function change({ node }: Door, { subject }: Call, part: PolicyPart): Promise<object> {
  await node.changePolicy(subject, part)
  return node.policy(subject)
}
