/** Locking after nobody was there for long enough. */
import { test } from 'tap'
import { watchIdle } from '#compose/idle.ts'
import { virtualClock } from '../support/clock.ts'

test('a node that nobody uses is locked once its time is over, and any use begins the time anew', async (t) => {
  const clock = virtualClock()
  let locked = 0
  await using watch = watchIdle({ clock, afterMs: 100 }, () => {
    locked += 1
  })

  await clock.advance(90)
  watch.touch()
  await clock.advance(90)
  t.equal(locked, 0)
  await clock.advance(20)
  t.equal(locked, 1)
  await clock.advance(500)
  t.equal(locked, 1, 'once')
})
