/**
 * Conditions of rules, evaluated: the same everywhere for the same facts, in time that grows with the size of the condition
 * alone, and with what was missing. What is not known (a node that decides who gets keys knows no device and no hour)
 * leaves a condition open, as in Kleene's logic.
 */
import { rankOf } from '#model/label.ts'
import { valuesOf, type Attributes, type Condition, type Operand } from '#model/policy.ts'

/** What conditions speak of. Without `environment` all that is said of it is open. */
export interface Facts {
  readonly subject: Attributes
  readonly channel: Attributes
  readonly message: Attributes
  readonly environment: Attributes | undefined
  /** Lowest first. */
  readonly levels: readonly string[]
}

/** One attribute that was not as it had to be. */
export interface Shortfall {
  readonly attribute: string
  /** What it was; nothing is ''. */
  readonly found: string
  readonly wanted: string
}

/** `holds` is undefined while it is open. */
export interface Verdict {
  readonly holds: boolean | undefined
  readonly shortfalls: readonly Shortfall[]
}

/** Whether a condition holds, and what stands in its way. */
export function evaluate(condition: Condition, facts: Facts): Verdict {
  if ('all' in condition) return every(condition.all.map((one) => evaluate(one, facts)))
  if ('any' in condition) return some(condition.any.map((one) => evaluate(one, facts)))
  if ('not' in condition) return negated(condition.not, facts)
  const found = look(condition.attribute, facts)
  const holds = found === undefined ? undefined : compare(condition, found, facts)
  const { attribute } = condition
  const shortfall = { attribute, found: found?.join(', ') ?? '', wanted: describe(condition) }
  return { holds, shortfalls: holds === true ? [] : [shortfall] }
}

/** A condition in words. */
export function describe(condition: Condition): string {
  if ('all' in condition) return condition.all.map(describeInner).join(' and ')
  if ('any' in condition) return condition.any.map(describeInner).join(' or ')
  if ('not' in condition) return `not ${describeInner(condition.not)}`
  const { attribute } = condition
  if ('in' in condition) return `${attribute} among ${operandWords(condition.in)}`
  if ('covers' in condition) return `${attribute} with all of ${operandWords(condition.covers)}`
  if ('atLeast' in condition) return `${attribute} at least ${operandWords(condition.atLeast)}`
  return `${attribute} from ${condition.between[0]} to ${condition.between[1]} UTC`
}

type Leaf = Extract<Condition, { readonly attribute: string }>

function compare(leaf: Leaf, found: readonly string[], facts: Facts): boolean | undefined {
  if ('between' in leaf) return isBetween(found[0] ?? '', leaf.between)
  const operand = 'in' in leaf ? leaf.in : 'covers' in leaf ? leaf.covers : leaf.atLeast
  const wanted = 'attribute' in operand ? look(operand.attribute, facts) : operand
  if (wanted === undefined) return undefined
  if ('in' in leaf) return wanted.some((one) => found.includes(one))
  if ('covers' in leaf) return wanted.every((one) => found.includes(one))
  // A level that is none lifts nobody and is reached by nobody.
  const own = rankOf(facts.levels, found)
  return own !== Infinity && own >= rankOf(facts.levels, wanted)
}

/** The values of an attribute; undefined while nobody knows. */
function look(path: string, facts: Facts): readonly string[] | undefined {
  const at = path.indexOf('.')
  const name = path.slice(at + 1)
  switch (path.slice(0, at)) {
    case 'subject':
      return valuesOf(facts.subject, name)
    case 'channel':
      return valuesOf(facts.channel, name)
    case 'message':
      return valuesOf(facts.message, name)
    case 'environment':
      return facts.environment === undefined ? undefined : valuesOf(facts.environment, name)
    default:
      return []
  }
}

function isBetween(time: string, [from, to]: readonly [string, string]): boolean {
  if (time === '') return false
  return from <= to ? time >= from && time < to : time >= from || time < to
}

function every(verdicts: readonly Verdict[]): Verdict {
  const isFalse = verdicts.some(({ holds }) => holds === false)
  const isOpen = verdicts.some(({ holds }) => holds === undefined)
  const shortfalls = verdicts.flatMap((one) => one.shortfalls)
  return { holds: isFalse ? false : isOpen ? undefined : true, shortfalls }
}

function some(verdicts: readonly Verdict[]): Verdict {
  if (verdicts.some(({ holds }) => holds === true)) return { holds: true, shortfalls: [] }
  const isOpen = verdicts.some(({ holds }) => holds === undefined)
  const shortfalls = verdicts.flatMap((one) => one.shortfalls)
  return { holds: isOpen ? undefined : false, shortfalls }
}

function negated(condition: Condition, facts: Facts): Verdict {
  const { holds } = evaluate(condition, facts)
  if (holds === false) return { holds: true, shortfalls: [] }
  const wanted = `not ${describeInner(condition)}`
  const shortfalls = attributesIn(condition).map((attribute) => ({
    attribute,
    found: look(attribute, facts)?.join(', ') ?? '',
    wanted,
  }))
  return { holds: holds === undefined ? undefined : false, shortfalls }
}

function attributesIn(condition: Condition): readonly string[] {
  if ('all' in condition) return condition.all.flatMap(attributesIn)
  if ('any' in condition) return condition.any.flatMap(attributesIn)
  return 'not' in condition ? attributesIn(condition.not) : [condition.attribute]
}

function describeInner(condition: Condition): string {
  const words = describe(condition)
  return 'all' in condition || 'any' in condition ? `(${words})` : words
}

function operandWords(operand: Operand): string {
  return 'attribute' in operand ? operand.attribute : operand.join(', ')
}
