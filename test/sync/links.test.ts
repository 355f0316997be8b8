import { test } from 'tap'
import type { PeerId } from '#ports/carrier.ts'
import { openLinks } from '#sync/links.ts'

const radio = { carrier: 'radio', peer: 'bravo' as PeerId }

test('a link tells since when it is as it is, and what went over it', async (t) => {
  let now = 1_000
  const links = openLinks(() => now)

  links.turned(radio, true)
  now = 2_000
  links.received(radio, 30)
  links.sent(radio, 100, 50)
  links.sent(radio, 100, 50)

  t.match(links.all(), [
    {
      ...radio,
      isUp: true,
      since: 1_000,
      sentBytes: 200,
      receivedBytes: 30,
      bytesPerSecond: 2_000,
    },
  ])
  links.turned(radio, false)
  t.match(links.all(), [{ isUp: false, since: 2_000, sentBytes: 200 }])
})

test('the rate follows what the link does lately, without jumping', async (t) => {
  const links = openLinks(() => 0)
  links.sent(radio, 1_000, 1_000)

  links.sent(radio, 1_000, 100)

  t.match(links.all(), [{ bytesPerSecond: 2_800 }])
})

test('two peers of one carrier are two links', async (t) => {
  const links = openLinks(() => 0)

  links.turned(radio, true)
  links.received({ carrier: 'radio', peer: 'charlie' as PeerId }, 5)

  t.match(links.all(), [
    { peer: 'bravo', isUp: true, receivedBytes: 0 },
    { peer: 'charlie', isUp: false, receivedBytes: 5 },
  ])
})
