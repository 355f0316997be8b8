/**
 * Two nodes and a thin link between them, by the carrier for any IP path: TCP, WebSocket and session as they are, the link
 * emulated and faster than life. All times are the link's own; what the machine computes counts as if it took that much longer.
 */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { WebSocketServer } from 'ws'
import { must } from '#base/assert.ts'
import { sha256 } from '#base/hash.ts'
import type { ChannelId, DocumentId } from '#base/ids.ts'
import { LAN_PEER_PATH, openLanCarrier, type LanCarrier } from '#carriers/lan.ts'
import type { Carrier } from '#ports/carrier.ts'
import type { Clock } from '#ports/clock.ts'
import type { Log } from '#ports/log.ts'
import { realClock, realRandom } from '#ports/real.ts'
import { clockOf } from '#sync/ledger.ts'
import { quickClock } from '../link/quick-clock.ts'
import { openLink, type Link } from '../link/proxy.ts'
import { chanceFrom } from '../link/schedule.ts'
import { constantTrace } from '../link/trace.ts'
import { median, rounded } from './statistics.ts'
import { channelOf, enter, post, postFile, textsOf as usualTextsOf } from './sync-posts.ts'
import { identities, openTrustNode, rosterOf, type TrustNode } from './trust-node.ts'

/** How long to look. */
export interface ThinLinkOptions {
  /** How much faster than life: the less, the less it counts what else the machine does. */
  readonly speed: number
  /** Of the full queue, in milliseconds of the link. */
  readonly windowMs: number
  readonly idleMs: number
}

type Result = Readonly<Record<string, number>>

const FLASH_RATE_BPS = 2_400
const FLASH_ROUND_TRIP_MS = 3_000
const FILL_RATE_BPS = 9_600
const FILL_ROUND_TRIP_MS = 300
const IDLE_SPEED = 60
const DAY_MS = 86_400_000
/** A file that the hub wants, and what goes before it. */
const FILE_BYTES = 400_000
const QUEUED_POSTS = 500
/** Small beside what a window holds: what is half way when it ends does not count. */
const FILL_CHARACTERS = 1_000
/** Until the transfer is in full flow. */
const IN_FLOW_BYTES = 4_000
const FRAME_BYTES_LEAST = 300

/** Measures all three. */
export async function measureThinLink(options: ThinLinkOptions): Promise<Result> {
  return {
    ...(await measureFlash(options)),
    ...(await measureFill(options)),
    ...(await measureIdle(options)),
  }
}

/** A flash message that waited for the link behind a full queue and a file, and one that comes while the file is under way. */
async function measureFlash({ speed }: ThinLinkOptions): Promise<Result> {
  await using site = await openSite(FLASH_RATE_BPS, FLASH_ROUND_TRIP_MS, speed)
  const { kit, hub, channel, clock, link } = site
  await site.settled()
  link.cut()
  const queue = usualTextsOf(QUEUED_POSTS, 1)
  const queued = await post(kit, { channel }, queue)
  await postFile(kit, { channel, bytes: FILE_BYTES, asking: hub })
  const flash = { channel, lane: 'flash' } as const
  const [document] = await post(kit, flash, ['Medevac at the mill, two wounded'])
  const segment = must(document, 'it stands somewhere')
  await site.sleep(5_000)
  link.heal()
  await site.nextContact()
  const upAtMs = clock.monotonicMs()
  const firstAtMs = await site.whenFlash(segment, 1)
  await site.untilThere(queued, queue.length)
  await site.untilSent(IN_FLOW_BYTES)
  const postedAtMs = clock.monotonicMs()
  await post(kit, flash, ['Bridge down at kilometre nine'])
  const secondAtMs = await site.whenFlash(segment, 2)
  const frames = site.frames().filter((bytes) => bytes >= FRAME_BYTES_LEAST)
  return {
    flash_first_byte_ms: Math.round(firstAtMs - upAtMs),
    flash_in_flight_ms: Math.round(secondAtMs - postedAtMs),
    frame_airtime_ms: Math.round((median(frames) * 8_000) / FLASH_RATE_BPS),
    flash_round_trip_ms: FLASH_ROUND_TRIP_MS,
    flash_queue_posts: queue.length,
    flash_file_b: FILE_BYTES,
    flash_queue_text_b: queue.reduce((sum, text) => sum + Buffer.byteLength(text), 0),
  }
}

