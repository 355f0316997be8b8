/**
 * Certificates for tests: a small authority and what it signs, EC P-256, valid for a day.
 *
 * Written out in DER by hand (X.690, RFC 5280, RFC 5480), as node:crypto reads X.509 and does not make it.
 */
import {
  createPublicKey,
  generateKeyPairSync,
  randomBytes,
  sign,
  type KeyObject,
} from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import path from 'node:path'

/** A certificate and its key, as PEM. */
export interface Certificate {
  readonly name: string
  readonly certificatePem: string
  readonly keyPem: string
  readonly key: KeyObject
}

/** What a certificate is for. */
export interface CertificateOptions {
  /** Common name. */
  readonly name: string
  /** Host names and IPv4 addresses it stands for. */
  readonly hosts?: readonly string[]
  /** Signs itself, and may sign others, without it. */
  readonly issuer?: Certificate
}

/** Makes one. */
export function makeCertificate({ name, hosts = [], issuer }: CertificateOptions): Certificate {
  const { privateKey: key } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const publicKey = createPublicKey(key).export({ type: 'spki', format: 'der' })
  const signature = sequence(oid('1.2.840.10045.4.3.2'))
  const now = Date.now()
  const body = sequence(
    tagged(0xa0, integer(Uint8Array.of(2))),
    integer(Uint8Array.of(1, ...randomBytes(8))),
    signature,
    commonName(issuer?.name ?? name),
    sequence(time(now - HOUR_MS), time(now + 24 * HOUR_MS)),
    commonName(name),
    publicKey,
    tagged(0xa3, sequence(...extensions(hosts, issuer === undefined))),
  )
  const signed = sign('sha256', body, issuer?.key ?? key)
  const certificate = sequence(body, signature, tagged(0x03, Uint8Array.of(0), signed))
  return {
    name,
    key,
    certificatePem: pem('CERTIFICATE', certificate),
    keyPem: key.export({ type: 'pkcs8', format: 'pem' }).toString(),
  }
}

/** Writes `<name>.pem` and `<name>.key` into a folder and gives their paths. */
export async function writeCertificate(
  { certificatePem, keyPem }: Certificate,
  folder: string,
  name: string,
): Promise<{ readonly certFile: string; readonly keyFile: string }> {
  const certFile = path.join(folder, `${name}.pem`)
  const keyFile = path.join(folder, `${name}.key`)
  await writeFile(certFile, certificatePem)
  await writeFile(keyFile, keyPem, { mode: 0o600 })
  return { certFile, keyFile }
}

const HOUR_MS = 3_600_000

function extensions(hosts: readonly string[], isAuthority: boolean): Uint8Array[] {
  const boolean = Uint8Array.of(0x01, 0x01, 0xff)
  if (isAuthority) return [sequence(oid('2.5.29.19'), boolean, tagged(0x04, sequence(boolean)))]
  const names = hosts.map((host) =>
    /^[\d.]+$/.test(host)
      ? tagged(0x87, Uint8Array.from(host.split('.').map(Number)))
      : tagged(0x82, Buffer.from(host)),
  )
  const uses = [oid('1.3.6.1.5.5.7.3.1'), oid('1.3.6.1.5.5.7.3.2')]
  return [
    sequence(oid('2.5.29.37'), tagged(0x04, sequence(...uses))),
    ...(names.length > 0 ? [sequence(oid('2.5.29.17'), tagged(0x04, sequence(...names)))] : []),
  ]
}

function commonName(name: string): Uint8Array {
  return sequence(tagged(0x31, sequence(oid('2.5.4.3'), tagged(0x0c, Buffer.from(name)))))
}

function time(at: number): Uint8Array {
  const digits = new Date(at).toISOString().replaceAll(/[-:T]|\.\d+/g, '')
  return tagged(0x18, Buffer.from(digits))
}

function oid(dotted: string): Uint8Array {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number)
  return tagged(0x06, Uint8Array.from([first * 40 + second, ...rest.flatMap(base128)]))
}

function base128(value: number): number[] {
  const low = value % 128
  const high = Math.floor(value / 128)
  return high === 0 ? [low] : [...base128(high).map((byte) => byte | 128), low]
}

function integer(bytes: Uint8Array): Uint8Array {
  return tagged(0x02, bytes)
}

function sequence(...parts: readonly Uint8Array[]): Uint8Array {
  return tagged(0x30, ...parts)
}

function tagged(tag: number, ...parts: readonly Uint8Array[]): Uint8Array {
  const content = Buffer.concat(parts)
  return Buffer.concat([Uint8Array.of(tag, ...lengthOf(content.length)), content])
}

function lengthOf(length: number): number[] {
  if (length < 128) return [length]
  if (length < 256) return [0x81, length]
  return [0x82, length >> 8, length & 255]
}

function pem(label: string, der: Uint8Array): string {
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? []
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ''].join('\n')
}
