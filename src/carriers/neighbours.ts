/**
 * Finding and being found on the networks that an operator named, by DNS-SD: people find the kit's page, nodes of one organisation
 * find each other. What is found is a hint: whoever answers there has to prove who they are (`lan-handshake.ts`), and only the address
 * that a packet came from is ever called, so nobody can send a node elsewhere. Nothing is said on a network that was not named.
 */
import type { Clock } from '#ports/clock.ts'
import type { Log } from '#ports/log.ts'
import type { Multicast, Network, Networks, Sender } from '#ports/multicast.ts'
import {
  announcement,
  answerTo,
  commonIn,
  commonQuestion,
  question,
  readPacket,
  saidIn,
  type Present,
} from './dns-sd.ts'

/** Who takes part, and where. */
export interface NeighbourOptions extends Pick<Present, 'name' | 'port' | 'tag'> {
  /** Names of interfaces on which the node says that it is here. */
  readonly announceOn: readonly string[]
  /** Names of interfaces on which it looks for nodes of its organisation. */
  readonly lookOn: readonly string[]
  /** The door answers on IPv6, too. */
  readonly isOnIpv6: boolean
  /** A node of this organisation is said to be at `host:port`. May be called often. */
  readonly onFound: (address: string) => void
}

/** The effects of finding and being found. */
export interface NeighbourPorts {
  readonly clock: Clock
  readonly log: Log
  readonly networks: Networks
}

/** How often a node looks which interfaces there are, in milliseconds. */
export const INTERFACES_EVERY_MS = 10_000
/** How often it asks who is there: whoever comes says so by itself. */
export const ASK_EVERY_MS = 600_000
/** Pauses before, and between, what is said at the beginning (RFC 6762 §8). */
const PROBE_MS = 250
const PROBES = 3
const SAY_AGAIN_MS = 1_000
/** The same is not said to everybody again within this time (RFC 6762 §6). */
const ANSWER_EVERY_MS = 1_000

/** Takes part until `signal` aborts, and then says goodbye. */
export async function keepNeighbours(
  options: NeighbourOptions,
  ports: NeighbourPorts,
  signal: AbortSignal,
): Promise<void> {
  const open = new Map<string, { readonly stop: AbortController; readonly done: Promise<void> }>()
  const wanted = new Set([...options.announceOn, ...options.lookOn])
  if (wanted.size === 0) return
  while (!signal.aborted) {
    const present = ports.networks.present().filter(({ name }) => wanted.has(name))
    const places = new Map(present.map((network) => [placeOf(network), network]))
    for (const [place, { stop, done }] of open) {
      if (places.has(place)) continue
      stop.abort()
      await done
      open.delete(place)
    }
    for (const [place, network] of places) {
      if (open.has(place)) continue
      const stop = new AbortController()
      const done = talkOn(network, { options, ports }, stop.signal).finally(() => {
        if (!stop.signal.aborted) open.delete(place) // tried again at the next look
      })
      open.set(place, { stop, done })
    }
    await ports.clock.sleep(INTERFACES_EVERY_MS, signal)
  }
  for (const { stop } of open.values()) stop.abort()
  await Promise.all([...open.values()].map(({ done }) => done))
}

function placeOf({ name, address, address6 = '' }: Network): string {
  return `${name} ${address} ${address6}`
}

/** What is known on one network. */
interface Talk {
  readonly options: NeighbourOptions
  readonly ports: NeighbourPorts
  readonly isAnnounced: boolean
  present: Present
  /** Somebody else has the common name. */
  isTaken: boolean
  answeredAtMs: number
}

async function talkOn(
  network: Network,
  { options, ports }: Pick<Talk, 'options' | 'ports'>,
  signal: AbortSignal,
): Promise<void> {
  const { name, port, tag, isOnIpv6 } = options
  const { address } = network
  const address6 = isOnIpv6 ? network.address6 : undefined
  const present = { name, port, tag, address, address6, isCommon: false }
  const isAnnounced = options.announceOn.includes(network.name)
  const talk: Talk = {
    options,
    ports,
    isAnnounced,
    present,
    isTaken: false,
    answeredAtMs: -Infinity,
  }
  let line: Multicast | undefined
  try {
    await using opened = await ports.networks.open(network, (packet, from) => {
      if (line !== undefined) hear(talk, line, { packet, from })
    })
    line = opened
    if (isAnnounced) await begin(talk, opened, signal)
    await ask(talk, opened, signal)
    if (isAnnounced) opened.send(announcement(talk.present, true))
  } catch (error) {
    ports.log.warn('neighbours.unheard', { place: network.name, error: String(error) })
  }
}

/** Takes the common name if nobody has it, and says twice that the node is here. */
async function begin(talk: Talk, line: Multicast, signal: AbortSignal): Promise<void> {
  const { clock, log } = talk.ports
  for (let probe = 0; probe < PROBES && !signal.aborted; probe += 1) {
    line.send(commonQuestion())
    await clock.sleep(PROBE_MS, signal)
  }
  talk.present = { ...talk.present, isCommon: !talk.isTaken }
  log.info('neighbours.announced', { place: line.name, port: talk.present.port })
  for (let turn = 0; turn < 2 && !signal.aborted; turn += 1) {
    line.send(announcement(talk.present))
    await clock.sleep(SAY_AGAIN_MS, signal)
  }
}

/** Asks who is there, now and then; where the node only announces itself it waits. */
async function ask({ options, ports }: Talk, line: Multicast, signal: AbortSignal): Promise<void> {
  const looks = options.lookOn.includes(line.name)
  while (!signal.aborted) {
    if (looks) line.send(question())
    await ports.clock.sleep(ASK_EVERY_MS, signal)
  }
}

function hear(
  talk: Talk,
  line: Multicast,
  { packet, from }: { readonly packet: Uint8Array; readonly from: Sender },
): void {
  const read = readPacket(packet)
  if (read === undefined) return
  if (read.type === 'query') {
    if (talk.isAnnounced) answer(talk, line, { read, from })
    return
  }
  if (from.address !== talk.present.address) yieldCommon(talk, commonIn(read))
  if (!talk.options.lookOn.includes(line.name)) return
  for (const { name, port, tag } of saidIn(read)) {
    const isOther = name.toLowerCase() !== talk.present.name.toLowerCase()
    if (tag === talk.present.tag && isOther && port > 0)
      talk.options.onFound(`${from.address}:${port}`)
  }
}

function answer(
  talk: Talk,
  line: Multicast,
  {
    read,
    from,
  }: { readonly read: NonNullable<ReturnType<typeof readPacket>>; readonly from: Sender },
): void {
  const isPlain = from.port !== talk.ports.networks.port
  const said = answerTo(read, talk.present, isPlain)
  if (said === undefined) return
  if (isPlain) return line.send(said, from)
  const now = talk.ports.clock.monotonicMs()
  if (now - talk.answeredAtMs < ANSWER_EVERY_MS) return
  talk.answeredAtMs = now
  line.send(said)
}

/** Of two that claim the common name the one with the lower address gives way: both decide the same. */
function yieldCommon(talk: Talk, others: readonly string[]): void {
  if (others.length === 0) return
  talk.isTaken = true
  const { address, isCommon } = talk.present
  if (isCommon && others.some((other) => numberOf(other) > numberOf(address)))
    talk.present = { ...talk.present, isCommon: false }
}

function numberOf(address: string): number {
  return address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0)
}
