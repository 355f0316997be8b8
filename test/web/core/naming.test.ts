import { test } from 'tap'
import { hueOf, initialsOf, inSections, otherOf, shortened, titleOf } from '#web/core/naming.ts'
import { channelFrom, personFrom } from '#web/core/wire.ts'

const people = new Map(
  [
    personFrom({ id: 'a', username: 'amira', first_name: 'Amira', last_name: 'Haddad' }),
    personFrom({ id: 'b', username: 'bo', first_name: 'Bo' }),
  ].map((one) => [one.id, one]),
)
const known = { me: 'b', people }

test('conversations are called by the others in them', async (t) => {
  const direct = channelFrom({ type: 'D', name: 'a__b' })
  const group = channelFrom({ type: 'G', display_name: 'amira, bo, zoe' })

  t.strictSame([titleOf(direct, known), otherOf(direct, 'b')], ['Amira Haddad', 'a'])
  t.equal(titleOf(group, known), 'Amira Haddad, zoe')
  t.equal(otherOf(channelFrom({ name: 'b__b' }), 'b'), 'b')
})

test('rooms stand by name, conversations by what was said last, archived ones nowhere', async (t) => {
  const channels = [
    channelFrom({ id: '1', type: 'O', display_name: 'Water' }),
    channelFrom({ id: '2', type: 'P', display_name: 'Medical' }),
    channelFrom({ id: '3', type: 'D', last_post_at: 1 }),
    channelFrom({ id: '4', type: 'D', last_post_at: 2 }),
    channelFrom({ id: '5', type: 'O', delete_at: 1 }),
  ]
  const { rooms, conversations } = inSections(channels, known)

  t.strictSame(
    [rooms.map(({ id }) => id), conversations.map(({ id }) => id)],
    [
      ['2', '1'],
      ['4', '3'],
    ],
  )
})

test('initials and hues hold for any script', async (t) => {
  t.strictSame(
    [initialsOf('Олена Коваль'), initialsOf('bo'), initialsOf(''), initialsOf('😀 x')],
    ['ОК', 'B', '', '😀X'],
  )
  t.equal(hueOf('somebody', 6), hueOf('somebody', 6))
  t.ok(hueOf('x', 6) < 6)
})

test('what is cut shows that there is more, and no letter is cut in two', async (t) => {
  t.equal(shortened('all of it', 9), 'all of it')
  t.equal(shortened('more of it', 9), 'more of…')
  t.equal(shortened('🔥🔥', 4), '🔥🔥')
  t.equal(shortened('🔥🔥🔥', 4), '🔥…')
})

test('a name that leaves nothing to see gives way to the one that is signed in with', async (t) => {
  const unseen = '\u200d\u200c\u2060\u00ad\u3164'
  t.equal(personFrom({ username: 'bo', first_name: unseen }).name, 'bo')
  t.equal(personFrom({ username: 'bo', first_name: unseen, nickname: 'Bosse' }).name, 'Bosse')
  t.equal(titleOf(channelFrom({ type: 'O', name: 'ops', display_name: unseen }), known), 'ops')
  t.equal(titleOf(channelFrom({ type: 'O', name: 'ops', display_name: '🔥' }), known), '🔥')
})
