import { test } from 'tap'
import { connectUse, megabytePrice, packedUse, parcelUse } from '#tariff/profile.ts'
import { aTerms } from '../support/terms.ts'

const overhead = {
  connectBytes: 4_000,
  connectRoundTrips: 5,
  parcelBytes: 200,
  packetBytes: 80,
  packetPayloadBytes: 1_400,
  upPercent: 50,
}

test('a parcel takes its bytes, what goes around it, and the time of both', async (t) => {
  const { profile } = aTerms({ profile: { overhead } })

  t.strictSame(parcelUse(profile, 800), { bytes: 1_000, ms: 1_000 })
  t.strictSame(parcelUse(profile, 1_401), { bytes: 1_681, ms: 1_681 })
  t.strictSame(connectUse(profile), { bytes: 4_000, ms: 9_000 })
})

test('a megabyte is priced by the line that brings it', async (t) => {
  const minutes = { shape: 'minutes', pricePerMinute: 3, stepMs: 1_000, leastMs: 0 } as const
  const call = aTerms({ profile: { downBps: 8_000, tariff: minutes } })
  const bytes = { shape: 'bytes', pricePerMegabyte: 6, stepBytes: 1, leastBytes: 0 } as const

  t.equal(megabytePrice(call.profile), 50, '1,000 s of it')
  t.equal(megabytePrice(aTerms({ profile: { tariff: bytes } }).profile), 6)
  t.equal(megabytePrice(aTerms({ profile: { tariff: { shape: 'flat' } } }).profile), 0)
})

test('short burst data takes whole messages, each in its steps', async (t) => {
  const { profile } = aTerms({
    profile: {
      tariff: {
        shape: 'messages',
        pricePerMegabyte: 1,
        stepBytes: 50,
        leastBytes: 50,
        emptyBytes: 50,
      },
      overhead: { ...overhead, packetPayloadBytes: 340 },
    },
  })

  t.strictSame(
    [10, 140, 337, 338, 700].map((bytes) => parcelUse(profile, bytes).bytes),
    [50, 150, 350, 400, 750],
  )
  t.equal(packedUse(profile, [100, 100, 100])?.bytes, 350, 'several share a message')
})
