/**
 * What the full-text index does not know yet. Whatever changes the text of a message leaves a mark in the same commit, so
 * the index (`#app/search-index.ts`) can be behind the view and never lose sight of it, whenever the node stops.
 */
import { sha256 } from '#base/hash.ts'
import { bytesFromText } from '#base/bytes.ts'
import type { Instant, PostId } from '#base/ids.ts'
import { burnSecondsIn } from '#model/once.ts'
import type { MessageRecord } from '#model/view.ts'
import { padded, within } from './keys.ts'
import { pack } from './records.ts'
import type { Tx } from './replica.ts'

/** The keys of the index: a part of the disk format, as `keys.ts` is. */
export const searchKey = {
  /** MarkRecord: a message that no block has, or that some block has with another text. */
  mark: (at: Instant, id: PostId) => `search/mark/${padded(at)}.${id}`,
  /** Which blocks there are (`#app/search-index.ts`). */
  blocks: 'search/blocks',
  /** A block of the index (`#search/block.ts`). */
  block: (number: number) => `search/block/${padded(number)}`,
  /** The index is to be made anew: the value is the name after which the view is still to be gone through. */
  anew: 'search/anew',
} as const

/** Ranges of these keys. */
export const searchRange = {
  marks: within('search/mark/'),
  blocks: within('search/block/'),
} as const

/** What the index is to know of a message. */
export interface MarkRecord {
  /** Of its text; 0 when the message is gone. */
  readonly print: number
  /** Some block may have it as it was. */
  readonly isAmended: boolean
}

type Searched = Pick<MessageRecord, 'id' | 'createdAt' | 'body' | 'files' | 'props' | 'deletedAt'>

/** What of a message is looked through: its text, and the names of its files; nothing of one that is shown once. */
export function searchedText(message: Pick<Searched, 'body' | 'files' | 'props'>): string {
  const { body, files = [], props } = message
  if (burnSecondsIn(props) > 0) return ''
  return [body, ...files.map(({ name }) => name)].join('\n')
}

/** A number that tells one text from another: 6 bytes, 0 for a message that is deleted and never else. */
export function printOf(message: Omit<Searched, 'id' | 'createdAt'>): number {
  if (message.deletedAt !== 0) return 0
  return Buffer.from(sha256(bytesFromText(searchedText(message)))).readUIntBE(0, 6) || 1
}

/** Notes a message that is new, or whose text is another than it was. */
export function markForSearch(
  tx: Pick<Tx, 'put'>,
  message: Searched,
  { isAmended }: Pick<MarkRecord, 'isAmended'>,
): void {
  const print = printOf(message)
  if (print === 0 && !isAmended) return // nothing to find, and nothing that was found before
  const record: MarkRecord = { print, isAmended }
  tx.put(searchKey.mark(message.createdAt, message.id), pack(record))
}

/** Notes a message that is no longer in the view. */
export function markGone(tx: Pick<Tx, 'put'>, message: Searched): void {
  markForSearch(tx, { ...message, deletedAt: 1 }, { isAmended: true })
}

/** The message that a mark is about. */
export function markedId(place: string): PostId {
  return place.slice(place.lastIndexOf('.') + 1) as PostId
}
