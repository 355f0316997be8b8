/**
 * The door's TLS, put together: what the data folder keeps, made where it is missing.
 *
 * Whoever founded the organisation makes its authority. A node that joined got its own authority with the answer to
 * its request; where that is not so yet, it founds one for itself alone, and `holdfast doctor` says so: people
 * would have to trust each such kit separately.
 */
import { networkInterfaces } from 'node:os'
import { must } from '#base/assert.ts'
import { EdgeError } from '#base/errors.ts'
import {
  readTlsFolder,
  tlsFolderOf,
  writeTlsPart,
  type PemPair,
  type TlsContents,
} from '#config/tls-folder.ts'
import type { Config } from '#config/schema.ts'
import type { Clock } from '#ports/clock.ts'
import type { Log } from '#ports/log.ts'
import type { ServerOptions } from '#server/door.ts'
import type { ServerTls, TrustMaterial } from '#server/tls.ts'
import {
  dersFromPem,
  isIssuedBy,
  pemFromDer,
  readCertificate,
  type Authority,
} from '#x509/certificate.ts'
import { fingerprintOf, spokenFingerprintOf } from '#x509/fingerprint.ts'
import { openKitCertificate } from '#x509/kit-certificate.ts'
import { appleProfile } from '#x509/apple-profile.ts'

/** Whose authority it is. */
export interface TlsNames {
  readonly dataFolder: string
  /** The organisation's name. */
  readonly organisation: string
  /** The node's name. */
  readonly name: string
  /** DNS names from the config. */
  readonly names: readonly string[]
  /** Whether the organisation was founded here. */
  readonly isFounder: boolean
}

/** A data folder and the node in it. */
export interface Housing {
  readonly dataFolder: string
  readonly identity: {
    readonly organisation: { readonly name: string }
    readonly certificate: { readonly name: string }
  }
  readonly keys: { readonly root: Uint8Array | undefined }
}

/** The two authorities of a folder. */
export interface Authorities {
  /** DER of the organisation's certificate. */
  readonly root: Uint8Array
  /** The organisation's own, with its key, where that is. */
  readonly organisation: Authority | undefined
  readonly kit: Authority
}

/**
 * The authorities of the folder; those that are missing are made first.
 * @throws EdgeError STORE_BROKEN when a file is damaged
 */
export async function ensureAuthorities(names: TlsNames, clock: Clock): Promise<Authorities> {
  const { dataFolder } = names
  const found = (await readTlsFolder(dataFolder)) ?? (await makeRoot(names, clock))
  const root = dersFromPem(found.authorityPem)[0]
  if (root === undefined || readCertificate(root) === undefined) throw damaged(dataFolder, 'ca.crt')
  const organisation: Authority | undefined =
    found.authorityKeyPem === undefined
      ? undefined
      : { certificates: [root], keyPem: found.authorityKeyPem }
  const kit = kitFrom(found, root)
  if (kit !== undefined) return { root, organisation, kit }
  if (organisation === undefined) throw damaged(dataFolder, 'kit-ca.crt')
  return { root, organisation, kit: await makeKit(names, organisation) }
}

/** What people need in order to know this kit. */
export function trustMaterial(root: Uint8Array, organisation: string): TrustMaterial {
  return {
    organisation,
    der: root,
    pem: pemFromDer(root),
    appleProfile: appleProfile({ organisation, authority: root }),
    fingerprint: fingerprintOf(root),
    spoken: spokenFingerprintOf(root),
  }
}

/** How the door listens. */
type Listening = Pick<ServerOptions, 'host' | 'port' | 'tls' | 'captivePortal'>

/**
 * How the door listens: with TLS unless the config says otherwise. `stack` closes what it needs.
 * @throws EdgeError STORE_BROKEN
 */
