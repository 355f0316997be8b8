/** By which letters channels' messages go: where every rule stands, letters by hand, and drills. Only for administrators. */
import { z } from 'zod'
import type { Door } from '#server/door.ts'
import { bodyOf, textParam } from '#server/input.ts'
import { route, type Route } from '#server/route.ts'

const MINUTES_MAX = 30 * 24 * 60
const REASON_CHARACTERS_MAX = 200
const NAME_CHARACTERS_MAX = 32

const letter = z.enum(['P', 'A', 'C', 'E'])

/** A letter by hand, or none: then the links decide again. */
export const ChosenLetter = z.object({
  letter: letter.optional(),
  minutes: z.int().min(1).max(MINUTES_MAX).optional(),
  reason: z.string().min(1).max(REASON_CHARACTERS_MAX),
})

/** What is to be proved; everything unless given. */
export const Drilled = z.object({
  rule: z.string().max(NAME_CHARACTERS_MAX).optional(),
  letter: letter.optional(),
})

/** The routes about letters. */
export function paceRoutes({ node }: Door): readonly Route[] {
  return [
    route('GET', '/api/holdfast/v1/pace', (call) => node.pace(call.subject)),
    route('PUT', '/api/holdfast/v1/pace/:rule', async (call) => {
      const choice = bodyOf(call, ChosenLetter)
      const chosen = { letter: choice.letter, minutes: choice.minutes, reason: choice.reason }
      await node.setLetter(call.subject, textParam(call, 'rule'), chosen)
      return { status: 'OK' }
    }),
    route('POST', '/api/holdfast/v1/pace/drill', async (call) => ({
      carriers: await node.drill(call.subject, bodyOf(call, Drilled)),
    })),
  ]
}
