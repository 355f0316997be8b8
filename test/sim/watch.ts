/**
 * What a node does at its carriers, held against what it knew then. Promise 4: nothing less urgent goes before a flash message.
 * Promise 2: custody is accepted only for what is on that disk. Promise 10: what was taken from the post office is not
 * fetched again after every start.
 */
import type { Instant, NodeId } from '#base/ids.ts'
import { kindOfChannel } from '#model/channel-id.ts'
import type { Arrival, Carrier, Parcel, PeerId } from '#ports/carrier.ts'
import { envelopeName } from '#sync/ledger.ts'
import type { EnvelopeContent, Evidence } from './evidence.ts'
import type { Boot, Member } from './fleet.ts'
import { POST } from './post-carrier.ts'
import type { Book, Said } from './said.ts'
import type { Secrecy } from './secrecy.ts'
import type { Marks } from './trace.ts'
import type { Verdict } from './verdict.ts'

/** Watches all carriers of a world. */
export interface Watch {
  /** The same carrier, watched: for one life of a node. */
  readonly carrier: (member: Member, boot: Boot, carrier: Carrier) => Carrier
  /** The post office was started again: what it gives may come a second time. */
  readonly onPostStarted: () => void
  /** This node's place at the post office is an earlier one again. */
  readonly onPutBack: (member: Member) => void
}

/** What the watch compares with. */
export interface WatchGround {
  readonly members: readonly Member[]
  readonly book: Book
  readonly evidence: Evidence
  readonly secrecy: Pick<Secrecy, 'hasSealedSince'>
  readonly verdict: Verdict
  readonly marks: Marks
  readonly now: () => Instant
  /** How often a post office keeps one parcel. */
  readonly copies: number
}

/**
 * Own messages that may leave after a flash message was saved and before it leaves: the one that was being cut meanwhile
 * in each contact.
 */
const OVERTAKING_MAX = 1
/** Parcels that may be fetched again in one life: those that were under way when a contact broke. */
const FETCHED_AGAIN_MAX = 16

/** What is sent this long after somebody asked may be the answer, in milliseconds. */
const WANTED_MS = 10 * 60_000

/** Nothing was sent yet. */
export function openWatch(ground: WatchGround): Watch {
  const order = openOrder(ground)
  const fetching = openFetching(ground)
  const repairs = openRepairs(ground)
  return {
    onPostStarted: fetching.onPostStarted,
    onPutBack: fetching.onPutBack,
    carrier: (member, boot, carrier) => ({
      ...carrier,
      send: async (peer, parcel, signal) => {
        const content = ground.evidence.contentOf(parcel.bytes)
        if (member.capturedAt === undefined && content !== undefined) {
          order.onSend(member, peer, { parcel, content })
          repairs.onSend(member, content)
        }
        fetching.onSend(member, peer, parcel)
        const handover = await carrier.send(peer, parcel, signal)
        const taker = ground.members.find(({ id }) => id === peer)
        if (handover === 'custody' && taker !== undefined && content !== undefined)
          checkCustody(ground, taker, content)
        return handover
      },
      arrivals: () =>
        watched(carrier, (arrival) => {
          if (member.capturedAt !== undefined) return
          const content = ground.evidence.contentOf(arrival.bytes)
          if (content !== undefined) checkCustody(ground, member, content)
          fetching.onAccepted(member, boot, arrival)
        }),
    }),
  }
}

/** Arrivals that tell when custody was accepted. */
async function* watched(
  carrier: Carrier,
  onAccepted: (arrival: Arrival) => void,
): AsyncIterable<Arrival> {
  for await (const arrival of carrier.arrivals()) {
    const { peer, bytes, refuse } = arrival
    yield {
      peer,
      bytes,
      get bookmark() {
        return arrival.bookmark
      },
      acceptCustody: () => {
        onAccepted(arrival)
        arrival.acceptCustody()
      },
      refuse,
    }
  }
}

/** Where somebody is in wrong hands, others take less than what they are given. */
function isAnybodyCaptured({ members }: WatchGround): boolean {
  return members.some(({ capturedAt }) => capturedAt !== undefined)
}

/** Of two lists under the same numbers neither is kept beyond the fork. */
export function isForkedAway(
  { book, members }: Pick<WatchGround, 'book' | 'members'>,
  number: number,
): boolean {
  const said = book.all()[number]
  return said?.isUnsure === true && members[said.home]?.mayHaveForked === true
}

/** Looked at when custody is accepted, and again when the sender hears of it. */
function checkCustody(ground: WatchGround, member: Member, { messages }: EnvelopeContent): void {
  const { evidence, verdict, marks } = ground
  if (isAnybodyCaptured(ground)) return
  for (const number of messages) {
    marks.count('custody.held-against-disk')
    if (evidence.isOnDisk(member.index, number)) continue
    if (evidence.isUndone(member.index, number)) continue
    if (isForkedAway(ground, number)) continue
    verdict.fail({
      broken: 'promise 2: no false tick',
      where: member.name,
      wanted: 'custody only of what is on the disk',
      found: `custody of message ${number}, which is not`,
    })
  }
}

interface Sent {
  readonly parcel: Parcel
  readonly content: EnvelopeContent
}

interface Order {
  readonly onSend: (member: Member, peer: PeerId, sent: Sent) => void
}

/**
 * The order in which own messages leave for one peer. Own ones alone, and of them those that never left before: what is
 * relayed, and what must be held back for a while, may have to wait for other reasons.
 */
