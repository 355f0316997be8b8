/** What may be set of the ways to other nodes. */
import { z } from 'zod'
import { dialled, metered } from './budget-schema.ts'
import { Sbd } from './sbd-schema.ts'
import {
  address,
  DAY_MS,
  file,
  flag,
  HOST,
  interfaces,
  object,
  PORT,
  text,
  wanted,
  whole,
} from './schema-words.ts'

const server = text(
  new RegExp(`^(?:nats|tls)://${HOST}(?::${PORT})?$`),
  'nats://host:port or tls://host:port, without user and password',
)

const receiptDelayMs = whole(0, 3_600_000).describe(
  'How long a receipt may wait for other traffic to ride along with.',
)

const backOffMsMax = whole(1_000, DAY_MS).describe('Longest wait between two attempts to connect.')

const Lan = object({
  kind: z.literal('lan').describe('Other nodes directly, over the network this node is on.'),
  dial: z
    .array(address, wanted('a list of host:port'))
    .max(64, wanted('at most 64 addresses'))
    .default([])
    .describe('Nodes this one calls, as host:port. Nodes that call this one need no entry.'),
  lookOn: interfaces.describe(
    'Network interfaces on which nodes of the organisation are looked for by DNS-SD, and called; none unless named. Leave out what is paid by the byte.',
  ),
  receiptDelayMs: receiptDelayMs.default(200),
  backOffMsMax: backOffMsMax.default(30_000),
  keepAliveMs: whole(1_000, DAY_MS)
    .optional()
    .describe(
      'Looks whether the other is still there when a connection was idle for so long: for a router that forgets idle connections. Never unless set.',
    ),
  ...metered,
})

const Tls = object({
  caFile: file
    .optional()
    .describe("Certificate authority of the server, PEM. Without it the system's are trusted."),
  certFile: file.optional().describe("This node's certificate for the server, PEM."),
  keyFile: file.optional().describe('Private key of certFile, PEM.'),
  serverName: text(/^[A-Za-z0-9][A-Za-z0-9.-]{0,252}$/, 'a host name')
    .optional()
    .describe("Name in the server's certificate, when it is not the one that is dialled."),
})

const Nats = object({
  kind: z.literal('nats').describe('A post office: a NATS server with JetStream, 2.9.10 or newer.'),
  name: text(/^[a-z0-9-]{1,32}$/, '1 to 32 of a-z, 0-9 and -')
    .default('nats')
    .describe('Name of this post office, shown to people. Another name means another post office.'),
  servers: z
    .array(server, wanted('a list of nats://host:port'))
    .min(1, wanted('at least one nats://host:port'))
    .max(16, wanted('at most 16 servers'))
    .describe('Its servers, tried in this order.'),
  tls: Tls.optional().describe('TLS towards the server; leave out for none.'),
  user: text(/^[^\s]{1,128}$/, 'a user name without spaces')
    .optional()
    .describe('User name at the server, together with passwordFile.'),
  passwordFile: file.optional().describe('Path of a file with nothing but the password.'),
  nkeySeedFile: file
    .optional()
    .describe('Path of a file with the seed of an nkey, instead of a password.'),
  provision: flag
    .default(false)
    .describe('Whether this node creates the streams when they are missing; one hub does.'),
  streamBytesMax: whole(1_000_000, 1_000_000_000_000)
    .default(1_000_000_000)
    .describe('Room for envelopes in the stream. A full one refuses more until some are too old.'),
  fileStreamBytesMax: whole(1_000_000, 1_000_000_000_000)
    .default(1_000_000_000)
    .describe(
      'Room for pieces of files, in a stream of their own. When it is full the oldest gives way.',
    ),
  streamDaysMax: whole(1, 3_650).default(30).describe('How long both streams keep an envelope.'),
  streamReplicas: whole(1, 5)
    .default(1)
    .describe('Copies of both streams in a cluster; more than 1 only with servers from 2.12.3.'),
  receiptDelayMs: receiptDelayMs.default(30_000),
  connectTimeoutMs: whole(1_000, 600_000)
    .default(120_000)
    .describe('How long an attempt to connect may go on without a byte coming in.'),
  backOffMsMax: backOffMsMax.default(60_000),
  idleProbeMs: whole(10_000, DAY_MS)
    .optional()
    .describe(
      'Asks an idle line for life this often, for a router that forgets idle lines. Never unless set.',
    ),
  ...metered,
  ...dialled,
})

/** One way to other nodes, by its kind. */
export const Carrier = z.discriminatedUnion(
  'kind',
  [Lan, Nats, Sbd],
  wanted('a carrier of kind lan, nats or sbd'),
)
