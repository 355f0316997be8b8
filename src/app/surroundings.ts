/**
 * The circumstances of a request, for rules that ask for them: the time here, and what the door says of the link and the device.
 * They go with a request through all that it waits for, so that nobody has to hand them on.
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import type { Instant } from '#base/ids.ts'
import type { Attributes } from '#model/policy.ts'

/** The circumstances, now. */
export interface Surroundings {
  /** Those of the request at hand; of the node itself only the time is known. */
  readonly now: () => Attributes
  /** What all times within one minute have in common: circumstances differ only when it does, or what is told. */
  readonly minute: () => number
  /** With the time here. */
  readonly with: (told: Attributes) => Attributes
  /** Runs `work` under what a door says of a request. */
  readonly within: <T>(told: Attributes, work: () => T) => T
}

const DAYS = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday']
const DAY_MS = 86_400_000
const MINUTE_MS = 60_000
/** 1 January 1970 was a Thursday. */
const FIRST_DAY = 4

/** Circumstances of which nothing is told yet. */
export function openSurroundings(now: () => Instant): Surroundings {
  const told = new AsyncLocalStorage<Attributes>()
  const withTime = (attributes: Attributes): Attributes => ({ ...attributes, ...timeOf(now()) })
  return {
    now: () => withTime(told.getStore() ?? {}),
    minute: () => Math.floor(now() / MINUTE_MS),
    with: withTime,
    within: (attributes, work) => told.run(attributes, work),
  }
}

/** `time` as `HH:MM` and `day` as a word, both by UTC: a rule is the same for kits in other zones. */
function timeOf(at: Instant): Attributes {
  const days = Math.floor(at / DAY_MS)
  const minutes = Math.floor((at - days * DAY_MS) / MINUTE_MS)
  const day = DAYS[(((days + FIRST_DAY) % DAYS.length) + DAYS.length) % DAYS.length] ?? ''
  return { time: `${twoDigits(Math.floor(minutes / 60))}:${twoDigits(minutes % 60)}`, day }
}

function twoDigits(value: number): string {
  return String(value).padStart(2, '0')
}
