/**
 * What an operator may set. Unknown keys are refused by name, every unit is in the key, every default stands here
 * and nowhere else. `edge-config/schema.json` and the table in `edge-config/README.md` are made from this file.
 */
import { z } from 'zod'
import { Browser } from './browser-schema.ts'
import { Backups, Sticks } from './carrying-schema.ts'
import { Carrier } from './carrier-schema.ts'
import { contradictions } from './contradictions.ts'
import { Files } from './files-schema.ts'
import { Lanes } from './lanes-schema.ts'
import { Pace } from './pace-schema.ts'
import { SignIn } from './sign-in-schema.ts'
import {
  address,
  DAY_MS,
  file,
  flag,
  HOST,
  interfaces,
  object,
  oneOf,
  text,
  wanted,
  whole,
} from './schema-words.ts'

const DAYS_MAX = 3_650

const Keys = object({
  rotateAfterDays: whole(1, DAYS_MAX)
    .default(30)
    .describe('A hub makes new keys for every audience when the present ones are so old.'),
  burnAfterDays: whole(1, DAYS_MAX)
    .optional()
    .describe(
      'Keys are destroyed so long after newer ones came; 14 on kits and relays unless set, never on hubs.',
    ),
})

const Compression = object({
  trainAfterDays: whole(0, DAYS_MAX)
    .default(1)
    .describe(
      'A hub looks this often for better dictionaries in the newest messages of its busiest channels; 0 for only when asked.',
    ),
})

const ReadReceipts = object({
  send: flag
    .default(true)
    .describe('Whether other nodes are told that somebody here had a message on a screen.'),
  exceptChannels: z
    .array(text(/^[a-z0-9]{26}$/, 'the id of a channel'), wanted('a list of ids of channels'))
    .max(2_000, wanted('at most 2000 channels'))
    .default([])
    .describe('Ids of channels in which it is the other way round.'),
})

const Listen = object({
  host: z
    .union(
      [z.ipv4(), z.ipv6(), z.literal('localhost')],
      wanted('an IP address of this machine, 0.0.0.0 for all'),
    )
    .default('0.0.0.0')
    .describe('Address of this machine that people and other nodes reach; 0.0.0.0 means all.'),
  port: whole(0, 65_535).default(8_065).describe('TCP port; 0 lets the system pick a free one.'),
  tls: oneOf(['auto', 'require', 'off'])
    .default('auto')
    .describe(
      'auto: TLS and plain HTTP on one port. require: plain HTTP only from this machine itself. off: behind another TLS.',
    ),
  plainHttp: oneOf(['redirect', 'serve'])
    .default('redirect')
    .describe(
      'What plain HTTP gets under auto: /trust and a redirect to https, or everything, with passwords in the clear.',
    ),
  kex: oneOf(['hybrid', 'x25519'])
    .default('hybrid')
    .describe(
      'Key exchange: X25519 with ML-KEM-768, or X25519 alone, which spares 2.3 KB a connection on a thin line.',
    ),
  clientCertificates: oneOf(['none', 'required'])
    .default('none')
    .describe("Whether people's devices must show a certificate of the organisation."),
  announceOn: interfaces.describe(
    'Network interfaces on which this node says by DNS-SD that it is here: name.local, and holdfast.local when nobody else has it. None unless named.',
  ),
  captivePortal: oneOf(['off', 'online', 'page'])
    .default('off')
    .describe(
      "What phones get that ask by plain HTTP whether they are online, where their names lead here. online: yes, so that they stay on a network without internet. page: a sign-in sheet with this node's /welcome.",
    ),
  names: z
    .array(
      text(
        /^(?=.{1,253}$)[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)+$/,
        'a DNS name',
      ),
      wanted('a list of DNS names'),
    )
    .max(16, wanted('at most 16 names'))
    .default([])
    .describe(
      'DNS names by which people reach this node, beside name.local. Others than local ones must be here when the organisation is founded.',
    ),
})

const Unlock = object({
  keyFile: file
    .optional()
    .describe(
      'Path of the key file that opens the store. Without it `keys/store` in the data folder.',
    ),
  passphraseFile: file
    .optional()
    .describe(
      'Path of a file with nothing but the passphrase, for a node that has to start alone.',
    ),
  release: object({
    from: z
      .array(address, wanted('a list of host:port'))
      .min(1, wanted('at least one host:port'))
      .max(16, wanted('at most 16 addresses'))
      .describe(
        'Hubs that are asked, in this order, to release this node when it starts locked, after `holdfast release enable`.',
      ),
  }).optional(),
  lockAfterMs: whole(60_000, 7 * DAY_MS)
    .optional()
    .describe('Locks the node when nobody has used it for so long. Never unless set.'),
  trafficKeepsOpen: flag
    .default(false)
    .describe('Whether messages that come in from other nodes count as use.'),
  cipher: oneOf(['chacha20-poly1305', 'aes-256-gcm'])
    .default('chacha20-poly1305')
    .describe('What everything at rest is sealed with. Fixed when the data folder is made.'),
})

