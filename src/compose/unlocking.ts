/**
 * From a locked data folder to its keys and back: which way opens it, what hangs on the key once it is open, and how ways
 * come and go. Bytes of keys are overwritten once they are not needed, as far as a garbage collector lets one promise.
 */
import { EdgeError } from '#base/errors.ts'
import { damaged, readSealed, type NodeKeys, type SealedFiles } from '#config/data-folder.ts'
import { layoutOf } from '#config/layout.ts'
import { destroyFile, passphraseIn, SECRET_MODE, writeFileWhole } from '#config/files.ts'
import type { Config } from '#config/schema.ts'
import type { Random } from '#ports/random.ts'
import { loadKeyFile, readKeyFile } from '#storage/key-file.ts'
import { openOpaqueNames } from '#storage/opaque-names.ts'
import { hideNames } from '#storage/opaque-store.ts'
import { deriveKey, KEY_BYTES, sealingKey, type Algorithm, type SealingKey } from '#storage/seal.ts'
import { sealStore } from '#storage/sealed-store.ts'
import { openSecrets, sealSecrets } from '#storage/secrets.ts'
import type { Store } from '#ports/store.ts'
import { decodeVault, encodeVault, type Vault, type Way } from '#storage/vault-format.ts'
import {
  emptyVault,
  makeShare,
  openWithKeyFile,
  openWithPassphrase,
  openWithRelease,
  shareIdOf,
  waysOf,
  withKeyFile,
  withoutWay,
  withPassphrase,
  withRelease,
  type Share,
} from '#storage/vault.ts'

/** An open vault, and what opened it. */
export interface StoreKey {
  /** 32 bytes that never change. */
  readonly bytes: Uint8Array
  readonly vault: Vault
  readonly by: Way
}

/** How headquarters hands out its share of a kit's key. */
export interface Release {
  /**
   * The 32 bytes of the share with this id, or undefined when it is withheld. May take as long as a link needs. The
   * device's secret shows who asks; `isRight` says whether a share fits.
   */
  readonly fetch: (
    shareId: Uint8Array,
    deviceSecret: Uint8Array,
    isRight: (share: Uint8Array) => boolean,
  ) => Promise<Uint8Array | undefined>
}

/** What decides how a folder opens. */
export type UnlockConfig = Config['unlock']

const ALGORITHMS: Readonly<Record<UnlockConfig['cipher'], Algorithm>> = {
  'chacha20-poly1305': 1,
  'aes-256-gcm': 2,
}
const KEY_NAMES = ['signing', 'organisation', 'root', 'epoch'] as const

/** The sealed files of a new folder, which opens with a key file: a new one inside it, or the one that is configured. */
export async function sealNewFolder(
  keys: NodeKeys,
  unlock: UnlockConfig,
  random: Random,
): Promise<SealedFiles> {
  const { keyFile } = unlock
  const isInside = keyFile === undefined
  const secret = isInside ? random.bytes(KEY_BYTES) : await loadKeyFile(keyFile, random)
  const bytes = random.bytes(KEY_BYTES)
  const empty = emptyVault(ALGORITHMS[unlock.cipher], random)
  const vault = withKeyFile(empty, bytes, { secret, random })
  const sealed = sealSecrets(partOf({ bytes, vault }, 'secrets'), namedKeys(keys), random)
  bytes.fill(0)
  return { vault: encodeVault(vault), secrets: sealed, keyFile: isInside ? secret : undefined }
}

function namedKeys(keys: NodeKeys): ReadonlyMap<string, Uint8Array> {
  return new Map(
    KEY_NAMES.flatMap((name) => {
      const key = keys[name]
      return key === undefined ? [] : [[name, key] as const]
    }),
  )
}

/** The folder's vault. @throws EdgeError STORE_BROKEN */
export async function vaultOf(dataFolder: string): Promise<Vault> {
  const { vault } = await readSealed(dataFolder)
  const decoded = decodeVault(vault)
  if (decoded === undefined)
    throw damaged(layoutOf(dataFolder).vault, 'a vault of version 1 with known algorithms')
  return decoded
}

