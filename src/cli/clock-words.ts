/** A clock in words that say what to do. */
import type { ClockState } from '#app/clock-state.ts'

const UNITS = [
  ['years', 365 * 86_400_000],
  ['days', 86_400_000],
  ['hours', 3_600_000],
  ['minutes', 60_000],
] as const

/** What is wrong with this node's clock, how wrong, and what helps. */
export function clockInWords({ why, agreeing, differing, othersAheadMs }: ClockState): string {
  const compared = differing === 0 ? '' : `; ${differing} nodes differ, ${agreeing} agree`
  const far = othersAheadMs === undefined ? '' : `, theirs are ${apart(othersAheadMs)}`
  return `uncertain, ${why ?? 'good'}${compared}${far}: set the time of this machine, by hand or by NTP. Order is kept; what it writes shows "time uncertain"`
}

/** How far ahead or behind, in the largest unit of which there are two. */
export function apart(aheadMs: number): string {
  const size = Math.abs(aheadMs)
  const [unit, ms] = UNITS.find(([, one]) => size >= 2 * one) ?? ['seconds', 1_000]
  return `at least ${Math.floor(size / ms)} ${unit} ${aheadMs > 0 ? 'ahead' : 'behind'}`
}
