/** A thin link between two programs on this machine, lived through many times faster than it would take. */
import type { Clock } from '#ports/clock.ts'
import { realClock } from '#ports/real.ts'
import { quickClock } from '../../scripts/link/quick-clock.ts'
import { openLink, type Link } from '../../scripts/link/proxy.ts'
import { constantTrace } from '../../scripts/link/trace.ts'

/** What the link is like, in its own time. */
export interface ThinLinkOptions {
  readonly rateBps: number
  readonly rttMs: number
  readonly targetPort: number
}

/** How much faster than life: a machine that is busy for 50 ms looks like a link that stands still for 1.5 s. */
const SPEED = 30

/** The clock for whoever uses the link: an hour takes two minutes. */
export function thinClock(): Clock {
  return quickClock(SPEED)
}

/** Opens the link. Its port takes connections for the target. */
export function openThinLink({ rateBps, rttMs, targetPort }: ThinLinkOptions): Promise<Link> {
  return openLink({
    listenPort: 0,
    targetHost: '127.0.0.1',
    targetPort,
    trace: constantTrace({ rateBps, rttMs, loss: 0 }),
    speed: SPEED,
    seed: 1,
    clock: realClock(),
  })
}

/** Bytes both ways so far. */
export function bytesOver(link: Link): number {
  const { upBytes, downBytes } = link.stats()
  return upBytes + downBytes
}
