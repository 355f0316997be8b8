/**
 * Messages that are shown once: their author's client says for how many seconds, in what it adds to a message. Nodes show such a
 * message to nobody before they open it, and it goes when all have.
 */
import { BURN_SECONDS_MAX, BURN_SECONDS_MIN } from '#base/limits.ts'

/** Its name in what is added to a message. */
export const BURN_PROP = 'holdfast_burn_seconds'

/** For how many seconds a message with these props is shown, once; 0 for all others. */
export function burnSecondsIn(props: string | undefined): number {
  if (props?.includes(BURN_PROP) !== true) return 0
  try {
    const found: unknown = JSON.parse(props)
    const isObject = typeof found === 'object' && found !== null && Object.hasOwn(found, BURN_PROP)
    return isObject ? burnSecondsOf((found as Readonly<Record<string, unknown>>)[BURN_PROP]) : 0
  } catch {
    return 0
  }
}

/** All that is told of what was added to such a message before it is opened: that it is one. */
export function burnProps(seconds: number): string {
  return JSON.stringify({ [BURN_PROP]: seconds })
}

/** The seconds that a client wants; 0 where that is no number of seconds. */
export function burnSecondsOf(value: unknown): number {
  const isWhole = typeof value === 'number' && Number.isInteger(value)
  return isWhole && value >= BURN_SECONDS_MIN && value <= BURN_SECONDS_MAX ? value : 0
}
