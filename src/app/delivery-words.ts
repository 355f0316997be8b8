/** Where a message stands on its way to another node, in words for people. */
import type { Instant } from '#base/ids.ts'
import type { Delivery } from './types.ts'

/** What the words are made of; what is not known is left out. */
export type WayFacts = Pick<Delivery, 'destinationName' | 'isHub' | 'word'> & {
  readonly [
    Fact in
      'carrier' | 'link' | 'place' | 'bytesAhead' | 'estimateMs' | 'unknown' | 'linkAt' | 'rule'
  ]?: Delivery[Fact] | undefined
}

/** One way in words; `when` says a time. */
export function wayText(way: WayFacts, when: (at: Instant) => string): string {
  const { destinationName, isHub, word, carrier } = way
  const name = isHub ? `${destinationName} (HQ)` : destinationName
  switch (word) {
    case 'on this kit':
      return `${name}: on this kit`
    case 'queued':
      return `${name}: queued${queueInWords(way, when)}`
    case 'left this kit':
      return `${name}: left this kit${carrier === undefined ? '' : ` by ${carrier}`}`
    case 'stored':
      return `${name}: stored there`
    case 'read':
      return `${name}: read there`
  }
}

function queueInWords(way: WayFacts, when: (at: Instant) => string): string {
  const { link, place, bytesAhead = 0, estimateMs, unknown, linkAt, destinationName } = way
  const by = link === undefined || link === destinationName ? '' : ` by ${link}`
  const before = place === 0 ? 'next' : `${place} before it`
  const bytes = bytesAhead === 0 ? '' : ` (about ${bytesAhead} bytes)`
  const queue = place === undefined ? '' : `, ${before}${bytes}${by}`
  if (estimateMs !== undefined) return `${queue}, leaves in about ${durationText(estimateMs)}`
  if (unknown === undefined) return queue
  if (way.rule !== undefined)
    return `, waits: rule ${way.rule.rule} allows ${lettersText(way.rule)}`
  return `${queue}, unknown when: ${unknown}${linkAt === undefined ? '' : ` ${when(linkAt)}`}`
}

function lettersText({ letters }: NonNullable<WayFacts['rule']>): string {
  return letters.length === 0 ? 'no letter' : `only ${letters.join(', ')}`
}

/** So long, in the unit that says most. */
export function durationText(ms: number): string {
  const seconds = Math.max(1, Math.round(ms / 1_000))
  if (seconds < 100) return `${seconds} s`
  const minutes = Math.round(seconds / 60)
  return minutes < 100 ? `${minutes} min` : `${Math.round(minutes / 60)} h`
}
