import { test } from 'tap'
import { hueOf, initialsOf, inSections, otherOf, titleOf } from '#web/core/naming.ts'
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