export async function openListen(
  listen: Config['listen'],
  { dataFolder, identity, keys }: Housing,
  ports: { readonly clock: Clock; readonly log: Log; readonly stack: AsyncDisposableStack },
): Promise<Listening> {
  const { host, port, tls } = listen
  const captivePortal = listen.captivePortal === 'off' ? undefined : listen.captivePortal
  if (tls === 'off') return { host, port, captivePortal, tls: undefined }
  const names: TlsNames = {
    dataFolder,
    organisation: identity.organisation.name,
    name: identity.certificate.name,
    names: listen.names,
    isFounder: keys.root !== undefined,
  }
  return { host, port, captivePortal, tls: await openTls({ ...listen, tls }, names, ports) }
}

async function openTls(
  {
    tls: mode,
    plainHttp,
    kex,
    clientCertificates,
    captivePortal,
  }: Config['listen'] & { readonly tls: ServerTls['mode'] },
  names: TlsNames,
  {
    clock,
    log,
    stack,
  }: { readonly clock: Clock; readonly log: Log; readonly stack: AsyncDisposableStack },
): Promise<ServerTls> {
  const { root, kit } = await ensureAuthorities(names, clock)
  const { dataFolder } = names
  const kept = (await readTlsFolder(dataFolder))?.kit
  const keep = (credentials: PemPair): Promise<void> => writeTlsPart(dataFolder, 'kit', credentials)
  const options = { ...names, authority: kit, addresses: addressesHere, kept, keep }
  const certificate = stack.use(await openKitCertificate(options, { clock, log }))
  const trust = trustMaterial(root, names.organisation)
  const isPortal = captivePortal !== 'off'
  return { mode, plainHttp, kex, clientCertificates, certificate, trust, isPortal }
}

/** Every address of this machine. */
export function addressesHere(): readonly string[] {
  return Object.values(networkInterfaces()).flatMap((all) =>
    (all ?? []).map(({ address }) => address),
  )
}

/** `#x509/issue.ts` is loaded only where something has to be issued: it takes 20 MB. */
async function makeRoot(names: TlsNames, clock: Clock): Promise<TlsContents> {
  const { foundAuthority } = await import('#x509/issue.ts')
  const organisation = names.isFounder
    ? names.organisation
    : `${names.organisation} kit ${names.name}`
  const made = await foundAuthority({ organisation, names: names.names, now: clock.now() })
  const authorityPem = pemFromDer(...made.certificates)
  await writeTlsPart(names.dataFolder, 'ca', { certificatePem: authorityPem, keyPem: made.keyPem })
  return must(await readTlsFolder(names.dataFolder), 'it was written just now')
}

async function makeKit(names: TlsNames, organisation: Authority): Promise<Authority> {
  const { makeKitCa } = await import('#x509/issue.ts')
  const kit = await makeKitCa(organisation, names)
  const certificatePem = pemFromDer(kit.certificates[0])
  await writeTlsPart(names.dataFolder, 'kit-ca', { certificatePem, keyPem: kit.keyPem })
  return kit
}

/** The kit's own authority as it was kept, if it is one by this organisation. */
function kitFrom({ kitAuthority }: TlsContents, root: Uint8Array): Authority | undefined {
  const own = dersFromPem(kitAuthority?.certificatePem ?? '')[0]
  if (kitAuthority === undefined || own === undefined) return undefined
  const [certificate, issuer] = [readCertificate(own), readCertificate(root)]
  if (certificate === undefined || issuer === undefined) return undefined
  if (!isIssuedBy(certificate, issuer)) return undefined
  return { certificates: [own, root], keyPem: kitAuthority.keyPem }
}

function damaged(dataFolder: string, file: string): EdgeError {
  return new EdgeError('STORE_BROKEN', {
    file: `${tlsFolderOf(dataFolder)}/${file}`,
    found: 'no certificate that fits the others',
    wanted: 'the one that was there',
    do: 'Restore the folder tls/ from a backup; or remove it, and let people trust the new authority.',
  })
}
