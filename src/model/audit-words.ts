/**
 * The closed lists behind the numbers of an audit. A number is a place in its list: new words are added at the end, none
 * is taken out or moved.
 */

/** Deeds by their number on the wire, which is their place here: new ones are added at the end, none is taken out. */
export const DEEDS = [
  'audit begun',
  'audit continued',
  'person enrolled',
  'signed in',
  'operator signed in',
  'sign-in refused',
  'signed out',
  'request refused',
  'entry without effect',
  'member added',
  'member removed',
  'channel created',
  'message deleted by another',
  'node invited',
  'node admitted',
  'node renewed',
  'node revoked',
  'join refused',
  'epoch made',
  'secret burned',
  'wipe ordered',
  'wipe done',
  'envelope refused',
  'not vouched for',
  'rule broken',
  'fork found',
  'clone noticed',
  'restore noticed',
  'peer refused',
  'drill held',
  'certificate expired',
  'policy changed',
  'store locked',
  'store unlocked',
  'envelope parked',
  'config loaded',
  'action refused',
  'audit exported',
  'release given',
  'release refused',
  'release held',
  'release allowed',
  'want refused',
  'fork unproved',
  'claim doubted',
  'courier exported',
  'courier imported',
  'allowance overridden',
  'password changed',
  'session ended',
  'person deactivated',
  'person activated',
  'person vouched for',
  'access token made',
  'access token ended',
  'bot made',
  'second factor set',
  'second factor removed',
  'passkey added',
  'passkey removed',
  'backup made',
  'purge ordered',
  'messages purged',
  'purge held',
  'hold set',
  'hold ended',
  'retention set',
  'budget alarm',
  'budget raised',
  'letter changed',
  'letter set',
  'link drilled',
  'administrator appointed',
  'administrator dismissed',
] as const

/** What was done. */
export type Deed = (typeof DEEDS)[number]

/** How it ended: `found` is what was noticed rather than done here. In the order of their numbers. */
export const RESULTS = ['done', 'refused', 'found'] as const

/** How a deed ended. */
export type Result = (typeof RESULTS)[number]

/** Why something was refused or suspect, by number like deeds. A reason that is not here is noted as `other`. */
export const REASONS = [
  'other',
  'malformed',
  'unknown version',
  'unknown sender',
  'unknown key',
  'wrong seal',
  'not authentic',
  'ourselves',
  'revoked',
  'expired',
  'not a member',
  'not vouched for',
  'foreign author',
  'foreign list',
  'wrong document',
  'too many wait',
  'too many are parked',
  'not the author',
  'not an administrator',
  'not public',
  'archived',
  'wrong password',
  'wrong code',
  'wrong proof',
  'reflected',
  'weak key',
  'broken parcel',
  'reads too slowly',
  'unknown actor',
  'does not open',
  'does not inflate',
  'taken number',
  'unknown share',
  'replayed',
  'to be wiped',
  'held',
  'restored',
  'unsure',
  'not of the audience',
  'too often',
  'foreign page',
  'not the founder',
  'others know more',
  'copied elsewhere',
  'put back',
  'own changes damaged',
  'key file',
  'passphrase',
  'release',
  'nobody was there',
  'truncated',
  'too large',
  'not a file',
  'too many files',
  'unreadable',
  'allowance spent',
  'not a hub',
  'deactivated',
  'not confirmed for too long',
  'copied passkey',
  'not permitted',
  'moderated',
  'not cleared',
  'not releasable',
  'label too high',
  'rule',
] as const

/** What was asked for and refused: the actions of `trust/access.ts` by number. */
export const REFUSABLE = [
  'other',
  'read channel',
  'post',
  'edit message',
  'delete message',
  'react',
  'join channel',
  'manage members',
  'create channel',
  'enrol person',
  'invite node',
  'read audit',
  'set up',
  'manage release',
  'revoke node',
  'wipe node',
  'look into a capture',
  'lock',
  'use courier',
  'read metrics',
  'train dictionaries',
  'manage accounts',
  'mention channel',
  'manage member roles',
  'read policy',
  'manage policy',
  'send files',
  'pin message',
  'manage channel',
  'back up',
  'purge messages',
  'hold messages',
  'make webhook',
  'manage budget',
  'manage letters',
  'manage administrators',
] as const

/** Names of the small numbers that may stand beside a deed, by number like deeds. */
export const AUDIT_FACTS = [
  /** Number in REASONS. */
  'reason',
  /** Number in REFUSABLE. */
  'action',
  /** Number of a change in its list, or of a node. */
  'number',
  'lane',
  'segment',
  /** The first 32 bits of an epoch's id, or of a life. */
  'name',
  /** 0 none, 1 member, 2 administrator. */
  'role',
  'bytes',
  /** Seconds since 1970. */
  'since',
  /** Milliseconds over which `count` was counted. */
  'withinMs',
  /** Of the suite, the document format, the program: what `policy changed` and `config loaded` are about. */
  'version',
  /** 0 primary, 1 alternate, 2 contingency, 3 emergency. */
  'letter',
] as const

/** One of the names. */
export type AuditFact = (typeof AUDIT_FACTS)[number]

/** On whom or what. In the order of their numbers. */
export const SUBJECT_KINDS = ['person', 'node', 'channel', 'message', 'organisation'] as const

/** The number of a reason as code elsewhere says it, in words or with dashes. */
export function reasonNumber(reason: string): number {
  return Math.max(0, (REASONS as readonly string[]).indexOf(reason.replaceAll('-', ' ')))
}

/** The number of an action that was refused. */
export function actionNumber(action: string): number {
  return Math.max(0, (REFUSABLE as readonly string[]).indexOf(action))
}
