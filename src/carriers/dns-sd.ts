/**
 * What a node says of itself on a network, and what it makes of what others say: DNS-SD (RFC 6763) in multicast DNS (RFC 6762), as
 * packets and plain values. `dns-packet` reads and writes them. Whatever is wrong in a packet is left out: anybody may send one.
 */
import { AUTHORITATIVE_ANSWER, decode, encode, type Answer, type Packet } from 'dns-packet'
import { sha256 } from '#base/hash.ts'
import { bytesFromText, hexFromBytes } from '#base/bytes.ts'
import type { OrganisationId } from '#base/ids.ts'

/** Nodes for nodes, and pages for people. */
const SERVICES = ['_holdfast._tcp.local', '_http._tcp.local'] as const
const [NODES] = SERVICES
const ALL_SERVICES = '_services._dns-sd._udp.local'
/** The name that is the same for every kit, for people who know no other. */
const COMMON_NAME = 'holdfast.local'
/** Seconds that others may remember names and addresses, and the rest (RFC 6762 §10). */
const TTL = { host: 120, other: 4_500 } as const
/** Seconds that somebody remembers who asked without multicast DNS of their own (RFC 6762 §6.7). */
const TTL_PLAIN = 10
const TAG_BYTES = 6

/** What one node says of itself on one network. */
export interface Present {
  /** The node's name; unique in its organisation. */
  readonly name: string
  readonly address: string
  /** Of IPv6, where it answers there, too. */
  readonly address6?: string | undefined
  readonly port: number
  /** `tagOf` its organisation. */
  readonly tag: string
  /** It answers to COMMON_NAME, too: nobody else there does. */
  readonly isCommon: boolean
}

/** A node that somebody says to be there. */
export interface Said {
  readonly name: string
  readonly port: number
  readonly tag: string
}

/** By what nodes of one organisation know each other on a network, without its name: 12 hexadecimal digits. */
export function tagOf(organisation: OrganisationId): string {
  return hexFromBytes(sha256(bytesFromText(`holdfast dns-sd ${organisation}`)).slice(0, TAG_BYTES))
}

/** A packet that came; undefined for what is none. */
export function readPacket(bytes: Uint8Array): Packet | undefined {
  try {
    return decode(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length))
  } catch {
    return undefined
  }
}

/** That a node is here, or that it goes. */
export function announcement(present: Present, isLeaving = false): Uint8Array {
  const answers = recordsOf(present).filter((one) => !isDenial(one))
  return response({ answers: answers.map((one) => (isLeaving ? withTtl(one, 0) : one)) })
}

/** Who else is here. */
export function question(): Uint8Array {
  return encode({ type: 'query', questions: [{ name: NODES, type: 'PTR' }] })
}

/** Whether somebody has COMMON_NAME. */
export function commonQuestion(): Uint8Array {
  return encode({ type: 'query', questions: [{ name: COMMON_NAME, type: 'A' }] })
}

/**
 * The answer to a question, if it is about this node and whoever asks does not know it yet. `isPlain`: they ask as one asks a
 * name server, and get an answer as from one.
 */
export function answerTo(
  packet: Packet,
  present: Present,
  isPlain = false,
): Uint8Array | undefined {
  if (packet.type !== 'query') return undefined
  const all = recordsOf(present)
  const known = (packet.answers ?? []).map(sayingOf)
  const answers = (packet.questions ?? []).flatMap(({ name, type }) =>
    all.filter((one) => same(one.name, name) && isAskedFor(one, type)),
  )
  const fresh = [...new Set(answers)].filter((one) => !known.includes(sayingOf(one)))
  if (fresh.length === 0) return undefined
  const additionals = all.filter((one) => one.type !== 'PTR' && !fresh.includes(one))
  if (!isPlain) return response({ answers: fresh, additionals })
  const { id = 0, questions = [] } = packet
  return response({ id, questions, answers: fresh.map(plain), additionals: additionals.map(plain) })
}

