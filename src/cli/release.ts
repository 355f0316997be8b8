/** `holdfast release`: whether headquarters opens this kit when it starts, and, on a hub, which kits it opens. */
import type { ReleaseStatus } from '#app/release-types.ts'
import { hexFromBytes } from '#base/bytes.ts'
import { EdgeError } from '#base/errors.ts'
import { must } from '#base/assert.ts'
import { layoutOf } from '#config/layout.ts'
import { isThere } from '#config/files.ts'
import { loadConfig } from '#config/load.ts'
import { realWorld } from '#compose/world.ts'
import { releaseOf } from '#compose/release.ts'
import {
  keepOnlyRelease,
  makeReleaseSlot,
  removeReleaseSlot,
  shareInto,
} from '#compose/release-slot.ts'
import { forget, waysInto, type Release, type UnlockConfig } from '#compose/unlocking.ts'
import { findLocalNode, type LocalNode } from './local-node.ts'
import { nodeCalled } from './lost.ts'
import { openedFolder, type PassphraseOptions } from './passphrase.ts'
import { postAnyWay } from './request-any.ts'
import { table, writeJson, writeLines, type CommonOptions, type Surroundings } from './terminal.ts'

/** What `release enable` may be told. */
export interface ReleaseOptions extends Omit<PassphraseOptions, 'newPassphraseFile'> {
  /** Take the other ways in away, once a hub has proved that it releases this node. */
  readonly only?: true
}

/** What is to be done on the kit itself. */
export type ReleaseDeed = 'enable' | 'disable' | 'status'

const ADDRESS = '/api/holdfast/v1/release'
/** How long a hub has to say that it has the share, in milliseconds, and how often is looked. */
const CONFIRMED_MS = 30_000
const LOOK_MS = 500

/** Runs `release enable`, `disable` or `status`. */
export async function release(
  deed: ReleaseDeed,
  options: ReleaseOptions,
  surroundings: Surroundings,
): Promise<void> {
  const local = await findLocalNode(options.data, surroundings)
  if (deed === 'enable') await enable(local, options, surroundings)
  if (deed === 'disable') {
    const status = await statusOf(local)
    await removeReleaseSlot(options.data)
    if (status.share !== undefined) await local.ask('POST', `${ADDRESS}/forget`, {})
  }
  await show(local, options, surroundings)
}

/** Runs `release hold` and `release allow` on a hub. */
export async function holdRelease(
  kit: string,
  { isHeld, options }: { readonly isHeld: boolean; readonly options: CommonOptions },
  surroundings: Surroundings,
): Promise<void> {
  const { terminal } = surroundings
  const local = await findLocalNode(options.data, surroundings)
  const { id, name } = await nodeCalled(local, kit)
  await local.ask('POST', `/api/holdfast/v1/nodes/${id}/release`, { isHeld })
  if (options.json) return writeJson(terminal, { node: id, name, isHeld })
  writeLines(terminal, [
    isHeld
      ? `This hub does not release ${name} until \`holdfast release allow ${name}\`. Other hubs decide for themselves.`
      : `This hub releases ${name} when it asks.`,
  ])
}

/** Goes on where an earlier run was cut short: a slot whose share the node does not know was never handed over. */
async function enable(
  local: LocalNode,
  options: ReleaseOptions,
  surroundings: Surroundings,
): Promise<void> {
  const { data } = options
  const unlock = await unlockConfig(options, surroundings)
  const { share: handed } = await statusOf(local)
  const slot = await shareInto(data)
  if (slot === undefined || slot !== handed)
    await makeShare(local, { options, unlock }, surroundings)
  if (options.only !== true) return
  await untilConfirmed(local, surroundings)
  await keepOnlyRelease(data, await releaseFor(data, unlock, surroundings))
}

async function makeShare(
  local: LocalNode,
  { options, unlock }: { readonly options: ReleaseOptions; readonly unlock: UnlockConfig },
  surroundings: Surroundings,
): Promise<void> {
  const { data } = options
  const hasOne = (await waysInto(data)).includes('passphrase')
  const key = await openedFolder(options, { unlock, hasOne }, surroundings)
  try {
    const { id, share, authentication } = await makeReleaseSlot(data, key, surroundings.random)
    await local.ask('POST', `${ADDRESS}/share`, {
      id,
      share: hexFromBytes(share),
      authentication: hexFromBytes(authentication),
    })
    share.fill(0)
  } finally {
    forget(key)
  }
}

async function untilConfirmed(
  local: LocalNode,
  { clock, signal }: Pick<Surroundings, 'clock' | 'signal'>,
): Promise<void> {
  const until = clock.monotonicMs() + CONFIRMED_MS
  while (!signal.aborted && clock.monotonicMs() < until) {
    if ((await statusOf(local)).hubs.some(({ hasConfirmed }) => hasConfirmed)) return
    await clock.sleep(LOOK_MS, signal)
  }
  throw new EdgeError('NOT_ALLOWED', {
    action: 'release',
    found: 'no hub that has confirmed the share',
    wanted: 'one, before the other ways go',
    do: 'Nothing was taken away. Run the same command again once a hub was in contact.',
  })
}

async function releaseFor(
  data: string,
  unlock: UnlockConfig,
  surroundings: Surroundings,
): Promise<Release> {
  const post = postAnyWay(surroundings)
  const found = await releaseOf(data, unlock, { ...realWorld('warn'), post })
  return must(found, 'the slot was made, and addresses are set')
}

async function statusOf(local: LocalNode): Promise<ReleaseStatus> {
  return (await local.ask('GET', ADDRESS)) as ReleaseStatus
}

async function show(
  local: LocalNode,
  { data, json }: CommonOptions,
  { terminal }: Surroundings,
): Promise<void> {
  const status = await statusOf(local)
  const ways = await waysInto(data)
  const isWhole = status.share !== undefined && status.share === (await shareInto(data))
  if (json) return writeJson(terminal, { ways, isWhole, ...status })
  const hubs = status.hubs.map(({ name, hasConfirmed }) => [
    name,
    hasConfirmed ? 'has confirmed the share' : 'has not confirmed the share yet',
  ])
  const kits = status.kits.map(({ name, answer }) => [
    name,
    answer === 'given' ? 'released when it asks' : `not released: ${answer}`,
  ])
  const isHalf = !isWhole && (status.share !== undefined || ways.includes('release'))
  writeLines(terminal, [
    `The store opens by: ${ways.join(', ')}.`,
    ...(isHalf ? ['A command was cut short: run `holdfast release enable` again.'] : []),
    ...table(hubs),
    ...(kits.length === 0 ? [] : ['Kits whose shares this hub keeps:']),
    ...table(kits),
  ])
}

/** @throws EdgeError CONFIG_INVALID when nobody is named who could release this node */
async function unlockConfig(
  { data, config }: ReleaseOptions,
  { environment }: Surroundings,
): Promise<UnlockConfig> {
  const usual = layoutOf(data).config
  const file = config ?? ((await isThere(usual)) ? usual : undefined)
  const { unlock } = await loadConfig({ file, environment, overrides: {} })
  if (unlock.release !== undefined) return unlock
  throw new EdgeError('CONFIG_INVALID', {
    key: 'unlock.release.from',
    found: 'nothing',
    wanted: 'host:port of the hubs that are to release this node',
  })
}