/**
 * Opens the folder by what needs no person: key file, passphrase file, release. Undefined when a person has to.
 * @throws EdgeError CONFIG_INVALID when the key file is another's or open to others, STORE_BROKEN
 */
export async function unlockAlone(
  dataFolder: string,
  unlock: UnlockConfig,
  release?: Release,
): Promise<StoreKey | undefined> {
  const vault = await vaultOf(dataFolder)
  const ways = waysOf(vault)
  const tries: readonly (readonly [Way, () => Promise<Uint8Array | undefined>])[] = [
    ['keyFile', () => byKeyFile(dataFolder, vault, unlock)],
    ['passphrase', () => byPassphraseFile(vault, unlock)],
    ['release', async () => release && byRelease(dataFolder, vault, release)],
  ]
  for (const [by, open] of tries) {
    const bytes = ways.includes(by) ? await open() : undefined
    if (bytes !== undefined) return { bytes, vault, by }
  }
  return undefined
}

/** Opens the folder by what headquarters releases; undefined when it withholds that now. */
export async function unlockByRelease(
  dataFolder: string,
  release: Release,
): Promise<StoreKey | undefined> {
  const vault = await vaultOf(dataFolder)
  const bytes = await byRelease(dataFolder, vault, release)
  return bytes && { bytes, vault, by: 'release' }
}

/** Opens the folder by a passphrase; undefined when it is another. */
export async function unlockBy(
  dataFolder: string,
  passphrase: string,
): Promise<StoreKey | undefined> {
  const vault = await vaultOf(dataFolder)
  const bytes = await openWithPassphrase(vault, passphrase)
  return bytes && { bytes, vault, by: 'passphrase' }
}

/** Overwrites the key. What was derived from it goes when its holders are closed. */
export function forget(key: StoreKey): void {
  key.bytes.fill(0)
}

/** The node's own keys. @throws EdgeError STORE_BROKEN */
export async function keysOf(dataFolder: string, key: StoreKey): Promise<NodeKeys> {
  const { secrets } = await readSealed(dataFolder)
  const found = openSecrets(partOf(key, 'secrets'), secrets)
  const [signing, organisation, root, epoch] = KEY_NAMES.map((name) => found?.get(name))
  if (signing === undefined || organisation === undefined)
    throw damaged(layoutOf(dataFolder).secrets, 'the keys of this node, sealed under its store key')
  return { signing, organisation, root, epoch }
}

/** Seals these keys in place of those that are there: the root moved away, or an epoch is in the store now. */
export async function replaceKeys(
  dataFolder: string,
  key: StoreKey,
  { keys, random }: { readonly keys: NodeKeys; readonly random: Random },
): Promise<void> {
  const sealed = sealSecrets(partOf(key, 'secrets'), namedKeys(keys), random)
  await writeFileWhole(layoutOf(dataFolder).secrets, sealed, SECRET_MODE)
}

/** The store with sealed values and hidden names. It closes `inner` when it is closed. */
export function sealWhole(inner: Store, key: StoreKey, random: Random): Store {
  const names = deriveKey(key.vault.algorithm, key.bytes, {
    salt: key.vault.id,
    label: 'holdfast names',
  })
  return sealStore(hideNames(inner, openOpaqueNames(names)), partOf(key, 'values'), random)
}

/** From now on the folder opens by this passphrase; by nothing else, unless `isKeyFileKept`. */
export async function setPassphrase(
  dataFolder: string,
  key: StoreKey,
  wish: { readonly passphrase: string; readonly isKeyFileKept: boolean; readonly random: Random },
): Promise<void> {
  const { passphrase, random } = wish
  const vault = await withPassphrase(key.vault, key.bytes, { passphrase, random })
  await writeVault(dataFolder, wish.isKeyFileKept ? vault : withoutWay(vault, 'keyFile'))
  if (!wish.isKeyFileKept) await destroyFile(layoutOf(dataFolder).keyFile)
}

