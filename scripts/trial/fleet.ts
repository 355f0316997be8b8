/** A hub, two kits and a post office as real processes, with an emulated link before each kit. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { realClock } from '#ports/real.ts'
import { openFarSite } from '../fleet/far-site.ts'
import { aNode, type Node } from '../fleet/node.ts'
import { openPostOffice, type PostOffice } from '../fleet/post-office.ts'
import { openLink, type Link } from '../link/proxy.ts'
import { constantTrace, type LinkTrace, type Trace } from '../link/trace.ts'

/** A kit, and the link between it and the post office. */
export interface Kit {
  readonly node: Node
  /** A good one until the fleet goes out. */
  readonly link: Link
}

/** Everything that runs. Disposing it ends all of it. */
export interface Fleet extends AsyncDisposable {
  readonly folder: string
  readonly hub: Node
  readonly kits: readonly [Kit, Kit]
  readonly office: PostOffice
  /** Puts the kits on the link that was asked for; until then they are at the base, where the link is good. */
  readonly goOut: () => Promise<void>
  /** The folder stays when the fleet is gone. */
  readonly keepFolder: () => void
}

/** What the fleet runs on. */
export interface FleetOptions {
  readonly trace: LinkTrace
  readonly speed: number
  readonly seed: number
  readonly stop: AbortSignal
  /** The post office is behind cables that the kernel shapes. */
  readonly isFar: boolean
  /** Kits look after idle lines, as an operator sets it behind a router that forgets connections. */
  readonly isProbing: boolean
}

/** Where a fleet is set up there is a cable. */
const AT_THE_BASE = constantTrace({ rateBps: 100_000_000, rttMs: 0, loss: 0 })
const STREAM_BYTES_MAX = 500_000_000
/** What an operator would set for such a link, in milliseconds of its own time, in which the nodes live, too. */
const LIFE = { receiptDelayMs: 30_000, hubReceiptDelayMs: 15_000, connectTimeoutMs: 120_000 }
/** Nodes dial again this often at least: a call of the trace may be short. */
const BACK_OFF_MS_MAX = 20_000
const IDLE_PROBE_MS = 120_000
/** Computing is not faster than life: no connect is given less real time, in milliseconds. */
const CONNECT_REAL_MS_MIN = 5_000
/** The longest that the config takes. */
const CONNECT_MS_MAX = 600_000

/** Founds the organisation, lets both kits join it by their local network, and starts everything. */
export async function openFleet(options: FleetOptions): Promise<Fleet> {
  const { speed, stop, isProbing, isFar, trace } = options
  await using stack = new AsyncDisposableStack()
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-demo-'))
  let isKept = false
  stack.defer(async () => {
    if (!isKept) await rm(folder, { recursive: true, force: true })
  })
  const cable = { up: fastestOf(trace.up) * speed, down: fastestOf(trace.down) * speed }
  const site = isFar ? stack.use(await openFarSite([cable, cable])) : undefined
  const office = stack.use(await openPostOffice(folder, site))
  const hub = stack.use(
    aNode({
      name: 'alpha',
      role: 'hub',
      folder,
      carriers: [hubCarrier(office, speed)],
      speed,
      stop,
    }),
  )
  await hub.found('Relief')
  // Whoever joins does so as in life: to a hub that lives very fast it would be one who says nothing for minutes.
  await hub.startAsInLife()
  const kits: TravellingKit[] = []
  for (const [index, name] of ['bravo', 'charlie'].entries()) {
    const way = stack.use(await openWay(office, index, options))
    const probe = isProbing ? { idleProbeMs: IDLE_PROBE_MS } : {}
    const carriers = [{ ...kitCarrier(way.link(), speed), ...probe }]
    const node = stack.use(aNode({ name, role: 'kit', folder, carriers, speed, stop }))
    await node.join(hub)
    await node.start()
    kits.push({ node, way })
  }
  await hub.stop()
  await hub.start()
  const [first, second] = kits
  if (first === undefined || second === undefined) throw new Error('two kits were made')
  const owned = stack.move()
  return {
    folder,
    hub,
    kits: [kitOf(first), kitOf(second)],
    office,
    goOut: async () => {
      await Promise.all(kits.map(({ way }) => way.goOut()))
    },
    keepFolder: () => {
      isKept = true
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

interface TravellingKit {
  readonly node: Node
  readonly way: Way
}

function kitOf({ node, way }: TravellingKit): Kit {
  return {
    node,
    get link() {
      return way.link()
    },
  }
}

/** The link of a kit, at the base and then outside, on one port. */
interface Way extends AsyncDisposable {
  readonly link: () => Link
  readonly goOut: () => Promise<void>
}

async function openWay(
  office: PostOffice,
  kit: number,
  { trace, speed, seed }: FleetOptions,
): Promise<Way> {
  const open = (listenPort: number, over: LinkTrace): Promise<Link> =>
    openLink({
      listenPort,
      targetHost: office.hostFor(kit),
      targetPort: office.port,
      trace: over,
      speed,
      seed: seed * 10 + kit,
      clock: realClock(),
    })
  let link = await open(0, AT_THE_BASE)
  return {
    link: () => link,
    goOut: async () => {
      const { port } = link
      await link[Symbol.asyncDispose]()
      link = await open(port, trace)
    },
    [Symbol.asyncDispose]: () => link[Symbol.asyncDispose](),
  }
}

/** All nodes, the hub first. */
export function nodesOf({ hub, kits }: Pick<Fleet, 'hub' | 'kits'>): readonly Node[] {
  return [hub, ...kits.map(({ node }) => node)]
}

function fastestOf({ rows }: Trace): number {
  return Math.max(...rows.map(({ rateBps }) => rateBps))
}

function hubCarrier(office: PostOffice, speed: number): object {
  return {
    kind: 'nats',
    name: 'office',
    servers: [office.url],
    provision: true,
    streamBytesMax: STREAM_BYTES_MAX,
    fileStreamBytesMax: STREAM_BYTES_MAX,
    receiptDelayMs: LIFE.hubReceiptDelayMs,
    connectTimeoutMs: connectTimeoutMs(speed),
    backOffMsMax: BACK_OFF_MS_MAX,
  }
}

function kitCarrier(link: Link, speed: number): object {
  return {
    kind: 'nats',
    name: 'office',
    servers: [`nats://127.0.0.1:${link.port}`],
    receiptDelayMs: LIFE.receiptDelayMs,
    connectTimeoutMs: connectTimeoutMs(speed),
    backOffMsMax: BACK_OFF_MS_MAX,
  }
}

function connectTimeoutMs(speed: number): number {
  const real = Math.round(CONNECT_REAL_MS_MIN * speed)
  return Math.min(CONNECT_MS_MAX, Math.max(LIFE.connectTimeoutMs, real))
}
