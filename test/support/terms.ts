/** Terms of a carrier for tests: a link of 8 kbit/s whose bytes cost one a megabyte, without a limit. */
import type { LinkProfile } from '#tariff/profile.ts'
import type { Budget, Terms } from '#tariff/terms.ts'

/** What a test may choose. */
export interface TermsChoice {
  readonly profile?: Partial<LinkProfile>
  readonly budget?: Partial<Budget>
  readonly dialling?: Terms['dialling']
}

/** The terms. Nothing but the bytes of parcels is used unless chosen. */
export function aTerms({ profile, budget, dialling }: TermsChoice = {}): Terms {
  return {
    link: 'thin',
    profile: {
      about: 'for tests',
      upBps: 8_000,
      downBps: 8_000,
      roundTripMs: 1_000,
      overhead: {
        connectBytes: 0,
        connectRoundTrips: 1,
        parcelBytes: 0,
        packetBytes: 0,
        packetPayloadBytes: 1_400,
        upPercent: 50,
      },
      currency: 'EUR',
      tariff: { shape: 'bytes', pricePerMegabyte: 1, stepBytes: 1, leastBytes: 0 },
      line: 'stands',
      idleMs: 10_000,
      ...profile,
    },
    budget: budget && {
      window: { kind: 'day' },
      bytesMax: undefined,
      msMax: undefined,
      microsMax: undefined,
      flashReservePercent: 20,
      alarmPercents: [50, 80],
      ...budget,
    },
    dialling,
  }
}
