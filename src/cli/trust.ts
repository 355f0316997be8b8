/** `holdfast trust`: how phones and laptops learn to know this organisation's kits, and what to give to each. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { EdgeError } from '#base/errors.ts'
import { readDataFolder } from '#config/data-folder.ts'
import { layoutOf } from '#config/layout.ts'
import { isThere, SECRET_MODE } from '#config/files.ts'
import { loadConfig } from '#config/load.ts'
import { readRunNote } from '#config/run-note.ts'
import type { Config } from '#config/schema.ts'
import { ensureAuthorities, trustMaterial, type Authorities } from '#compose/tls.ts'
import { organisationOf, rosterOf } from '#compose/opening.ts'
import { readCertificate, validityOf, type Authority, type Validity } from '#x509/certificate.ts'
import { readCertificate as readNodeCertificate } from '#trust/identity.ts'
import { LONGEST_MS, TOLERANCE_MS } from '#x509/leaf.ts'
import { picture, placesOf } from './addresses.ts'
import { newPassword } from './enrolment.ts'
import { table, writeJson, writeLines, type CommonOptions, type Surroundings } from './terminal.ts'

/** What `trust` may be told. */
export interface TrustOptions extends CommonOptions {
  readonly config?: string
  /** For which kind of device a file is made. */
  readonly for?: 'apple' | 'android' | 'p12' | 'pem'
  /** Whose device it is, in words; it then gets a certificate of its own. */
  readonly device?: string
  /** Names and addresses of a post office. */
  readonly host?: readonly string[]
}

/** A folder's authorities and what they are called. */
export interface Trust extends Authorities {
  readonly organisationName: string
  /** Short code of the organisation, which names the workspace at a post office. */
  readonly code: string
  readonly listen: Config['listen']
}

/** Shows the fingerprint, the way to the page about trust, and its picture. */
export async function trust(options: TrustOptions, surroundings: Surroundings): Promise<void> {
  const { terminal } = surroundings
  const { root, organisationName, listen } = await readTrust(options, surroundings)
  const { fingerprint, spoken } = trustMaterial(root, organisationName)
  const note = await readRunNote(options.data)
  const { host, port } = note ?? listen
  const urls = placesOf(host, port).map((place) => `http://${place}/trust`)
  if (options.json)
    return writeJson(terminal, { organisation: organisationName, fingerprint, spoken, urls })
  writeLines(terminal, [
    `Whoever trusts this certificate of ${organisationName} knows all of its kits.`,
    '',
    ...table([
      ['In words', spoken],
      ['SHA-256', fingerprint],
      ['Page', urls.join('  ') || 'no network here yet'],
    ]),
    '',
    ...(urls[0] === undefined
      ? []
      : ['Phones: scan, compare the words, install.', '', picture(urls[0])]),
  ])
}

/** Writes a file for a device to install. */
export async function trustExport(
  file: string,
  options: TrustOptions,
  surroundings: Surroundings,
): Promise<void> {
  const { terminal, random } = surroundings
  const found = await readTrust(options, surroundings)
  const material = trustMaterial(found.root, found.organisationName)
  const kind = options.for ?? 'pem'
  const password = newPassword(random)
  const needsOwn = kind === 'p12' || (kind === 'apple' && options.device !== undefined)
  const own = needsOwn ? await deviceFile(found, options, { password, surroundings }) : undefined
  const content = await contentOf(kind, { found, material, own })
  await writeFile(file, content, own === undefined ? {} : { mode: SECRET_MODE })
  const shown = own === undefined ? {} : { password }
  if (options.json) return writeJson(terminal, { file, for: kind, ...shown })
  writeLines(terminal, [
    `${file}: ${WHAT[kind]}`,
    ...table([
      ['In words', material.spoken],
      ...(own === undefined ? [] : [['Password', `${password}   shown only now: note it down`]]),
    ]),
  ])
}

/** What a file of each kind is. */
const WHAT = {
  apple: 'open it on the iPhone, iPad or Mac, then install it in Settings',
  android: 'install it in Settings as a CA certificate',
  p12: 'certificate and key of one device; the certificate of the organisation is installed apart',
  pem: 'the certificate of the organisation, PEM',
} as const

/**
 * The authorities of the folder, made first where they are missing.
 * @throws EdgeError CONFIG_MISSING, CONFIG_INVALID, STORE_BROKEN
 */
export async function readTrust(
  { data, config }: TrustOptions,
  { clock, environment }: Surroundings,
): Promise<Trust> {
  const contents = await readDataFolder(data)
  const organisation = organisationOf(contents)
  const { authority } = rosterOf(organisation, contents)
  const certificate = readNodeCertificate(authority, contents.certificate)
  const file = config ?? layoutOf(data).config
  const { listen } = await loadConfig({ file, environment, overrides: {} })
  const isFounder = await isThere(join(data, 'tls', 'ca.key'))
  const { names } = listen
  const authorities = await ensureAuthorities(
    {
      dataFolder: data,
      organisation: organisation.name,
      name: certificate?.name ?? 'node',
      names,
      isFounder,
    },
    clock,
  )
  return {
    ...authorities,
    organisationName: organisation.name,
    code: organisation.code,
    listen,
  }
}

/** The organisation's own authority. @throws EdgeError NOT_ALLOWED where its key is not */
export function mustIssue({ organisation }: Trust): Authority {
  if (organisation !== undefined) return organisation
  throw new EdgeError('NOT_ALLOWED', {
    found: "no key of the organisation's authority in this data folder",
    wanted: 'the data folder of the node that founded the organisation',
    do: 'Run the command there.',
  })
}

/** From now for as long as people's devices accept a certificate that was installed by hand. */
export function longValidity(authority: Authority, now: number): Validity {
  const certificate = readCertificate(authority.certificates[0])
  const end = certificate === undefined ? now : validityOf(certificate).notAfter
  return { notBefore: now - TOLERANCE_MS, notAfter: Math.min(end, now - TOLERANCE_MS + LONGEST_MS) }
}

async function deviceFile(
  found: Trust,
  { device = 'device' }: TrustOptions,
  { password, surroundings }: { readonly password: string; readonly surroundings: Surroundings },
): Promise<Uint8Array> {
  const authority = mustIssue(found)
  const { issueClient } = await import('#x509/issue.ts')
  const { pkcs12 } = await import('#x509/pkcs12.ts')
  const validity = longValidity(authority, surroundings.clock.now())
  const draft = { name: device, of: 'device', keyKind: 'rsa', ...validity } as const
  const credentials = await issueClient(authority, draft)
  return pkcs12({ credentials, friendlyName: `${found.organisationName}: ${device}`, password })
}

interface Made {
  readonly found: Trust
  readonly material: ReturnType<typeof trustMaterial>
  readonly own: Uint8Array | undefined
}

async function contentOf(
  kind: keyof typeof WHAT,
  { found, material, own }: Made,
): Promise<string | Uint8Array> {
  if (kind === 'pem') return material.pem
  if (kind === 'android') return material.der
  if (own === undefined) return material.appleProfile
  if (kind === 'p12') return own
  const { appleProfile } = await import('#x509/apple-profile.ts')
  return appleProfile({
    organisation: found.organisationName,
    authority: found.root,
    identity: own,
  })
}