/** The nodes that an answer names; none twice. */
export function saidIn({ type, answers = [], additionals = [] }: Packet): readonly Said[] {
  if (type !== 'response') return []
  const all = [...answers, ...additionals]
  const said = new Map<string, Said>()
  for (const one of all) {
    if (one.type !== 'SRV' || one.ttl === 0 || !same(afterFirst(one.name), NODES)) continue
    const text = all.find((other) => other.type === 'TXT' && same(other.name, one.name))
    const tag = text?.type === 'TXT' ? tagIn(text.data) : undefined
    const name = one.name.slice(0, one.name.length - NODES.length - 1)
    if (tag !== undefined) said.set(one.name.toLowerCase(), { name, port: one.data.port, tag })
  }
  return [...said.values()]
}

/** The addresses that others claim COMMON_NAME for. */
export function commonIn({ type, answers = [] }: Packet): readonly string[] {
  if (type !== 'response') return []
  return answers.flatMap((one) =>
    one.type === 'A' && one.ttl !== 0 && same(one.name, COMMON_NAME) ? [one.data] : [],
  )
}

function recordsOf({ name, address, address6, port, tag, isCommon }: Present): readonly Answer[] {
  const host = `${name}.local`
  const txt = [`v=1`, `o=${tag}`]
  const of = (service: string): readonly Answer[] => [
    { type: 'PTR', name: service, ttl: TTL.other, data: `${name}.${service}` },
    { type: 'PTR', name: ALL_SERVICES, ttl: TTL.other, data: service },
    {
      type: 'SRV',
      name: `${name}.${service}`,
      ttl: TTL.host,
      flush: true,
      data: { port, target: isCommon && service !== NODES ? COMMON_NAME : host },
    },
    { type: 'TXT', name: `${name}.${service}`, ttl: TTL.other, flush: true, data: txt },
  ]
  const hosts = isCommon ? [host, COMMON_NAME] : [host]
  return [...SERVICES.flatMap(of), ...hosts.flatMap((one) => addressesOf(one, address, address6))]
}

/** The addresses of a name, and that it has no others: who asks for one of IPv6 need not wait (RFC 6762 §6.1). */
function addressesOf(name: string, address: string, address6: string | undefined): Answer[] {
  const common = { name, ttl: TTL.host, flush: true }
  const rrtypes = address6 === undefined ? ['A'] : ['A', 'AAAA']
  return [
    { type: 'A', ...common, data: address },
    ...(address6 === undefined ? [] : [{ type: 'AAAA' as const, ...common, data: address6 }]),
    { type: 'NSEC', ...common, data: { nextDomain: name, rrtypes } },
  ]
}

function isDenial({ type }: Answer): boolean {
  return type === 'NSEC'
}

function isAskedFor(one: Answer, type: string): boolean {
  if (one.type === 'NSEC') return !isAny(type) && !one.data.rrtypes.includes(type)
  return type === one.type || isAny(type)
}

function plain(one: Answer): Answer {
  return { ...withTtl(one, TTL_PLAIN), flush: false } as Answer
}

/** The declarations of the package lack it. */
function isAny(type: string): boolean {
  return type === 'ANY'
}

function withTtl(one: Answer, ttl: number): Answer {
  return { ...one, ttl } as Answer
}

function response(packet: Packet): Uint8Array {
  return encode({ type: 'response', flags: AUTHORITATIVE_ANSWER, ...packet })
}

/** What a record says, for comparing; of those that are told as known only pointers matter. */
function sayingOf(one: Answer): string {
  return one.type === 'PTR' ? `${one.name} ${one.data}`.toLowerCase() : `${one.type} ${one.name}!`
}

function tagIn(data: unknown): string | undefined {
  const parts = Array.isArray(data) ? data : [data]
  for (const part of parts) {
    const [, tag] = /^o=([0-9a-f]{12})$/.exec(String(part)) ?? []
    if (tag !== undefined) return tag
  }
  return undefined
}

function afterFirst(name: string): string {
  return name.slice(name.indexOf('.') + 1)
}

function same(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase()
}
