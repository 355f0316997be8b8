/** Handing audits on: in order, at least once, and nobody waits for the receiver. */
import { test, type Test } from 'tap'
import { startAuditFeed, type AuditSink } from '#bridges/audit-feed.ts'
import { EdgeError } from '#base/errors.ts'
import { aFeed } from '../support/audit-records.ts'
import { virtualClock } from '../support/clock.ts'
import { collectingLog } from '../support/log.ts'

function opened(t: Test, fails: (turn: number) => boolean = () => false) {
  const clock = virtualClock()
  const feed = aFeed()
  const log = collectingLog()
  const got: number[][] = []
  let turn = 0
  const sink: AuditSink = {
    name: 'siem',
    send: async (records) => {
      turn += 1
      got.push(records.map(({ number }) => number))
      if (fails(turn)) throw new EdgeError('CARRIER_UNREACHABLE', {})
    },
  }
  const start = () => {
    const running = startAuditFeed(feed, sink, { clock, log })
    t.teardown(() => running[Symbol.asyncDispose]())
    return running
  }
  return { clock, feed, log, got, start }
}

test('what is there is handed on in batches, and what comes later after a short wait for company', async (t) => {
  const { clock, feed, got, start } = opened(t)
  feed.add(201)
  start()
  await clock.advance(0)
  t.strictSame(
    got.map((batch) => [batch[0], batch.length]),
    [
      [1, 200],
      [201, 1],
    ],
  )

  feed.add(1)
  feed.add(1)
  await clock.advance(1_000)
  t.strictSame(got.at(-1), [202, 203])
  t.equal(feed.cursors.get('siem'), 203)
})

test('what was not taken is sent again until it is, ever less often, and nothing overtakes it', async (t) => {
  const { clock, feed, got, log, start } = opened(t, (turn) => turn <= 3)
  feed.add(2)
  start()
  await clock.advance(0)
  t.equal(feed.cursors.get('siem'), undefined)
  feed.add(1)
  await clock.advance(1_000 + 2_000 + 4_000)

  t.strictSame(got, [
    [1, 2],
    [1, 2, 3],
    [1, 2, 3],
    [1, 2, 3],
  ])
  t.equal(feed.cursors.get('siem'), 3)
  t.strictSame(
    log.named('audit.not-delivered').map(({ facts }) => facts.waitMs),
    [1_000, 2_000, 4_000],
  )
})

test('a restart goes on from the cursor', async (t) => {
  const { clock, feed, got, start } = opened(t)
  feed.add(2)
  const first = start()
  await clock.advance(0)
  await first[Symbol.asyncDispose]()
  feed.add(1)
  start()
  await clock.advance(0)

  t.strictSame(got, [[1, 2], [3]])
})

test('while nothing is new it sleeps, and it ends while it waits', async (t) => {
  const { clock, feed, got, start } = opened(t)
  const running = start()
  await clock.advance(3_600_000)
  t.strictSame(got, [])
  t.equal(clock.sleepers(), 0)
  feed.add(1)
  await running[Symbol.asyncDispose]()
  t.pass('it ended')
})
