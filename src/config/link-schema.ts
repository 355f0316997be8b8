/** What a link profile may say: a file in `edge-config/links`, or one of the operator's own beside the config. */
import { z } from 'zod'
import type { LinkProfile } from '#tariff/profile.ts'
import { object, oneOf, text, wanted, whole } from './schema-words.ts'

const RATE_BPS_MAX = 100_000_000_000
const BYTES_MAX = 100_000_000
const MINUTES_OF_A_DAY = 1_440
const MONEY = 'an amount of money, 0 to 1000000'

const money = z.number(wanted(MONEY)).min(0, wanted(MONEY)).max(1_000_000, wanted(MONEY))

const byBytes = {
  pricePerMegabyte: money.describe('Price of a million bytes, both ways.'),
  stepBytes: whole(1, BYTES_MAX).default(1).describe('Billed in steps of so many bytes.'),
  leastBytes: whole(0, BYTES_MAX).default(0).describe('Billed as so many bytes at the least.'),
}

const TariffShape = z.discriminatedUnion(
  'shape',
  [
    object({ shape: z.literal('flat') }),
    object({ shape: z.literal('bytes'), ...byBytes }),
    object({
      shape: z.literal('minutes'),
      pricePerMinute: money.describe('Price of a minute.'),
      stepMs: whole(1, 3_600_000).default(60_000).describe('Billed in steps of so long.'),
      leastMs: whole(0, 3_600_000).default(60_000).describe('Billed as so long at the least.'),
    }),
    object({
      shape: z.literal('messages'),
      ...byBytes,
      emptyBytes: whole(0, BYTES_MAX)
        .default(0)
        .describe(
          'A session in which nothing is sent and nothing comes is billed as so many bytes.',
        ),
    }),
  ],
  wanted('a tariff of shape flat, bytes, minutes or messages'),
)

const time = text(/^(?:[01]\d|2[0-3]):[0-5]\d$/, 'a time of day in UTC, such as 18:30').transform(
  (clock) => Number(clock.slice(0, 2)) * 60 + (Number(clock.slice(3)) % MINUTES_OF_A_DAY),
)

const Shape = object({
  $schema: z.string().optional(),
  about: text(/^.{1,300}$/, 'what kind of link it is').describe('What kind of link it is.'),
  upBps: whole(1, RATE_BPS_MAX).describe('Bits a second from here.'),
  downBps: whole(1, RATE_BPS_MAX).describe('Bits a second to here.'),
  roundTripMs: whole(0, 600_000).describe('There and back.'),
  overhead: object({
    connectBytes: whole(0, BYTES_MAX).describe('Bytes of a connect, both ways, with all headers.'),
    connectRoundTrips: whole(0, 100).describe('Round trips until a connect stands.'),
    parcelBytes: whole(0, BYTES_MAX).describe('Bytes beside those of a parcel, with its answer.'),
    packetBytes: whole(0, 10_000).describe('Bytes of each packet beyond the first of a parcel.'),
    packetPayloadBytes: whole(1, 65_535).describe('How much of a parcel a packet takes.'),
    upPercent: whole(0, 100).default(60).describe('How many of a hundred of those bytes go up.'),
  }),
  currency: text(/^[A-Z]{3}$/, 'three letters, such as EUR').default('EUR'),
  tariff: TariffShape.describe('How it is billed.'),
  opens: object({ from: time, to: time })
    .transform(({ from, to }) => ({ fromMinute: from, toMinute: to }))
    .optional()
    .describe('When it is open, in UTC; always unless set.'),
  line: oneOf(['stands', 'on demand'])
    .default('stands')
    .describe('Whether the line stands, or is dialled for what waits, filled and closed.'),
  idleMs: whole(1_000, 3_600_000)
    .default(10_000)
    .describe('A line on demand is closed when nothing moved for so long.'),
})

/** A link profile as it stands in its file. */
export const LinkFile: z.ZodType<LinkProfile> = Shape
