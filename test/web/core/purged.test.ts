import { test } from 'tap'
import { joined, purgedFrom } from '#web/core/purged.ts'

const order = { reason: 'by hand', by: 'amira', orderedAt: 900, state: 'done' }

test('what is gone here is told where it stood, whoever else ordered the same later', async (t) => {
  const purged = purgedFrom([
    { ...order, places: [{ id: 'b', at: 20, messages: 2 }] },
    { ...order, orderedAt: 950, by: 'hub', places: [{ id: 'b', at: 20, messages: 2 }] },
    { ...order, reason: 'shown once', by: undefined, places: [{ id: 'a', at: 10, messages: 1 }] },
    { ...order, state: 'held', places: [{ id: 'c', at: 5, messages: 1 }] },
  ])

  t.strictSame(
    purged.map(({ key, by, reason }) => [key, by, reason]),
    [
      ['purged:a', '', 'shown once'],
      ['purged:b', 'amira', 'by hand'],
    ],
  )
  t.strictSame(purgedFrom('nonsense'), [])
})

test('places side by side of one order are one line', async (t) => {
  const places = [1, 2, 3].map((at) => ({ id: String(at), at, messages: 2 }))
  const [one, ...rest] = joined(purgedFrom([{ ...order, places }]))
  t.match(one, { messages: 6, at: 1 })
  t.strictSame(rest, [])
})
