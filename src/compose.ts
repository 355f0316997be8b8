/**
 * The composition root: a data folder and a config in, a running node out. The only file that knows everybody.
 *
 * Whatever is opened goes onto one stack and is closed in reverse: the door, then sync, then the carriers, last the
 * store.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { openEdgeNode } from '#app/edge-node.ts'
import type { EdgeNode } from '#app/node.ts'
import { keepRenewing } from '#app/renewal.ts'
import { must } from '#base/assert.ts'
import { codeOf, EdgeError } from '#base/errors.ts'
import { openLanCarrier } from '#carriers/lan.ts'
import { openNatsCarrier } from '#carriers/nats.ts'
import {
  dropKey,
  layoutOf,
  openModes,
  readDataFolder,
  readLife,
  replaceCertificate,
  writeLife,
  type FolderContents,
} from '#config/data-folder.ts'
import { isThere } from '#config/files.ts'
import { invalid } from '#config/load.ts'
import type { Config, LanConfig, NatsConfig } from '#config/schema.ts'
import type { Carrier } from '#ports/carrier.ts'
import type { Clock } from '#ports/clock.ts'
import type { Log } from '#ports/log.ts'
import type { Random } from '#ports/random.ts'
import { realPasswords } from '#ports/real-passwords.ts'
import { realClock, realLog, realRandom, type LogLevel } from '#ports/real.ts'
import type { Store } from '#ports/store.ts'
import { openServer } from '#server/server.ts'
import { openLevelStore } from '#storage/level-store.ts'
import { sealStore } from '#storage/sealed-store.ts'
import { loadStoreKey } from '#storage/store-key.ts'
import {
  openIdentity,
  organisationIdOf,
  type Identity,
  type Organisation,
} from '#trust/identity.ts'
import { readDoorEpoch } from '#trust/join-grant.ts'
import { signingPair, suiteOf } from '#trust/keys.ts'
import { livingIdentity } from '#trust/living-identity.ts'
import { openRoster, type Roster } from '#trust/roster.ts'

/** Everything outside the process but disk and network. */
export interface World {
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
}

/** What a node is opened with. */
export interface HoldfastOptions {
  readonly dataFolder: string
  readonly config: Config
}

/** A node that runs. Disposing it stops it and says goodbye to everybody. */
export interface Running extends AsyncDisposable {
  readonly node: EdgeNode
  readonly identity: Identity
  /** What it listens on, as the system says. */
  readonly host: string
  readonly port: number
}

/** What was found in a store that was read from end to end. */
export interface StoreCheck {
  readonly values: number
  readonly wasRepaired: boolean
}

/** The version of this program. */
export const VERSION = versionOf(join(import.meta.dirname, '..', 'package.json'))

/** The Mattermost version that is reported to clients: it satisfies all that are known (research/mattermost.md). */
const REPORTED_VERSION = '10.11.0'
const DAY_MS = 24 * 3_600_000
/** Values read at once when a store is checked. */
const CHECK_PAGE = 500
/** Before and after every key. */
const ALL_KEYS = { from: '', to: '\u{10ffff}' } as const

/** The clock, chance and log of this machine. */
export function realWorld(level: LogLevel): World {
  const clock = realClock()
  return { clock, random: realRandom(), log: realLog({ clock, level }) }
}

/**
 * Opens the node of a data folder with its carriers and its door.
 * @throws EdgeError DATA_FOLDER_IN_USE, PORT_IN_USE, CONFIG_INVALID, CONFIG_MISSING, STORE_BROKEN, STORE_FULL
 */
