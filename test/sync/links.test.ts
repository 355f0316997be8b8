import { test } from 'tap'
import type { PeerId } from '#ports/carrier.ts'
import { openLinks } from '#sync/links.ts'
import { virtualClock } from '../support/clock.ts'

const radio = { carrier: 'radio', peer: 'bravo' as PeerId }

test('a link tells since when it is as it is, and what went over it', async (t) => {
  const { links, clock, send } = aLink()

  links.turned(radio, true)
  await clock.advance(1_000)
  links.received(radio, 30)
  await send(100, 50)
  await send(100, 50)

  t.match(links.all(), [
    {
      ...radio,
      isUp: true,
      since: 1_000,
      sentBytes: 200,
      receivedBytes: 30,
      bytesPerSecond: 2_000,
      roundTripMs: 50,
    },
  ])
  links.turned(radio, false)
  t.match(links.all(), [{ isUp: false, since: 2_100, sentBytes: 200 }])
})

test('idle time is no part of the rate', async (t) => {
  const { links, clock, send } = aLink()
  await send(1_000, 1_000)
  await clock.advance(3_600_000)

  await send(1_000, 1_000)

  t.match(links.all(), [{ bytesPerSecond: 1_000 }])
})

test('what is under way together counts its time once', async (t) => {
  const { links, clock } = aLink()
  const flights = [links.launched(radio), links.launched(radio), links.launched(radio)]
  await clock.advance(1_000)
  for (const flight of flights) {
    flight.answered({ bytes: 5_000, changes: 50 })
    flight.ended()
  }

  t.match(links.all(), [{ bytesPerSecond: 15_000, bytesPerChange: 100, roundTripMs: 0 }])
})

test('the rate follows what the link does lately', async (t) => {
  const { links, send } = aLink()
  for (let each = 0; each < 100; each += 1) await send(10_000, 1_000)
  for (let each = 0; each < 200; each += 1) await send(1_000, 1_000)

  const [link] = links.all()
  t.ok(link && link.bytesPerSecond > 900 && link.bytesPerSecond < 1_800, `${link?.bytesPerSecond}`)
})

test('a link tells since when it owes an answer', async (t) => {
  const { links, clock } = aLink()
  const [first, second] = [links.launched(radio), links.launched(radio)]
  await clock.advance(5_000)
  t.match(links.all(), [{ unansweredSince: 1_000 }])

  first.answered({ bytes: 10, changes: 1 })
  first.ended()
  t.match(links.all(), [{ unansweredSince: 6_000 }], 'it answers, and owes another one')
  second.ended()

  t.equal(links.all()[0]?.unansweredSince, undefined, 'it was given up')
})

test('two peers of one carrier are two links', async (t) => {
  const { links } = aLink()

  links.turned(radio, true)
  links.received({ carrier: 'radio', peer: 'charlie' as PeerId }, 5)

  t.match(links.all(), [
    { peer: 'bravo', isUp: true, receivedBytes: 0 },
    { peer: 'charlie', isUp: false, receivedBytes: 5 },
  ])
})

function aLink() {
  const clock = virtualClock(1_000)
  const links = openLinks(clock)
  const send = async (bytes: number, ms: number): Promise<void> => {
    const flight = links.launched(radio)
    await clock.advance(ms)
    flight.answered({ bytes, changes: 1 })
    flight.ended()
  }
  return { links, clock, send }
}
