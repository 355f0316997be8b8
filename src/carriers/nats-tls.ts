/** TLS towards a NATS server, with as few bytes as it takes. */
import { readFile } from 'node:fs/promises'
import type { NatsTls } from './nats-options.ts'

/** One group spares 1.35 kB up; the envelopes inside are sealed with a hybrid of their own (research/nats.md 3a). */
const KEY_EXCHANGE = 'X25519'
const CERTIFICATE = '-----BEGIN CERTIFICATE-----'

/**
 * A certificate of nobody for nobody: Ed25519, signed with a key that was thrown away, all names empty. It stands behind a node's
 * own, because OpenSSL adds the authorities it knows behind a certificate that comes alone, up to the root, and Node has no word
 * against it. The server has the root, and puts all it was sent into its session ticket: 500 bytes up and 500 down at every dial.
 */
const NOBODY = `${CERTIFICATE}
MIGmMFoCAQEwBQYDK2VwMAAwHhcNMjYwMTAxMDAwMDAwWhcNNDkxMjMxMjM1OTU5
WjAAMCowBQYDK2VwAyEAUFZw9DzyyWpH6wIAHu7vjf2NGsIqtSZ9j/MdcKt42Pkw
BQYDK2VwA0EADQQTo8Tog4K8kgHkIcyf5uTzeu9bu2e721ivSfFEoirAmVq3oaLu
hiZSYPsvWcBPhGEHIoQNUvLIm60W8nXJAQ==
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