/** What share of what the link could carry in a window arrived as parcels that were not there before. */
async function measureFill({ windowMs, speed }: ThinLinkOptions): Promise<Result> {
  await using site = await openSite(FILL_RATE_BPS, FILL_ROUND_TRIP_MS, speed)
  const { kit, channel, link } = site
  link.cut()
  const capacity = (FILL_RATE_BPS / 8_000) * windowMs
  await post(
    kit,
    { channel },
    textsOf(Math.ceil((2.5 * capacity) / FILL_CHARACTERS), FILL_CHARACTERS),
  )
  link.heal()
  await site.nextContact()
  const before = link.stats().upBytes
  const newBefore = site.newBytes()
  await site.sleep(windowMs)
  return {
    window_fill_ratio: rounded((site.newBytes() - newBefore) / capacity, 3),
    window_wire_ratio: rounded((link.stats().upBytes - before) / capacity, 3),
  }
}

/** Two nodes in contact that have nothing to say to each other. */
async function measureIdle({ idleMs }: ThinLinkOptions): Promise<Result> {
  await using site = await openSite(FILL_RATE_BPS, FILL_ROUND_TRIP_MS, IDLE_SPEED)
  const { link } = site
  await site.settled()
  const before = bytesOver(link)
  await site.sleep(idleMs)
  return { idle_b_per_day: Math.round(((bytesOver(link) - before) * DAY_MS) / idleMs) }
}

/** Characters that a compressor can do little with: each is one of ninety. */
function textsOf(count: number, characters: number): readonly string[] {
  const chance = chanceFrom(count)
  const letter = (): string => String.fromCharCode(33 + Math.floor(chance() * 90))
  return Array.from({ length: count }, () => Array.from({ length: characters }, letter).join(''))
}

interface Site extends AsyncDisposable {
  readonly kit: TrustNode
  readonly hub: TrustNode
  readonly channel: ChannelId
  readonly clock: Clock
  readonly link: Link
  readonly sleep: (ms: number) => Promise<void>
  /** Resolves with the next contact of the kit that begins. */
  readonly nextContact: () => Promise<void>
  /** When the first byte of the parcel came to the hub that brought so many flash messages there. */
  readonly whenFlash: (segment: DocumentId, count: number) => Promise<number>
  /** Resolves when nothing has gone over the link for a while. */
  readonly settled: () => Promise<void>
  readonly untilSent: (bytes: number) => Promise<void>
  /** Resolves when the hub has so many changes of these documents. */
  readonly untilThere: (documents: ReadonlySet<DocumentId>, count: number) => Promise<void>
  /** Sizes of what came over the WebSocket from the kit. */
  readonly frames: () => readonly number[]
  /** Bytes of pieces at the hub, each parcel once. */
  readonly newBytes: () => number
}

/** Longer than a receipt waits for company, and than a round trip. */
const SETTLED_MS = 15_000
/** Longest wait between two looks, in milliseconds of this machine. */
const LOOK_MS = 5

