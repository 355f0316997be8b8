/**
 * Pages without deleted messages.
 *
 * The node pages over everything, deleted messages included; Mattermost's pages hold none, and many clients take a
 * short page for the end of history. So a page is filled up from what lies beyond it.
 */
import type { ChannelId, UserId } from '#base/ids.ts'
import type { EdgeNode } from '#app/node.ts'
import type { Message, MessagePage, PageRequest } from '#app/types.ts'

/** What is read, and by whom. */
export interface Reading {
  readonly subject: UserId
  readonly channel: ChannelId
}

/** Reads that are made at most to fill one page. */
const READS_MAX = 20

/** A page of messages that still stand. */
export async function livePage(
  node: Pick<EdgeNode, 'page'>,
  reading: Reading,
  { isShown = isStanding, ...request }: PageRequest & { readonly isShown?: Shown },
): Promise<MessagePage> {
  const { subject, channel } = reading
  const isForward = request.after !== undefined
  const read = (next: PageRequest): Promise<MessagePage> => node.page(subject, channel, next)
  let page = await read(request)
  let whole: MessagePage = { ...page, messages: page.messages.filter(isShown) }
  for (let reads = 1; reads < READS_MAX; reads += 1) {
    const missing = request.limit - whole.messages.length
    const edge = isForward ? page.messages[0] : page.messages.at(-1)
    const beyond = isForward ? page.newerId : page.olderId
    if (missing <= 0 || edge === undefined || beyond === undefined) break
    page = await read({ limit: missing, ...(isForward ? { after: edge.id } : { before: edge.id }) })
    const more = { ...page, messages: page.messages.filter(isShown) }
    whole = joined(whole, more, isForward)
  }
  return whole
}

/** Which messages a list shows. */
export type Shown = (message: Message) => boolean

/** Whether it has not been deleted. */
export function isStanding(message: Message): boolean {
  return message.deletedAt === 0
}

function joined(whole: MessagePage, more: MessagePage, isForward: boolean): MessagePage {
  return isForward
    ? { ...whole, messages: [...more.messages, ...whole.messages], newerId: more.newerId }
    : { ...whole, messages: [...whole.messages, ...more.messages], olderId: more.olderId }
}
