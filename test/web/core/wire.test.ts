import { test } from 'tap'
import {
  channelFrom,
  inner,
  pageFrom,
  personFrom,
  postFrom,
  wholePostFrom,
} from '#web/core/wire.ts'

test('a message is read with its precedence, reactions and files', async (t) => {
  const post = postFrom({
    id: 'p',
    message: 'Fire',
    props: { holdfast_precedence: 'flash', holdfast_time_uncertain: true },
    metadata: {
      priority: { priority: 'urgent', requested_ack: true },
      reactions: [{ user_id: 'bo', emoji_name: '+1' }],
      acknowledgements: [{ user_id: 'chen' }],
      files: [
        { id: 'f', name: 'a.txt', size: 3, mime_type: 'text/plain', mini_preview: null },
        {
          id: 'g',
          name: 'a.jpg',
          width: 40,
          height: 30,
          mini_preview: 'UklGRg==',
          holdfast_preview: 'picture',
        },
      ],
    },
  })

  t.match(post, { id: 'p', lane: 'flash', isTimeUncertain: true, wantsAck: true, acks: ['chen'] })
  t.strictSame(post.reactions, [{ userId: 'bo', emoji: '+1' }])
  t.match(post.files, [
    { id: 'f', size: 3, width: 0, tiny: '', look: '' },
    { id: 'g', width: 40, height: 30, tiny: 'UklGRg==', look: 'picture' },
  ])
})

test('what is missing or of another type becomes nothing instead of an error', async (t) => {
  for (const value of [undefined, null, 7, 'x', [], { props: 7, metadata: [], id: 3 }]) {
    t.match(postFrom(value), { id: '', lane: 'routine', reactions: [], deletedAt: 0 })
    t.match(channelFrom(value), { type: 'O', name: '' })
    t.match(pageFrom(value), { posts: [], hasOlder: false })
  }
  t.equal(inner('{'), undefined)
})

test('people are called by their name, and administrators are known by their role', async (t) => {
  const amira = {
    id: 'a',
    username: 'amira',
    first_name: 'Amira',
    roles: 'system_user system_admin',
  }

  t.strictSame(personFrom(amira), {
    id: 'a',
    username: 'amira',
    name: 'Amira',
    isAdministrator: true,
  })
  t.match(personFrom({ username: 'bo' }), { name: 'bo', isAdministrator: false })
})

test('a page keeps its order, and roots of threads stand beside it', async (t) => {
  const page = pageFrom({
    order: ['b', 'a', 'lost'],
    posts: { a: { id: 'a' }, b: { id: 'b', root_id: 'r' }, r: { id: 'r' } },
    prev_post_id: 'older',
  })

  t.strictSame(
    [page.posts.map(({ id }) => id), page.beside.map(({ id }) => id), page.hasOlder],
    [['b', 'a'], ['r'], true],
  )
})

test('what is shown once says nothing until it is asked for whole', async (t) => {
  const one = {
    id: 'p',
    message: 'The code is 4711',
    props: { holdfast_burn_seconds: 30 },
    metadata: { files: [{ id: 'f' }] },
  }

  t.match(postFrom(one), { burnSeconds: 30, message: '', files: [] })
  t.match(wholePostFrom(one), {
    burnSeconds: 30,
    message: 'The code is 4711',
    files: [{ id: 'f' }],
  })
  t.match(postFrom({ ...one, props: {} }), { burnSeconds: 0, message: 'The code is 4711' })
})