function openOrder(ground: WatchGround): Order {
  const { book, evidence, secrecy, verdict, marks } = ground
  /** Numbers of messages that were handed to a carrier, by node and peer. */
  const handed = new Map<string, Set<number>>()
  const overtaken = new Map<string, number>()
  const seen = new Set<string>()

  const handedTo = (place: string): Set<number> => {
    const known = handed.get(place) ?? new Set<number>()
    handed.set(place, known)
    return known
  }
  const isThere = (peer: PeerId, { number }: Said): boolean => {
    const member = ground.members.find(({ id }) => id === (peer as NodeId))
    return member === undefined
      ? handedTo(peer).has(number)
      : member.capturedAt !== undefined || evidence.isOnDisk(member.index, number)
  }
  const waits = (said: Said, home: Member, peer: PeerId): boolean =>
    said.home === home.index &&
    said.lane === 'flash' &&
    said.fate === 'saved' &&
    said.purge === 'none' &&
    kindOfChannel(said.channel) === 'public' &&
    !handedTo(`${home.index}`).has(said.number) &&
    !isThere(peer, said)
  /** Once somebody is out, a kit waits until a hub gives it what is sealed under from now on; what has other keys goes meanwhile. */
  const hasKey = (member: Member): boolean =>
    secrecy.hasSealedSince(member.id, (bytes) => {
      const sealing = evidence.sealingOf(bytes)
      return sealing?.sender === member.id && sealing.isForAll && sealing.scope !== 'keys'
    })

  return {
    onSend: (member, peer, { parcel: { bytes }, content: { messages: numbers } }) => {
      const name = `${member.index} ${peer} ${envelopeName(bytes)}`
      const isAgain = seen.has(name)
      seen.add(name)
      const all = book.all()
      const own = numbers.filter((number) => all[number]?.home === member.index)
      const isFirst = own.some((number) => !handedTo(`${member.index}`).has(number))
      for (const number of numbers)
        for (const place of [`${member.index}`, peer]) handedTo(place).add(number)
      const place = `${member.index} ${peer}`
      if (own.some((number) => all[number]?.lane === 'flash')) {
        marks.count('order.flash-left')
        overtaken.delete(place)
        return
      }
      if (isAgain || !isFirst) return
      const waiting = all.find((said) => waits(said, member, peer))
      if (waiting === undefined || !hasKey(member)) return void overtaken.delete(place)
      const count = 1 + (overtaken.get(place) ?? 0)
      overtaken.set(place, count)
      marks.count('order.flash-waited')
      if (count <= OVERTAKING_MAX) return
      verdict.fail({
        broken: 'promise 4: flash never waits',
        where: member.name,
        wanted: `flash message ${waiting.number} before what is less urgent`,
        found: `${count} parcels before it, the last with message ${own.join()}`,
      })
    },
  }
}

interface Repairs {
  readonly onSend: (member: Member, content: EnvelopeContent) => void
}

/** Whether what somebody asked for comes from a node that neither wrote it nor asked. */
function openRepairs({ book, evidence, marks, now, members }: WatchGround): Repairs {
  const askedAt = new Map<Member, Instant>()
  return {
    onSend: (member, { messages, notes }) => {
      for (const note of notes) marks.count(`note.${note}`)
      if (notes.includes('want')) askedAt.set(member, now())
      const others = messages.filter((number) => book.all()[number]?.home !== member.index)
      for (const asking of members) {
        const isOpen = now() - (askedAt.get(asking) ?? -Infinity) < WANTED_MS
        if (asking === member || !isOpen) continue
        const isLacking = (number: number): boolean =>
          book.all()[number]?.home !== asking.index && !evidence.isOnDisk(asking.index, number)
        if (others.some(isLacking)) marks.count('repair.by-a-third-node')
      }
    },
  }
}

interface Fetching {
  readonly onSend: (member: Member, peer: PeerId, parcel: Parcel) => void
  readonly onAccepted: (member: Member, boot: Boot, arrival: Arrival) => void
  readonly onPostStarted: () => void
  readonly onPutBack: (member: Member) => void
}

/** How often the same bytes are taken from the post office, against how often they were put there. */
function openFetching({ verdict, marks, copies }: WatchGround): Fetching {
  /** Under how many numbers each envelope was put. */
  const put = new Map<string, Set<string>>()
  /** In which lives of a node each was taken. */
  const taken = new Map<string, Set<Boot>>()
  const again = new Map<Boot, number>()
  return {
    onPostStarted: () => taken.clear(),
    onPutBack: ({ index }) => {
      for (const place of taken.keys()) if (place.startsWith(`${index} `)) taken.delete(place)
    },
    onSend: ({ id }, peer, { bytes, lane, number }) => {
      if (peer !== POST) return
      const name = envelopeName(bytes)
      put.set(name, (put.get(name) ?? new Set()).add(`${id} ${lane} ${number}`))
    },
    onAccepted: (member, boot, { peer, bytes }) => {
      if (peer !== POST) return
      const name = envelopeName(bytes)
      const place = `${member.index} ${name}`
      const lives = taken.get(place) ?? new Set<Boot>()
      taken.set(place, lives)
      if (lives.has(boot)) return
      lives.add(boot)
      if (lives.size <= copies * (put.get(name)?.size ?? 0)) return
      marks.count('post.fetched-again')
      const count = 1 + (again.get(boot) ?? 0)
      again.set(boot, count)
      if (count <= FETCHED_AGAIN_MAX) return
      verdict.fail({
        broken: 'promise 10: bytes',
        where: member.name,
        wanted: 'what was taken from the post office is not fetched again',
        found: `${count} parcels in one life that an earlier one had taken`,
      })
    },
  }
}
