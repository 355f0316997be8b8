/** What may be set for the four precedences: how long a message may take to headquarters, and how many one person may send. */
import type { z } from 'zod'
import { ALLOWANCE_MESSAGES_MAX } from '#base/limits.ts'
import { object, whole } from './schema-words.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS

/** ACP 121 has these times for handling messages of each precedence. */
function overdueAfterMs(lane: string, fallback: number): z.ZodDefault<z.ZodInt> {
  return whole(0, 30 * DAY_MS)
    .default(fallback)
    .describe(
      `A ${lane} message that is not stored at headquarters after so long is overdue; 0 for never.`,
    )
}

function messagesMax(lane: string, fallback: number): z.ZodDefault<z.ZodInt> {
  return whole(0, ALLOWANCE_MESSAGES_MAX)
    .default(fallback)
    .describe(
      `How many ${lane} messages one person may send within lanes.allowanceMs without saying why it cannot wait.`,
    )
}

/** The part of the config about lanes. */
export const Lanes = object({
  flash: object({
    overdueAfterMs: overdueAfterMs('flash', 10 * MINUTE_MS),
    messagesMax: messagesMax('flash', 5),
  }).prefault({}),
  immediate: object({
    overdueAfterMs: overdueAfterMs('immediate', 30 * MINUTE_MS),
    messagesMax: messagesMax('immediate', 30),
  }).prefault({}),
  priority: object({ overdueAfterMs: overdueAfterMs('priority', 3 * HOUR_MS) }).prefault({}),
  routine: object({ overdueAfterMs: overdueAfterMs('routine', 6 * HOUR_MS) }).prefault({}),
  allowanceMs: whole(MINUTE_MS, 30 * DAY_MS)
    .default(HOUR_MS)
    .describe('The time over which messagesMax of a lane counts.'),
})
