/** Apple's configuration profile: how an iPhone, iPad or Mac gets the organisation's certificate in one step. */
import { bytesFromText, hexFromBytes } from '#base/bytes.ts'
import { sha256 } from '#base/hash.ts'

/** A configuration profile. */
export interface ProfileDraft {
  readonly organisation: string
  /** DER of the organisation's certificate. */
  readonly authority: Uint8Array
  /** A PKCS#12 package to go with it; the phone asks for its password. */
  readonly identity?: Uint8Array
}

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

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
}
