/** The checks of `holdfast doctor` that look at TLS: do people's devices know this kit, and will they tomorrow? */
import { isIP } from 'node:net'
import { addressesHere } from '#compose/tls.ts'
import { openTlsModes, readTlsFolder } from '#config/tls-folder.ts'
import type { Config } from '#config/schema.ts'
import { dersFromPem, readCertificate, validityOf } from '#x509/certificate.ts'
import { spokenFingerprintOf } from '#x509/fingerprint.ts'
import { isPermitted, LOCAL_NAMES } from '#x509/name-constraints.ts'
import { fail, ok, warn, type Finding } from './finding.ts'
import { when } from './terminal.ts'

/** What is looked at. */
export interface TlsPlace {
  readonly data: string
  readonly listen: Config['listen']
  /** Whether the organisation was founded here. */
  readonly isFounder: boolean
  readonly now: number
}

/** All checks of TLS. */
export async function checkTls(place: TlsPlace): Promise<readonly Finding[]> {
  const { data, listen, isFounder } = place
  if (listen.tls === 'off')
    return [warn('tls', 'off: passwords cross the network in the clear unless a proxy speaks TLS')]
  const found = await readTlsFolder(data)
  if (found === undefined) return [ok('tls', 'certificates are made at the first start')]
  const [root] = dersFromPem(found.authorityPem)
  if (root === undefined || readCertificate(root) === undefined)
    return [fail('tls', 'tls/ca.crt is damaged: restore it from a backup')]
  const open = await openTlsModes(data)
  return [
    ok('tls', `people's devices compare: ${spokenFingerprintOf(root)}`),
    ...open.map((each) =>
      warn('tls', `${each.path} is ${each.found}: run \`chmod ${each.wanted} ${each.path}\``),
    ),
    ...(!isFounder && found.authorityKeyPem !== undefined
      ? [
          warn(
            'tls',
            'this kit vouches for itself, as it got no authority when it joined: devices must trust it apart',
          ),
        ]
      : []),
    ...publicAddresses(place),
    ...foreignNames(place),
    ...certificate(found.kit?.certificatePem, place),
    ...(listen.plainHttp === 'serve' && listen.tls === 'auto'
      ? [warn('tls', 'plainHttp is serve: whoever comes by http sends passwords in the clear')]
      : []),
  ]
}

/** No certificate of ours may stand for an address that is not private. */
function publicAddresses({ listen }: TlsPlace): readonly Finding[] {
  const here = listen.host === '0.0.0.0' || listen.host === '::' ? addressesHere() : [listen.host]
  const foreign = here.filter((each) => isIP(each) === 4 && !isPermitted(each, LOCAL_NAMES))
  if (foreign.length === 0) return []
  return [
    warn(
      'tls',
      `devices will not believe https://${foreign.join(', ')}: only private addresses are for kits; use a name`,
    ),
  ]
}

/** A name of the wide world can be right only where it was known when the organisation was founded. */
function foreignNames({ listen, isFounder }: TlsPlace): readonly Finding[] {
  const foreign = listen.names.filter((name) => !isPermitted(name, LOCAL_NAMES))
  if (isFounder || foreign.length === 0) return []
  return [
    warn(
      'tls',
      `devices will not believe ${foreign.join(', ')} here: only local names are for kits`,
    ),
  ]
}

function certificate(pem: string | undefined, { now }: TlsPlace): readonly Finding[] {
  const leaf = readCertificate(dersFromPem(pem ?? '')[0] ?? '')
  if (leaf === undefined) return []
  const { notBefore, notAfter } = validityOf(leaf)
  if (now >= notBefore && now < notAfter)
    return [ok('tls', `this kit's certificate is good until ${when(notAfter)}`)]
  return [
    warn(
      'tls',
      `this kit's certificate is good from ${when(notBefore)} to ${when(notAfter)}, not now by this clock: set the time`,
    ),
  ]
}
