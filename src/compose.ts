/**
 * The composition root: a data folder and a config in, a running node out. The only file that knows everybody.
 *
 * Whatever is opened goes onto one stack and is closed in reverse: the door, then sync, then the carriers, last the store.
 */
import { openEdgeNode } from '#app/edge-node.ts'
import { must } from '#base/assert.ts'
import type { EdgeNode, NodeEvent } from '#app/node.ts'
import { auditedLog } from '#bridges/audited-log.ts'
import { SYSTEM_STICKS } from '#carriers/courier-disk.ts'
import { openCourierCarrier } from '#carriers/courier.ts'
import { openLanCarrier, type LanCarrier } from '#carriers/lan.ts'
import { replaceCertificate } from '#config/data-folder.ts'
import { watchIdle } from '#compose/idle.ts'
import { openFiles } from '#compose/files.ts'
import { keyOf, openParts, type Parts } from '#compose/opening.ts'
import type { StoreKey } from '#compose/unlocking.ts'
import { VERSION } from '#compose/version.ts'
import { realWorld, type World } from '#compose/world.ts'
import type { Config, LanConfig } from '#config/schema.ts'
import type { Carrier } from '#ports/carrier.ts'
import type { Courier } from '#ports/courier.ts'
import type { Blobs } from '#ports/blobs.ts'
import type { Log } from '#ports/log.ts'
import { openPreviewer } from '#media/previewer.ts'
import { realPasswords } from '#ports/real-passwords.ts'
import { realDisk } from '#ports/real.ts'
import { openServer } from '#server/server.ts'
import { lenientStore } from '#storage/lenient-store.ts'
import { runBeside } from './compose/beside.ts'
import { openCarriage } from './compose/carriage.ts'
import { findNeighbours, openNats, openSbd } from './compose/carriers.ts'
import { openOutside, type Outside } from './compose/sign-in.ts'
import { answerKitCa } from './compose/kit-ca.ts'
import { openListen } from './compose/tls.ts'
import { readWeb } from './compose/web.ts'
import type { Identity } from '#trust/identity.ts'
import { readDoorEpoch } from '#trust/join-grant.ts'
import { signingPair } from '#trust/keys.ts'
import { pacePolicyOf } from './compose/pace.ts'
import { termsOf } from './compose/terms.ts'
import { checkFixedKeys, namesOf, epochPolicyOf, rulesOf, openingOf } from './compose/policy.ts'

/** What a node is opened with. */
export interface HoldfastOptions {
  readonly dataFolder: string
  readonly config: Config
  /** Its bytes are overwritten when the node is closed. Without it the folder has to open without a person. */
  readonly key?: StoreKey
  /** Wrong passphrases that were tried before this key; none unless given. */
  readonly wrongTries?: number
  /** Called when the node has to be closed: an administrator has locked it, or nobody was there for too long. */
  readonly onLock?: () => void
  /** Whether somebody could unlock it again; a passphrase may come and go while the node runs. */
  readonly canLock?: () => Promise<boolean>
  /** Called when the node has to be closed and its folder wiped: headquarters ordered it. */
  readonly onWipe?: () => void
  /** Called when the node has to be closed and opened again, in a new life. */
  readonly onRebirth?: () => void
}

/** A node that runs. Disposing it stops it and says goodbye to everybody. */
export interface Running extends AsyncDisposable {
  readonly node: EdgeNode
  readonly identity: Identity
  /** It founded the organisation, so it can let others in. */
  readonly isFounder: boolean
  /** What it listens on, as the system says. */
  readonly host: string
  readonly port: number
}

/** The Mattermost version that is reported to clients: it satisfies all that are known (research/mattermost.md). */
const REPORTED_VERSION = '10.11.0'

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
  const key = options.key ?? (await keyOf(dataFolder, config.unlock))
  const opening = openingOf(config, { key, wrongTries: options.wrongTries ?? 0 })
  const parts = await openParts({ dataFolder, key }, world, stack)
  checkFixedKeys(config, parts.identity)
  const watched = auditedLog(log)
  const carriers = await openCarriers(config, { ...parts, ...world, log: watched }, stack)
  const outside = await openOutside(config.signIn, world)
  const node = stack.use(
    await openNode(
      { ...parts, blobs: await openFiles(parts.blobs, config, { world, stack }) },
      { ...carriers, outside, world, config, onRebirth: options.onRebirth },
    ),
  )
  watched.tell(node)
  await node.noteStart(opening)
  runBeside(node, { config, world, onWipe: options.onWipe }, stack)
  stack.defer(node.subscribe((event) => shutOut(event, carriers)))
  const { certificate } = parts.identity
  const carriage = await openCarriage(config, { node, dataFolder, certificate, clock })
  const listen = await openListen(config.listen, parts, { clock, log, stack })
  const server = stack.use(
    await openServer(
      {
        ...listen,
        names: namesOf(config, parts.identity),
        version: REPORTED_VERSION,
        web: await readWeb(),
        browser: config.browser,
      },
      {
        node,
        clock,
        random,
        log,
        openId: outside.openId,
        carriage,
        ...carriers.door,
        ...lockingOf(options, { node, clock }, stack),
      },
    ),
  )
  const { port } = server.address
  stack.use(findNeighbours(config, { ...parts, ...world, lan: carriers.lan, port }))
  log.info('node.started', { node: parts.identity.certificate.node, version: VERSION, port })
  const owned = stack.move()
  return {
    node,
    identity: parts.identity,
    isFounder: parts.keys.root !== undefined,
    ...server.address,
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
  key?: StoreKey,
): Promise<{ readonly node: EdgeNode } & AsyncDisposable> {
  await using stack = new AsyncDisposableStack()
  const parts = await openParts({ dataFolder, key: key ?? (await keyOf(dataFolder)) }, world, stack)
  const node = stack.use(
    await openNode(parts, { all: [], world, config: undefined, onRebirth: undefined }),
  )
  const owned = stack.move()
  return { node, [Symbol.asyncDispose]: () => owned.disposeAsync() }
}

