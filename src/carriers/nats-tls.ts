/** TLS towards a NATS server, with as few bytes as it takes. */
import { readFile } from 'node:fs/promises'
import type { NatsTls } from './nats-options.ts'

/** One group spares 1.35 kB up; the envelopes inside are sealed with a hybrid of their own (research/nats.md 3a). */
const KEY_EXCHANGE = 'X25519'
/** What a server may sign with, instead of the two dozen ways that OpenSSL knows: some 35 bytes up. */
const SIGNATURES = [
  'ecdsa_secp256r1_sha256',
  'ecdsa_secp384r1_sha384',
  'ecdsa_secp521r1_sha512',
  'ed25519',
  'rsa_pss_rsae_sha256',
  'rsa_pss_rsae_sha384',
  'rsa_pss_rsae_sha512',
  'rsa_pkcs1_sha256',
  'rsa_pkcs1_sha384',
  'rsa_pkcs1_sha512',
]
const CERTIFICATE = '-----BEGIN CERTIFICATE-----'

/**
 * A certificate of nobody for nobody: an Ed25519 key that was thrown away, all names empty, and no signature at all. It stands behind a node's
 * own, because OpenSSL adds the authorities it knows behind a certificate that comes alone, up to the root, and Node has no word
 * against it. The server has the root, and puts all it was sent into its session ticket: some hundred bytes up and as many down at every dial.
 */
const NOBODY = `${CERTIFICATE}
MGYwWgIBATAFBgMrZXAwADAeFw0yNjAxMDEwMDAwMDBaFw00OTEyMzEyMzU5NTla
MAAwKjAFBgMrZXADIQANpZqYIYmveWi6ePTAOpuVaHxW6fU9RPSE79+B6ju4ZzAF
BgMrZXADAQA=
-----END CERTIFICATE-----
`

/**
 * What the client hands on to `tls.connect`. It gets contents and no file names: while it reads a file of its own accord it does not
 * hear that its socket was destroyed, and waits for ever. Throws when a file cannot be read.
 */
export async function tlsOptions(tls: NatsTls): Promise<object> {
  const { caFile, certFile, keyFile, serverName } = tls
  return {
    minVersion: 'TLSv1.3',
    ecdhCurve: KEY_EXCHANGE,
    sigalgs: SIGNATURES.join(':'),
    ...(caFile === undefined ? {} : { ca: await readFile(caFile) }),
    ...(certFile === undefined ? {} : { cert: notAlone(await readFile(certFile, 'latin1')) }),
    ...(keyFile === undefined ? {} : { key: await readFile(keyFile) }),
    ...(serverName === undefined ? {} : { servername: serverName }),
  }
}

/** A chain that somebody wrote stays as it is. */
function notAlone(pem: string): string {
  return pem.split(CERTIFICATE).length > 2 ? pem : `${pem.trimEnd()}\n${NOBODY}`
}
