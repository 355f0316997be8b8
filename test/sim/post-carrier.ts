/**
 * How nodes reach the post office. Each keeps its place there on its own disk, in a bookmark that is written with what
 * arrived: how far everything was accepted, and what beyond that. So no bookmark covers what was not accepted.
 */
import type { NodeId } from '#base/ids.ts'
import { must } from '#base/assert.ts'
import type { Arrival, Carrier, Contact, LinkRoom, Parcel } from '#ports/carrier.ts'
import type { Store } from '#ports/store.ts'
import { openConduit } from './conduit.ts'
import { ahead, loadCursor, nextFor, withAccepted, writeOf, type Cursor } from './cursor.ts'
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
import {
  isSameStart,
  openPostOffice,
  type Item,
  type PostOffice,
  type Start,
} from './post-office.ts'
import { openShelf, type ShelfVisit } from './post-shelf.ts'
import type { Life } from './timeline.ts'

/** The one post office of a world, and the ways to it. */
export interface Post {
  /** The carrier of one life of a node; its contacts begin by themselves. */
  readonly open: (node: NodeId, life: Life, store: Store) => Carrier
  readonly plug: (node: NodeId) => void
  readonly unplug: (node: NodeId) => void
  /** From now on nothing goes that way; whoever waits for it breaks off in the end. */
  readonly mute: (node: NodeId, way: PostWay) => void
  readonly unmute: (node: NodeId, way: PostWay) => void
  /** A node has lost its power. */
  readonly lost: (node: NodeId) => void
  /** Down for `downMs`; what it took in the last `unsyncedMs` is gone although it was acknowledged. */
  readonly failPower: (downMs: number, unsyncedMs: number) => void
  /** Made anew: everything is gone. */
  readonly wipe: () => void
}

/** From a node to the post office, or back. */
export type PostWay = 'there' | 'back'

/** What nodes call it. */
export const POST = 'post:sim'

const NAME = 'post'
/** A visit in which nothing is heard of the other side is given up after this long at most, in milliseconds. */
const DEAF_MS_MAX = 3 * 60_000
/** Parcels that are offered to one node at once. */
const OFFERED_MAX = 8
/** After this long without an answer a parcel is offered again, in milliseconds. */
const OFFER_AGAIN_MS = 60_000

/** What is added to the number of a planted duplicate. */
const INVENTED = 1_000_000

/** One node and the post office, for one life. */
interface Box {
  readonly endpoint: Endpoint
  readonly store: Store
  cursor: Cursor | undefined
  visit: Visit | undefined
}

/** One contact. `isOpen` is the truth; the node learns of the end in its own time. */
interface Visit {
  readonly box: Box
  readonly side: Side
  readonly start: Start
  /** Offered, and neither accepted nor refused. */
  readonly offered: Set<number>
  readonly roads: Readonly<Record<PostWay, Road>>
  /** Ways on which nothing comes through. */
  readonly muted: ReadonlySet<PostWay>
  isOpen: boolean
  cursor: Cursor
  /** Files of which something was found on the shelf. */
  readonly found: Set<string>
  /** Aborted once the node has learned of the end. */
  readonly over: AbortSignal
}

