/**
 * Makes certificates: EC P-256 all through, but for the keys of phone packages.
 *
 *     organisation's authority   10 years, pathlen 1, where the organisation was founded
 *       kit's authority          as long, pathlen 0, server certificates only: a kit far from home makes its own
 *         server certificate     for the kit's present names and addresses
 *       client certificate       a node towards a post office (`CN=<number>`), or a person's device (`OU=device`)
 *
 * A kit's authority is for servers only, so a captured kit cannot make a certificate that logs in anywhere. Loading
 * the library behind this file takes 20 MB: only whoever issues something imports it, when there is something to issue.
 */
import { hasMetadata } from './reflect.ts'
import type { webcrypto } from 'node:crypto'
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  cryptoProvider,
  ExtendedKeyUsageExtension,
  Extension,
  KeyUsageFlags,
  KeyUsagesExtension,
  Pkcs10CertificateRequest,
  Pkcs10CertificateRequestGenerator,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
  type PublicKeyType,
} from '@peculiar/x509'
import { isIP } from 'node:net'
import { assert } from '#base/assert.ts'
import { bytesFromText, hexFromBytes, MalformedBytes } from '#base/bytes.ts'
import { EdgeError } from '#base/errors.ts'
import { sha256 } from '#base/hash.ts'
import type { Instant } from '#base/ids.ts'
import { EARLIEST_CREDIBLE_AT } from '#base/limits.ts'
import { pemFromDer, type Authority, type Credentials, type Validity } from './certificate.ts'
import {
  keyFromPem,
  newKeyPair,
  pemFromKey,
  SIGNING,
  type KeyKind,
  type KeyPair,
} from './key-pairs.ts'
import { LOCAL_NAMES, NAME_CONSTRAINTS, nameConstraints } from './name-constraints.ts'
import { AUTHORITY_MS, TOLERANCE_MS } from './leaf.ts'

/** A new organisation's authority. */
export interface AuthorityDraft {
  readonly organisation: string
  /** DNS names, beside the local ones, below which it may speak. */
  readonly names: readonly string[]
  readonly now: Instant
}

/** What a server certificate is for. */
export interface ServerDraft extends Validity {
  /** DNS names and IP addresses; the first stands as the common name, too, but of a post office. */
  readonly hosts: readonly string[]
  /** A post office: nodes alone call it. */
  readonly isOffice?: boolean
}

/** What a client certificate is for. */
export interface ClientDraft extends Validity {
  /** The common name: a node's number in base 36, or a person and a device in words. */
  readonly name: string
  readonly of: 'node' | 'device'
  readonly keyKind?: KeyKind
}

/** What a kit sends to have an authority of its own, and the key that stays with it. */
export interface KitCaRequest {
  readonly privateKeyPem: string
  /** PKCS#10. */
  readonly requestDer: Uint8Array
}

/** Longest common name (RFC 5280 appendix A, ub-common-name). */
const COMMON_NAME_MAX = 64
/** A request for a P-256 key has about 220 bytes. */
const REQUEST_BYTES_MAX = 1_024
/** Object identifiers of RFC 5280 §4.2.1.12. */
const SERVER = '1.3.6.1.5.5.7.3.1'
const CLIENT = '1.3.6.1.5.5.7.3.2'

assert(hasMetadata, 'the library was loaded after what it needs')
cryptoProvider.set(globalThis.crypto)

/** The authority of a new organisation. Its validity begins before any clock of this program can be right. */
export async function foundAuthority(draft: AuthorityDraft): Promise<Authority> {
  const keys = await newKeyPair()
  const isCredible =
    draft.now >= EARLIEST_CREDIBLE_AT && draft.now < EARLIEST_CREDIBLE_AT + CREDIBLE_MS
  const from = isCredible ? draft.now : EARLIEST_CREDIBLE_AT
  const name = [{ CN: [commonName(`${draft.organisation} Holdfast CA`)] }]
  const der = await signed({
    subject: name,
    issuer: name,
    publicKey: keys.publicKey,
    signingKey: keys.privateKey,
    validity: { notBefore: EARLIEST_CREDIBLE_AT - TOLERANCE_MS, notAfter: from + AUTHORITY_MS },
    extensions: [
      new BasicConstraintsExtension(true, 1, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign, true),
      constraints([...LOCAL_NAMES, ...draft.names]),
    ],
  })
  return { certificates: [der], keyPem: await pemFromKey(keys.privateKey) }
}

