import { test } from 'tap'
import { agoBy } from '#server/ago.ts'
import { virtualClock } from '../support/clock.ts'

test('what was is told by how long ago it was', (t) => {
  const clock = virtualClock()
  const ago = agoBy({ clock })

  t.equal(ago(clock.now() - 90_000), '90 s ago')
  t.equal(ago(clock.now() - 7_200_000), '2 h ago')
  t.end()
})