async function openSite(rateBps: number, rttMs: number, speed: number): Promise<Site> {
  await using stack = new AsyncDisposableStack()
  const clock = quickClock(speed)
  const sleep = (ms: number): Promise<void> => clock.sleep(ms, new AbortController().signal)
  const look = (): Promise<void> => sleep(LOOK_MS * speed)
  const seen = openSeen(clock, rateBps)
  const members = identities(2, clock.now())
  const lan = (at: number, dial: readonly string[]): LanCarrier => {
    const identity = must(members[at], 'there is one')
    const life = {
      name: 'lan',
      identity,
      roster: rosterOf(members),
      dial,
      backOffMaxMs: 1_000,
    } as const
    return openLanCarrier(life, { clock, random: realRandom(), log: SILENT })
  }
  const open = async (at: number, carrier: Carrier): Promise<TrustNode> =>
    stack.use(
      await openTrustNode(must(members[at], 'there is one'), members, {
        clock,
        carriers: [carrier],
      }),
    )
  const hubLan = stack.use(lan(0, []))
  const port = await openDoor(stack, hubLan, seen.frame)
  const trace = constantTrace({ rateBps, rttMs, loss: 0 })
  const to = { listenPort: 0, targetHost: '127.0.0.1', targetPort: port }
  const link = stack.use(await openLink({ ...to, trace, speed, seed: 1, clock: realClock() }))
  const kitLan = stack.use(lan(1, [`ws://127.0.0.1:${link.port}`]))
  const hub = await open(0, seen.arriving(hubLan))
  const kit = await open(1, seen.sending(kitLan))
  const channel = channelOf(hub)
  for (const node of [hub, kit]) await enter(node, channel)
  while (!(await hasHeard(kit, channel))) await look()
  const owned = stack.move()
  return {
    kit,
    hub,
    channel,
    clock,
    link,
    sleep,
    settled: async () => {
      for (let before = -1; before !== bytesOver(link);) {
        before = bytesOver(link)
        await sleep(SETTLED_MS)
      }
    },
    nextContact: async () => {
      for (const before = seen.contacts(); seen.contacts() === before;) await look()
    },
    whenFlash: async (segment, count) => {
      while ((await countOf(hub, segment)) < count) await look()
      return seen.lastFlashAtMs()
    },
    untilSent: async (bytes) => {
      for (const before = link.stats().upBytes; link.stats().upBytes < before + bytes;) await look()
    },
    untilThere: async (documents, count) => {
      for (let there = 0; there < count; await look()) {
        there = 0
        for (const document of documents) there += await countOf(hub, document)
      }
    },
    frames: seen.frames,
    newBytes: seen.newBytes,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

async function hasHeard({ context }: TrustNode, channel: ChannelId): Promise<boolean> {
  return context.directory().channel(channel) !== undefined
}

async function countOf({ context }: TrustNode, document: DocumentId): Promise<number> {
  const clock = await clockOf(context.replica.read, document)
  return Object.values(clock).reduce((sum, count) => sum + count, 0)
}

const SILENT: Log = { error: silent, warn: silent, info: silent, debug: silent }

function silent(): void {
  return undefined
}

/** The door of the hub: WebSockets at the path of peers, each of whose messages is seen. */
async function openDoor(
  stack: AsyncDisposableStack,
  carrier: LanCarrier,
  onFrame: (bytes: number) => void,
): Promise<number> {
  const server = createServer()
  const sockets = new WebSocketServer({ server, path: LAN_PEER_PATH })
  sockets.on('connection', (socket, request) => {
    socket.on('message', (data) => onFrame(Buffer.isBuffer(data) ? data.length : 0))
    socket.on('error', () => socket.terminate())
    carrier.accept(socket, request.socket.remoteAddress ?? '')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  stack.defer(async () => {
    for (const socket of sockets.clients) socket.terminate()
    sockets.close()
    server.close()
    server.closeAllConnections()
  })
  const address = server.address() as AddressInfo
  return address.port
}

/** What goes by. */
interface Seen {
  readonly frame: (bytes: number) => void
  readonly frames: () => readonly number[]
  /** The kit's carrier, whose parcels and contacts are noted. */
  readonly sending: (carrier: Carrier) => Carrier
  /** The hub's carrier, whose arrivals are. */
  readonly arriving: (carrier: Carrier) => Carrier
  readonly contacts: () => number
  readonly newBytes: () => number
  readonly lastFlashAtMs: () => number
}

function nameOf(bytes: Uint8Array): string {
  return Buffer.from(sha256(bytes)).toString('base64')
}

function bytesOver(link: Link): number {
  return link.stats().upBytes + link.stats().downBytes
}

function openSeen(clock: Clock, rateBps: number): Seen {
  const frames: number[] = []
  const flash = new Set<string>()
  const arrived = new Set<string>()
  let [contacts, newBytes, lastFlashAtMs] = [0, 0, 0]
  const note = (bytes: Uint8Array): void => {
    const name = nameOf(bytes)
    if (arrived.has(name)) return
    arrived.add(name)
    newBytes += bytes.length
    const airtimeMs = (bytes.length * 8_000) / rateBps
    if (flash.has(name)) lastFlashAtMs = clock.monotonicMs() - airtimeMs
  }
  return {
    frame: (bytes) => void frames.push(bytes),
    frames: () => frames,
    sending: (carrier) => ({
      ...carrier,
      send: (peer, parcel, signal) => {
        if (parcel.lane === 'flash' && parcel.isForAll !== true) flash.add(nameOf(parcel.bytes))
        return carrier.send(peer, parcel, signal)
      },
      contacts: async function* told() {
        for await (const contact of carrier.contacts()) {
          if (contact.isUp) contacts += 1
          yield contact
        }
      },
    }),
    arriving: (carrier) => ({
      ...carrier,
      arrivals: async function* come() {
        for await (const arrival of carrier.arrivals()) {
          note(arrival.bytes)
          yield arrival
        }
      },
    }),
    contacts: () => contacts,
    newBytes: () => newBytes,
    lastFlashAtMs: () => lastFlashAtMs,
  }
}
