/**
 * Checklists in the text of a message, as Markdown writes them: `- [ ] check the pump`. Whoever may react may tick an item, offline
 * too, and two people's ticks of two items both stay. A tick counts until its item is edited away or its message is edited after it: what
 * an edit says of its boxes is newer.
 */
import { bytesFromText } from '#base/bytes.ts'
import { sha256 } from '#base/hash.ts'
import type { Instant, UserId } from '#base/ids.ts'

/** Somebody's last word on an item. */
export interface TickRecord {
  /** The item's number: see `itemsOf`. */
  readonly item: number
  readonly isSet: boolean
  readonly person: UserId
  readonly order: string
  readonly at: Instant
}

/** An item as it stands in a text. */
export interface ChecklistItem {
  /** What entries call it, 0 to 65,535: of its words and its place among items of the same words, so that other items may come and go. */
  readonly number: number
  readonly text: string
  readonly isTicked: boolean
  /** Where in the text the sign between the brackets stands. */
  readonly at: number
}

/** In a line, which ends at a line feed and nowhere else. */
const ITEM =
  /(?<=^|\n)(?<front>[ \t>]*(?:[-*+]|\d{1,9}[.)])[ \t]+\[)(?<sign>[ xX])\][ \t]+(?<text>\S[^\n]*)/g
/** One more than the largest number of an item. */
export const ITEM_NUMBERS = 65_536

/** The items of a text, from its beginning on. */
export function itemsOf(body: string): readonly ChecklistItem[] {
  const seen = new Map<string, number>()
  return [...body.matchAll(ITEM)].map(({ index, groups }) => {
    const { front = '', sign, text: rest = '' } = groups ?? {}
    const text = rest.trimEnd()
    const before = seen.get(text) ?? 0
    seen.set(text, before + 1)
    return {
      number: numberOf(text, before),
      text,
      isTicked: sign !== ' ',
      at: index + front.length,
    }
  })
}

/** The number of the item of these words that has so many of the same words before it. */
export function numberOf(text: string, before: number): number {
  const [first = 0, second = 0] = sha256(bytesFromText(text))
  return (first * 256 + second + before) % ITEM_NUMBERS
}

/** What is said of a message's items since it was edited last. */
export function ticksSince(
  ticks: readonly TickRecord[] | undefined,
  editOrder: string,
): readonly TickRecord[] {
  return ticks?.filter(({ order }) => order > editOrder) ?? []
}

/** The text with its boxes as they were ticked. */
export function tickedBody(body: string, ticks: readonly TickRecord[]): string {
  if (ticks.length === 0) return body
  let shown = body
  for (const { number, at } of itemsOf(body)) {
    const tick = ticks.find(({ item }) => item === number)
    if (tick !== undefined)
      shown = `${shown.slice(0, at)}${tick.isSet ? 'x' : ' '}${shown.slice(at + 1)}`
  }
  return shown
}

/** All ticks after one more: an item has one, the newest. The same list when nothing changes. */
export function withTick(ticks: readonly TickRecord[], one: TickRecord): readonly TickRecord[] {
  const known = ticks.find(({ item }) => item === one.item)
  if (known !== undefined && known.order >= one.order) return ticks
  return [...ticks.filter(({ item }) => item !== one.item), one].toSorted((a, b) => a.item - b.item)
}
