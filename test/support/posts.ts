/** Messages as the web client holds them: a test names only what it is about. */
import { postFrom, type Post } from '#web/core/wire.ts'

/** A message of bo in town square, written at `at`. */
export function aPost(id: string, at: number, facts: Partial<Post> = {}): Post {
  const wire = { id, create_at: at, update_at: at, user_id: 'bo', channel_id: 'town', message: id }
  return { ...postFrom(wire), ...facts }
}

/** A page, newest first, of messages given oldest first. */
export function aPage(posts: readonly Post[], hasOlder = false) {
  return { posts: posts.toReversed(), beside: [], hasOlder }
}