export async function openHoldfast(
  options: HoldfastOptions,
  world: World = realWorld(options.config.logLevel),
): Promise<Running> {
  const { dataFolder, config } = options
  const { clock, random, log } = world
  await using stack = new AsyncDisposableStack()
  const parts = await openParts(dataFolder, world, stack)
  checkFixedKeys(config, parts.identity)
  const carriers = await openCarriers(config, { ...parts, ...world }, stack)
  const node = stack.use(await openNode(parts, { carriers: carriers.all, world }))
  const renewing = new AbortController()
  const renewal = keepRenewing(node, world, renewing.signal)
  stack.defer(async () => {
    renewing.abort()
    await renewal
  })
  const server = stack.use(
    await openServer(
      { ...config.listen, version: REPORTED_VERSION },
      { node, clock, random, log, ...carriers.door },
    ),
  )
  const { host, port } = server.address
  log.info('node.started', { node: parts.identity.certificate.node, version: VERSION, port })
  const owned = stack.move()
  return {
    node,
    identity: parts.identity,
    host,
    port,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

/**
 * Opens the node of a data folder without carriers and without a door: for the first account of a new one.
 * @throws EdgeError as `openHoldfast` does
 */
export async function openAlone(
  dataFolder: string,
  world: World,
): Promise<{ readonly node: EdgeNode } & AsyncDisposable> {
  await using stack = new AsyncDisposableStack()
  const parts = await openParts(dataFolder, world, stack)
  const node = stack.use(await openNode(parts, { carriers: [], world }))
  const owned = stack.move()
  return { node, [Symbol.asyncDispose]: () => owned.disposeAsync() }
}

/**
 * Whether certificate, keys and organisation of the folder belong together.
 * @throws EdgeError STORE_BROKEN
 */
export function identityOf(dataFolder: string, contents: FolderContents): Identity {
  const { certificate, keys } = contents
  const organisation = organisationOf(contents)
  const roster = rosterOf(organisation, contents)
  const { certificateOf } = roster.authority
  const identity = openIdentity({ organisation, certificateOf }, keys.signing, certificate)
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
export async function checkStore(dataFolder: string, world: World): Promise<StoreCheck> {
  const { store, storeKey } = layoutOf(dataFolder)
  const level = await openLevelStore({ folder: store, log: world.log })
  await using sealed = sealStore(level, await loadStoreKey(storeKey, world.random), world.random)
  let values = 0
  let from: string = ALL_KEYS.from
  for (;;) {
    const page = await sealed.list({ from, to: ALL_KEYS.to, limit: CHECK_PAGE })
    values += page.length
    const last = page.at(-1)
    if (last === undefined) return { values, wasRepaired: level.wasRepaired }
    from = `${last[0]}\0`
  }
}

function organisationOf({ organisation }: FolderContents): Organisation {
  const { suite: number, name, code, rootKey } = organisation
  const suite = must(suiteOf(number), 'the folder names a suite there is')
  return { id: organisationIdOf(suite, rootKey), name, suite, rootKey, code }
}

/** Whom this node knows before it has read its store: the node that let it in. */
function rosterOf(organisation: Organisation, { issuer }: FolderContents): Roster {
  const roster = openRoster(organisation)
  if (issuer !== undefined) roster.introduce(issuer)
  return roster
}

interface Parts {
  readonly dataFolder: string
  readonly identity: Identity
  readonly roster: Roster
  readonly contents: FolderContents
  readonly life: Uint8Array
  readonly store: Store
}

async function openParts(
  dataFolder: string,
  world: World,
  stack: AsyncDisposableStack,
): Promise<Parts> {
  const contents = await readDataFolder(dataFolder)
  const identity = identityOf(dataFolder, contents)
  for (const { path, found, wanted } of await openModes(dataFolder))
    world.log.warn('folder.open-to-others', {
      part: path.slice(dataFolder.length + 1),
      found,
      wanted,
    })
  const layout = layoutOf(dataFolder)
  const isNewStore = !(await isThere(layout.store))
  const key = await loadStoreKey(layout.storeKey, world.random)
  const level = await openLevelStore({ folder: layout.store, log: world.log }).catch(
    (error: unknown) => {
      if (codeOf(error) !== 'DATA_FOLDER_IN_USE') throw error
      throw new EdgeError('DATA_FOLDER_IN_USE', { dataFolder }, { cause: error })
    },
  )
  const store = stack.use(sealStore(level, key, world.random))
  const roster = rosterOf(identity.organisation, contents)
  const life = await lifeOf(dataFolder, isNewStore, world)
  const living = livingIdentity(identity, roster)
  return { dataFolder, identity: living, roster, contents, store, life }
}

/** A store that was made just now begins a new life, whatever the folder says of an earlier one. */
async function lifeOf(dataFolder: string, isNewStore: boolean, world: World): Promise<Uint8Array> {
  const known = isNewStore ? undefined : await readLife(dataFolder)
  if (known !== undefined) return known
  const life = world.random.bytes(4)
  await writeLife(dataFolder, life)
  return life
}

async function openNode(
  { dataFolder, identity, roster, contents, life, store }: Parts,
  { carriers, world }: { readonly carriers: readonly Carrier[]; readonly world: World },
): ReturnType<typeof openEdgeNode> {
  const { organisation, root, epoch } = contents.keys
  const node = await openEdgeNode(
    {
      identity,
      organisationSecret: organisation,
      doorEpoch: epoch && readDoorEpoch(epoch),
      keepCertificate: certificateWriter(dataFolder, world.log),
      root: root && signingPair(identity.organisation.suite, root),
      life,
      roster,
      version: VERSION,
    },
    { store, ...world, passwords: realPasswords(world.random), carriers },
  )
  if (epoch !== undefined) await dropKey(dataFolder, 'epoch') // The store has it now.
  return node
}

/** Keeps the node's newest certificate in its folder; one that cannot be written today is in the keys document, too. */
function certificateWriter(dataFolder: string, log: Log): (certificate: Uint8Array) => void {
  let last = Promise.resolve()
  return (certificate) => {
    last = last
      .then(() => replaceCertificate(dataFolder, certificate))
      .catch((error: unknown) => log.warn('certificate.not-kept', { error: String(error) }))
  }
}

/** Name and role are in the certificate; a config that says otherwise is wrong. @throws EdgeError CONFIG_INVALID */
export function checkFixedKeys(config: Config, { certificate }: Identity): void {
  const lines = (['name', 'role'] as const).flatMap((key) =>
    config[key] === undefined || config[key] === certificate[key]
      ? []
      : [`${key}: found "${config[key]}", wanted "${certificate[key]}", as this node was made`],
  )
  if (lines.length > 0) throw invalid(undefined, lines)
}

interface OpenCarriers {
  readonly all: readonly Carrier[]
  /** How the server hands over the socket of another node, if there is a LAN carrier. */
  readonly door: Pick<Parameters<typeof openServer>[1], 'acceptPeer'>
}

async function openCarriers(
  config: Config,
  parts: Parts & World,
  stack: AsyncDisposableStack,
): Promise<OpenCarriers> {
  const all: Carrier[] = []
  let door: OpenCarriers['door'] = {}
  for (const each of config.carriers) {
    if (each.kind === 'lan') {
      const lan = stack.use(openLan(each, parts))
      door = { acceptPeer: lan.accept }
      all.push(lan)
    } else all.push(stack.use(await openNats(each, parts)))
  }
  return { all, door }
}

function openLan(config: LanConfig, ports: Parts & World): ReturnType<typeof openLanCarrier> {
  const { dial, receiptDelayMs, keepAliveMs, backOffMsMax } = config
  const { identity, roster, clock, random, log } = ports
  const urls = dial.map((address) => `ws://${address}`)
  return openLanCarrier(
    {
      name: 'lan',
      identity,
      roster,
      dial: urls,
      receiptDelayMs,
      keepAliveMs,
      backOffMaxMs: backOffMsMax,
    },
    { clock, random, log },
  )
}

function openNats(
  config: NatsConfig,
  { identity, life, store, clock, random, log }: Parts & World,
): ReturnType<typeof openNatsCarrier> {
  const { streamDaysMax, backOffMsMax, ...same } = config
  return openNatsCarrier(
    {
      ...same,
      streamAgeMaxMs: streamDaysMax * DAY_MS,
      backOffMaxMs: backOffMsMax,
      workspace: identity.organisation.code,
      nodeNumber: identity.certificate.number,
      epoch: epochOf(life),
      keyPrefix: `carrier/${config.name}/`,
    },
    { clock, random, log, store },
  )
}

/** A life as 7 characters of base 36. */
function epochOf(life: Uint8Array): string {
  return Number.parseInt(Buffer.from(life).toString('hex'), 16).toString(36).padStart(7, '0')
}

function versionOf(file: string): string {
  const { version } = JSON.parse(readFileSync(file, 'utf8')) as { readonly version: string }
  return version
}
