/** Rules of PACE by their config. */
import type { Config } from '#config/schema.ts'
import type { PacePolicy } from '#sync/pace-desk.ts'

const HOUR_MS = 3_600_000

/** The rules. */
export function pacePolicyOf({ pace }: Pick<Config, 'pace'>): PacePolicy {
  const { rules, drillEveryHours } = pace
  return {
    drillEveryMs: drillEveryHours === undefined ? undefined : drillEveryHours * HOUR_MS,
    rules: rules.map(({ name, channels, label, letters, alsoBy, holdMs }) => ({
      name,
      channels,
      label,
      alsoBy,
      holdMs,
      letters: letters.map(({ files, whenSpent, queueLane, queueOlderMs, byHand, ...same }) => ({
        letter: same.letter,
        carriers: same.carriers,
        toward: same.toward,
        lanes: same.lanes,
        messageBytesMax: same.messageBytesMax,
        takesFiles: files,
        downMs: same.downMs,
        rateBpsMin: same.rateBpsMin,
        leavesWhenSpent: whenSpent,
        queue: queueOlderMs === undefined ? undefined : { lane: queueLane, olderMs: queueOlderMs },
        isByHand: byHand,
      })),
    })),
  }
}