/** A post office that is up, and nobody plugged in; `room` is what the lines to it are said to be good for. */
export function openPost(world: NetworkWorld, room?: LinkRoom): Post {
  const { timeline, chance, marks } = world
  const office = openPostOffice()
  const boxes = new Map<NodeId, Box>()
  const plugged = new Set<NodeId>()
  const muted = new Map<NodeId, Set<PostWay>>()
  let isUp = true

  const mutedFor = (node: NodeId): Set<PostWay> => {
    const ways = muted.get(node) ?? new Set()
    muted.set(node, ways)
    return ways
  }

  const connect = async (node: NodeId): Promise<void> => {
    const box = boxes.get(node)
    if (box === undefined) return
    box.cursor ??= await loadCursor(box.store, office)
    if (!isUp || !plugged.has(node) || box.visit?.isOpen === true || !boxes.has(node)) return
    if (mutedFor(node).size > 0) return marks.count('post.deaf')
    box.visit?.side.drop()
    const visit = beginVisit(world, office, { box, muted: mutedFor(node) })
    box.visit = visit
    timeline.after(chance.between(50, 2_000), () => offerMore(visit), box.endpoint.life)
  }
  const tryLater = (node: NodeId): void => {
    const life = boxes.get(node)?.endpoint.life
    timeline.after(chance.between(50, 5_000), () => void connect(node), life)
  }
  const cut = (node: NodeId): void => {
    const visit = boxes.get(node)?.visit
    if (visit?.isOpen !== true) return
    visit.isOpen = false
    marks.count('post.cut')
    timeline.after(chance.between(0, 20_000), visit.side.drop, visit.box.endpoint.life)
    tryLater(node)
  }
  const offerMore = (visit: Visit): void => {
    const at = { office, reader: visit.box.endpoint.node }
    while (visit.isOpen && visit.offered.size < OFFERED_MAX) {
      const item = nextFor(visit.cursor, visit.offered, at)
      if (item === undefined) return
      const cursorWith = (): Cursor => withAccepted(visit.cursor, item.sequence, at)
      visit.offered.add(item.sequence)
      offer(world, visit, {
        item,
        cursorWith,
        onDone: () => {
          visit.offered.delete(item.sequence)
          visit.cursor = cursorWith()
          visit.box.cursor = visit.cursor
          offerMore(visit)
        },
      })
    }
  }
  const put = (visit: Visit, parcel: Parcel, answer: (outcome: Outcome) => void): void => {
    const { node } = visit.box.endpoint
    // A send proves that the node has begun this contact, so it need not be told of this start again.
    visit.cursor = { ...visit.cursor, told: visit.start }
    visit.box.cursor = visit.cursor
    world.trace.note(world.nameOf(node), 'posts', { bytes: parcel.bytes.length })
    const { there, back } = visit.roads
    const store = (): void => {
      const outcome = office.put(node, parcel, timeline.now())
      if (outcome !== 'departed') marks.count('post.number-taken')
      if (world.faults.renumbers) {
        office.put(node, { ...parcel, number: parcel.number + INVENTED }, timeline.now())
        marks.count('post.renumbered-duplicate')
      }
      back(ANSWER, () => {
        if (visit.isOpen && !visit.muted.has('back')) answer(outcome)
        else marks.count('post.answer-lost')
      })
      for (const { visit: other } of boxes.values()) if (other !== undefined) offerMore(other)
    }
    there({ bytes: parcel.bytes.length, lane: parcel.lane }, () => {
      if (!visit.isOpen || visit.muted.has('there')) return marks.count('post.parcel-lost')
      // What a post office has not looked at yet goes with its power.
      lookLater(world, POST, () =>
        isUp && isSameStart(visit.start, office.start())
          ? store()
          : marks.count('post.parcel-lost'),
      )
    })
  }

  return {
    open: (node, life, store) => {
      const endpoint: Endpoint = {
        node,
        life,
        contacts: openConduit<Contact>(life),
        arrivals: openConduit<Arrival>(life),
      }
      const box: Box = { endpoint, store, cursor: undefined, visit: undefined }
      boxes.set(node, box)
      tryLater(node)
      return {
        name: NAME,
        envelopeBytesMax: SIM_ENVELOPE_BYTES_MAX,
        receiptDelayMs: 10_000,
        ...(room && { room: () => room }),
        contacts: endpoint.contacts.stream,
        arrivals: endpoint.arrivals.stream,
        send: (peer, parcel, signal) => {
          const { visit } = box
          if (visit?.side.isUp() !== true) return Promise.reject(unreachable(peer))
          return visit.side.send({ parcel, signal }, (answer) => put(visit, parcel, answer))
        },
        shelf: openShelf(world, office, () => shelfVisit(box)),
        [Symbol.asyncDispose]: async () => {
          if (box.visit !== undefined) {
            box.visit.isOpen = false
            box.visit.side.drop()
          }
          if (boxes.get(node) === box) boxes.delete(node)
          endpoint.contacts.close()
          endpoint.arrivals.close()
        },
      }
    },
    plug: (node) => {
      plugged.add(node)
      tryLater(node)
    },
    unplug: (node) => {
      plugged.delete(node)
      cut(node)
    },
    mute: (node, way) => {
      const visit = boxes.get(node)?.visit
      mutedFor(node).add(way)
      if (visit?.isOpen !== true) return
      marks.count('post.muted')
      timeline.after(chance.between(5_000, DEAF_MS_MAX), () => {
        if (boxes.get(node)?.visit === visit) cut(node)
      })
    },
    unmute: (node, way) => {
      mutedFor(node).delete(way)
      tryLater(node)
    },
    lost: (node) => {
      const box = boxes.get(node)
      if (box?.visit !== undefined) box.visit.isOpen = false
      boxes.delete(node)
    },
    failPower: (downMs, unsyncedMs) => {
      isUp = false
      for (const node of boxes.keys()) cut(node)
      const lost = office.failPower(timeline.now() - unsyncedMs)
      if (lost > 0) marks.count('post.acknowledged-and-lost')
      world.trace.note(POST, 'power failure', { lost, downMs })
      timeline.after(downMs, () => {
        isUp = true
        for (const node of boxes.keys()) tryLater(node)
      })
    },
    wipe: () => {
      marks.count('post.wiped')
      world.trace.note(POST, 'wiped')
      for (const node of boxes.keys()) cut(node)
      office.wipe()
    },
  }
}

