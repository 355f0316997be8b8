/** Where messages of a channel were and are no more: by whose order, when and why. */
import { fields, list, number, text } from './wire.ts'

/** One place. */
export interface Purged {
  readonly key: string
  /** Where it stands among the messages. */
  readonly at: number
  readonly messages: number
  readonly reason: 'by hand' | 'retention' | 'shown once'
  /** '' where a node did it by itself. */
  readonly by: string
  readonly orderedAt: number
}

/** All of a channel that are gone here, oldest first. */
export function purgedFrom(value: unknown): readonly Purged[] {
  const all = list(value)
    .map(fields)
    .toSorted((a, b) => number(b.orderedAt) - number(a.orderedAt))
    .filter(({ state }) => state === 'done')
    .flatMap((order) =>
      list(order.places).map((each): Purged => {
        const place = fields(each)
        const reason = text(order.reason)
        return {
          key: `purged:${text(place.id)}`,
          at: number(place.at),
          messages: number(place.messages),
          reason: reason === 'retention' || reason === 'shown once' ? reason : 'by hand',
          by: text(order.by),
          orderedAt: number(order.orderedAt),
        }
      }),
    )
  // Several nodes may have ordered the same: the first to do so is told.
  return [...new Map(all.map((one) => [one.key, one])).values()].toSorted((a, b) => a.at - b.at)
}

/** Those that stand side by side as one, where one order took them. */
export function joined(purged: readonly Purged[]): readonly Purged[] {
  const all: Purged[] = []
  for (const one of purged) {
    const last = all.at(-1)
    if (last !== undefined && isAlike(last, one))
      all.splice(-1, 1, { ...last, messages: last.messages + one.messages })
    else all.push(one)
  }
  return all
}

/** What people are told of both is the same. */
function isAlike(a: Purged, b: Purged): boolean {
  const isSameDay = new Date(a.orderedAt).toDateString() === new Date(b.orderedAt).toDateString()
  return a.reason === b.reason && a.by === b.by && isSameDay
}
