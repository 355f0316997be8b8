/** Surroundings for carriers under test: true time, chance from a name, and nothing that goes wrong unless asked for. */
import { openChance } from './chance.ts'
import { NO_NETWORK_FAULTS, type NetworkFaults, type NetworkWorld } from './network.ts'
import { openTimeline } from './timeline.ts'
import { openMarks, openTrace } from './trace.ts'

const NOBODY = (): void => {}

/** A world around carriers. */
export function aNetworkWorld(
  parts: { readonly faults?: Partial<NetworkFaults> } = {},
): NetworkWorld {
  const timeline = openTimeline(0)
  return {
    timeline,
    chance: openChance('network'),
    faults: { ...NO_NETWORK_FAULTS, ...parts.faults },
    marks: openMarks(),
    trace: openTrace(timeline, undefined),
    nameOf: (node) => node,
    onTraffic: NOBODY,
    onAnswered: NOBODY,
  }
}
