/** Organisations and their nodes, with keys that follow from their names: the same in every run. */
import { bytesFromText } from '#base/bytes.ts'
import { sha256 } from '#base/hash.ts'
import { must } from '#base/assert.ts'
import {
  ALL_RIGHTS,
  issueCertificate,
  NO_RIGHTS,
  openIdentity,
  organisationIdOf,
  rootIssuer,
} from '#trust/identity.ts'
import type { Identity, NodeRole, Organisation } from '#trust/identity.ts'
import { signingPair, SUITE_NACL, type KeyPair, type Suite } from '#trust/keys.ts'
import { openRoster, type Roster } from '#trust/roster.ts'

/** An organisation, its root keys, and a way to enrol nodes in it. */
export interface TestOrganisation {
  readonly organisation: Organisation
  readonly root: KeyPair
  /** A fresh roster that knows these nodes. */
  readonly roster: (...nodes: readonly Identity[]) => Roster
  /** A member node. The same name has the same keys, in whichever organisation. */
  readonly node: (
    name: string,
    facts?: { readonly number?: number; readonly role?: NodeRole },
  ) => Identity
}

/** 32 bytes that follow from `text`. */
export function seedOf(text: string): Uint8Array {
  return sha256(bytesFromText(`test seed ${text}`))
}

/** The organisation of this name. */
export function anOrganisation(name = 'relief', suite: Suite = SUITE_NACL): TestOrganisation {
  const root = signingPair(suite, seedOf(`${name} root`))
  const id = organisationIdOf(suite, root.publicBytes)
  const organisation = { id, name, suite, rootKey: root.publicBytes, code: 'rel' }
  return {
    organisation,
    root,
    roster: (...nodes) => {
      const roster = openRoster(organisation)
      for (const { certificateBytes } of nodes) roster.introduce(certificateBytes)
      return roster
    },
    node: (nodeName, { number = 1, role = 'kit' } = {}) => {
      const seed = seedOf(`${nodeName} signing`)
      const certificate = issueCertificate(rootIssuer(suite, root), {
        number,
        name: nodeName,
        role,
        rights: role === 'hub' ? ALL_RIGHTS : NO_RIGHTS,
        validFrom: 1_770_000_000_000,
        validUntil: 1_970_000_000_000,
        signingKey: signingPair(suite, seed).publicBytes,
      })
      const authority = { organisation, certificateOf: () => undefined }
      return must(openIdentity(authority, seed, certificate), 'a test identity opens')
    },
  }
}
