/**
 * The slot of a folder's vault that headquarters' release opens: made, proved, left as the only one, taken away. Each step
 * leaves a folder that somebody can open, wherever a power cut falls.
 */
import { hexFromBytes } from '#base/bytes.ts'
import { EdgeError } from '#base/errors.ts'
import { readDataFolder } from '#config/data-folder.ts'
import { layoutOf } from '#config/layout.ts'
import { destroyFile } from '#config/files.ts'
import type { Random } from '#ports/random.ts'
import { loadKeyFile } from '#storage/key-file.ts'
import { shareIdOf, waysOf, withoutWay } from '#storage/vault.ts'
import { authenticationKey, type ShareSecrets } from '#trust/release.ts'
import { organisationOf } from './opening.ts'
import {
  addRelease,
  forget,
  unlockByRelease,
  vaultOf,
  writeVault,
  type Release,
  type StoreKey,
} from './unlocking.ts'

/** What the hubs are to get. */
export interface NewShare extends ShareSecrets {
  /** 32 hexadecimal digits. */
  readonly id: string
}

/** 32 hexadecimal digits: the share that opens this folder; undefined when none does. */
export async function shareInto(dataFolder: string): Promise<string | undefined> {
  const id = shareIdOf(await vaultOf(dataFolder))
  return id && hexFromBytes(id)
}

/**
 * From now on the folder also opens by a new share, once a hub has it.
 * @throws EdgeError NOT_ALLOWED when an earlier share is the only way in: no hub has the new one yet
 */
export async function makeReleaseSlot(
  dataFolder: string,
  key: StoreKey,
  random: Random,
): Promise<NewShare> {
  await insistOnAnotherWay(dataFolder, 'another share')
  const { suite } = organisationOf(await readDataFolder(dataFolder))
  const share = await addRelease(dataFolder, key, random)
  const deviceSecret = await loadKeyFile(layoutOf(dataFolder).device, random)
  const id = hexFromBytes(share.id)
  const authentication = authenticationKey(suite, deviceSecret, id)
  deviceSecret.fill(0)
  return { id, share: share.bytes, authentication }
}

/**
 * From now on the folder opens by a release only; not before a hub has just released it.
 * @throws EdgeError NOT_ALLOWED when none did
 */
export async function keepOnlyRelease(dataFolder: string, release: Release): Promise<void> {
  const proved = await unlockByRelease(dataFolder, release)
  if (proved === undefined)
    throw new EdgeError('NOT_ALLOWED', {
      action: 'release',
      found: 'no hub that releases this node',
      wanted: 'a release that works, before the other ways go',
      do: 'Check unlock.release.from, and `holdfast release status` here and on the hub.',
    })
  const { vault } = proved
  forget(proved)
  const others = waysOf(vault).filter((way) => way !== 'release')
  await writeVault(dataFolder, others.reduce(withoutWay, vault))
  await destroyFile(layoutOf(dataFolder).keyFile)
}

/** From now on no release opens the folder. @throws EdgeError NOT_ALLOWED when nothing else does */
export async function removeReleaseSlot(dataFolder: string): Promise<void> {
  await insistOnAnotherWay(dataFolder, 'no release')
  await writeVault(dataFolder, withoutWay(await vaultOf(dataFolder), 'release'))
  await destroyFile(layoutOf(dataFolder).device)
}

async function insistOnAnotherWay(dataFolder: string, wish: string): Promise<void> {
  const ways = waysOf(await vaultOf(dataFolder))
  if (ways.some((way) => way !== 'release')) return
  throw new EdgeError('NOT_ALLOWED', {
    action: 'release',
    found: 'a release as the only way in',
    wanted: `another way before ${wish}`,
    do: 'Run `holdfast passphrase set` first.',
  })
}
