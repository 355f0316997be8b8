/** Reactions to messages. Everybody gives and takes back their own. */
import { z } from 'zod'
import { EdgeError } from '#base/errors.ts'
import type { PostId } from '#base/ids.ts'
import type { Door } from '#server/door.ts'
import { bodyOf, idParam, idSchema, parse, textParam, userParam } from '#server/input.ts'
import { route, type Call, type Route } from '#server/route.ts'
import { reactionFrom } from './shapes-post.ts'
import { OK } from './shapes.ts'

/** Names of emoji, as all Mattermost clients write them. */
const Emoji = z.string().regex(/^[a-zA-Z0-9_+-]{1,64}$/, { error: 'the name of an emoji' })
const NewReaction = z.object({ post_id: idSchema<PostId>(), emoji_name: Emoji })

/** The routes about reactions. */
export function reactionRoutes(door: Door): readonly Route[] {
  return [
    route('POST', '/api/v4/reactions', (call) => add(door, call)),
    route('DELETE', '/api/v4/users/:user/posts/:post/reactions/:emoji', (call) =>
      remove(door, call),
    ),
    route('GET', '/api/v4/posts/:post/reactions', async (call) => {
      const message = await door.node.message(call.subject, idParam(call, 'post'))
      return message.reactions.map((reaction) => reactionFrom(message, reaction))
    }),
  ]
}

async function add(door: Door, call: Call): Promise<object> {
  const { post_id: id, emoji_name: emoji } = bodyOf(call, NewReaction)
  const reaction = await door.node.react(call.subject, id, emoji)
  const message = await door.node.message(call.subject, id)
  call.reply.status(201)
  return reactionFrom(message, reaction)
}

async function remove(door: Door, call: Call): Promise<object> {
  if (userParam(call) !== call.subject) {
    throw new EdgeError('NOT_ALLOWED', { what: 'reaction of another' })
  }
  const emoji = parse('path', Emoji, textParam(call, 'emoji'))
  await door.node.unreact(call.subject, idParam<PostId>(call, 'post'), emoji)
  return OK
}
