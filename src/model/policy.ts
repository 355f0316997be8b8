/**
 * Rules of who may do what, beside roles: attributes of people, labels of channels and messages, and what must hold for an
 * action. They travel in the directory, so every node has to make the same of the same bytes, whatever its version: a small
 * tree of conditions, read strictly. What cannot be read forbids, and never allows.
 */
import { z } from 'zod'
import type { ChannelId, UserId } from '#base/ids.ts'
import {
  ATTRIBUTES_MAX,
  ATTRIBUTE_CHARACTERS_MAX,
  ATTRIBUTE_VALUES_MAX,
  CONDITION_DEPTH_MAX,
  CONDITIONS_MAX,
  LEVELS_MAX,
  RETENTION_DAYS_MAX,
  RULE_ACTIONS_MAX,
} from './policy-limits.ts'

/** Names and their values; an attribute with several values is a list, and one without is not there. */
export type Attributes = Readonly<Record<string, string | readonly string[]>>

/** What is compared: texts, or another attribute. */
export type Operand = readonly string[] | { readonly attribute: string }

/** Something that is so or not. Attributes are `subject.…`, `channel.…`, `message.…`, `environment.…`. */
export type Condition =
  | { readonly all: readonly Condition[] }
  | { readonly any: readonly Condition[] }
  | { readonly not: Condition }
  /** It has one of these values. */
  | { readonly attribute: string; readonly in: Operand }
  /** It has all of these values. */
  | { readonly attribute: string; readonly covers: Operand }
  /** It stands at this level or higher, by the order of the levels; without a value it stands at the lowest. */
  | { readonly attribute: string; readonly atLeast: Operand }
  /** A time of day, `HH:MM`, from the first to before the second, also across midnight. */
  | { readonly attribute: string; readonly between: readonly [string, string] }

/** For these actions, where `when` is so, `require` must be so. Rules only take away: what one allows another may forbid. */
export interface Rule {
  /** Actions in channels, or `*` for all of them. */
  readonly actions: readonly string[]
  /** Always, unless given. */
  readonly when?: Condition | undefined
  readonly require: Condition
  /** For people: why it is there. */
  readonly note?: string | undefined
}

/** What members and guests of one channel may not do there. */
export interface Moderation {
  readonly members: readonly string[]
  readonly guests: readonly string[]
}

/** One part of the policy, whole: the last word on it counts. `undefined` takes it away, `unreadable` forbids. */
export type PolicyPart =
  /** Lowest first. */
  | { readonly about: 'levels'; readonly levels: readonly string[] }
  /** What a role may, in place of what it may by itself. */
  | {
      readonly about: 'role'
      readonly role: string
      readonly permissions: readonly string[] | undefined
    }
  | {
      readonly about: 'rule'
      readonly name: string
      readonly rule: Rule | 'unreadable' | undefined
    }
  | { readonly about: 'person'; readonly person: UserId; readonly attributes: Attributes }
  | { readonly about: 'label'; readonly channel: ChannelId; readonly label: Attributes }
  | {
      readonly about: 'moderation'
      readonly channel: ChannelId
      readonly moderation: Moderation | undefined
    }
  /** Nothing of the channel, or of what the person wrote, is purged for now, whatever is ordered. */
  | { readonly about: 'channel hold'; readonly channel: ChannelId; readonly isHeld: boolean }
  | { readonly about: 'person hold'; readonly person: UserId; readonly isHeld: boolean }
  | {
      /** How old messages get: of this channel, or of all that have no days of their own. */
      readonly about: 'retention'
      readonly channel: ChannelId | undefined
      /** 0: for ever, whatever is said for all. Undefined: nothing of its own. */
      readonly days: number | undefined
    }
  /** After how many days a message that is shown once goes, whoever has not opened it. Undefined: as by itself. */
  | { readonly about: 'shown once'; readonly days: number | undefined }
  | {
      /** Of files that are handed in: in this channel, or in all that have no rule of their own. */
      readonly about: 'positions'
      readonly channel: ChannelId | undefined
      readonly rule: PositionRule | undefined
    }

/** What becomes of the place where a picture was taken: it is taken out; or only unless whoever hands it in says that it shall stay; or it stays. */
export const POSITION_RULES = ['strip', 'ask', 'keep'] as const

