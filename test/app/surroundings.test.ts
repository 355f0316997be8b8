import { test } from 'tap'
import { openSurroundings } from '#app/surroundings.ts'

const SATURDAY = Date.UTC(2026, 10, 21, 22, 5)

test('the time here goes with what a door tells, and nothing a door tells replaces it', async (t) => {
  const surroundings = openSurroundings(() => SATURDAY)
  t.strictSame(surroundings.now(), { time: '22:05', day: 'saturday' })
  await surroundings.within({ link: 'lan', time: '12:00' }, async () => {
    await Promise.resolve()
    t.strictSame(surroundings.now(), { link: 'lan', time: '22:05', day: 'saturday' })
  })
  t.strictSame(surroundings.now(), { time: '22:05', day: 'saturday' })
  t.match(surroundings.with({ device: 'x' }), { device: 'x', day: 'saturday' })
  t.match(openSurroundings(() => -1).now(), { time: '23:59', day: 'wednesday' })
})
