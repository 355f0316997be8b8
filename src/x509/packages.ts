/**
 * What people's phones and laptops import: Apple's configuration profile, and PKCS#12.
 *
 * Certificates and keys come from `issue.ts`; node-forge only wraps them. It carries RSA keys alone, so the key of a
 * PKCS#12 package is RSA-2048, made by the system (research/wire.md 3). Unknown to it is also any certificate with an
 * EC key: the package holds the client's certificate without the organisation's, which is installed by itself.
 */
import { createPrivateKey } from 'node:crypto'
import forge from 'node-forge'
import { bytesFromText, hexFromBytes } from '#base/bytes.ts'
import { sha256 } from '#base/hash.ts'
import type { Credentials } from './certificate.ts'

/** A configuration profile. */
export interface ProfileDraft {
  readonly organisation: string
  /** DER of the organisation's certificate. */
  readonly authority: Uint8Array
  /** A PKCS#12 package to go with it; the phone asks for its password. */
  readonly identity?: Uint8Array
}

/** A PKCS#12 package. */
export interface PackageDraft {
  /** With an RSA key. */
  readonly credentials: Credentials
  /** What people see in their list of certificates. */
  readonly friendlyName: string
  readonly password: string
}

/** Rounds of PBKDF2: what node-forge does in a second on a small machine (research/wire.md 3). */
const ROUNDS = 100_000

/** A `.mobileconfig`: the organisation's certificate, and a person's own if given. The same draft gives the same ids. */
export function appleProfile({ organisation, authority, identity }: ProfileDraft): Uint8Array {
  const root = payload({
    type: 'com.apple.security.root',
    name: `${organisation}: certificate authority`,
    file: 'holdfast-ca.cer',
    content: authority,
  })
  const own =
    identity === undefined
      ? ''
      : payload({
          type: 'com.apple.security.pkcs12',
          name: `${organisation}: this device`,
          file: 'holdfast.p12',
          content: identity,
        })
  const id = uuidOf(authority, identity ?? new Uint8Array(), bytesFromText('profile'))
  return bytesFromText(`<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
<key>PayloadContent</key>
<array>
${root}${own}</array>
<key>PayloadDescription</key>
<string>Lets this device know the kits of ${escaped(organisation)} on local networks.</string>
<key>PayloadDisplayName</key>
<string>${escaped(organisation)}: Holdfast</string>
<key>PayloadIdentifier</key>
<string>holdfast.${id}</string>
<key>PayloadType</key>
<string>Configuration</string>
<key>PayloadUUID</key>
<string>${id}</string>
<key>PayloadVersion</key>
<integer>1</integer>
</dict>
</plist>
`)
}

/** PKCS#12, AES-256 under the password. */
export function pkcs12({ credentials, friendlyName, password }: PackageDraft): Uint8Array {
  const key = forge.pki.privateKeyFromPem(pkcs1Of(credentials.keyPem))
  const certificate = forge.pki.certificateFromPem(credentials.certificatePem)
  const asn1 = forge.pkcs12.toPkcs12Asn1(key, [certificate], password, {
    algorithm: 'aes256',
    count: ROUNDS,
    friendlyName,
  })
  return new Uint8Array(Buffer.from(forge.asn1.toDer(asn1).getBytes(), 'latin1'))
}

interface Payload {
  readonly type: string
  readonly name: string
  readonly file: string
  readonly content: Uint8Array
}

function payload({ type, name, file, content }: Payload): string {
  const id = uuidOf(content, bytesFromText(type))
  return `<dict>
<key>PayloadCertificateFileName</key>
<string>${file}</string>
<key>PayloadContent</key>
<data>${Buffer.from(content).toString('base64')}</data>
<key>PayloadDisplayName</key>
<string>${escaped(name)}</string>
<key>PayloadIdentifier</key>
<string>holdfast.${id}</string>
<key>PayloadType</key>
<string>${type}</string>
<key>PayloadUUID</key>
<string>${id}</string>
<key>PayloadVersion</key>
<integer>1</integer>
</dict>
`
}

/** Ids follow from the content, so that installing a profile again replaces it (RFC 9562 §5.8). */
function uuidOf(...parts: readonly Uint8Array[]): string {
  const hex = hexFromBytes(sha256(...parts))
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`.toUpperCase()
}

function pkcs1Of(pem: string): string {
  return createPrivateKey(pem).export({ type: 'pkcs1', format: 'pem' }).toString()
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
}
