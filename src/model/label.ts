/**
 * Labels: how far something may go. `classification` is a level; `releasableTo` names the organisations it may be given to
 * beside our own, and without it nothing is said of that.
 */
import { Attributes, UNREADABLE_LABEL, valuesOf } from './policy.ts'

/** The label in an item, if there is one; what cannot be read is for nobody. */
export function readLabel(field: unknown): Attributes | undefined {
  if (field === undefined || field === null) return undefined
  const label = Attributes.safeParse(field)
  return label.success ? label.data : UNREADABLE_LABEL
}

/** How high a level stands: 0 is the lowest, and where nothing is said. What is no level stands above all. */
export function rankOf(levels: readonly string[], values: readonly string[]): number {
  if (values.length === 0) return 0
  return Math.max(
    ...values.map((value) => {
      const rank = levels.indexOf(value)
      return rank < 0 ? Infinity : rank
    }),
  )
}

/** Why something with this label cannot stand in a channel with that one; undefined when it can. Nothing flows down. */
export function whyAbove(
  levels: readonly string[],
  label: Attributes,
  channel: Attributes,
): 'classification' | 'releasableTo' | undefined {
  const own = rankOf(levels, valuesOf(label, 'classification'))
  if (own === Infinity || own > rankOf(levels, valuesOf(channel, 'classification')))
    return 'classification'
  const allowed = valuesOf(label, 'releasableTo')
  if (!Object.hasOwn(label, 'releasableTo')) return undefined
  const isWider = !Object.hasOwn(channel, 'releasableTo')
  const others = valuesOf(channel, 'releasableTo')
  return isWider || others.some((one) => !allowed.includes(one)) ? 'releasableTo' : undefined
}
