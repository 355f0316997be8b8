/** What links cost: rehearsals, previews before sending, the ledger, and more than the budget when it has to be. */
import { z } from 'zod'
import type { CostRow, PlanWant } from '#app/plan-types.ts'
import type { ChannelId, PostId } from '#base/ids.ts'
import { LANES } from '#model/precedence.ts'
import type { Door } from '#server/door.ts'
import { bodyOf, idSchema, queryOf, textParam } from '#server/input.ts'
import { route, type Call, type Route } from '#server/route.ts'

const CHARACTERS_MAX = 100_000
const REASON_CHARACTERS_MAX = 200
const WINDOW_MINUTES_MAX = 7 * 24 * 60
const AMOUNT_MAX = 1_000_000_000_000

/** Of one carrier, by its name, or of all; and what clears in a window, from now on or from a time of day (UTC), as `18:30`. */
export const Carried = z.object({
  carrier: z.string().max(64).optional(),
  at: z
    .string()
    .regex(/^(?:[01]\d|2[0-3]):[0-5]\d$/)
    .optional(),
  minutes: z.coerce.number().int().min(1).max(WINDOW_MINUTES_MAX).optional(),
})

/** A message that is not sent. */
export const PreviewDraft = z.object({
  channel: idSchema<ChannelId>(),
  message: z.string().min(1).max(CHARACTERS_MAX),
  root: idSchema<PostId>().optional(),
  lane: z.enum(LANES).default('routine'),
})

const amount = z.number().min(0).max(AMOUNT_MAX).optional()

/** How much more, and why. */
export const Raised = z.object({
  bytes: amount,
  seconds: amount,
  money: amount,
  reason: z.string().min(1).max(REASON_CHARACTERS_MAX),
})

/** The routes about costs. */
export function planRoutes({ node }: Door): readonly Route[] {
  return [
    route('GET', '/api/holdfast/v1/plan', (call) =>
      // With whom the node has to do is none of a guest's business.
      node.seenBy(call.subject) === undefined ? node.plan(call.subject, wantOf(call)) : [],
    ),
    route('POST', '/api/holdfast/v1/preview', async (call) => {
      const { channel, message, root, lane } = bodyOf(call, PreviewDraft)
      const draft = { channel, body: message, lane, ...(root && { root }) }
      const ways = await node.preview(call.subject, draft)
      const isGuest = node.seenBy(call.subject) !== undefined
      return isGuest ? ways.map((way) => ({ ...way, peer: '' })) : ways
    }),
    route('GET', '/api/holdfast/v1/costs', (call) => node.costs(call.subject)),
    route('GET', '/api/holdfast/v1/costs.csv', async (call) => {
      const rows = await node.costs(call.subject)
      call.reply.header('content-type', 'text/csv; charset=utf-8')
      return csvOf(rows)
    }),
    route('POST', '/api/holdfast/v1/budgets/:carrier/raise', async (call) => {
      const { reason, bytes, seconds, money } = bodyOf(call, Raised)
      const more = { ...(bytes && { bytes }), ...(seconds && { seconds }), ...(money && { money }) }
      await node.raiseBudget(call.subject, textParam(call, 'carrier'), { ...more, reason })
      return { status: 'OK' }
    }),
  ]
}

/** A time without a length is of an hour. */
function wantOf(call: Call): PlanWant {
  const { carrier, at, minutes } = queryOf(call, Carried)
  if (at === undefined && minutes === undefined) return { carrier }
  const atMinute = at === undefined ? undefined : Number(at.slice(0, 2)) * 60 + Number(at.slice(3))
  return { carrier, window: { atMinute, minutes: minutes ?? 60 } }
}

const COLUMNS = [
  'day',
  'carrier',
  'link',
  'sessions',
  'parcels',
  'bytes',
  'seconds',
  'money',
  'currency',
] as const satisfies readonly (keyof CostRow)[]

/** RFC 4180. Names hold no commas or quotes: the config allows none. */
function csvOf(rows: readonly CostRow[]): string {
  const lines = rows.map((row) => COLUMNS.map((column) => String(row[column])).join(','))
  return `${[COLUMNS.join(','), ...lines].join('\r\n')}\r\n`
}
