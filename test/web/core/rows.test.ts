import { test } from 'tap'
import { rowsOf } from '#web/core/rows.ts'
import { EMPTY, withNewest } from '#web/core/timeline.ts'
import { aPage, aPost } from '../../support/posts.ts'

const NOON = new Date(2027, 0, 15, 12).getTime()
const MINUTE = 60_000
const choice = { channelId: 'town', waiting: [], newSince: 0, me: 'bo' }
const waiting = {
  pendingId: 'bo:1',
  userId: 'bo',
  channelId: 'town',
  rootId: '',
  message: 'waits',
  lane: 'routine',
  override: '',
  wantsAck: false,
  files: [],
  writtenAt: NOON,
} as const

function shape(rows: ReturnType<typeof rowsOf>): readonly string[] {
  return rows.map((row) => ('isContinued' in row && row.isContinued ? `${row.kind}, on` : row.kind))
}

test('days are told apart, and one author goes on for a few minutes', async (t) => {
  const posts = [
    aPost('a', NOON - 24 * 60 * MINUTE),
    aPost('b', NOON),
    aPost('c', NOON + MINUTE),
    aPost('d', NOON + 2 * MINUTE, { userId: 'chen' }),
    aPost('e', NOON + 30 * MINUTE, { userId: 'chen' }),
    aPost('f', NOON + 31 * MINUTE, { userId: 'chen', lane: 'flash' }),
  ]

  t.strictSame(shape(rowsOf(withNewest(EMPTY, aPage(posts)), choice)), [
    'day',
    'post',
    'day',
    'post',
    'post, on',
    'post',
    'post',
    'post',
  ])
})

test('a line stands before what others wrote since', async (t) => {
  const posts = [
    aPost('a', NOON, { userId: 'chen' }),
    aPost('b', NOON + MINUTE),
    aPost('c', NOON + 2 * MINUTE, { userId: 'chen' }),
  ]
  const rows = rowsOf(withNewest(EMPTY, aPage(posts)), { ...choice, newSince: NOON })

  t.strictSame(shape(rows), ['day', 'post', 'post', 'new', 'post'])
})

test('what waits stands last, and keeps its row when the node has it', async (t) => {
  const before = rowsOf(withNewest(EMPTY, aPage([aPost('a', NOON, { userId: 'chen' })])), {
    ...choice,
    waiting: [waiting, { ...waiting, pendingId: 'bo:2', channelId: 'elsewhere' }],
  })
  const sent = aPost('b', NOON + 1, { pendingId: 'bo:1' })
  const after = rowsOf(withNewest(EMPTY, aPage([sent])), { ...choice, waiting: [waiting] })

  t.strictSame(shape(before), ['day', 'post', 'waiting'])
  t.strictSame([before.at(-1)?.key, after.at(-1)?.key, after.length], ['bo:1', 'bo:1', 2])
})

function gone(key: string, at: number) {
  return { key, at, messages: 1, reason: 'by hand', by: key, orderedAt: 0 } as const
}

test('where messages were purged a line stands, but not before what is known', async (t) => {
  const posts = [aPost('a', NOON), aPost('b', NOON + MINUTE), aPost('c', NOON + 2 * MINUTE)]
  const purged = [
    gone('before', NOON - MINUTE),
    gone('amid', NOON + MINUTE + 1),
    gone('last', NOON + 3 * MINUTE),
  ]
  const page = { ...aPage(posts), hasOlder: true }

  const rows = rowsOf(withNewest(EMPTY, page), { ...choice, purged, waiting: [waiting] })

  t.strictSame(shape(rows), ['day', 'post', 'post, on', 'purged', 'post', 'purged', 'waiting'])
})