const Syslog = object({
  host: text(new RegExp(`^${HOST}$`), 'a host name or address').describe(
    'Syslog server that gets every entry (RFC 5424).',
  ),
  port: whole(1, 65_535).default(6_514).describe('Its port: 6514 for TLS, often 514 otherwise.'),
  transport: oneOf(['udp', 'tcp', 'tls'])
    .default('tls')
    .describe('How to reach it; udp may lose entries without anybody noticing.'),
  caFile: file
    .optional()
    .describe("Certificate authority of the server, PEM. Without it the system's are trusted."),
})

const Audit = object({
  syslog: Syslog.optional().describe('Where all audits that come to this node are handed on to.'),
  file: file.optional().describe('File to which every entry is added as a line of JSON.'),
})

const BYTES_MAX = 1_000_000_000_000

const DiskRoom = object({
  freeBytesMin: whole(0, BYTES_MAX)
    .default(64_000_000)
    .describe(
      'With less room than this on the disk nothing new is taken in, from people or from nodes; what is here is read and sent.',
    ),
  freeBytesLow: whole(0, BYTES_MAX)
    .default(1_000_000_000)
    .describe('With less room than this on the disk the operator is warned.'),
})

/** What a new node becomes when nobody says otherwise. */
export const DEFAULT_ROLE = 'kit'

const Shape = object({
  $schema: z
    .string(wanted('a path or URL'))
    .optional()
    .describe('For editors; not used by the node.'),
  name: text(/^[a-z0-9][a-z0-9-]{0,30}[a-z0-9]$/, '2 to 32 of a-z, 0-9 and -')
    .optional()
    .describe(
      "Name of this node, fixed when its data folder is made. Without it the machine's name.",
    ),
  role: oneOf(['kit', 'hub', 'relay'])
    .optional()
    .describe(
      `kit goes to the field, hub is headquarters, relay only passes on. Fixed like name; ${DEFAULT_ROLE} if not set then.`,
    ),
  listen: Listen.prefault({}).describe('Where people and other nodes connect to.'),
  keys: Keys.prefault({}).describe('When the keys that seal messages change and go.'),
  compression: Compression.prefault({}).describe(
    'What channels learn of themselves, so that their messages pack small.',
  ),
  disk: DiskRoom.prefault({}).describe('Room on the disk that holds the data folder.'),
  files: Files.prefault({}).describe('Where files are kept.'),
  lanes: Lanes.prefault({}).describe('How urgent messages are treated, lane by lane (ACP 121).'),
  readReceipts: ReadReceipts.prefault({}).describe('Who hears what was read here.'),
  logLevel: oneOf(['error', 'warn', 'info', 'debug'])
    .default('info')
    .describe('Least weight of what is logged.'),
  unlock: Unlock.prefault({}).describe('How the store is opened and locked.'),
  audit: Audit.prefault({}).describe('Receivers of all audits that come to this node, for a SIEM.'),
  browser: Browser.prefault({}).describe(
    'What our client keeps in browsers, and how it is locked.',
  ),
  courier: Sticks.prefault({}).describe('Sticks that people carry.'),
  backup: Backups.prefault({}).describe('Backups that are taken by a browser.'),
  signIn: SignIn.prefault({}).describe('Sources outside that know the people of the organisation.'),
  carriers: z
    .array(Carrier, wanted('a list of carriers'))
    .max(8, wanted('at most 8 carriers'))
    .prefault([{ kind: 'lan' }])
    .describe('Ways to other nodes.'),
  pace: Pace.prefault({}).describe('By which carrier what goes when the usual one fails.'),
  linkFolder: file
    .optional()
    .describe('Folder with link profiles of your own, before those of edge-config/links.'),
})

/** The whole config file. Parsing fills in every default. */
export const Config = Shape.superRefine((config, context) => {
  for (const { path, message } of contradictions(config))
    context.addIssue({ code: 'custom', path: [...path], message })
})

/** What an operator has set, complete and checked. */
export type Config = Readonly<z.output<typeof Shape>>

/** One way to other nodes. */
export type CarrierConfig = Config['carriers'][number]

/** Settings of the direct way to other nodes. */
export type LanConfig = Extract<CarrierConfig, { readonly kind: 'lan' }>

/** Settings of a post office. */
export type NatsConfig = Extract<CarrierConfig, { readonly kind: 'nats' }>

/** Settings of short burst data. */
export type SbdConfig = Extract<CarrierConfig, { readonly kind: 'sbd' }>
