import { test } from 'tap'
import { hashOf, placeFrom, type Place } from '#web/core/address.ts'

const ID = 'ybndrfg8ejkmcpqxot1uwisza3'

test('every place has an address that leads back to it', async (t) => {
  const places: readonly Place[] = [
    { kind: 'home' },
    { kind: 'channel', channelId: ID },
    { kind: 'channel', channelId: ID, threadId: ID },
    { kind: 'link' },
    { kind: 'people' },
    { kind: 'search' },
    { kind: 'operator', page: 'people' },
    { kind: 'settings' },
  ]
  for (const place of places) t.strictSame(placeFrom(hashOf(place)), place)
})

test('an address that somebody made up is home', async (t) => {
  for (const hash of ['', '#', '#/c/', '#/c/<script>', `#/x/${ID}`, '#/c/../../etc'])
    t.strictSame(placeFrom(hash), { kind: 'home' })
})
