/** Secure sessions of two nodes, without any network. */
import assert from 'node:assert/strict'
import type { Identity } from '#trust/identity.ts'
import { openRoster, type Roster } from '#trust/roster.ts'
import {
  beginSession,
  readHello,
  readProof,
  type Session,
  type SessionParty,
} from '#trust/session.ts'
import { anOrganisation, seedOf } from './organisation.ts'

/** A party that objects to nobody. */
export function aParty(
  identity: Identity,
  roster: Roster = openRoster(identity.organisation),
): SessionParty {
  return { identity, authority: roster.authority, objectionTo: () => undefined }
}

/** Both ends of one session between alpha, who began it, and bravo. */
export function aSessionPair(): { readonly alpha: Session; readonly bravo: Session } {
  const relief = anOrganisation('relief')
  const [ours, theirs] = [relief.node('alpha'), relief.node('bravo')].map((identity, at) =>
    beginSession(
      aParty(identity),
      at === 0 ? 'initiator' : 'responder',
      Buffer.concat([seedOf(`ephemeral ${at}`), seedOf('nonce').subarray(0, 16)]),
    ),
  )
  assert.ok(ours && theirs)
  const [met, metToo] = [readHello(ours, theirs.hello), readHello(theirs, ours.hello)]
  assert.ok(met.ok && metToo.ok)
  const alpha = readProof(met.meeting, metToo.meeting.proof)
  const bravo = readProof(metToo.meeting, met.meeting.proof)
  assert.ok(alpha.ok && bravo.ok)
  return { alpha: alpha.session, bravo: bravo.session }
}
