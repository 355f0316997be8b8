/** Golden vectors of what trust rests on, in both suites: certificates, sealing keys, epochs, keys, statements. */
import { must } from '#base/assert.ts'
import { bytesFromText, concatBytes, hexFromBytes } from '#base/bytes.ts'
import { sha256 } from '#base/hash.ts'
import { writeCourierFile } from '#codec/courier-file.ts'
import { openEnvelope, sealEnvelope } from '#codec/envelope.ts'
import { nameOfSealingKey } from '#model/key-book.ts'
import { attestationOf, noteStatement, type Attested } from '#trust/attestation.ts'
import {
  auditScope,
  epochOf,
  openKeyring,
  wrapEpoch,
  type Epoch,
  type Keyring,
  type Scope,
} from '#trust/epoch.ts'
import { issueCertificate, NO_RIGHTS, type Identity } from '#trust/identity.ts'
import { agree, agreementPair, signingPair, SUITES, type Suite } from '#trust/keys.ts'
import type { TwinKey } from '#trust/twin-seal.ts'
import { openRoster, type Roster } from '#trust/roster.ts'
import { sealingPair, sealSecret } from '#trust/sealing-key.ts'
import { anOrganisation, seedOf, type TestOrganisation } from '../support/organisation.ts'
import { seededRandom } from '../support/random.ts'
import { actorAt, actors, lifeOf, ops, organisationSecret } from '../support/wire.ts'
import type { Vectors } from './make.ts'

/** What stands for a note: a statement is over its bytes, whatever they say. */
const NOTE = bytesFromText('body')

/** Everything in `trust.json`. */
export function trustVectors(signed: Attested): Vectors {
  return {
    actors,
    suites: SUITES.map((suite) => suiteVectors(suite, signed)),
    noteStatement: {
      note: hexFromBytes(NOTE),
      statement: hexFromBytes(
        noteStatement(anOrganisation('relief').organisation.id, { actor: actorAt(0), body: NOTE }),
      ),
    },
  }
}

/** The nodes of the vectors in a suite: a hub and a kit that the root let in, and a kit that the hub let in. */
export interface VectorNodes {
  readonly relief: TestOrganisation
  readonly hub: Identity
  readonly alpha: Identity
  /** Certificate of a node that `hub` let in. */
  readonly issued: Uint8Array
}

/** The same in every run, but for ECDSA's signatures. */
export function vectorNodes(suite: Suite): VectorNodes {
  const relief = anOrganisation('relief', suite)
  const hub = relief.node('hub', { number: 1, role: 'hub' })
  const alpha = relief.node('alpha', { number: 2 })
  const { organisation } = relief
  const issued = issueCertificate(
    { organisation, node: hub.certificate.node, sign: hub.sign },
    {
      number: 128,
      name: 'bravo',
      role: 'relay',
      rights: NO_RIGHTS,
      validFrom: 1_780_000_000_000,
      validUntil: 1_850_000_000_000,
      signingKey: signingPair(suite, seedOf('bravo signing')).publicBytes,
    },
  )
  return { relief, hub, alpha, issued }
}

/** A roster and a keyring that open what the vectors of a suite hold. */
export function vectorReaders(suite: Suite): { readonly roster: Roster; readonly keyring: Keyring } {
  const { relief, hub, alpha, issued } = vectorNodes(suite)
  const roster = openRoster(relief.organisation)
  for (const { certificateBytes } of [hub, alpha]) roster.introduce(certificateBytes)
  roster.introduce(issued)
  const keyring = openKeyring(suite, relief.organisation.id, organisationSecret)
  keyring.hold(anEpoch(suite, alpha))
  for (const [scope, audience] of [
    [ops, ops],
    [auditScope(alpha.certificate.node), alpha.certificate.node],
  ] as const)
    keyring.addScope(scope, audience)
  return { roster, keyring }
}

/** What an envelope of a suite opens to, as the vectors have it. */
export function openedInSuite(suite: Suite, bytes: Uint8Array): Vectors {
  const { roster, keyring } = vectorReaders(suite)
  const opened = openEnvelope(bytes, roster, keyring)
  if (!opened.ok) return { reason: opened.reason }
  const { header, body, actor, key, signature } = opened
  const isSigned =
    signature !== undefined && roster.verify(opened.sender.node, header, signature)
  return {
    header: hexFromBytes(header),
    body: hexFromBytes(body),
    actor,
    scope: key.scope,
    isSigned,
  }
}

function suiteVectors(suite: Suite, signed: Attested): Vectors {
  const { relief, hub, alpha, issued } = vectorNodes(suite)
  const { organisation } = relief
  const statement = attestationOf(organisation.id, signed)
  return {
    suite: suite.number,
    seeds: {
      root: hexFromBytes(seedOf('relief root')),
      door: hexFromBytes(organisationSecret),
      hubSigning: hexFromBytes(seedOf('hub signing')),
      alphaSigning: hexFromBytes(seedOf('alpha signing')),
      bravoSigning: hexFromBytes(seedOf('bravo signing')),
    },
    organisation: { id: organisation.id, rootKey: hexFromBytes(organisation.rootKey) },
    certificates: [hub.certificateBytes, alpha.certificateBytes, issued].map((bytes) =>
      certificateVector(suite, bytes),
    ),
    agreement: agreementVector(suite),
    sealing: sealingVector(suite),
    epoch: epochVector(suite, alpha),
    keys: keyVectors(suite, alpha),
    courier: courierVector(suite),
    attestation: {
      ...signed,
      statement: hexFromBytes(statement),
      signature: hexFromBytes(alpha.sign(statement)),
    },
    envelopes: [undefined, alpha.sign].map((sign) => envelopeVector(suite, alpha, sign)),
  }
}