/** What the door tells of people, where the node can be locked. */
function lockingOf(
  { config, onLock, canLock = async () => true }: HoldfastOptions,
  { node, clock }: Pick<World, 'clock'> & { readonly node: EdgeNode },
  stack: AsyncDisposableStack,
): Pick<Parameters<typeof openServer>[1], 'onLock' | 'canLock' | 'onUse'> {
  if (onLock === undefined) return {}
  const { lockAfterMs, trafficKeepsOpen } = config.unlock
  if (lockAfterMs === undefined) return { onLock, canLock }
  const lockIdle = async (): Promise<void> => {
    if (await canLock()) await node.noteLock(undefined).then(onLock)
  }
  const onIdle = (): void => void lockIdle()
  const { touch } = stack.use(watchIdle({ clock, afterMs: lockAfterMs }, onIdle))
  if (trafficKeepsOpen) stack.defer(node.subscribe(touch))
  return { onLock, canLock, onUse: touch }
}

interface NodeSurroundings {
  readonly all: readonly Carrier[]
  readonly courier?: Courier
  readonly outside?: Outside
  readonly world: World
  readonly onRebirth: (() => void) | undefined
  readonly config: Config | undefined
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

type KeptParts = Omit<Parts, 'blobs'> & { readonly blobs: Blobs }

function openNode(
  { dataFolder, identity, roster, keys, start, store, blobs, image }: KeptParts,
  { all, courier, outside, world, onRebirth, config }: NodeSurroundings,
): ReturnType<typeof openEdgeNode> {
  const { organisation, root, epoch } = keys
  return openEdgeNode(
    {
      identity,
      organisationSecret: organisation,
      doorEpoch: epoch && readDoorEpoch(epoch),
      keepCertificate: certificateWriter(dataFolder, world.log),
      answerBlock: (request, name) => answerKitCa(dataFolder, request, name),
      root: root && signingPair(identity.organisation.suite, root),
      life: start.life,
      roster,
      version: VERSION,
      epochs: epochPolicyOf(config, identity.certificate.role),
      ...rulesOf(config),
      ...(config && { pace: pacePolicyOf(config) }),
      offlineSignInMs: outside?.offlineSignInMs ?? 0,
      ...(onRebirth && { onRebirth }),
    },
    {
      store,
      blobs,
      previewer: openPreviewer({ log: world.log }),
      image,
      disk: realDisk(dataFolder),
      ...world,
      passwords: realPasswords(world.random),
      peopleSource: outside?.peopleSource,
      carriers: all,
      ...(courier && { courier }),
    },
  )
}

/** Whoever is revoked is cut off at once, too. */
function shutOut(event: NodeEvent, { lan }: OpenCarriers): void {
  if (event.kind === 'node-revoked') lan?.hangUp(event.node)
}

interface OpenCarriers {
  readonly all: readonly Carrier[]
  /** Always there: whoever is cut off from everything else may still have a stick. */
  readonly courier: Courier
  readonly lan: LanCarrier | undefined
  /** How the server hands over the socket of another node, if there is a LAN carrier. */
  readonly door: Pick<Parameters<typeof openServer>[1], 'acceptPeer'>
}

async function openCarriers(
  config: Config,
  parts: Parts & World,
  stack: AsyncDisposableStack,
): Promise<OpenCarriers> {
  const ports = { ...parts, store: lenientStore(parts.store, parts.log) }
  const courier = stack.use(openCourierCarrier({ ...ports, disk: SYSTEM_STICKS }))
  const all: Carrier[] = [courier]
  let door: OpenCarriers['door'] = {}
  let direct: LanCarrier | undefined
  for (const each of config.carriers) {
    const terms = await termsOf(each, config.linkFolder)
    if (each.kind === 'lan') {
      const lan = stack.use(openLan(each, ports))
      door = { acceptPeer: lan.accept }
      direct = lan
      all.push({ ...lan, ...(terms && { terms }) })
    } else if (each.kind === 'nats') all.push(stack.use(await openNats(each, ports, terms)))
    else all.push(stack.use(await openSbd(each, ports, must(terms, 'it has a link'))))
  }
  return { all, courier, lan: direct, door }
}

function openLan(config: LanConfig, ports: Parts & World): ReturnType<typeof openLanCarrier> {
  const { dial, receiptDelayMs, keepAliveMs, backOffMsMax } = config
  const { identity, roster, clock, random, log } = ports
  return openLanCarrier(
    {
      name: 'lan',
      identity,
      roster,
      dial: dial.map((address) => `wss://${address}`),
      receiptDelayMs,
      keepAliveMs,
      backOffMaxMs: backOffMsMax,
    },
    { clock, random, log },
  )
}