/** A new kit's half of getting an authority of its own: the request travels, the key stays. */
export async function makeKitCaRequest(): Promise<KitCaRequest> {
  const keys = await newKeyPair()
  const request = await Pkcs10CertificateRequestGenerator.create({
    name: [{ CN: ['Holdfast kit'] }],
    keys,
    signingAlgorithm: SIGNING,
  })
  return {
    privateKeyPem: await pemFromKey(keys.privateKey),
    requestDer: new Uint8Array(request.rawData),
  }
}

/**
 * The organisation's half: the certificates of the kit's authority, DER, its own first and the organisation's last.
 * It lives as long as the organisation's, and may speak for local names and addresses only: a name of the wide world
 * that the organisation has is for whoever holds the organisation's key.
 * @throws EdgeError INPUT_INVALID when the request is none, or its sender does not hold its key
 */
export async function issueKitCa(
  ca: Authority,
  requestDer: Uint8Array,
  name: string,
): Promise<readonly [Uint8Array, ...Uint8Array[]]> {
  return kitCaFor(ca, await publicKeyIn(requestDer), { name, names: [] })
}

/** An authority for the kit that holds the organisation's key itself; `names` are its own in the wide world. */
export async function makeKitCa(
  ca: Authority,
  kit: { readonly name: string; readonly names: readonly string[] },
): Promise<Authority> {
  const keys = await newKeyPair()
  const certificates = await kitCaFor(ca, keys.publicKey, kit)
  return { certificates, keyPem: await pemFromKey(keys.privateKey) }
}

/** A server certificate with a new key, by a kit's authority (or the organisation's, for a post office). */
export async function issueServer(ca: Authority, draft: ServerDraft): Promise<Credentials> {
  const keys = await newKeyPair()
  const names = draft.hosts.map(
    (host) => ({ type: isIP(host) === 0 ? 'dns' : 'ip', value: host }) as const,
  )
  const isShort = draft.isOffice === true
  // Who has no subject has critical alternative names (RFC 5280 §4.2.1.6).
  return credentials(ca, keys, {
    subject: isShort ? [] : [{ CN: [commonName(draft.hosts[0] ?? 'holdfast.local')] }],
    validity: draft,
    extensions: [
      ...endEntity(SERVER, isShort),
      new SubjectAlternativeNameExtension(names, isShort),
    ],
    isShort,
  })
}

/** A client certificate with a new key, by the organisation's authority. */
export async function issueClient(ca: Authority, draft: ClientDraft): Promise<Credentials> {
  const keys = await newKeyPair(draft.keyKind)
  const isShort = draft.of === 'node'
  const unit = isShort ? [] : [{ OU: ['device'] }]
  return credentials(ca, keys, {
    subject: [{ CN: [commonName(draft.name)] }, ...unit],
    validity: draft,
    extensions: endEntity(CLIENT, isShort),
    isShort,
  })
}

/** How far ahead of the program's own time a clock can be right: 30 years. */
const CREDIBLE_MS = 30 * 365.25 * 24 * 3_600_000

type Subject = { readonly [part: string]: string[] }[]

interface Body {
  readonly subject: Subject
  readonly validity: Validity
  readonly extensions: readonly Extension[]
  /** Only what node and post office need of each other: it goes over thin links with each dial, a node's twice (a ticket has it). */
  readonly isShort?: boolean
}

interface Signing extends Body {
  readonly issuer: Subject | string
  readonly publicKey: PublicKeyType
  readonly signingKey: webcrypto.CryptoKey
}

