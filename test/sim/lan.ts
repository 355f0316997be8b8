/**
 * Point-to-point carriers: a cable between two nodes, plugged or not. While both ends are switched on there is a
 * contact; the peer's own custody is the answer to a parcel.
 */
import { EdgeError } from '#base/errors.ts'
import type { NodeId } from '#base/ids.ts'
import { must } from '#base/assert.ts'
import type { Arrival, Carrier, Contact, Parcel } from '#ports/carrier.ts'
import { openConduit } from './conduit.ts'
import {
  ANSWER,
  lookLater,
  openRoad,
  openSide,
  SIM_ENVELOPE_BYTES_MAX,
  unreachable,
  type Endpoint,
  type NetworkWorld,
  type Outcome,
  type Road,
  type Side,
} from './network.ts'
import type { Identity } from '#trust/identity.ts'
import type { Roster } from '#trust/roster.ts'
import type { Life } from './timeline.ts'

/** All cables of a world. */
export interface Lan {
  /** The carrier of one life of a node; its contacts begin by themselves. */
  readonly open: (party: Party, life: Life) => Carrier
  readonly plug: (a: NodeId, b: NodeId) => void
  readonly unplug: (a: NodeId, b: NodeId) => void
  /** From now on nothing from `from` comes to `to`, though all the other way does; who waits for it breaks off in the end. */
  readonly mute: (from: NodeId, to: NodeId) => void
  readonly unmute: (from: NodeId, to: NodeId) => void
  /** A node has lost its power: its contacts are over, which its peers notice later. */
  readonly lost: (node: NodeId) => void
}

/** Who stands at an end, and whom it believes. */
export interface Party {
  readonly identity: Pick<Identity, 'certificate' | 'certificateBytes'>
  readonly roster: Pick<Roster, 'revokedSince'>
}

/** Peers show each other their certificates, as real sessions do, and refuse who is revoked. */
interface LanEndpoint extends Endpoint {
  readonly certificateBytes: Uint8Array
  readonly refuses: (peer: NodeId) => boolean
}

interface Cable {
  readonly ends: readonly [NodeId, NodeId]
  isPlugged: boolean
  /** Those of whom nothing comes to the other end. */
  readonly muted: Set<NodeId>
  /** The newest contact, also when it is over and a side has not noticed yet. */
  session: Session | undefined
}

/** One contact. `isOpen` is the truth; each side learns of the end in its own time. */
interface Session {
  readonly sides: ReadonlyMap<NodeId, Side>
  readonly endpoints: ReadonlyMap<NodeId, Endpoint>
  /** By who sends. */
  readonly roads: ReadonlyMap<NodeId, Road>
  readonly muted: ReadonlySet<NodeId>
  isOpen: boolean
}

const NAME = 'lan'
/** A session in which nothing is heard of the other side is given up after this long at most, in milliseconds. */
const DEAF_MS_MAX = 3 * 60_000

