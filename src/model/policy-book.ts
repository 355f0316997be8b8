/**
 * The policy as the directory has it: the last word on each part. Only nodes that administer have one, but for this: a
 * person's own node may say that they are a guest, until a node that administers says what they are.
 */
import { nodePrefix, nodePrefixOfPerson, type ChannelId, type UserId } from '#base/ids.ts'
import type { Writer } from './key-book.ts'
import { ONCE_DAYS } from './policy-limits.ts'
import type { Attributes, Moderation, PolicyPart, PositionRule, Rule } from './policy.ts'

/** A rule and what it is called. */
export interface NamedRule {
  readonly name: string
  readonly rule: Rule | 'unreadable'
}

/** The policy, now. */
export interface Policy {
  /** Lowest first. */
  readonly levels: () => readonly string[]
  /** What a role may, where that is not what it may by itself. */
  readonly role: (name: string) => readonly string[] | undefined
  /** By name. */
  readonly rules: () => readonly NamedRule[]
  readonly attributesOf: (person: UserId) => Attributes
  readonly labelOf: (channel: ChannelId) => Attributes
  readonly moderationOf: (channel: ChannelId) => Moderation | undefined
  /** Whether nothing of a channel may be purged now. */
  readonly isHeld: (channel: ChannelId) => boolean
  /** Whether nothing that a person wrote may be purged now. */
  readonly isPersonHeld: (person: UserId) => boolean
  /** After how many days a channel's messages are purged; 0 for never. */
  readonly retentionOf: (channel: ChannelId) => number
  /** After how many days what is shown once goes, opened or not. */
  readonly onceDays: () => number
  /** What becomes of the place where a picture was taken. */
  readonly positionsOf: (channel: ChannelId) => PositionRule
  /** Every part that says something, in the order of their names. */
  readonly parts: () => readonly PolicyPart[]
}

/** Grows by `apply`. */
export interface PolicyBook extends Policy {
  /** Whether anything changed; `undefined` when the writer has no say in it. */
  readonly apply: (part: PolicyPart, by: Word) => boolean | undefined
}

/** Whose word, and its place. */
interface Word {
  readonly order: string
  readonly writer: Writer
}

interface Kept {
  readonly order: string
  readonly part: PolicyPart
}

const NONE: Attributes = {}
const GUEST: Attributes = { role: 'guest' }

/** A policy that says nothing: roles alone decide. */
export function openPolicyBook(): PolicyBook {
  const byAdministrators = new Map<string, Kept>()
  const byHome = new Map<string, Kept>()
  let rules: readonly NamedRule[] = []
  const find = <T extends PolicyPart['about']>(
    about: T,
    name: string,
  ): Extract<PolicyPart, { about: T }> | undefined => {
    const part = byAdministrators.get(`${about}/${name}`)?.part
    return part?.about === about ? (part as Extract<PolicyPart, { about: T }>) : undefined
  }
  return {
    levels: () => find('levels', '')?.levels ?? [],
    role: (name) => find('role', name)?.permissions,
    rules: () => rules,
    attributesOf: (person) => {
      const said = find('person', person)
      if (said !== undefined) return said.attributes
      const home = byHome.get(`person/${person}`)?.part
      return home?.about === 'person' && home.attributes['role'] === 'guest' ? GUEST : NONE
    },
    labelOf: (channel) => find('label', channel)?.label ?? NONE,
    moderationOf: (channel) => find('moderation', channel)?.moderation,
    isHeld: (channel) => find('channel hold', channel)?.isHeld === true,
    isPersonHeld: (person) => find('person hold', person)?.isHeld === true,
    retentionOf: (channel) => find('retention', channel)?.days ?? find('retention', '')?.days ?? 0,
    onceDays: () => find('shown once', '')?.days ?? ONCE_DAYS,
    positionsOf: (channel) =>
      find('positions', channel)?.rule ?? find('positions', '')?.rule ?? 'ask',
    parts: () => sorted(byAdministrators).map(({ part }) => part),
    apply: (part, { order, writer }) => {
      const isAdministered = writer.administers
      if (!isAdministered && !isHomeWord(part, writer)) return undefined
      const table = isAdministered ? byAdministrators : byHome
      const place = placeOf(part)
      const known = table.get(place)
      if (known !== undefined && known.order >= order) return false
      table.set(place, { order, part })
      if (part.about === 'rule')
        rules = sorted(byAdministrators).flatMap((one) =>
          one.part.about === 'rule' && one.part.rule !== undefined
            ? [{ name: one.part.name, rule: one.part.rule }]
            : [],
        )
      return true
    },
  }
}

function isHomeWord(part: PolicyPart, { node }: Writer): boolean {
  return part.about === 'person' && nodePrefixOfPerson(part.person) === nodePrefix(node)
}

function placeOf(part: PolicyPart): string {
  switch (part.about) {
    case 'levels':
    case 'shown once':
      return `${part.about}/`
    case 'role':
      return `role/${part.role}`
    case 'rule':
      return `rule/${part.name}`
    case 'person':
      return `person/${part.person}`
    case 'person hold':
      return `${part.about}/${part.person}`
    case 'retention':
    case 'positions':
      return `${part.about}/${part.channel ?? ''}`
    case 'label':
    case 'moderation':
    case 'channel hold':
      return `${part.about}/${part.channel}`
  }
}

function sorted(table: ReadonlyMap<string, Kept>): readonly Kept[] {
  return [...table].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, kept]) => kept)
}