async function kitCaFor(
  ca: Authority,
  publicKey: PublicKeyType,
  { name, names }: { readonly name: string; readonly names: readonly string[] },
): Promise<readonly [Uint8Array, ...Uint8Array[]]> {
  const issuer = new X509Certificate(copy(ca.certificates[0]))
  const der = await signed({
    subject: [{ CN: [commonName(`Holdfast kit ${name}`)] }],
    issuer: issuer.subject,
    publicKey,
    signingKey: await keyFromPem(ca.keyPem),
    validity: { notBefore: issuer.notBefore.getTime(), notAfter: issuer.notAfter.getTime() },
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign, true),
      new ExtendedKeyUsageExtension([SERVER]),
      constraints([...LOCAL_NAMES, ...names]),
      await AuthorityKeyIdentifierExtension.create(issuer),
    ],
  })
  return [der, ...ca.certificates]
}

async function credentials(ca: Authority, keys: KeyPair, body: Body): Promise<Credentials> {
  const issuer = new X509Certificate(copy(ca.certificates[0]))
  const named = await AuthorityKeyIdentifierExtension.create(issuer)
  const der = await signed({
    ...body,
    issuer: issuer.subject,
    publicKey: keys.publicKey,
    signingKey: await keyFromPem(ca.keyPem),
    extensions: body.isShort === true ? body.extensions : [...body.extensions, named],
  })
  return {
    certificatePem: pemFromDer(der, ...ca.certificates.slice(0, -1)),
    keyPem: await pemFromKey(keys.privateKey),
  }
}

/** The serial number is a hash of all else (RFC 5280 §4.1.2.2): as good as chance, since the key is chance. */
async function signed(what: Signing): Promise<Uint8Array> {
  const { subject, issuer, publicKey, signingKey, validity } = what
  const named = [...what.extensions, await SubjectKeyIdentifierExtension.create(publicKey)]
  const extensions = what.isShort === true ? [...what.extensions] : named
  const { notBefore, notAfter } = validity
  const print = sha256(
    bytesFromText(JSON.stringify([subject, notBefore, notAfter])),
    ...named.map(({ rawData }) => new Uint8Array(rawData)),
  )
  const certificate = await X509CertificateGenerator.create({
    serialNumber: `01${hexFromBytes(print.subarray(0, what.isShort === true ? 8 : 15))}`,
    subject,
    issuer,
    publicKey,
    signingKey,
    signingAlgorithm: SIGNING,
    notBefore: new Date(notBefore),
    notAfter: new Date(notAfter),
    extensions,
  })
  return new Uint8Array(certificate.rawData)
}

/** The key is read again by the system: a point on P-256 and nothing else. */
async function publicKeyIn(requestDer: Uint8Array): Promise<webcrypto.CryptoKey> {
  try {
    if (requestDer.length > REQUEST_BYTES_MAX) throw new MalformedBytes('too long')
    const request = new Pkcs10CertificateRequest(copy(requestDer))
    const key = await crypto.subtle.importKey('spki', request.publicKey.rawData, SIGNING, true, [
      'verify',
    ])
    if (!(await request.verify())) throw new MalformedBytes('the signature does not hold')
    return key
  } catch (cause) {
    const wanted = 'PKCS#10 for a P-256 key, signed with it'
    const found = `${requestDer.length} other bytes`
    throw new EdgeError('INPUT_INVALID', { field: 'request', found, wanted }, { cause })
  }
}

function endEntity(use: string, isShort: boolean): readonly Extension[] {
  const uses = new ExtendedKeyUsageExtension([use])
  if (isShort) return [uses]
  const isNoAuthority = new BasicConstraintsExtension(false, undefined, true)
  return [isNoAuthority, new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true), uses]
}

function constraints(names: readonly string[]): Extension {
  return new Extension(NAME_CONSTRAINTS, true, copy(nameConstraints(names)))
}

function commonName(text: string): string {
  return text.slice(0, COMMON_NAME_MAX).replace(/[\uD800-\uDBFF]$/, '')
}

/** The library wants bytes in a buffer of their own. */
function copy(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(bytes)
}