/** One of them. */
export type PositionRule = (typeof POSITION_RULES)[number]

/** A level that nobody has: of a label that cannot be read. */
export const UNREADABLE_LABEL: Attributes = { classification: '\u0000' }

/** Of attributes that cannot be read: as little as anybody has. */
export const UNREADABLE_PERSON: Attributes = { role: 'guest' }

const text = z.string().min(1).max(ATTRIBUTE_CHARACTERS_MAX)
const texts = z.array(text).max(ATTRIBUTE_VALUES_MAX)
/** A name of an attribute, a level's or a rule's. */
export const PolicyName = z
  .string()
  .regex(/^[a-z][a-zA-Z0-9-]{0,31}$/, { error: '1 to 32 letters, digits or -, a small one first' })

/** Attributes of a person or of a label, as they come in. */
export const Attributes: z.ZodType<Attributes> = z
  .record(PolicyName, z.union([text, texts], { error: 'a text or a list of texts' }))
  .refine((all) => Object.keys(all).length <= ATTRIBUTES_MAX, {
    error: `at most ${ATTRIBUTES_MAX} attributes`,
  })

/** Levels, lowest first. */
export const Levels = z
  .array(text)
  .max(LEVELS_MAX)
  .refine((all) => new Set(all).size === all.length, { error: 'levels that differ' })

const attribute = z
  .string()
  .regex(/^(?:subject|channel|message|environment)\.[a-z][a-zA-Z0-9-]{0,31}$/, {
    error: 'subject., channel., message. or environment. and a name',
  })
const operand = z.union([texts.min(1), z.strictObject({ attribute })], {
  error: 'a list of texts, or {"attribute": …}',
})
const time = z.string().regex(/^(?:[01]\d|2[0-3]):[0-5]\d$/, { error: 'a time as HH:MM' })
const inner: z.ZodType<Condition> = z.lazy(() => anyCondition)
const several = z.array(inner).min(1).max(CONDITIONS_MAX)
const anyCondition: z.ZodType<Condition> = z.union(
  [
    z.strictObject({ all: several }),
    z.strictObject({ any: several }),
    z.strictObject({ not: inner }),
    z.strictObject({ attribute, in: operand }),
    z.strictObject({ attribute, covers: operand }),
    z.strictObject({ attribute, atLeast: operand }),
    z.strictObject({ attribute, between: z.tuple([time, time]) }),
  ],
  { error: 'all, any, not, or an attribute with in, covers, atLeast or between' },
)
const condition: z.ZodType<Condition> = z.preprocess(
  (value) => (isBounded(value) ? value : undefined),
  z.unknown().pipe(anyCondition),
)

/** A rule as it comes in. */
export const Rule: z.ZodType<Rule> = z.strictObject({
  actions: z.array(text).min(1).max(RULE_ACTIONS_MAX),
  when: condition.optional(),
  require: condition,
  note: z.string().max(200).optional(),
})

/** Names of permissions. */
export const Permissions = z.array(text).max(RULE_ACTIONS_MAX)

/** What members and guests may not do, as it comes in. */
export const Moderation = z.strictObject({ members: Permissions, guests: Permissions })

/** Days, as they come in. */
export const RetentionDays = z.int().min(0).max(RETENTION_DAYS_MAX)

/** Days for what is shown once, as they come in: it always goes. */
export const OnceDays = z.int().min(1).max(RETENTION_DAYS_MAX)
/** What becomes of positions, as it comes in. */
export const PositionRule = z.enum(POSITION_RULES)

/** The values of an attribute as a list. */
export function valuesOf(attributes: Attributes | undefined, name: string): readonly string[] {
  const own = attributes !== undefined && Object.hasOwn(attributes, name)
  const found = own ? attributes[name] : undefined
  if (found === undefined) return []
  return typeof found === 'string' ? [found] : found
}

/** Looked at before anything recursive does: neither deeper nor wider than people write them. */
function isBounded(value: unknown): boolean {
  let level: unknown[] = [value]
  let seen = 0
  for (let depth = 0; level.length > 0; depth += 1) {
    seen += level.length
    if (depth > 2 * CONDITION_DEPTH_MAX || seen > 8 * CONDITIONS_MAX) return false
    level = level.flatMap((one) =>
      typeof one === 'object' && one !== null ? Object.values(one) : [],
    )
  }
  return true
}