/** A world without cables. */
export function openLan(world: NetworkWorld): Lan {
  const endpoints = new Map<NodeId, LanEndpoint>()
  const cables = new Map<string, Cable>()

  const cableOf = (a: NodeId, b: NodeId): Cable => {
    const ends = a < b ? ([a, b] as const) : ([b, a] as const)
    const known = cables.get(ends.join())
    const cable = known ?? { ends, isPlugged: false, muted: new Set(), session: undefined }
    cables.set(ends.join(), cable)
    return cable
  }

  const connect = (cable: Cable): void => {
    const [a, b] = cable.ends.map((end) => endpoints.get(end))
    const isOpen = cable.session?.isOpen === true
    if (isOpen || !cable.isPlugged || a === undefined || b === undefined) return
    // Who meets has to hear each other.
    if (cable.muted.size > 0) return world.marks.count('lan.deaf')
    if (a.refuses(b.node) || b.refuses(a.node)) return world.marks.count('lan.refused')
    for (const side of cable.session?.sides.values() ?? []) side.drop()
    cable.session = openSession(world, cable, [a, b])
  }
  const tryLater = (cable: Cable): void =>
    void world.timeline.after(world.chance.between(20, 3_000), () => connect(cable))

  const cut = (cable: Cable): void => {
    const { session } = cable
    if (session?.isOpen !== true) return
    session.isOpen = false
    world.marks.count('lan.cut')
    for (const side of session.sides.values()) {
      world.timeline.after(world.chance.between(0, 20_000), side.drop)
    }
    tryLater(cable)
  }
  const cablesOf = (node: NodeId): readonly Cable[] =>
    [...cables.values()].filter((cable) => cable.ends.includes(node))

  const leave = (node: NodeId): void => {
    endpoints.delete(node)
    for (const cable of cablesOf(node)) cut(cable)
  }

  return {
    open: ({ identity: { certificate, certificateBytes }, roster }, life) => {
      const { node } = certificate
      const endpoint: LanEndpoint = {
        node,
        certificateBytes,
        refuses: (peer) => roster.revokedSince(peer) !== undefined,
        life,
        contacts: openConduit<Contact>(life),
        arrivals: openConduit<Arrival>(life),
      }
      endpoints.set(node, endpoint)
      for (const cable of cablesOf(node)) tryLater(cable)
      return {
        name: NAME,
        envelopeBytesMax: SIM_ENVELOPE_BYTES_MAX,
        receiptDelayMs: 1_000,
        contacts: endpoint.contacts.stream,
        arrivals: endpoint.arrivals.stream,
        send: (peer, parcel, signal) => {
          const session = cableOf(node, peer as NodeId).session
          const side = session?.sides.get(node)
          if (session === undefined || side === undefined || !side.isUp())
            return Promise.reject(unreachable(peer))
          return side.send({ parcel, signal }, (answer) =>
            transmit({ world, session, from: node, to: peer as NodeId }, parcel, answer),
          )
        },
        [Symbol.asyncDispose]: async () => {
          for (const { session } of cablesOf(node)) session?.sides.get(node)?.drop()
          if (endpoints.get(node) === endpoint) leave(node)
          endpoint.contacts.close()
          endpoint.arrivals.close()
        },
      }
    },
    plug: (a, b) => {
      const cable = cableOf(a, b)
      cable.isPlugged = true
      tryLater(cable)
    },
    unplug: (a, b) => {
      const cable = cableOf(a, b)
      cable.isPlugged = false
      cut(cable)
    },
    mute: (from, to) => {
      const cable = cableOf(from, to)
      const { session } = cable
      cable.muted.add(from)
      if (session?.isOpen !== true) return
      world.marks.count('lan.muted')
      world.timeline.after(world.chance.between(5_000, DEAF_MS_MAX), () => {
        if (cable.session === session) cut(cable)
      })
    },
    unmute: (from, to) => {
      const cable = cableOf(from, to)
      cable.muted.delete(from)
      tryLater(cable)
    },
    lost: leave,
  }
}

function openSession(
  world: NetworkWorld,
  { muted }: Cable,
  [a, b]: readonly [LanEndpoint, LanEndpoint],
): Session {
  const roadOf = (from: Endpoint, to: Endpoint): [NodeId, Road] => [
    from.node,
    openRoad(world, world.nameOf(from.node), world.nameOf(to.node)),
  ]
  const sideOf = (endpoint: LanEndpoint, peer: LanEndpoint): [NodeId, Side] => [
    endpoint.node,
    openSide(world, NAME, {
      endpoint,
      contact: {
        peer: peer.node,
        isUp: true,
        mayHaveForgotten: false,
        certificate: peer.certificateBytes,
      },
    }),
  ]
  return {
    sides: new Map([sideOf(a, b), sideOf(b, a)]),
    endpoints: new Map([
      [a.node, a],
      [b.node, b],
    ]),
    roads: new Map([roadOf(a, b), roadOf(b, a)]),
    muted,
    isOpen: true,
  }
}

interface Way {
  readonly world: NetworkWorld
  readonly session: Session
  readonly from: NodeId
  readonly to: NodeId
}

function transmit(way: Way, parcel: Parcel, answer: (outcome: Outcome) => void): void {
  const { world, session, from, to } = way
  const { timeline, trace, marks, faults, chance } = world
  const peer = must(session.endpoints.get(to), 'a session has both ends')
  const bytes = Uint8Array.from(parcel.bytes)
  trace.note(world.nameOf(from), 'sends', { to: world.nameOf(to), bytes: bytes.length })
  const lie = faults.custodyLie()
  if (lie !== 'none') timeline.after(1, () => answer('custody'))
  if (lie === 'early and lost') return
  const [forth, back] = [from, to].map((sender) =>
    must(session.roads.get(sender), 'a session has a road each way'),
  ) as [Road, Road]
  const reply = (outcome: Outcome): void =>
    back(ANSWER, () => {
      if (session.isOpen && !session.muted.has(to)) answer(outcome)
      else marks.count('lan.answer-lost')
    })
  const deliver = (): void => {
    if (!session.isOpen || session.muted.has(from)) return marks.count('lan.parcel-lost')
    trace.note(world.nameOf(to), 'gets', { from: world.nameOf(from), bytes: bytes.length })
    const arrival = {
      peer: from,
      bytes: Uint8Array.from(bytes),
      bookmark: [],
      acceptCustody: () => reply('custody'),
      refuse: () => reply(new EdgeError('INPUT_INVALID', { peer: to })),
    }
    lookLater(world, world.nameOf(to), () => peer.arrivals.put(arrival))
  }
  forth({ bytes: bytes.length, lane: parcel.lane }, deliver)
  if (!chance.happens(faults.duplicates())) return
  marks.count('lan.duplicate')
  timeline.after(chance.between(10, 60_000), deliver)
}
