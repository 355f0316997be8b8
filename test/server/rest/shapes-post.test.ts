import { test } from 'tap'
import type { PostId, UserId } from '#base/ids.ts'
import { laneFrom, postFrom, postListFrom, reactionFrom } from '#server/rest/shapes-post.ts'
import { aMessage } from '../../support/messages.ts'

test('a post is created when it was written and updated when it changed here', async (t) => {
  t.match(postFrom(aMessage({ createdAt: 5, updatedAt: 9, pendingId: 'p:1' })), {
    create_at: 5,
    update_at: 9,
    edit_at: 0,
    delete_at: 0,
    root_id: '',
    pending_post_id: 'p:1',
    props: {},
    metadata: {},
  })
})

test('urgency and an uncertain time can be seen by any client, or by ours', async (t) => {
  for (const [lane, priority, precedence] of [
    ['flash', 'urgent', 'flash'],
    ['immediate', 'urgent', 'immediate'],
    ['priority', 'important', 'priority'],
  ] as const) {
    t.match(postFrom(aMessage({ lane })), {
      metadata: { priority: { priority } },
      props: { holdfast_precedence: precedence },
    })
  }
  t.strictSame(
    Reflect.get(
      postFrom(aMessage({ timeDoubt: 'ahead of the clock here', claimedAt: 7 })),
      'props',
    ),
    {
      holdfast_time_uncertain: true,
      holdfast_time_doubt: 'ahead of the clock here',
      holdfast_claimed_at: 7,
    },
  )
})

test('what a client asks for becomes a lane', async (t) => {
  t.equal(laneFrom(undefined, ''), 'routine')
  t.equal(laneFrom(undefined, 'important'), 'priority')
  t.equal(laneFrom(undefined, 'urgent'), 'immediate')
  t.equal(laneFrom('flash', 'important'), 'flash')
})

test('reactions travel within the post', async (t) => {
  const reaction = { person: 'chen' as UserId, emoji: 'ok', at: 3 }
  const message = aMessage({ reactions: [reaction] })

  t.match(postFrom(message), { metadata: { reactions: [reactionFrom(message, reaction)] } })
  t.match(reactionFrom(message, reaction), {
    user_id: 'chen',
    post_id: 'post1',
    emoji_name: 'ok',
    create_at: 3,
  })
})

test('a list is in order, with its companions beside it and its ends named', async (t) => {
  const ids = ['c', 'b', 'root'] as PostId[] as [PostId, PostId, PostId]
  const list = postListFrom({
    messages: [aMessage({ id: ids[0] }), aMessage({ id: ids[1] })],
    companions: [aMessage({ id: ids[2] })],
    olderId: 'a' as PostId,
  })

  t.match(list, { order: ['c', 'b'], prev_post_id: 'a', next_post_id: '' })
  t.strictSame(Object.keys(Reflect.get(list, 'posts')), ['c', 'b', 'root'])
})
