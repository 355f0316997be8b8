/** An authenticator in software, with the browser around it (WebAuthn level 2): for keys on P-256, without attestation. */
import { createSign, generateKeyPairSync } from 'node:crypto'
import { sha256 } from '#base/hash.ts'
import { bytesFromText, concatBytes } from '#base/bytes.ts'

/** What a test may have wrong. */
export interface Flaw {
  /** The page that asks says it is this one. */
  readonly origin?: string
  /** The name the authenticator believes to sign for. */
  readonly host?: string
  readonly counter?: number
  /** Nobody touched a finger or typed a PIN. */
  readonly isUnverified?: boolean
  /** Another challenge than the one asked. */
  readonly challenge?: string
  readonly type?: string
  readonly userHandle?: string
}

/** One device with one key. */
export interface Authenticator {
  /** The credential's id, base64url. */
  readonly id: string
  readonly create: (options: object, flaw?: Flaw) => object
  readonly get: (options: object, flaw?: Flaw) => object
}

interface Options {
  readonly challenge: string
  readonly rp?: { readonly id: string }
  readonly rpId?: string
  readonly user?: { readonly id: string }
}

/** A new device, used from a page at `origin`. */
export function anAuthenticator(origin: string, id: string): Authenticator {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const { x = '', y = '' } = publicKey.export({ format: 'jwk' })
  const credential = base64(bytesFromText(id))
  let counter = 0
  let handle: string | undefined
  const clientData = (type: string, { challenge }: Options, flaw: Flaw): Uint8Array =>
    bytesFromText(
      JSON.stringify({
        type: flaw.type ?? type,
        challenge: flaw.challenge ?? challenge,
        origin: flaw.origin ?? origin,
        crossOrigin: false,
      }),
    )
  const authenticatorData = (host: string, flaw: Flaw, attested: Uint8Array): Uint8Array => {
    counter = flaw.counter ?? counter + 1
    const flags = 1 | (flaw.isUnverified === true ? 0 : 4) | (attested.length > 0 ? 64 : 0)
    const count = Buffer.alloc(4)
    count.writeUInt32BE(counter)
    const hash = sha256(bytesFromText(flaw.host ?? host))
    return concatBytes(hash, Uint8Array.of(flags), count, attested)
  }
  return {
    id: credential,
    create: (asked, flaw = {}) => {
      const options = asked as Options
      handle = options.user?.id
      const key = [
        [1, 2],
        [3, -7],
        [-1, 1],
        [-2, Buffer.from(x, 'base64url')],
        [-3, Buffer.from(y, 'base64url')],
      ] as const
      const name = bytesFromText(id)
      const attested = concatBytes(
        new Uint8Array(16),
        Uint8Array.of(0, name.length),
        name,
        map(key),
      )
      const data = authenticatorData(options.rp?.id ?? '', flaw, attested)
      const object = map([
        ['fmt', 'none'],
        ['attStmt', map([])],
        ['authData', Buffer.from(data)],
      ])
      return wrap({
        clientDataJSON: base64(clientData('webauthn.create', options, flaw)),
        attestationObject: base64(object),
        transports: ['internal'],
      })
    },
    get: (asked, flaw = {}) => {
      const options = asked as Options
      const data = authenticatorData(options.rpId ?? '', flaw, new Uint8Array(0))
      const client = clientData('webauthn.get', options, flaw)
      const signature = createSign('sha256')
        .update(concatBytes(data, sha256(client)))
        .sign(privateKey)
      return wrap({
        clientDataJSON: base64(client),
        authenticatorData: base64(data),
        signature: base64(signature),
        userHandle: flaw.userHandle ?? handle,
      })
    },
  }

  function wrap(response: object): object {
    return { id: credential, rawId: credential, type: 'public-key', response }
  }
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64url')
}

type Value = number | string | Uint8Array

/** A CBOR map (RFC 8949); a plain `Uint8Array` is CBOR already, a `Buffer` is a byte string. */
function map(entries: readonly (readonly [Value, Value])[]): Uint8Array {
  return concatBytes(head(5, entries.length), ...entries.flat().map(cbor))
}

function cbor(value: Value): Uint8Array {
  if (typeof value === 'number') return value < 0 ? head(1, -1 - value) : head(0, value)
  if (Buffer.isBuffer(value)) return concatBytes(head(2, value.length), value)
  if (typeof value !== 'string') return value
  return concatBytes(head(3, value.length), bytesFromText(value))
}

function head(major: number, size: number): Uint8Array {
  return size < 24 ? Uint8Array.of((major << 5) | size) : Uint8Array.of((major << 5) | 24, size)
}
