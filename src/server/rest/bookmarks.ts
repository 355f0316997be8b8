/** Bookmarks of channels. Ours are links; a file travels with a message, and its link can be kept. */
import { z } from 'zod'
import { EdgeError } from '#base/errors.ts'
import type { ChannelId } from '#base/ids.ts'
import type { Door } from '#server/door.ts'
import { bodyOf, idParam, queryOf, wholeNumber } from '#server/input.ts'
import { route, type Call, type Route } from '#server/route.ts'
import { bookmarkFrom } from './shapes-kept.ts'

const Emoji = z.string().transform((name) => name.replaceAll(':', ''))
const NewBookmark = z.object({
  type: z.enum(['link', 'file']).default('link'),
  display_name: z.string(),
  link_url: z.string(),
  emoji: Emoji.default(''),
})
const Patch = z.object({
  display_name: z.string().optional(),
  link_url: z.string().optional(),
  emoji: Emoji.optional(),
})
const Since = z.object({ bookmarks_since: wholeNumber(0) })
const Place = z.int().min(0).max(10_000)

/** The routes about them. */
export function bookmarkRoutes({ node, clock }: Door): readonly Route[] {
  const all = '/api/v4/channels/:channel/bookmarks'
  const one = `${all}/:bookmark`
  return [
    route('GET', all, async (call) => {
      const { bookmarks_since: since } = queryOf(call, Since)
      const found = await node.bookmarks(call.subject, channelOf(call))
      return found.filter(({ updatedAt }) => updatedAt >= since).map((each) => bookmarkFrom(each))
    }),
    route('POST', all, async (call) => {
      const { type, display_name: name, link_url: url, emoji } = bodyOf(call, NewBookmark)
      if (type === 'file')
        throw new EdgeError('INPUT_INVALID', {
          field: 'type',
          found: 'file',
          wanted: 'link: a file travels with a message, and the link to that can be kept',
        })
      const made = await node.addBookmark(call.subject, channelOf(call), { name, url, emoji })
      call.reply.status(201)
      return bookmarkFrom(made)
    }),
    route('PATCH', one, async (call) => {
      const { display_name: name, link_url: url, emoji } = bodyOf(call, Patch)
      const changed = await node.changeBookmark(call.subject, nameOf(call), {
        ...(name !== undefined && { name }),
        ...(url !== undefined && { url }),
        ...(emoji !== undefined && { emoji }),
      })
      return { updated: bookmarkFrom(changed) }
    }),
    route('POST', `${one}/sort_order`, async (call) => {
      const moved = await node.moveBookmark(call.subject, nameOf(call), bodyOf(call, Place))
      return moved.map((each) => bookmarkFrom(each))
    }),
    route('DELETE', one, async (call) => {
      const gone = await node.removeBookmark(call.subject, nameOf(call))
      return { ...bookmarkFrom(gone), delete_at: clock.now() }
    }),
  ]
}

function channelOf(call: Call): ChannelId {
  return idParam<ChannelId>(call, 'channel')
}

function nameOf(call: Call): { readonly channel: ChannelId; readonly id: string } {
  return { channel: channelOf(call), id: idParam(call, 'bookmark') }
}
