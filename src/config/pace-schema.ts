/** By which way channels' messages go when the usual one fails (PACE): rules, their letters, and when each is left. */
import { z } from 'zod'
import { LANES } from '#model/precedence.ts'
import { DAY_MS, flag, object, oneOf, text, wanted, whole } from './schema-words.ts'

const MINUTE_MS = 60_000
const BITS_MAX = 1_000_000_000
const BYTES_MAX = 1_000_000
const RULES_MAX = 32
const CHANNELS_MAX = 2_000
const VALUES_MAX = 64
const HOURS_MAX = 8_784

const carrier = text(
  /^[a-z0-9-]{1,32}$/,
  'the name of a carrier, such as lan, nats, sbd or courier',
)
const carriers = z
  .array(carrier, wanted('a list of names of carriers'))
  .max(8, wanted('at most 8 carriers'))
const words = z
  .array(z.string(wanted('a text')).min(1, wanted('a text')), wanted('a list of texts'))
  .max(VALUES_MAX, wanted(`at most ${VALUES_MAX} texts`))

const PacedLetter = object({
  letter: oneOf(['P', 'A', 'C', 'E']).describe(
    'primary, alternate, contingency or emergency; each once, in this order.',
  ),
  carriers: carriers
    .min(1, wanted('at least one carrier'))
    .describe('Names of carriers of this node: lan, courier, sbd, or the name of a post office.'),
  toward: text(/^[a-z0-9-]{1,32}$/, 'the name of a node or of a post office')
    .optional()
    .describe('Who has to be in contact by them for it to be there; anybody unless set.'),
  lanes: z
    .array(oneOf(LANES), wanted('a list of lanes'))
    .min(1, wanted('at least one lane'))
    .default([...LANES])
    .describe('What may go by it, by precedence.'),
  messageBytesMax: whole(64, BYTES_MAX)
    .optional()
    .describe(
      'No longer message goes by it, as it is before packing; what the same node wrote there after one waits with it. Any length unless set.',
    ),
  files: flag.default(true).describe('Whether files may go by it.'),
  downMs: whole(0, 7 * DAY_MS)
    .default(5 * MINUTE_MS)
    .describe('It is left when it was not there for so long. Flash does not wait for that.'),
  rateBpsMin: whole(1, BITS_MAX)
    .optional()
    .describe('It is left when it carries fewer bits a second than this; never unless set.'),
  whenSpent: flag.default(true).describe('Whether it is left when its budget is spent.'),
  queueLane: oneOf(LANES)
    .default('immediate')
    .describe('Whose waiting queueOlderMs is about: this lane and more urgent ones.'),
  queueOlderMs: whole(1_000, 30 * DAY_MS)
    .optional()
    .describe('It is left when something has waited for it for so long; never unless set.'),
  byHand: flag.default(false).describe('Only an operator chooses it, by `holdfast pace set`.'),
})

const PacedRule = object({
  name: text(/^[a-z0-9][a-z0-9-]{0,31}$/, '1 to 32 of a-z, 0-9 and -').describe(
    'What it is called, shown to people.',
  ),
  channels: z
    .array(text(/^[a-z0-9]{26}$/, 'the id of a channel'), wanted('a list of ids of channels'))
    .max(CHANNELS_MAX, wanted(`at most ${CHANNELS_MAX} channels`))
    .optional()
    .describe('Ids of the channels that it is for; any unless set.'),
  label: z
    .record(text(/^[a-z][a-zA-Z0-9-]{0,31}$/, 'the name of an attribute'), words)
    .optional()
    .describe(
      "It is for channels whose label has one of these values of each attribute. A rule without channels and label is for all the rest, people's names and audits too.",
    ),
  letters: z
    .array(PacedLetter, wanted('a list of letters'))
    .min(1, wanted('at least one letter'))
    .max(4, wanted('at most 4 letters')),
  alsoBy: carriers
    .default(['lan', 'courier'])
    .describe('Carriers that take it whatever letter stands; one that a letter names does not.'),
  holdMs: whole(0, 7 * DAY_MS)
    .default(10 * MINUTE_MS)
    .describe('A better letter has to be there for so long before traffic returns to it.'),
})

/** The part of the config about PACE. */
export const Pace = object({
  rules: z
    .array(PacedRule, wanted('a list of rules'))
    .max(RULES_MAX, wanted(`at most ${RULES_MAX} rules`))
    .default([])
    .describe('The first that is for a channel counts. Everything goes by any carrier unless set.'),
  drillEveryHours: whole(1, HOURS_MAX)
    .optional()
    .describe(
      'Every carrier of a letter is proved by a probe this often; only when asked unless set.',
    ),
})
