/** Opens trust.json: in both suites names, certificates, sealing, epochs, keys, envelopes, a courier file. */
import { bytesOf, concat, hash, hex, idOf, must } from './bytes.ts'
import { readCourier } from './courier.ts'
import {
  doorEpochs,
  epochId,
  open,
  scopeKeys,
  senderKey,
  type Epoch,
  type ScopeKeys,
} from './envelope.ts'
import { vectors, type Openers } from './ledger.ts'
import {
  attestation,
  isIssued,
  nodeId,
  noteStatement,
  organisationId,
  readCertificate,
  type UpTo,
} from './names.ts'
import {
  agreed,
  agreementKeyOf,
  derive,
  isSigned,
  pairSecret,
  sealOnce,
  sealingKeyOf,
  signingKeyOf,
  unsealOnce,
  type Suite,
} from './suites.ts'

type Facts<Names extends string> = Readonly<Record<Names, string>>

interface CertificateVector extends Facts<'node' | 'signingKey' | 'bytes'> {
  readonly issuer: string | null
}

export interface SuiteVectors {
  readonly suite: Suite
  readonly seeds: Facts<'root' | 'door' | 'hubSigning' | 'alphaSigning' | 'bravoSigning'>
  readonly organisation: Facts<'id' | 'rootKey'>
  readonly certificates: readonly CertificateVector[]
  readonly agreement: {
    readonly seeds: readonly string[]
    readonly publicKeys: readonly string[]
    readonly secret: string
  }
  readonly sealing: Facts<'node' | 'seed' | 'publicKey' | 'name' | 'ciphertext' | 'secret'>
  readonly epoch: Facts<'audience' | 'maker' | 'secret' | 'id' | 'pairSecret' | 'wrap'> & {
    readonly number: number
    readonly first: Facts<'id' | 'secret'>
  }
  readonly keys: readonly Facts<'scope' | 'epoch' | 'hint' | 'bound' | 'keyOfAlpha'>[]
  readonly courier: Facts<'secret' | 'salt' | 'bytes'> & {
    readonly envelopes: readonly unknown[]
  }
  readonly attestation: UpTo & Facts<'statement' | 'signature'>
}

interface EnvelopeVector extends Facts<'unsigned' | 'bytes'> {
  readonly opened: Facts<'header' | 'body' | 'actor' | 'scope'> & {
    readonly isSigned: boolean
  }
}

export const TRUST = vectors<{
  readonly actors: readonly string[]
  readonly suites: readonly SuiteVectors[]
  readonly noteStatement: { readonly note: string; readonly statement: string }
}>('trust.json')

const SEED_OF: Readonly<Record<string, 'hubSigning' | 'alphaSigning' | 'bravoSigning'>> = {
  hub: 'hubSigning',
  alpha: 'alphaSigning',
  bravo: 'bravoSigning',
}

/** One suite's vectors stand below its place in the file. */
export function trustOpeners(): Openers {
  const all: Record<string, Openers[string]> = {
    actors: 'given',
    noteStatement: () => noteStatementCase(),
  }
  for (const [at, suite] of TRUST.suites.entries())
    for (const [name, opener] of Object.entries(openersOf(suite)))
      all[`suites.${at}.${name}`] = opener
  return all
}

function openersOf(vector: SuiteVectors): Openers {
  const { suite, organisation, epoch } = vector
  return {
    suite: 'given',
    seeds: 'given',
    organisation: () => organisationCase(vector),
    'certificates.*': ({ bytes }: CertificateVector) => certificateCase(vector, bytes),
    agreement: ({ seeds }: SuiteVectors['agreement']) => agreementCase(suite, seeds.map(hex)),
    sealing: () => sealingCase(vector),
    epoch: () => epochCase(vector),
    'keys.*': ({ scope }: SuiteVectors['keys'][number]) => {
      const keys = keysOf(vector, scope)
      const key = senderKey(keys, alphaOf(vector).node)
      return { scope, epoch: digits(keys.epoch), ...said(keys), keyOfAlpha: digits(key) }
    },
    courier: () => courierCase(vector),
    attestation: () => {
      const { document, actor, seq, trail, signature } = vector.attestation
      const list = { document, actor, seq, trail }
      const signed = attestation(bytesOf(organisation.id), list)
      const key = hex(alphaOf(vector).signingKey)
      must(isSigned(suite, key, { signed, signature: hex(signature) }), 'not signed')
      return { ...list, statement: digits(signed), signature }
    },
    'envelopes.*': (value: EnvelopeVector) => envelopeCase(vector, epoch.audience, value),
  }
}

export function alphaOf({ certificates }: SuiteVectors): CertificateVector {
  const [, alpha] = certificates
  must(alpha !== undefined, 'no certificate of alpha')
  return alpha
}

/** The three epochs of the vectors: of the document of keys, number 0, and the channel's. */
function keysOf(vector: SuiteVectors, scope: string): ScopeKeys & { readonly epoch: Buffer } {
  const { suite, organisation, seeds, epoch } = vector
  const [ofKeys, first] = doorEpochs(suite, organisation.id, hex(seeds.door))
  const own: Epoch = { ...epoch, secret: hex(epoch.secret) }
  const used = scope === 'keys' ? ofKeys : scope === 'directory' ? first : own
  return {
    ...scopeKeys(suite, organisation.id, { scope, epoch: used }),
    epoch: epochId(suite, used),
  }
}

