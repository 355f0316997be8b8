/**
 * What a data folder keeps for TLS, all of it PEM:
 *
 *     tls/                0700
 *       ca.crt, ca.key    the organisation's authority; the key (0600) only where it was founded
 *       kit-ca.crt, .key  this kit's own authority, by which it vouches for its present addresses
 *       kit.crt, kit.key  the server certificate of the door, made anew when it has to be
 *
 * A key is written before its certificate, so what a power cut leaves half is known as absent.
 */
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import {
  isThere,
  makeFolder,
  modeOf,
  PUBLIC_MODE,
  readText,
  SECRET_FOLDER_MODE,
  SECRET_MODE,
  writeFileWhole,
} from './files.ts'

/** A certificate and its key. */
export interface PemPair {
  /** One or more certificates. */
  readonly certificatePem: string
  readonly keyPem: string
}

/** What was found. */
export interface TlsContents {
  /** The organisation's certificate. */
  readonly authorityPem: string
  /** Its key, where it was founded. */
  readonly authorityKeyPem: string | undefined
  /** The kit's own authority; its certificates without the organisation's. */
  readonly kitAuthority: PemPair | undefined
  /** The door's certificate. */
  readonly kit: PemPair | undefined
}

/** What there is a pair of. */
export type TlsPart = 'ca' | 'kit-ca' | 'kit'

const PARTS: readonly TlsPart[] = ['ca', 'kit-ca', 'kit']

/** The folder for TLS in the data folder at `path`. */
export function tlsFolderOf(path: string): string {
  return join(path, 'tls')
}

/** What the folder keeps; undefined when no organisation's certificate is there. */
export async function readTlsFolder(path: string): Promise<TlsContents | undefined> {
  const authorityPem = await readText(fileOf(path, 'ca', 'crt'))
  if (authorityPem === undefined) return undefined
  return {
    authorityPem,
    authorityKeyPem: await readText(fileOf(path, 'ca', 'key')),
    kitAuthority: await readPair(path, 'kit-ca'),
    kit: await readPair(path, 'kit'),
  }
}

/** Keeps a pair. Without a key, only the certificate: of somebody else's authority. */
export async function writeTlsPart(
  path: string,
  part: TlsPart,
  pair: Partial<PemPair> & Pick<PemPair, 'certificatePem'>,
): Promise<void> {
  await makeFolder(tlsFolderOf(path), SECRET_FOLDER_MODE)
  const key = fileOf(path, part, 'key')
  if (pair.keyPem === undefined) await rm(key, { force: true })
  else await writeFileWhole(key, pair.keyPem, SECRET_MODE)
  await writeFileWhole(fileOf(path, part, 'crt'), pair.certificatePem, PUBLIC_MODE)
}

/** Files that others on this machine could read or change and should not, with the mode they have, in octal. */
export async function openTlsModes(
  path: string,
): Promise<readonly { readonly path: string; readonly found: string; readonly wanted: string }[]> {
  const folder = tlsFolderOf(path)
  if (!(await isThere(folder))) return []
  const wanted: readonly (readonly [string, number])[] = [
    [folder, SECRET_FOLDER_MODE],
    ...PARTS.map((part) => [fileOf(path, part, 'key'), SECRET_MODE] as const),
  ]
  const modes = await Promise.all(wanted.map(([item]) => modeOf(item)))
  return wanted.flatMap(([item, mode], at) => {
    const found = modes[at]
    return found === undefined || (found & 0o077) === 0
      ? []
      : [{ path: item, found: found.toString(8), wanted: mode.toString(8) }]
  })
}

async function readPair(path: string, part: TlsPart): Promise<PemPair | undefined> {
  const certificatePem = await readText(fileOf(path, part, 'crt'))
  const keyPem = await readText(fileOf(path, part, 'key'))
  return certificatePem === undefined || keyPem === undefined
    ? undefined
    : { certificatePem, keyPem }
}

function fileOf(path: string, part: TlsPart, kind: 'crt' | 'key'): string {
  return join(tlsFolderOf(path), `${part}.${kind}`)
}
