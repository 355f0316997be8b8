/** The opening of a node: from a data folder and its key to identity, keys, life and store. */
import { join } from 'node:path'
import { must } from '#base/assert.ts'
import { codeOf, EdgeError } from '#base/errors.ts'
import {
  openModes,
  readDataFolder,
  type NodeKeys,
  type PublicContents,
} from '#config/data-folder.ts'
import { layoutOf } from '#config/layout.ts'
import { isThere } from '#config/files.ts'
import { beginStart, type Start } from '#config/life.ts'
import { Config } from '#config/schema.ts'
import type { Random } from '#ports/random.ts'
import type { Store } from '#ports/store.ts'
import { range } from '#sync/keys.ts'
import { openBlobFolder, type BlobFolder } from '#storage/blob-folder.ts'
import type { BlobSeal } from '#storage/sealed-blob.ts'
import { openLevelStore } from '#storage/level-store.ts'
import { deriveKey } from '#storage/seal.ts'
import { imageOf } from '#storage/store-image.ts'
import {
  openIdentity,
  organisationIdOf,
  type Identity,
  type Organisation,
} from '#trust/identity.ts'
import { suiteOf } from '#trust/keys.ts'
import { livingIdentity } from '#trust/living-identity.ts'
import { openRoster, type Roster } from '#trust/roster.ts'
import { forget, keysOf, replaceKeys, sealWhole, unlockAlone, type StoreKey } from './unlocking.ts'
import type { World } from './world.ts'

/** An open folder. Its keys are overwritten and its store closed with the stack that opened it. */
export interface Parts {
  readonly dataFolder: string
  readonly identity: Identity
  readonly roster: Roster
  readonly contents: PublicContents
  readonly keys: NodeKeys
  readonly start: Start
  readonly store: Store
  readonly blobs: BlobFolder
  /** The store as it lies on the disk, for a backup. */
  readonly image: () => AsyncIterable<Uint8Array>
}

/** What was found in a store that was read from end to end. */
export interface StoreCheck {
  readonly values: number
  /** Documents that damage took something of, and that are still asked for. */
  readonly holes: number
  readonly wasRepaired: boolean
}

/** Values read at once when a store is checked. */
const CHECK_PAGE = 500
/** Before and after every key. */
const ALL_KEYS = { from: '', to: '\u{10ffff}' } as const
/** What a folder opens with when nobody says otherwise. */
const USUAL_UNLOCK = Config.parse({}).unlock

/**
 * The folder's key, by what needs no person; with `unlock` left out, by the key file inside the folder.
 * @throws EdgeError LOCKED when a person has to open it
 */
export async function keyOf(dataFolder: string, unlock = USUAL_UNLOCK): Promise<StoreKey> {
  const key = await unlockAlone(dataFolder, unlock)
  if (key !== undefined) return key
  throw new EdgeError('LOCKED', { dataFolder })
}

/** Opens the folder; everything opened goes onto `stack`. The key is used up: its bytes are overwritten. */
export async function openParts(
  { dataFolder, key }: { readonly dataFolder: string; readonly key: StoreKey },
  world: World,
  stack: AsyncDisposableStack,
): Promise<Parts> {
  stack.defer(() => forget(key))
  const contents = await readDataFolder(dataFolder)
  const keys = await keysOf(dataFolder, key)
  stack.defer(() => forgetAll(keys))
  const identity = identityOf(dataFolder, contents, keys)
  for (const { path, found, wanted } of await openModes(dataFolder))
    world.log.warn('folder.open-to-others', {
      part: path.slice(join(dataFolder, '/').length),
      found,
      wanted,
    })
  const layout = layoutOf(dataFolder)
  const isNewStore = !(await isThere(layout.store))
  const level = await openLevelStore({ folder: layout.store, log: world.log }).catch(
    (error: unknown) => {
      if (codeOf(error) !== 'DATA_FOLDER_IN_USE') throw error
      throw new EdgeError('DATA_FOLDER_IN_USE', { dataFolder }, { cause: error })
    },
  )
  const store = stack.use(sealWhole(level, key, world.random))
  const blobs = await openBlobs(layout.blobs, key, world.random)
  // A store that is there already has taken the epoch with which this node was let in.
  if (keys.epoch !== undefined && !isNewStore)
    await replaceKeys(dataFolder, key, {
      keys: { ...keys, epoch: undefined },
      random: world.random,
    })
  forget(key) // What is derived from it is in the store's hands; nothing else needs it.
  const start = await beginStart(dataFolder, { isNewStore, bytes: world.random.bytes })
  if (start.reason === 'restored') world.log.warn('node.restored', { reason: 'folder' })
  const roster = rosterOf(identity.organisation, contents)
  const living = livingIdentity(identity, roster)
  const image = (): AsyncIterable<Uint8Array> => imageOf(level.pages())
  return { dataFolder, identity: living, roster, contents, keys, store, blobs, image, start }
}

