/** What may be set of short burst data over Iridium satellites: a kit has a modem, headquarters the gateway. */
import { z } from 'zod'
import { meteredMessages } from './budget-schema.ts'
import { address, DAY_MS, object, oneOf, text, wanted, whole } from './schema-words.ts'

const HOUR_MS = 3_600_000
const NODE =
  '26 characters of ybndrfg8ejkmcpqxot1uwisza345h769: the id of a node, as in `holdfast status`'
const node = text(/^[ybndrfg8ejkmcpqxot1uwisza345h769]{26}$/, NODE)

const Modem = object({
  device: text(/^\/dev\/[\w./-]{1,200}$/, 'a serial port, such as /dev/ttyUSB0')
    .optional()
    .describe('Serial port of the modem; or address, one of the two.'),
  baud: whole(1_200, 1_000_000).default(19_200).describe('Rate of the serial port.'),
  address: address.optional().describe('Serial server that the modem is behind, as host:port.'),
  hub: node.describe('Id of the node at the other end: headquarters, which has the gateway.'),
  mailboxCheckMs: whole(60_000, 30 * DAY_MS)
    .optional()
    .describe(
      'Looks for messages at the start, and when there was no session for so long: for a modem whose rings may be missed. Never unless set; each look is billed.',
    ),
})
const Gateway = object({
  listen: address.describe('Where the Iridium gateway delivers (DirectIP), as host:port.'),
  allowFrom: z
    .array(z.union([z.ipv4(), z.ipv6()], wanted('an IP address')), wanted('a list of addresses'))
    .max(16, wanted('at most 16 addresses'))
    .default([])
    .describe('Addresses the gateway calls from; any when empty, for a network of its own.'),
  send: address.describe('Where the gateway takes messages for modems (DirectIP), as host:port.'),
  modems: z
    .array(
      object({
        imei: text(/^\d{15}$/, '15 digits').describe('The modem, by its IMEI.'),
        node: node.describe('Id of the node that has it.'),
      }),
      wanted('a list of {imei, node}'),
    )
    .min(1, wanted('at least one modem'))
    .max(10_000, wanted('at most 10000 modems'))
    .describe('Which modem is whose: imei and node of each.'),
})
/** The carrier of kind `sbd`. */
export const Sbd = object({
  kind: z.literal('sbd').describe('Short burst data over Iridium satellites, 340 bytes at a time.'),
  modem: Modem.optional().describe("A kit's end."),
  gateway: Gateway.optional().describe("Headquarters' end."),
  lanes: z
    .array(oneOf(['flash', 'immediate', 'priority', 'routine']), wanted('a list of lanes'))
    .min(1, wanted('at least one lane'))
    .max(4, wanted('at most 4 lanes'))
    .default(['flash', 'immediate', 'priority'])
    .describe('What may go by it; the rest waits for another way.'),
  receiptDelayMs: whole(0, HOUR_MS)
    .default(60_000)
    .describe('How long a receipt may wait for other traffic to ride along with.'),
  gatherMs: whole(0, HOUR_MS)
    .default(30_000)
    .describe('How long what is not flash or immediate waits for more to share a message with.'),
  ...meteredMessages,
})
