/** Where a message stands on its way to the other nodes, in words. */
import { z } from 'zod'
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
      'held back',
    ])
    .optional(),
  linkAt: z.int().optional(),
})

/** What the node says of the ways of messages. */
export const Stories = z.array(
  z.object({ message: z.string(), overdueSince: z.int().optional(), deliveries: z.array(Way) }),
)

/** The way of one message to one node. */
export type Way = z.infer<typeof Way>

/** One way in words. */
export function wayInWords(way: Way): string {
  const { destinationName, isHub, word, carrier } = way
  const name = isHub ? `${destinationName} (HQ)` : destinationName
  switch (word) {
    case 'on this kit':
      return `${name}: on this kit`
    case 'queued':
      return `${name}: queued${queueInWords(way)}`
    case 'left this kit':
      return `${name}: left this kit${carrier === undefined ? '' : ` by ${carrier}`}`
    case 'stored':
      return `${name}: stored there`
    case 'read':
      return `${name}: read there`
  }
}

function queueInWords({
  link,
  place,
  bytesAhead = 0,
  estimateMs,
  unknown,
  linkAt,
  destinationName,
}: Way): string {
  const by = link === undefined || link === destinationName ? '' : ` by ${link}`
  const before = place === 0 ? 'next' : `${place} before it`
  const bytes = bytesAhead === 0 ? '' : ` (about ${bytesAhead} bytes)`
  const queue = place === undefined ? '' : `, ${before}${bytes}${by}`
  if (estimateMs !== undefined) return `${queue}, leaves in about ${duration(estimateMs)}`
  if (unknown === undefined) return queue
  return `${queue}, unknown when: ${unknown}${linkAt === undefined ? '' : ` ${when(linkAt)}`}`
}

function duration(ms: number): string {
  const seconds = Math.max(1, Math.round(ms / 1_000))
  if (seconds < 100) return `${seconds} s`
  const minutes = Math.round(seconds / 60)
  return minutes < 100 ? `${minutes} min` : `${Math.round(minutes / 60)} h`
}
