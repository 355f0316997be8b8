/** Certificates of an organisation as a door or a client of a test uses them, made by our own authority. */
import { must } from '#base/assert.ts'
import type { ServerTls } from '#server/tls.ts'
import { pemFromDer, readCertificate, type Authority, type Credentials } from '#x509/certificate.ts'
import { fingerprintOf, spokenFingerprintOf } from '#x509/fingerprint.ts'
import { foundAuthority, issueClient, issueServer, makeKitCa } from '#x509/issue.ts'
import { leafValidity } from '#x509/leaf.ts'
import { appleProfile } from '#x509/apple-profile.ts'

/** Now, for certificates that real TLS looks at. */
export const NOW = Date.now()

/** An organisation and one kit of it. */
export interface Certified {
  readonly ca: Authority
  readonly kit: Authority
  readonly caPem: string
  /** From two days ago for 397 days. */
  readonly validity: { readonly notBefore: number; readonly notAfter: number }
}

/** Founds an organisation; `names` are its own in the wide world. */
export async function certified(names: readonly string[] = []): Promise<Certified> {
  const ca = await foundAuthority({ organisation: 'Relief', names, now: NOW })
  const kit = await makeKitCa(ca, { name: 'alpha', names: [] })
  const issuer = must(readCertificate(kit.certificates[0]), 'it is a certificate')
  const validity = leafValidity({ leaf: undefined, issuer, now: NOW })
  return { ca, kit, caPem: pemFromDer(...ca.certificates), validity }
}

/** A server certificate by the kit's authority. */
export function serverOf(
  { kit, validity }: Certified,
  hosts: readonly string[] = ['alpha.local', '127.0.0.1'],
): Promise<Credentials> {
  return issueServer(kit, { hosts, ...validity })
}

/** A certificate by which a device logs in. */
export function deviceOf({ ca, validity }: Certified): Promise<Credentials> {
  return issueClient(ca, { name: 'amira, phone', of: 'device', ...validity })
}

/** A door's TLS: whoever calls counts as another machine unless `changes` say otherwise. */
export async function doorTls(
  organisation: Certified,
  changes: Partial<ServerTls> = {},
): Promise<ServerTls> {
  const credentials = await serverOf(organisation)
  const [der] = organisation.ca.certificates
  return {
    mode: 'auto',
    plainHttp: 'redirect',
    kex: 'hybrid',
    clientCertificates: 'none',
    certificate: { current: () => credentials, onChange: () => () => undefined },
    trust: {
      organisation: 'Relief',
      der,
      pem: organisation.caPem,
      appleProfile: appleProfile({ organisation: 'Relief', authority: der }),
      fingerprint: fingerprintOf(der),
      spoken: spokenFingerprintOf(der),
    },
    isThisMachine: () => false,
    ...changes,
  }
}
