/** PROTOCOL.md, “Entry”: what an entry says, and what it means after the entries before it in its list. */
import { decode } from '@msgpack/msgpack'
import { buffer, idOf } from './bytes.ts'
import { contentOf, type Content } from './entry-content.ts'

/** What is known of a list after some of its entries. */
export interface ListState {
  readonly people: readonly string[]
  readonly seconds: number
  readonly placeAt: number
  readonly counter: number
}

export interface Objection {
  readonly node: string
  readonly after: number
  readonly length: number
}

/** An entry after those before it. */
export interface Meaning {
  readonly kind: number
  /** A person's id, or nothing: the node. */
  readonly author: string | undefined
  readonly claimedAt: number
  readonly placeAt: number
  readonly counter: number
  readonly objections: readonly Objection[]
  /** Nothing when its kind or shape is another than those of the page. */
  readonly content: Content | undefined
  readonly state: ListState
}

const SECONDS_MAX = 900_000_000_000
const PLACE_MAX = 900_000_000_000_000
const COUNTER_MAX = 2 ** 48
const ITEMS_MAX = 64
const OBJECTIONS_MAX = 8
/** Kinds whose entries have no counter: posts, acknowledgements, audits. */
const UNCOUNTED: ReadonlySet<unknown> = new Set([0, 4, 32])

export const BEGINNING: ListState = { people: [], seconds: 0, placeAt: 0, counter: 0 }

/** Reads one entry on top of the list before it. */
export function readEntry(bytes: Uint8Array, state: ListState): Meaning {
  const items = itemsOf(bytes)
  const [kind, who, when] = items
  const author = authorOf(who, state)
  const time: readonly unknown[] = Array.isArray(when) ? when : [when]
  const seconds = held(state.seconds + whole(time[0]), SECONDS_MAX)
  const ahead = whole(time[1])
  const earliest = Math.max(seconds * 1_000, state.placeAt + 1)
  const placeAt = held(earliest + Math.max(ahead, 0), PLACE_MAX)
  const isCounted = !UNCOUNTED.has(kind)
  const counter = isCounted ? held(state.counter + whole(items[3]), COUNTER_MAX) : 0
  const people = author.isNew ? [...state.people, author.id ?? ''] : state.people
  return {
    kind: typeof kind === 'number' ? kind : -1,
    author: author.id,
    claimedAt: seconds * 1_000,
    placeAt,
    counter,
    objections: objectionsOf(time.slice(2)),
    content: contentOf(kind, items.slice(isCounted ? 4 : 3)),
    state: { people, seconds, placeAt, counter: Math.max(state.counter, counter) },
  }
}

function itemsOf(bytes: Uint8Array): readonly unknown[] {
  try {
    const value: unknown = decode(bytes, { maxArrayLength: ITEMS_MAX, maxMapLength: ITEMS_MAX })
    return Array.isArray(value) ? value : []
  } catch {
    return []
  }
}

function authorOf(
  who: unknown,
  { people }: ListState,
): { readonly id: string | undefined; readonly isNew: boolean } {
  if (typeof who === 'number') return { id: people[who], isNew: false }
  if (!isBytes(who, 16)) return { id: undefined, isNew: false }
  const id = idOf(who)
  return { id, isNew: !people.includes(id) }
}

function objectionsOf(items: readonly unknown[]): readonly Objection[] {
  const count = Math.min(Math.floor(items.length / 3), OBJECTIONS_MAX)
  return Array.from({ length: count }, (_, at) => items.slice(at * 3, at * 3 + 3)).flatMap(
    ([node, after, length]) =>
      isBytes(node, 8) && whole(after) >= 1 && Number.isInteger(length) && whole(length) >= 0
        ? [{ node: buffer(node).toString('hex'), after: whole(after), length: whole(length) }]
        : [],
  )
}

function isBytes(value: unknown, length: number): value is Uint8Array {
  return value instanceof Uint8Array && value.length === length
}

/** An integer, and 0 for whatever else stands there. */
function whole(value: unknown): number {
  return typeof value === 'number' && Number.isSafeInteger(value) ? value : 0
}

function held(value: number, most: number): number {
  return Math.min(Math.max(value, 0), most)
}