/** From now on the folder opens by a key file, a new one unless it is there, and by no passphrase. */
export async function removePassphrase(
  dataFolder: string,
  key: StoreKey,
  { unlock, random }: { readonly unlock: UnlockConfig; readonly random: Random },
): Promise<void> {
  const secret = await loadKeyFile(unlock.keyFile ?? layoutOf(dataFolder).keyFile, random)
  const vault = withKeyFile(key.vault, key.bytes, { secret, random })
  await writeVault(dataFolder, withoutWay(vault, 'passphrase'))
}

/**
 * From now on the folder also opens by what headquarters releases. The share is for headquarters alone; destroying it
 * there, and the other ways here, locks the kit for ever.
 */
export async function addRelease(
  dataFolder: string,
  key: StoreKey,
  random: Random,
): Promise<Share> {
  const deviceSecret = await loadKeyFile(layoutOf(dataFolder).device, random)
  const share = makeShare(random)
  await writeVault(dataFolder, withRelease(key.vault, key.bytes, { deviceSecret, share, random }))
  return share
}

/** The ways by which the folder opens now. */
export async function waysInto(dataFolder: string): Promise<readonly Way[]> {
  return waysOf(await vaultOf(dataFolder))
}

async function byKeyFile(
  dataFolder: string,
  vault: Vault,
  unlock: UnlockConfig,
): Promise<Uint8Array | undefined> {
  const file = unlock.keyFile ?? layoutOf(dataFolder).keyFile
  const secret = await readKeyFile(file)
  if (secret === undefined) return undefined
  const key = openWithKeyFile(vault, secret)
  secret.fill(0)
  if (key !== undefined) return key
  const facts = { key: 'unlock.keyFile', found: 'the key file of another node', wanted: 'its own' }
  throw new EdgeError('CONFIG_INVALID', facts)
}

async function byPassphraseFile(
  vault: Vault,
  { passphraseFile }: UnlockConfig,
): Promise<Uint8Array | undefined> {
  if (passphraseFile === undefined) return undefined
  const key = await openWithPassphrase(vault, await passphraseIn(passphraseFile))
  if (key !== undefined) return key
  const facts = {
    key: 'unlock.passphraseFile',
    found: 'another passphrase',
    wanted: 'the one that was set',
  }
  throw new EdgeError('CONFIG_INVALID', facts)
}

async function byRelease(
  dataFolder: string,
  vault: Vault,
  release: Release,
): Promise<Uint8Array | undefined> {
  const id = shareIdOf(vault)
  const deviceSecret = id && (await readKeyFile(layoutOf(dataFolder).device))
  if (id === undefined || deviceSecret === undefined) return undefined
  try {
    const isRight = (share: Uint8Array): boolean => {
      const key = openWithRelease(vault, deviceSecret, share)
      key?.fill(0)
      return key !== undefined
    }
    const share = await release.fetch(id, deviceSecret, isRight)
    const key = share && openWithRelease(vault, deviceSecret, share)
    share?.fill(0)
    return key
  } finally {
    deviceSecret.fill(0)
  }
}

/** Puts another vault in the place of the folder's. */
export async function writeVault(dataFolder: string, vault: Vault): Promise<void> {
  const file = layoutOf(dataFolder).vault
  await writeFileWhole(file, encodeVault(vault), SECRET_MODE)
}

/** The key for one purpose. */
function partOf({ bytes, vault }: Omit<StoreKey, 'by'>, part: 'values' | 'secrets'): SealingKey {
  const { algorithm, id: salt } = vault
  const derived = deriveKey(algorithm, bytes, { salt, label: `holdfast ${part}` })
  const key = sealingKey(algorithm, derived)
  derived.fill(0)
  return key
}
