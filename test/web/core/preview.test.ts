import { test } from 'tap'
import { isBilled, waysFrom } from '#web/core/preview.ts'

test('of each carrier the way that leaves first is told, the soonest first', async (t) => {
  const price = { bytes: 142, seconds: 3, money: 0.11 }
  const ways = waysFrom([
    { carrier: 'courier', peer: '', isUp: false, fits: true },
    { carrier: 'nats', peer: 'far', isUp: true, fits: false, at: 90, price, currency: 'USD' },
    { carrier: 'nats', peer: 'near', isUp: true, fits: true, at: 7, price, currency: 'USD' },
    { carrier: 'lan', peer: 'hub', isUp: true, fits: true, at: 5 },
  ])

  t.strictSame(ways, [
    { carrier: 'lan', isUp: true, price: undefined, fits: true, at: 5 },
    {
      carrier: 'nats',
      isUp: true,
      price: { bytes: 142, ms: 3_000, money: 0.11, currency: 'USD' },
      fits: true,
      at: 7,
    },
    { carrier: 'courier', isUp: false, price: undefined, fits: true, at: undefined },
  ])
  t.ok(isBilled(ways))
  t.notOk(isBilled(waysFrom([{ carrier: 'lan', fits: true, at: 5 }])))
  t.strictSame(waysFrom('nonsense'), [])
})
