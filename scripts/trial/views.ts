/** Everything a node shows, page by page, as an administrator reads it. */
import { z } from 'zod'
import { must } from '../fleet/client.ts'
import type { Node } from '../fleet/node.ts'
import type { Seen, View } from './comparison.ts'

const Page = z.object({
  order: z.array(z.string()),
  posts: z.record(
    z.string(),
    z.object({ user_id: z.string(), message: z.string(), root_id: z.string() }),
  ),
})
const PAGE_POSTS = 200

/** All messages of these channels. Throws when the node does not answer. */
export async function viewOf(node: Node, channels: readonly string[]): Promise<View> {
  const found = new Map<string, readonly Seen[]>()
  for (const channel of channels) found.set(channel, await messagesOf(node, channel))
  return { node: node.name, channels: found }
}

/** The ids of all messages of these channels. Throws when the node does not answer. */
export async function shownBy(
  node: Node,
  channels: readonly string[],
): Promise<ReadonlySet<string>> {
  const view = await viewOf(node, channels)
  return new Set([...view.channels.values()].flatMap((messages) => messages.map(({ id }) => id)))
}

/** Newest first. */
async function messagesOf({ ask, token }: Node, channel: string): Promise<readonly Seen[]> {
  const found: Seen[] = []
  for (let before = ''; ;) {
    const from = before === '' ? '' : `&before=${before}`
    const path = `/api/v4/channels/${channel}/posts?per_page=${PAGE_POSTS}${from}`
    const page = Page.parse(await must(ask, { method: 'GET', path, token: token() }))
    for (const id of page.order) {
      const post = page.posts[id]
      if (post === undefined) throw new Error(`a page names ${id} and does not hold it`)
      found.push({ id, author: post.user_id, text: post.message, root: post.root_id })
    }
    const last = page.order.at(-1)
    if (last === undefined) return found
    before = last
  }
}
