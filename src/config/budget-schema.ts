/** What may be spent on a carrier, and when its line is dialled: keys that carriers of every kind have. */
import { z } from 'zod'
import { object, oneOf, text, wanted, whole } from './schema-words.ts'

const AMOUNT_MAX = 1_000_000_000_000
const HOURS_MAX = 8_784

const limit = whole(0, AMOUNT_MAX).optional()

const Budget = object({
  window: oneOf(['day', 'month', 'pass'])
    .default('day')
    .describe(
      'Over what it counts: a day or a month of the calendar (UTC), or passes of passHours.',
    ),
  passHours: whole(1, HOURS_MAX).default(6).describe('How long a pass is, in hours.'),
  bytesMax: limit.describe(
    'So many bytes in a window, as the operator counts them; any unless set.',
  ),
  minutesMax: limit.describe('So many minutes of airtime in a window; any unless set.'),
  moneyMax: z
    .number(wanted('an amount of money'))
    .min(0, wanted('an amount of money'))
    .max(AMOUNT_MAX / 1_000, wanted('an amount of money'))
    .optional()
    .describe('So much money in a window, in the currency of the link; any unless set.'),
  flashReservePercent: whole(0, 90)
    .default(20)
    .describe('So many of a hundred of each limit are kept for flash messages.'),
  alarmPercents: z
    .array(whole(1, 100), wanted('a list of percents'))
    .max(8, wanted('at most 8 percents'))
    .default([50, 80, 95])
    .describe('The operator is told when so many of a hundred are spent.'),
})

/** The name of a profile in `edge-config/links`, or in `linkFolder`. */
const link = text(/^[a-z0-9][a-z0-9-]{0,31}$/, 'the name of a link profile, such as certus-100')

const LINK =
  'Profile of the link it goes over, with its tariff: a file of linkFolder, or of edge-config/links.'

/** Keys of every carrier. */
export const metered = {
  link: link.optional().describe(`${LINK} It costs nothing unless set.`),
  budget: Budget.optional().describe('What may be spent; any amount unless set.'),
}

/** Keys of short burst data, which is always billed. */
export const meteredMessages = {
  ...metered,
  link: link.default('sbd').describe(LINK),
}

/** Keys of a carrier that dials. */
export const dialled = {
  dialAt: z
    .array(
      text(/^(?:[01]\d|2[0-3]):[0-5]\d$/, 'a time of day in UTC, such as 18:30'),
      wanted('a list of times'),
    )
    .max(96, wanted('at most 96 times'))
    .default([])
    .describe('A line on demand is dialled at these times (UTC), whatever waits.'),
  gatherMsMax: whole(0, 86_400_000)
    .default(21_600_000)
    .describe(
      'A line on demand is dialled for what is neither flash nor immediate when it has waited so long, or fills a session.',
    ),
}
