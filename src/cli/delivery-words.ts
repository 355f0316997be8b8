/** Where a message stands on its way to the other nodes, in words. */
import { z } from 'zod'
import { wayText } from '#app/delivery-words.ts'
import { when } from './terminal.ts'

const Way = z.object({
  destinationName: z.string(),
  isHub: z.boolean(),
  word: z.enum(['on this kit', 'queued', 'left this kit', 'stored', 'read']),
  carrier: z.string().optional(),
  at: z.int().optional(),
  link: z.string().optional(),
  place: z.int().optional(),
  bytesAhead: z.int().optional(),
  estimateMs: z.int().optional(),
  unknown: z
    .enum([
      'no link yet',
      'no link since',
      'no answer since',
      'no rate yet',
      'no key yet',
      'rule allows only',
      'held back',
      'no budget until',
      'link closed until',
    ])
    .optional(),
  linkAt: z.int().optional(),
  rule: z.object({ rule: z.string(), letters: z.array(z.enum(['P', 'A', 'C', 'E'])) }).optional(),
})

/** What the node says of the ways of messages. */
export const Stories = z.array(
  z.object({ message: z.string(), overdueSince: z.int().optional(), deliveries: z.array(Way) }),
)

/** The way of one message to one node. */
export type Way = z.infer<typeof Way>

/** One way in words. */
export function wayInWords(way: Way): string {
  return wayText(way, when)
}
