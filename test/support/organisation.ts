/** Organisations and their nodes, with keys that follow from their names: the same in every run. */
import { bytesFromText } from '#base/bytes.ts'
import { sha256 } from '#base/hash.ts'
import { must } from '#base/assert.ts'
import { issueCertificate, openIdentity, organisationIdOf } from '#trust/identity.ts'
import type { Identity, NodeRole, Organisation } from '#trust/identity.ts'
import { keyPairFromSeed, type KeyPair } from '#trust/keys.ts'

/** An organisation, its root keys, and a way to enrol nodes in it. */
export interface TestOrganisation {
  readonly organisation: Organisation
  readonly root: KeyPair
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
export function anOrganisation(name = 'relief'): TestOrganisation {
  const root = keyPairFromSeed('ed25519', seedOf(`${name} root`))
  const id = organisationIdOf(root.publicBytes)
  const organisation = { id, name, rootKey: root.publicBytes, code: 'rel' }
  return {
    organisation,
    root,
    node: (nodeName, { number = 1, role = 'kit' } = {}) => {
      const seeds = {
        signing: seedOf(`${nodeName} signing`),
        sealing: seedOf(`${nodeName} sealing`),
      }
      const certificate = issueCertificate(root, {
        number,
        name: nodeName,
        role,
        issuedAt: 1_770_000_000_000,
        signingKey: keyPairFromSeed('ed25519', seeds.signing).publicBytes,
        sealingKey: keyPairFromSeed('x25519', seeds.sealing).publicBytes,
      })
      return must(openIdentity(organisation, seeds, certificate), 'a test identity opens')
    },
  }
}
