/**
 * The policy on the wire: an entry of the directory for each part, `[kind, author, time, counter, about, key, value]`. The
 * key is nil, a name, or the 16 bytes of an id; the value is as people write it, or nil for none. See codec/PROTOCOL.md.
 */
import { bytesFromId, type ChannelId, type UserId } from '#base/ids.ts'
import { idField, type Fields } from './fields.ts'
import {
  Attributes,
  Levels,
  Moderation,
  OnceDays,
  Permissions,
  PolicyName,
  PositionRule,
  RetentionDays,
  Rule,
  UNREADABLE_LABEL,
  UNREADABLE_PERSON,
  type PolicyPart,
} from './policy.ts'

/** An entry about one part of the policy. */
export interface PolicyContent {
  readonly kind: 'policy'
  readonly part: PolicyPart
}

/** Its number on the wire. */
export const POLICY_KIND_NUMBER = { policy: 35 } as const

/** By their number, which is their place here. */
const ABOUT = [
  'levels',
  'role',
  'rule',
  'person',
  'label',
  'moderation',
  'channel hold',
  'person hold',
  'retention',
  'shown once',
  'positions',
] as const

/** Reads the items of an entry after the head. */
export const POLICY_READERS: Readonly<
  Record<number, (fields: Fields) => PolicyContent | undefined>
> = {
  [POLICY_KIND_NUMBER.policy]: ([about, name, value]) => {
    const read = typeof about === 'number' ? READERS[ABOUT[about] ?? 'none'] : undefined
    const part = read?.(name, value ?? undefined)
    return part && { kind: 'policy', part }
  },
}

/** The items of an entry after its head. */
export function policyFields({ part }: PolicyContent): readonly unknown[] {
  const [name, value] = keyAndValue(part)
  return [ABOUT.indexOf(part.about), name, value ?? null]
}

function keyAndValue(part: PolicyPart): readonly [unknown, unknown] {
  switch (part.about) {
    case 'levels':
      return [null, part.levels]
    case 'role':
      return [part.role, part.permissions]
    case 'rule':
      return [part.name, part.rule === undefined ? undefined : plain(part.rule)]
    case 'person':
      return [bytesFromId(part.person), part.attributes]
    case 'label':
      return [bytesFromId(part.channel), part.label]
    case 'moderation':
      return [bytesFromId(part.channel), part.moderation]
    case 'channel hold':
      return [bytesFromId(part.channel), part.isHeld]
    case 'person hold':
      return [bytesFromId(part.person), part.isHeld]
    case 'retention':
      return [part.channel === undefined ? null : bytesFromId(part.channel), part.days]
    case 'shown once':
      return [null, part.days]
    case 'positions':
      return [part.channel === undefined ? null : bytesFromId(part.channel), part.rule]
  }
}

/** Without what is undefined: MessagePack would write it as nil. */
function plain(rule: Rule | 'unreadable'): unknown {
  return typeof rule === 'string' ? rule : JSON.parse(JSON.stringify(rule))
}

type Reader = (name: unknown, value: unknown) => PolicyPart | undefined

const READERS: Readonly<Record<string, Reader>> = {
  levels: (_, value) => {
    const levels = Levels.safeParse(value)
    return levels.success ? { about: 'levels', levels: levels.data } : undefined
  },
  role: (name, value) => {
    const permissions = Permissions.optional().safeParse(value)
    if (typeof name !== 'string') return undefined
    // Nobody may anything by a list that cannot be read.
    return { about: 'role', role: name, permissions: permissions.success ? permissions.data : [] }
  },
  rule: (name, value) => {
    if (!PolicyName.safeParse(name).success) return undefined
    const rule = Rule.optional().safeParse(value)
    return { about: 'rule', name: String(name), rule: rule.success ? rule.data : 'unreadable' }
  },
  person: (name, value) => {
    const person = idField<UserId>(name)
    const attributes = Attributes.safeParse(value)
    if (person === undefined) return undefined
    return {
      about: 'person',
      person,
      attributes: attributes.success ? attributes.data : UNREADABLE_PERSON,
    }
  },
  label: (name, value) => {
    const channel = idField<ChannelId>(name)
    const label = Attributes.safeParse(value ?? {})
    if (channel === undefined) return undefined
    return { about: 'label', channel, label: label.success ? label.data : UNREADABLE_LABEL }
  },
  moderation: (name, value) => {
    const channel = idField<ChannelId>(name)
    const moderation = Moderation.optional().safeParse(value)
    return channel && moderation.success
      ? { about: 'moderation', channel, moderation: moderation.data }
      : undefined
  },
  // What cannot be read holds.
  'channel hold': (name, value) => {
    const channel = idField<ChannelId>(name)
    return channel && { about: 'channel hold', channel, isHeld: value !== false }
  },
  'person hold': (name, value) => {
    const person = idField<UserId>(name)
    return person && { about: 'person hold', person, isHeld: value !== false }
  },
  retention: (name, value) => {
    const channel = idField<ChannelId>(name)
    const days = RetentionDays.optional().safeParse(value)
    if (!days.success || (channel === undefined && name !== null)) return undefined
    return { about: 'retention', channel, days: days.data }
  },
  'shown once': (_, value) => {
    const days = OnceDays.optional().safeParse(value)
    return days.success ? { about: 'shown once', days: days.data } : undefined
  },
  positions: (name, value) => {
    const channel = idField<ChannelId>(name)
    const rule = PositionRule.optional().safeParse(value)
    if (channel === undefined && name !== null) return undefined
    // What cannot be read takes them out.
    return { about: 'positions', channel, rule: rule.success ? rule.data : 'strip' }
  },
}