function organisationCase({ suite, seeds }: SuiteVectors): unknown {
  const rootKey = signingKeyOf(suite, hex(seeds.root))
  return { id: idOf(organisationId(suite, rootKey)), rootKey: digits(rootKey) }
}

function certificateCase(
  { suite, organisation, certificates, seeds }: SuiteVectors,
  bytes: string,
): unknown {
  const certificate = readCertificate(hex(bytes))
  const { signature, ...facts } = certificate
  const { issuer, signingKey, name, node, statement } = facts
  const byNode = certificates.find((one) => one.node === issuer)?.signingKey
  const key = hex(issuer === null ? organisation.rootKey : (byNode ?? ''))
  const id = bytesOf(organisation.id)
  must(isIssued(certificate, id, key), 'a certificate of nobody')
  must(!isIssued(certificate, id.subarray(1), key), 'a signature for anything')
  const seed = hex(seeds[SEED_OF[name] ?? 'root'])
  must(signingKey.equals(signingKeyOf(suite, seed)), 'the signing key of another')
  must(idOf(nodeId(suite, signingKey)) === node, 'the id of another')
  must(signature.length + statement.length === bytes.length / 2, 'another length')
  const { suite: same, ...others } = facts
  must(same === suite, 'a certificate of another suite')
  return { ...others, signingKey: digits(signingKey), statement: digits(statement), bytes }
}

function agreementCase(suite: Suite, seeds: readonly Buffer[]): unknown {
  const [one, other] = seeds
  must(one !== undefined && other !== undefined, 'two seeds')
  const publicKeys = seeds.map((seed) => agreementKeyOf(suite, seed))
  const [first, second] = publicKeys
  must(first !== undefined && second !== undefined, 'two keys')
  const secret = agreed(suite, one, second)
  must(secret.equals(agreed(suite, other, first)), 'two secrets')
  return { seeds: seeds.map(digits), publicKeys: publicKeys.map(digits), secret: digits(secret) }
}

function sealingCase({ suite, sealing }: SuiteVectors): unknown {
  const { node, ciphertext } = sealing
  const seed = hex(sealing.seed)
  const publicKey = sealingKeyOf(suite, seed)
  return {
    node,
    seed: sealing.seed,
    publicKey: digits(publicKey),
    name: digits(hash(bytesOf(node), publicKey).subarray(0, 8)),
    ciphertext,
    secret: digits(pairSecret(suite, seed, hex(ciphertext))),
  }
}

function epochCase({ suite, organisation, seeds, epoch }: SuiteVectors): unknown {
  const [, first] = doorEpochs(suite, organisation.id, hex(seeds.door))
  const { audience, number, maker, pairSecret: pair } = epoch
  const id = epochId(suite, { ...epoch, secret: hex(epoch.secret) })
  const key = derive(suite, hex(pair), `holdfast wrap ${digits(id)}`)
  const secret = unsealOnce(suite, key, { bound: id, bytes: hex(epoch.wrap) })
  must(secret !== undefined, 'a wrap that does not open')
  return {
    audience,
    number,
    maker,
    secret: digits(secret),
    id: digits(id),
    pairSecret: pair,
    wrap: digits(sealOnce(suite, key, { bound: id, bytes: secret })),
    first: { id: digits(epochId(suite, first)), secret: digits(first.secret) },
  }
}

function courierCase({ suite, courier }: SuiteVectors): unknown {
  const { secret, bytes } = courier
  const file = hex(bytes)
  const envelopes = readCourier(suite, hex(secret), file).map((envelope) => ({
    length: envelope.length,
    hash: digits(hash(envelope)),
  }))
  return { secret, salt: digits(file.subarray(8, 40)), envelopes, bytes }
}

function envelopeCase(vector: SuiteVectors, scope: string, { bytes }: EnvelopeVector): unknown {
  const { node, signingKey } = alphaOf(vector)
  const actor = TRUST.actors.find((one) => one.startsWith(digits(bytesOf(node).subarray(0, 8))))
  const life = hex(bytes).subarray(4, 8)
  const sender = { node, signingKey: hex(signingKey), life }
  const opened = open(hex(bytes), keysOf(vector, scope), { sender })
  must(opened !== undefined, 'an envelope that does not open')
  const { header, packed, signature } = opened
  must(header.compression === 0 && header.life?.equals(life) === true, 'another header')
  if (signature !== undefined) {
    // In these two the signature is over the header; those of wire.json are over changes.
    const key = hex(signingKey)
    must(isSigned(vector.suite, key, { signed: header.bytes, signature }), 'not signed')
  }
  const of = concat(bytesOf(node).subarray(0, 8), life)
  must(vector.suite === 2 || actor === digits(of), 'another actor')
  return {
    unsigned: bytes.slice(0, bytes.length - 2 * (signature?.length ?? 0)),
    bytes,
    opened: {
      header: digits(header.bytes),
      body: digits(packed),
      actor: digits(of),
      scope,
      isSigned: signature !== undefined,
    },
  }
}

function said({ hint, bound }: ScopeKeys): Facts<'hint' | 'bound'> {
  return { hint: digits(hint), bound: digits(bound) }
}

function digits(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}

/** What the first actor, a node of the first organisation, signs of a note of these bytes. */
function noteStatementCase(): unknown {
  const { note } = TRUST.noteStatement
  const facts = { actor: TRUST.actors[0] ?? '', note: hex(note) }
  const statement = digits(noteStatement(bytesOf(TRUST.suites[0]?.organisation.id ?? ''), facts))
  return { note, statement }
}