function beginVisit(
  world: NetworkWorld,
  office: PostOffice,
  { box, muted }: Pick<Visit, 'box' | 'muted'>,
): Visit {
  const { place, beyond, told } = must(box.cursor, 'a visit has a cursor')
  const start = office.start()
  const resumed = office.resume(place)
  const isSame = resumed.sequence === place.sequence && place.stream === resumed.stream
  const mayHaveForgotten = !world.faults.hidesForgetting && !isSameStart(told, start)
  const contact = { peer: POST, isUp: true, mayHaveForgotten } as const
  const known = openSide(world, NAME, { endpoint: box.endpoint, contact })
  const over = new AbortController()
  const drop = (): void => {
    known.drop()
    over.abort('over') // with no reason an error is made, and its stack, for nobody
  }
  const side = { ...known, drop }
  // What lay beyond a place that is gone may be something else by now.
  const cursor = { place: resumed, beyond: isSame && !mayHaveForgotten ? beyond : [], told }
  const here = world.nameOf(box.endpoint.node)
  const roads = { there: openRoad(world, here, POST), back: openRoad(world, POST, here) }
  return {
    box,
    side,
    start,
    roads,
    muted,
    offered: new Set(),
    found: new Set(),
    over: over.signal,
    isOpen: true,
    cursor,
  }
}

/** The contact of a node, if it has one. */
function shelfVisit({ endpoint, store, visit }: Box): ShelfVisit | undefined {
  if (visit?.side.isUp() !== true) return undefined
  const isHeard = (way: PostWay): boolean => visit.isOpen && !visit.muted.has(way)
  const { found, over, roads } = visit
  return { endpoint, store, isHeard, found, over, ...roads }
}

interface Offer {
  readonly item: Item
  /** The cursor once this parcel is accepted. */
  readonly cursorWith: () => Cursor
  readonly onDone: () => void
}

/** Offers one parcel, again after a while, until it is accepted or refused. */
function offer(world: NetworkWorld, visit: Visit, { item, cursorWith, onDone }: Offer): void {
  const { timeline, chance, faults, marks, trace } = world
  const { endpoint } = visit.box
  let isDone = false
  const finish = (): void => {
    if (isDone || !visit.isOpen) return
    isDone = true
    onDone()
  }
  const here = world.nameOf(endpoint.node)
  const deliver = (): void => {
    if (!visit.isOpen || visit.muted.has('back')) return
    world.onTraffic()
    trace.note(here, 'fetches', { sequence: item.sequence })
    const arrival = {
      peer: POST,
      bytes: Uint8Array.from(item.bytes),
      get bookmark() {
        return [writeOf(ahead(cursorWith(), faults.cursorAhead))]
      },
      acceptCustody: finish,
      refuse: finish,
    } as const
    lookLater(world, here, () => void (visit.isOpen && endpoint.arrivals.put(arrival)))
  }
  /** Offered again only once it has come: what is still under way is not lost. */
  const offerUntilDone = (): void => {
    if (isDone || !visit.isOpen || !endpoint.life.isAlive()) return
    visit.roads.back({ bytes: item.bytes.length, lane: item.lane }, () => {
      if (!isDone) deliver()
      timeline.after(OFFER_AGAIN_MS, offerUntilDone, endpoint.life)
    })
  }
  offerUntilDone()
  if (!chance.happens(faults.duplicates())) return
  marks.count('post.duplicate')
  timeline.after(chance.between(10, 60_000), deliver, endpoint.life)
}
