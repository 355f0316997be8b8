/**
 * Promise 2 while the world runs: a delivery word is held against what is really on the disks and has really left,
 * and never goes back once it said that a message is stored.
 */
import { codeOf } from '#base/errors.ts'
import type { EdgeNode } from '#app/node.ts'
import type { Delivery } from '#app/types.ts'
import type { MessageRecord } from '#model/view.ts'
import { key } from '#sync/keys.ts'
import { unpack } from '#sync/records.ts'
import type { Evidence } from './evidence.ts'
import type { Member } from './fleet.ts'
import { numbersIn, type Said } from './said.ts'
import type { Marks } from './trace.ts'
import type { Verdict } from './verdict.ts'

/** Checks the words that nodes show. */
export interface DeliveryChecker {
  /**
   * Asks `member` how a message stands and judges every word. Does nothing while the member is off. Until all is settled a word
   * may rest on what a disk held before it was put back.
   */
  readonly check: (member: Member, said: Said, isSettled?: boolean) => Promise<void>
  /** Everything has drained: `home`, where it was written, must know that each of `expected` has the message. */
  readonly checkFinal: (home: Member, said: Said, expected: readonly Member[]) => Promise<void>
  /** What a node has shown so far it may not know any more: its disk was put back. */
  readonly forget: (member: Member) => void
}

/** What the checker compares with. */
export interface DeliveryGround {
  readonly members: readonly Member[]
  readonly evidence: Evidence
  readonly verdict: Verdict
  readonly marks: Marks
}

/** A checker that has seen nothing yet. */
export function openDeliveryChecker(ground: DeliveryGround): DeliveryChecker {
  const { members, verdict, marks } = ground
  /** The strongest word that was shown, by observer, message and destination, and when. */
  const shown = new Map<string, { readonly rank: number; readonly at: number }>()
  /** Nodes whose disk was put back. */
  const putBack = new Set<number>()
  /** Of which words were taken back since, by observer, message and destination. */
  const takenBack = new Set<string>()
  /** Counts questions and answers: an answer to an older question may be an older one. */
  let moment = 0

  const judge = (
    { member, said, askedAt, isSettled }: Question,
    delivery: Delivery,
  ): string | undefined => {
    const destination = members.find((one) => one.id === delivery.destination)
    if (destination === undefined) return 'a destination that is no node of this organisation'
    const place = `${member.index} ${said.number} ${destination.index}`
    const before = shown.get(place) ?? { rank: 0, at: 0 }
    const rank = RANK[delivery.word]
    marks.count(`word.${delivery.word}`)
    const isUndone = ground.evidence.isUndone(destination.index, said.number)
    const wasPutBack = putBack.has(destination.index)
    if (before.rank > rank && before.rank >= RANK.stored && askedAt > before.at) {
      // What a node signed for before its disk was put back is taken back by what it says then, once.
      if (!wasPutBack || takenBack.has(place)) return 'a stronger word was shown before'
      takenBack.add(place)
    }
    if (rank > before.rank || wasPutBack) shown.set(place, { rank, at: moment })
    const mayBeUndone = isUndone && !isSettled
    return unproven(ground, { member, said, destination, word: delivery.word, mayBeUndone })
  }

  return {
    check: async (member, said, isSettled = false) => {
      const { boot } = member
      if (boot?.node === undefined || said.id === undefined || isAnother(member, said)) return
      moment += 1
      const question = { member, said, askedAt: moment, isSettled }
      const deliveries = await deliveriesOf(boot.node, said)
      if (!boot.life.isAlive()) return
      moment += 1
      for (const delivery of deliveries) {
        const wrong = judge(question, delivery)
        if (wrong === undefined) continue
        verdict.fail({
          broken: 'promise 2: no false tick',
          where: member.name,
          wanted: `a true word for message ${said.number} (home ${said.home}) to ${delivery.destinationName}`,
          found: `"${delivery.word}": ${wrong}`,
        })
      }
    },
    forget: ({ index }) => {
      putBack.add(index)
      for (const place of takenBack) if (place.endsWith(` ${index}`)) takenBack.delete(place)
      for (const place of shown.keys()) if (place.startsWith(`${index} `)) shown.delete(place)
    },
    checkFinal: async ({ boot, name }, said, expected) => {
      const deliveries = boot?.node === undefined ? [] : await deliveriesOf(boot.node, said)
      for (const destination of expected) {
        const { name: destinationName } = destination
        const word = deliveries.find((one) => one.destination === destination.id)?.word
        if (word !== undefined && RANK[word] >= RANK.stored) continue
        verdict.fail({
          broken: 'nothing left over',
          where: name,
          wanted: `message ${said.number} stored at ${destinationName}`,
          found: `"${word ?? 'nothing'}"`,
        })
      }
    },
  }
}

/** Of two messages under one number, as a disk that was put back makes them, a node may show the other. */
function isAnother({ disk }: Member, { id, isUnsure, number }: Said): boolean {
  if (id === undefined || !isUnsure) return false
  const [stored] = disk.durable({ from: key.message(id), to: `${key.message(id)} ` })
  const { body = '' } = (stored && unpack<MessageRecord>(stored[1])) ?? {}
  const numbers = numbersIn(Buffer.from(body))
  return numbers.length > 0 && !numbers.includes(number)
}

interface Question {
  readonly member: Member
  readonly said: Said
  readonly askedAt: number
  readonly isSettled: boolean
}

const RANK = { 'on this kit': 0, queued: 0, 'left this kit': 1, stored: 2, read: 3 } as const

function unproven(
  { evidence }: DeliveryGround,
  claim: {
    readonly member: Member
    readonly said: Said
    readonly destination: Member
    readonly word: Delivery['word']
    /** It was true, and the destination may not have told yet that it is not. */
    readonly mayBeUndone: boolean
  },
): string | undefined {
  const { member, said, destination, word, mayBeUndone } = claim
  const isThere = mayBeUndone || evidence.isOnDisk(destination.index, said.number)
  switch (word) {
    case 'on this kit':
    case 'queued':
      return undefined
    case 'left this kit':
      return evidence.hasLeft(member.index, said.number)
        ? undefined
        : 'no carrier has answered for it'
    case 'stored':
      return isThere ? undefined : 'it is not on the disk there'
    case 'read':
      if (!isThere) return 'it is not on the disk there'
      return evidence.isViewed(destination.index, said.channel)
        ? undefined
        : 'nobody there has looked at the channel'
  }
}

async function deliveriesOf(node: EdgeNode, said: Said): Promise<readonly Delivery[]> {
  if (said.id === undefined) return []
  try {
    return (await node.delivery(said.author, said.id)).deliveries
  } catch (error) {
    const code = codeOf(error)
    if (code === 'NOT_FOUND' || code === 'NOT_ALLOWED') return []
    throw error
  }
}