/** Files beside the store, sealed under a key that follows from the same. */
function openBlobs(folder: string, key: StoreKey, random: Random): Promise<BlobFolder> {
  return openBlobFolder({ folder, ...blobSealOf(key), random })
}

/** What files beside the store are called and sealed by. */
export function blobSealOf({ vault, bytes }: StoreKey): BlobSeal {
  const { algorithm, id: salt } = vault
  return { algorithm, key: deriveKey(algorithm, bytes, { salt, label: 'holdfast blobs' }) }
}

/**
 * Whether certificate, keys and organisation of the folder belong together.
 * @throws EdgeError STORE_BROKEN
 */
export function identityOf(dataFolder: string, contents: PublicContents, keys: NodeKeys): Identity {
  const organisation = organisationOf(contents)
  const { certificateOf } = rosterOf(organisation, contents).authority
  const identity = openIdentity({ organisation, certificateOf }, keys.signing, contents.certificate)
  if (identity !== undefined) return identity
  throw new EdgeError('STORE_BROKEN', {
    dataFolder,
    found: 'certificate, keys and organisation of different nodes',
    wanted: 'those of one',
    do: 'Restore organisation.json, certificate and keys from one backup.',
  })
}

/**
 * Reads every value of the folder's store; the node must not be running.
 * @throws EdgeError DATA_FOLDER_IN_USE, STORE_BROKEN for the first value that does not open
 */
export async function checkStore(
  { dataFolder, key }: { readonly dataFolder: string; readonly key: StoreKey },
  world: World,
): Promise<StoreCheck> {
  const level = await openLevelStore({ folder: layoutOf(dataFolder).store, log: world.log })
  await using sealed = sealWhole(level, key, world.random)
  const holes = (await sealed.list(range.holes)).length
  let values = 0
  let from: string = ALL_KEYS.from
  for (;;) {
    const page = await sealed.list({ from, to: ALL_KEYS.to, limit: CHECK_PAGE })
    values += page.length
    const last = page.at(-1)
    if (last === undefined) return { values, holes, wasRepaired: level.wasRepaired }
    from = `${last[0]}\0`
  }
}

/** The organisation as the folder has it. */
export function organisationOf({ organisation }: PublicContents): Organisation {
  const { suite: number, name, code, rootKey } = organisation
  const suite = must(suiteOf(number), 'the folder names a suite there is')
  return { id: organisationIdOf(suite, rootKey), name, suite, rootKey, code }
}

/** Whom a node knows before it has read its store: the node that let it in. */
export function rosterOf(organisation: Organisation, { issuer }: PublicContents): Roster {
  const roster = openRoster(organisation)
  if (issuer !== undefined) roster.introduce(issuer)
  return roster
}

function forgetAll({ signing, organisation, root, epoch }: NodeKeys): void {
  for (const key of [signing, organisation, root, epoch]) key?.fill(0)
}
