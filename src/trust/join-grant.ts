/** What a new node is given at the door, as bytes, and the check that it is what it says. */
import { assert } from '#base/assert.ts'
import {
  byteReader,
  byteWriter,
  bytesFromText,
  equalBytes,
  MalformedBytes,
  textFromBytes,
} from '#base/bytes.ts'
import { bytesFromId, idFromBytes, type NodeId } from '#base/ids.ts'
import { EPOCH_NUMBER_MAX, EPOCH_SECRET_BYTES } from './epoch.ts'
import { organisationIdOf, readCertificate } from './identity.ts'
import type { Certificate, Organisation } from './identity.ts'
import { suiteOf, type Suite } from './keys.ts'

/** What the organisation gives to a new node. */
export interface JoinGrant {
  readonly organisation: Omit<Organisation, 'id'>
  /** 32 bytes. */
  readonly organisationSecret: Uint8Array
  /** The new node's own certificate. */
  readonly certificateBytes: Uint8Array
  /** The certificate of the node that answers, or of one that the root knew last. By the root. */
  readonly issuerCertificateBytes: Uint8Array
  /** What the organisation seals under now; undefined while that follows from the secret above. */
  readonly epoch: DoorEpoch | undefined
  /** For other layers, such as a certificate for TLS; empty for none. */
  readonly block: Uint8Array
}

/** An epoch of the organisation, as it is handed over at the door. */
export interface DoorEpoch {
  readonly number: number
  readonly maker: NodeId
  /** 32 bytes. */
  readonly secret: Uint8Array
}

/** A grant that opened and whose certificates are by the root it names. */
export interface JoinAnswer extends JoinGrant {
  readonly organisation: Organisation
  readonly certificate: Certificate
  readonly issuer: Certificate
}

/** Longest block either way. */
export const JOIN_BLOCK_BYTES_MAX = 4_096

const SECRET_BYTES = 32
const ID_BYTES = 16
const WORKSPACE_CODE = /^[a-z0-9]{1,3}$/i

/** The bytes of a grant. */
export function writeGrant(grant: JoinGrant): Uint8Array {
  const { organisation, organisationSecret, epoch, block } = grant
  assert(WORKSPACE_CODE.test(organisation.code), 'a workspace code is 1 to 3 letters or digits')
  assert(organisationSecret.length === SECRET_BYTES, 'an organisation secret is 32 bytes')
  assert(block.length <= JOIN_BLOCK_BYTES_MAX, 'a block fits into the answer')
  const writer = byteWriter()
  writer.block(bytesFromText(organisation.name))
  writer.block(bytesFromText(organisation.code))
  writer.byte(organisation.suite.number)
  writer.raw(organisation.rootKey)
  writer.raw(organisationSecret)
  writer.block(grant.certificateBytes)
  writer.block(grant.issuerCertificateBytes)
  writer.uint(epoch?.number ?? 0)
  if (epoch !== undefined) writer.raw(bytesFromId(epoch.maker))
  if (epoch !== undefined) writer.raw(epoch.secret)
  writer.block(block)
  return writer.bytes()
}

/** The grant in `bytes`, or undefined when they are none. */
export function parseGrant(bytes: Uint8Array): JoinGrant | undefined {
  return orUndefined(() => {
    const reader = byteReader(bytes)
    const name = textFromBytes(reader.block())
    const code = textFromBytes(reader.block())
    const suite = suiteOf(reader.byte())
    if (suite === undefined) return undefined
    const rootKey = new Uint8Array(reader.raw(suite.signingKeyBytes))
    const organisationSecret = new Uint8Array(reader.raw(SECRET_BYTES))
    const certificateBytes = new Uint8Array(reader.block())
    const issuerCertificateBytes = new Uint8Array(reader.block())
    const number = reader.uint()
    if (number > EPOCH_NUMBER_MAX) return undefined
    const epoch =
      number === 0
        ? undefined
        : {
            number,
            maker: idFromBytes<NodeId>(new Uint8Array(reader.raw(ID_BYTES))),
            secret: new Uint8Array(reader.raw(EPOCH_SECRET_BYTES)),
          }
    const block = new Uint8Array(reader.block())
    if (reader.left() > 0 || !WORKSPACE_CODE.test(code)) return undefined
    if (block.length > JOIN_BLOCK_BYTES_MAX) return undefined
    const organisation = { name, code, suite, rootKey }
    const certificates = { certificateBytes, issuerCertificateBytes }
    return { organisation, organisationSecret, ...certificates, epoch, block }
  })
}

/** The bytes of an epoch, as a data folder keeps it until its first start. */
export function writeDoorEpoch({ number, maker, secret }: DoorEpoch): Uint8Array {
  const writer = byteWriter()
  writer.raw(bytesFromId(maker))
  writer.raw(secret)
  writer.uint(number)
  return writer.bytes()
}

/** The epoch in bytes that `writeDoorEpoch` gave, or undefined when they are none. */
export function readDoorEpoch(bytes: Uint8Array): DoorEpoch | undefined {
  return orUndefined(() => {
    const reader = byteReader(bytes)
    const maker = idFromBytes<NodeId>(new Uint8Array(reader.raw(ID_BYTES)))
    const secret = new Uint8Array(reader.raw(EPOCH_SECRET_BYTES))
    const number = reader.uint()
    return reader.left() === 0 && number <= EPOCH_NUMBER_MAX ? { number, maker, secret } : undefined
  })
}

/** The grant with its certificates read; undefined unless the root vouches for both and ours is for our key. */
export function checkGrant(
  grant: JoinGrant,
  ours: { readonly suite: Suite; readonly signingKey: Uint8Array },
): JoinAnswer | undefined {
  const { rootKey, suite } = grant.organisation
  const byRoot = { suite, rootKey, certificateOf: () => undefined }
  const issuer = readCertificate(byRoot, grant.issuerCertificateBytes)
  const certificateOf = (node: NodeId): Certificate | undefined =>
    node === issuer?.node ? issuer : undefined
  const certificate = readCertificate({ ...byRoot, certificateOf }, grant.certificateBytes)
  if (certificate === undefined || issuer === undefined) return undefined
  const isOurs = suite === ours.suite && equalBytes(certificate.signingKey, ours.signingKey)
  if (!isOurs) return undefined
  const organisation = { ...grant.organisation, id: organisationIdOf(suite, rootKey) }
  return { ...grant, organisation, certificate, issuer }
}

/** What `parse` gives, or undefined when the bytes end early. */
export function orUndefined<T>(parse: () => T | undefined): T | undefined {
  try {
    return parse()
  } catch (error) {
    if (error instanceof MalformedBytes) return undefined
    throw error
  }
}