function certificateVector(suite: Suite, bytes: Uint8Array): Vectors {
  const { roster } = vectorReaders(suite)
  const certificate = must(roster.introduce(bytes), 'the vectors are genuine')
  const { signingKey, issuer, ...facts } = certificate
  return {
    ...facts,
    issuer: issuer ?? null,
    signingKey: hexFromBytes(signingKey),
    statement: hexFromBytes(bytes.subarray(0, -suite.signatureBytes)),
    bytes: hexFromBytes(bytes),
  }
}

function agreementVector(suite: Suite): Vectors {
  const [mine, theirs] = ['one', 'other'].map((name) => agreementPair(suite, seedOf(name)))
  const [one, other] = [must(mine, 'a pair'), must(theirs, 'a pair')]
  return {
    seeds: ['one', 'other'].map((name) => hexFromBytes(seedOf(name))),
    publicKeys: [one, other].map(({ publicBytes }) => hexFromBytes(publicBytes)),
    secret: hexFromBytes(must(agree(suite, one.privateKey, other.publicBytes), 'they agree')),
  }
}

function sealingVector(suite: Suite): Vectors {
  const seed = sealingSeed()
  const { publicBytes } = sealingPair(suite, seed)
  const sealed = must(sealSecret(suite, publicBytes, seededRandom(3)), 'it is sealed')
  const { node } = anOrganisation('relief', suite).node('alpha').certificate
  return {
    node,
    seed: hexFromBytes(seed),
    publicKey: hexFromBytes(publicBytes),
    name: nameOfSealingKey(node, publicBytes),
    ciphertext: hexFromBytes(sealed.ciphertext),
    secret: hexFromBytes(sealed.secret),
  }
}

/** 96 bytes: for key agreement 32, for ML-KEM-768 64. */
function sealingSeed(): Uint8Array {
  return concatBytes(seedOf('alpha agreement'), seedOf('alpha kem d'), seedOf('alpha kem z'))
}

function anEpoch(suite: Suite, { certificate }: Identity): Epoch {
  const secret = seedOf('epoch secret')
  return epochOf(suite, { audience: ops, number: 3, maker: certificate.node, secret })
}

function epochVector(suite: Suite, alpha: Identity): Vectors {
  const { keyring } = vectorReaders(suite)
  const epoch = anEpoch(suite, alpha)
  const pairSecret = seedOf('pair secret')
  return {
    ...epoch,
    secret: hexFromBytes(epoch.secret),
    pairSecret: hexFromBytes(pairSecret),
    wrap: hexFromBytes(wrapEpoch(suite, pairSecret, epoch)),
    first: { id: keyring.firstEpoch.id, secret: hexFromBytes(keyring.firstEpoch.secret) },
  }
}

function keyVectors(suite: Suite, alpha: Identity): readonly Vectors[] {
  const { keyring } = vectorReaders(suite)
  const made = anEpoch(suite, alpha).id
  const first = keyring.firstEpoch.id
  const places: readonly (readonly [Scope, string])[] = [
    ['keys', keyring.keysKey.epoch],
    ['directory', first],
    [ops, made],
  ]
  return places.map(([scope, epoch]) => {
    const key = must(keyring.keyOf(scope, epoch), 'the keyring holds it')
    return {
      scope,
      epoch,
      hint: hexFromBytes(key.hint),
      bound: hexFromBytes(key.bound),
      keyOfAlpha: exported(key.keyOf(alpha.certificate.node)),
    }
  })
}

/** A file of two frames. */
function courierVector(suite: Suite): Vectors {
  const [secret, salt] = [seedOf('epoch secret'), seedOf('courier salt')]
  const envelopes = [seededRandom(21).bytes(9), seededRandom(22).bytes(4_100)]
  const writer = writeCourierFile(suite, { secret, salt })
  return {
    secret: hexFromBytes(secret),
    salt: hexFromBytes(salt),
    envelopes: envelopes.map((bytes) => ({ length: bytes.length, hash: hexFromBytes(sha256(bytes)) })),
    bytes: hexFromBytes(concatBytes(...envelopes.map(writer.add), writer.end())),
  }
}

function exported({ key }: TwinKey): string {
  return key.export().toString('hex')
}

function envelopeVector(suite: Suite, alpha: Identity, sign: Identity['sign'] | undefined): Vectors {
  const { keyring } = vectorReaders(suite)
  const bytes = sealEnvelope({
    sender: alpha.certificate,
    life: lifeOf('alpha'),
    generation: 0,
    key: must(keyring.keyOf(ops, anEpoch(suite, alpha).id), 'the keyring holds it'),
    body: seededRandom(11).bytes(50),
    sign,
  })
  const signatureBytes = sign === undefined ? 0 : suite.signatureBytes
  return {
    unsigned: hexFromBytes(bytes.subarray(0, bytes.length - signatureBytes)),
    bytes: hexFromBytes(bytes),
    opened: openedInSuite(suite, bytes),
  }
}
