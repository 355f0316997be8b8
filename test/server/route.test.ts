import { test } from 'tap'
import { openRoute, route } from '#server/route.ts'

test('a route says who may use it', async (t) => {
  t.match(
    openRoute('GET', '/a', () => ({})),
    { access: 'open', method: 'GET', url: '/a' },
  )
  t.match(
    route('POST', '/b', () => ({})),
    { access: 'session', method: 'POST', url: '/b' },
  )
})
