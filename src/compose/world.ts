/** The world of one process: everything outside it but disk and network. */
import type { Clock } from '#ports/clock.ts'
import type { Log } from '#ports/log.ts'
import type { Random } from '#ports/random.ts'
import { realClock, realLog, realRandom, type LogLevel } from '#ports/real.ts'

/** Everything outside the process but disk and network. */
export interface World {
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
}

/** The clock, chance and log of this machine. */
export function realWorld(level: LogLevel): World {
  const clock = realClock()
  return { clock, random: realRandom(), log: realLog({ clock, level }) }
}
