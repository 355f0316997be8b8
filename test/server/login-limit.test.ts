import { test } from 'tap'
import { LOGIN_ACCOUNT, LOGIN_ADDRESS, LOGIN_CODE, LOGIN_PAIR } from '#server/limits.ts'
import { createLoginLimit, type LoginLimit } from '#server/login-limit.ts'

/** So many wrong passwords, each from where `attempt` says, as long as the limit lets them. */
function hammer(
  limit: LoginLimit,
  times: number,
  attempt: (turn: number) => { readonly account: string; readonly address: string },
): number {
  let tried = 0
  for (let turn = 0; turn < times; turn += 1) {
    if (limit.waitMs(attempt(turn), 0) > 0) continue
    limit.begin(attempt(turn), 0)
    tried += 1
  }
  return tried
}

test('one account from one address gets few wrong passwords', async (t) => {
  const limit = createLoginLimit()

  t.equal(
    hammer(limit, 100, () => ({ account: 'bo', address: 'a' })),
    LOGIN_PAIR.burst,
  )
  t.equal(limit.waitMs({ account: 'bo', address: 'a' }, LOGIN_PAIR.refillMs), 0)
})

test('trying many accounts from one address ends as well', async (t) => {
  const limit = createLoginLimit()

  t.equal(
    hammer(limit, 1_000, (turn) => ({ account: `p${turn}`, address: 'a' })),
    LOGIN_ADDRESS.burst,
  )
})

test('trying one account from many addresses ends as well', async (t) => {
  const limit = createLoginLimit()

  t.equal(
    hammer(limit, 1_000, (turn) => ({ account: 'bo', address: `a${turn}` })),
    LOGIN_ACCOUNT.burst,
  )
})

test('whoever signed in from an address before gets in while a stranger uses up the address', async (t) => {
  const limit = createLoginLimit()
  const bo = { account: 'bo', address: 'proxy' }
  limit.begin(bo, 0)
  limit.succeeded(bo, 0)
  hammer(limit, 1_000, (turn) => ({ account: `p${turn}`, address: 'proxy' }))

  t.equal(limit.waitMs(bo, 0), 0)
  t.ok(limit.waitMs({ account: 'newcomer', address: 'proxy' }, 0) > 0)
})

test('whoever signed in before gets in while strangers elsewhere try the account', async (t) => {
  const limit = createLoginLimit()
  const bo = { account: 'bo', address: 'home' }
  limit.begin(bo, 0)
  limit.succeeded(bo, 0)
  hammer(limit, 1_000, (turn) => ({ account: 'bo', address: `a${turn}` }))

  t.equal(limit.waitMs(bo, 0), 0)
})

test('right passwords do not count: a whole team behind one address signs in at once', async (t) => {
  const limit = createLoginLimit()
  for (let turn = 0; turn < 500; turn += 1) {
    const attempt = { account: `p${turn}`, address: 'proxy' }
    t.equal(limit.waitMs(attempt, 0), 0)
    limit.begin(attempt, 0)
    limit.succeeded(attempt, 0)
  }
})

test('digits beside the right password are few, also where their owner has been; the owner elsewhere is not held up', async (t) => {
  const limit = createLoginLimit()
  const home = { account: 'bo', address: 'home', hasCode: true }
  const away = { account: 'bo', address: 'away', hasCode: true }
  const guesses = (attempt: typeof home): number => {
    let tried = 0
    while (limit.waitMs({ ...attempt }, 0) === 0) {
      limit.begin(attempt, 0)
      limit.wasRightPassword(attempt, 0)
      tried += 1
    }
    return tried
  }
  for (const one of [home, away]) {
    limit.begin(one, 0)
    limit.succeeded(one, 0)
  }

  t.equal(guesses(home), LOGIN_CODE.burst)
  t.equal(limit.waitMs(away, 0), 0)
  t.equal(limit.waitMs({ ...home, account: 'chen' }, 0), 0)
  t.equal(guesses({ account: 'bo', address: 'stranger', hasCode: true }), 0, 'from everywhere, too')
})
