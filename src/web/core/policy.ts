/** The policy as the node tells it: levels, what channels need, what people have, and rules. */
import { fields, list, text } from './wire.ts'

/** Attributes of a person or a channel, as they stand: what is not changed here goes back as it came. */
export type Attributes = Readonly<Record<string, unknown>>

/** A rule, and its text as it is edited. */
export interface PolicyRule {
  readonly name: string
  readonly note: string
  /** JSON, or `unreadable` for what only a newer node reads. */
  readonly content: string
}

/** What becomes of the place where a picture was taken. */
export const POSITION_RULES = ['strip', 'ask', 'keep'] as const

/** All of it. */
export interface Policy {
  /** Lowest first. */
  readonly levels: readonly string[]
  readonly rules: readonly PolicyRule[]
  /** By id; who has none is not here. */
  readonly people: ReadonlyMap<string, Attributes>
  readonly channels: ReadonlyMap<string, Attributes>
  readonly positions: string
}

/** The policy of an answer. */
export function policyFrom(value: unknown): Policy {
  const { levels, rules, people, channels, positions } = fields(value)
  return {
    levels: list(levels).map(text),
    rules: list(rules)
      .map(fields)
      .map(({ name, rule }) => ({
        name: text(name),
        note: text(fields(rule).note),
        content: typeof rule === 'string' ? rule : JSON.stringify(rule, undefined, 2),
      })),
    people: byId(people, 'person', 'attributes'),
    channels: byId(channels, 'channel', 'label'),
    positions: text(positions),
  }
}

/** The attributes with one of them set, or without it when `level` is empty. */
export function withLevel(all: Attributes | undefined, name: string, level: string): Attributes {
  const { [name]: _, ...others } = all ?? {}
  return level === '' ? others : { ...others, [name]: level }
}

/** Levels as they are typed: a line each, what is empty or stands twice left out. */
export function levelsIn(typed: string): readonly string[] {
  const lines = typed.split('\n').map((line) => line.trim())
  return [...new Set(lines.filter((line) => line !== ''))]
}

function byId(value: unknown, id: string, attributes: string): ReadonlyMap<string, Attributes> {
  return new Map(list(value).map((one) => [text(fields(one)[id]), fields(fields(one)[attributes])]))
}
