/**
 * Where somebody's own messages are on their way, in the props of the posts: stock clients keep props that they do not know, and
 * programs read them. Whoever wants to be told of changes asks for the story (`holdfast/delivery.ts`) or types `/where`.
 */
import { wayText } from '#app/delivery-words.ts'
import type { DeliveryStory, Message } from '#app/types.ts'
import { EdgeError } from '#base/errors.ts'
import type { UserId } from '#base/ids.ts'
import type { Door } from '#server/door.ts'
import { agoBy } from '#server/ago.ts'
import { WORDED_MESSAGES_MAX } from '#server/limits.ts'
import type { ShownMessage } from './shapes-post.ts'

type Word = DeliveryStory['deliveries'][number]['word']

/** From the one that is furthest behind. */
const WORDS: readonly Word[] = ['on this kit', 'queued', 'left this kit', 'stored', 'read']

/** The same messages; the first of those that `subject` wrote on this node say where they are. */
export async function withWords(
  door: Door,
  subject: UserId,
  messages: readonly Message[],
): Promise<readonly ShownMessage[]> {
  const own = messages.filter(({ author, origin }) => author === subject && origin === door.nodeId)
  const asked = new Set(own.slice(0, WORDED_MESSAGES_MAX))
  return await Promise.all(
    messages.map(async (message) => {
      if (!asked.has(message)) return message
      const story = await door.node.delivery(subject, message.id).catch(noneWhenGone)
      return story === undefined ? message : { ...message, delivery: wordsOf(door, subject, story) }
    }),
  )
}

/** It may have been purged, or its channel closed to its author, since it was read. */
function noneWhenGone(error: unknown): undefined {
  if (!(error instanceof EdgeError) || error.code === 'STORE_BROKEN') throw error
}

/** The word of the destination that is furthest behind, and a line for each. Guests hear of no nodes. */
function wordsOf(
  door: Door,
  subject: UserId,
  { deliveries }: DeliveryStory,
): NonNullable<ShownMessage['delivery']> {
  const behind = Math.min(...deliveries.map(({ word }) => WORDS.indexOf(word)))
  const word = WORDS[behind] ?? 'on this kit'
  if (door.node.seenBy(subject) !== undefined) return { word }
  const text = deliveries.map((way) => wayText(way, agoBy(door))).join('; ')
  return { word, ...(text !== '' && { text }) }
}
