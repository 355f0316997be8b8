/** Certificates as bytes and text, and what can be read of them without making any. */
import { X509Certificate } from 'node:crypto'
import type { Instant } from '#base/ids.ts'

/** Whoever signs certificates. */
export interface Authority {
  /** DER: its own certificate first, the organisation's last; one and the same for the organisation itself. */
  readonly certificates: readonly [Uint8Array, ...Uint8Array[]]
  /** PKCS#8, PEM. */
  readonly keyPem: string
}

/** A certificate and its key, ready for a server or a client. */
export interface Credentials {
  /** PEM: the certificate, then whatever stands between it and the organisation's. */
  readonly certificatePem: string
  /** PKCS#8, PEM. */
  readonly keyPem: string
}

/** From when to when something is valid. */
export interface Validity {
  readonly notBefore: Instant
  readonly notAfter: Instant
}

/** PEM of one or more certificates. */
export function pemFromDer(...certificates: readonly Uint8Array[]): string {
  return certificates.map(pemOf).join('')
}

/** The certificates in a PEM, in their order. */
export function dersFromPem(pem: string): readonly Uint8Array[] {
  const blocks = pem.matchAll(
    /-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----/g,
  )
  return [...blocks].map(([, base64 = '']) => new Uint8Array(Buffer.from(base64, 'base64')))
}

/** From when to when the certificate is valid. */
export function validityOf(certificate: X509Certificate): Validity {
  return {
    notBefore: certificate.validFromDate.getTime(),
    notAfter: certificate.validToDate.getTime(),
  }
}

/** Whether `certificate` was signed with the key of `issuer`. */
export function isIssuedBy(certificate: X509Certificate, issuer: X509Certificate): boolean {
  return certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey)
}

/** DER or PEM read, or undefined when it is no certificate. */
export function readCertificate(bytes: Uint8Array | string): X509Certificate | undefined {
  try {
    return new X509Certificate(bytes)
  } catch {
    return undefined
  }
}

function pemOf(der: Uint8Array): string {
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? []
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n')
}
