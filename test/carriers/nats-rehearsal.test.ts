import { test } from 'tap'
import { rehearseLine } from '#carriers/nats-rehearsal.ts'
import { aTerms } from '../support/terms.ts'

test('a line that is dialled begins with the dial, and grows with what answers show', async (t) => {
  const { profile } = aTerms({ profile: { upBps: 64_000, downBps: 64_000, roundTripMs: 500 } })
  const line = rehearseLine(profile, undefined)
  const first = line.room()
  t.equal(line.endMs(), 500, 'one round trip to connect')

  for (let count = 0; count < 40; count += 1) {
    line.room()
    line.send(1_000)
  }

  t.ok(line.room().parcelBytes > first.parcelBytes, 'larger parcels')
  const airtimeMs = (40 * 1_000 * 8_000) / 64_000
  t.ok(line.endMs() > airtimeMs && line.endMs() < 3 * airtimeMs, `${line.endMs()} ms`)
})

test('a line that stands is done a round trip after the last byte', async (t) => {
  const { profile } = aTerms({ profile: { upBps: 8_000, roundTripMs: 1_000 } })
  const line = rehearseLine(profile, { rttMs: 1_000, bytesPerSecond: 1_000, samples: [] })

  line.send(400)

  t.ok(line.endMs() >= 1_400 && line.endMs() < 1_600, `${line.endMs()} ms`)
})
