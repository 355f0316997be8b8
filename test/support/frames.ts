/** Two ends of a line of frames, and a way between them that loses, doubles, delays and reorders as a test says. */
import { openArrivalQueue, type ArrivalQueue } from '#carriers/arrival-queue.ts'
import { openContactQueue } from '#carriers/contact-queue.ts'
import { openFrameLine, type FramePatience, type OpenLine } from '#carriers/frame-line.ts'
import type { Arrival, PeerId } from '#ports/carrier.ts'
import { virtualClock, type VirtualClock } from './clock.ts'
import { collectingLog } from './log.ts'
import { seededRandom } from './random.ts'

/** Patience of a radio: answers are free and quick. */
export const RADIO: FramePatience = {
  answerAfterMs: 0,
  repeatAfterMs: 2_000,
  repeatAfterMsMax: 60_000,
  asksAtOnce: true,
}

/** Patience of a satellite: answers cost, and hardly anything is lost. */
export const SATELLITE: FramePatience = {
  answerAfterMs: 60_000,
  repeatAfterMs: 3_600_000,
  repeatAfterMsMax: 86_400_000,
  asksAtOnce: false,
}

/** One end of a line. */
export interface LineEnd {
  readonly line: OpenLine
  readonly clock: VirtualClock
  /** What has come and was not taken yet. */
  readonly arrivals: Arrival[]
}

/** An end that calls the other `peer`; `saved` is what its store kept. */
export function aLineEnd(
  peer: string,
  choice: {
    readonly clock?: VirtualClock
    readonly patience?: FramePatience
    readonly seed?: number
    readonly saved?: Uint8Array | undefined
  } = {},
): LineEnd {
  const clock = choice.clock ?? virtualClock()
  const arrivals: Arrival[] = []
  const line = openFrameLine(
    {
      carrier: 'frames',
      peer: peer as PeerId,
      patience: choice.patience ?? RADIO,
      key: `settled/${peer}`,
      saved: choice.saved,
    },
    {
      clock,
      random: seededRandom(choice.seed ?? peer.charCodeAt(0)),
      log: collectingLog(),
      contacts: openContactQueue(),
      arrivals: collecting(arrivals),
      stop: new AbortController().signal,
    },
  )
  line.begin()
  return { line, clock, arrivals }
}

function collecting(into: Arrival[]): ArrivalQueue {
  const queue = openArrivalQueue({ arrivalsMax: 1, bytesMax: 1 })
  return { ...queue, push: (arrival) => into.push(arrival) > 0 }
}
