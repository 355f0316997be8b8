/** How the end of a session is told in the log: what somebody should look at, or do something about, is a warning. */
import type { Facts } from '#base/errors.ts'
import type { Log } from '#ports/log.ts'
import type { SessionEnd } from './lan-session.ts'

/** What somebody should look at: a peer that is broken, or a stranger. */
const SUSPECT: ReadonlySet<SessionEnd> = new Set<SessionEnd>([
  'malformed',
  'unknown-version',
  'not-a-member',
  'reflected',
  'wrong-proof',
  'weak-key',
  'wrong-seal',
  'broken-parcel',
  'reads-too-slowly',
])

/** What somebody has to do something about. */
const REMEDIES: Partial<Record<SessionEnd, string>> = {
  expired: "the peer's certificate has expired: renew it there, or set this clock right",
  revoked: 'the peer is revoked: let it in anew with new keys if it is in good hands',
  'expired-says-peer': 'our certificate has expired for the peer: run holdfast doctor',
  'revoked-says-peer': 'the organisation has revoked this node: ask an administrator',
}

/** Tells why a session ended. */
export function reportEnd(log: Log, facts: Facts & { readonly reason: SessionEnd }): void {
  const remedy = REMEDIES[facts.reason]
  if (remedy !== undefined) log.warn('lan.session-end', { ...facts, remedy })
  else if (SUSPECT.has(facts.reason)) log.warn('lan.session-end', facts)
  else log.info('lan.session-end', facts)
}
