/** This node's identity as the roster has it now: a certificate that is renewed while the node runs counts at once. */
import type { Identity } from './identity.ts'
import type { Roster } from './roster.ts'

/** The same identity, always with the newest certificate that the roster knows for it. */
export function livingIdentity(identity: Identity, roster: Roster): Identity {
  const { organisation, sign, certificate, certificateBytes } = identity
  roster.introduce(certificateBytes)
  return {
    organisation,
    sign,
    get certificate() {
      return roster.byNode(certificate.node) ?? certificate
    },
    get certificateBytes() {
      return roster.bytesOf(certificate.node) ?? certificateBytes
    },
  }
}
