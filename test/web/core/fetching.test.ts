import { test } from 'tap'
import { arrivingKey, fetchWaysFrom } from '#web/core/fetching.ts'

const PRICE = { bytes: 900, seconds: 40, money: 0.3, currency: 'USD' }

test('the whole and the small picture are told apart, each with what it takes', async (t) => {
  const ways = fetchWaysFrom({
    bytes: 3_000,
    isHere: false,
    have: 100,
    fetch: { isAsked: true },
    price: { bytes: 2_900, seconds: null, money: null, currency: '' },
    small: { bytes: 900, isHere: false, have: 0, fetch: null, price: PRICE },
  })

  t.strictSame(ways.whole, {
    bytes: 3_000,
    isHere: false,
    isAsked: true,
    have: 100,
    ms: undefined,
    money: 0,
    currency: '',
  })
  t.match(ways.small, { bytes: 900, isAsked: false, ms: 40_000, money: 0.3, currency: 'USD' })
})

test('a file without a small picture has none, and nonsense costs nothing', async (t) => {
  t.equal(fetchWaysFrom({ bytes: 3, small: null }).small, undefined)
  t.strictSame(
    [{ isLost: true }, { isLost: false }, {}].map((one) => fetchWaysFrom(one).isLost),
    [true, false, false],
  )
  t.match(fetchWaysFrom(7), { whole: { bytes: 0, isHere: false }, small: undefined })
})

test('what came of the small picture is not taken for the file', async (t) => {
  t.not(arrivingKey('f', 'small'), arrivingKey('f', 'whole'))
})
