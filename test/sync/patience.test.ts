import { test } from 'tap'
import { EdgeError } from '#base/errors.ts'
import { untilDone } from '#sync/patience.ts'
import { virtualClock } from '../support/clock.ts'
import { collectingLog } from '../support/log.ts'

test('work that the disk refuses is tried again until the disk takes it', async (t) => {
  const { clock, log, stop } = aWait()
  let tries = 0
  const done = untilDone({ clock, log, signal: stop.signal }, async () => {
    tries += 1
    if (tries < 3) throw new EdgeError('STORE_FULL', {})
    return 'done'
  })

  await clock.advance(10_000)

  t.equal(await done, 'done')
  t.equal(tries, 3)
  t.strictSame(
    log.events.map(({ level, event }) => [level, event]),
    [
      ['error', 'sync.disk'],
      ['info', 'sync.disk-again'],
    ],
    'told once, however often it was tried',
  )
})

test('who is told to stop waits no longer', async (t) => {
  const { clock, log, stop } = aWait()
  const done = untilDone({ clock, log, signal: stop.signal }, async () => {
    throw new EdgeError('STORE_FULL', {})
  })
  await clock.whenAsleep(1)

  stop.abort()

  t.equal(await done, undefined)
})

test('a node that is closing ends the wait', async (t) => {
  const { clock, log, stop } = aWait()

  const done = untilDone({ clock, log, signal: stop.signal }, async () => {
    throw new EdgeError('STOPPING', {})
  })

  t.equal(await done, undefined)
})

test('a wrong program is not waited out', async (t) => {
  const { clock, log, stop } = aWait()

  const done = untilDone({ clock, log, signal: stop.signal }, async () => {
    throw new TypeError('a mistake')
  })

  await t.rejects(done, TypeError)
})

function aWait() {
  return { clock: virtualClock(), log: collectingLog(), stop: new AbortController() }
}
