/** The node's word on letters (PACE), as plain values to be drawn. */
import { fields, list, number, text } from './wire.ts'

/** Letters, the best first. */
export const LETTERS = ['P', 'A', 'C', 'E'] as const

/** One of them. */
export type Letter = (typeof LETTERS)[number]

/** How a carrier is. */
export type CarrierState = 'up' | 'ready' | 'down' | 'absent'

/** Why a letter stands, or is not to be used. */
export type Why =
  | 'first'
  | 'held'
  | 'by hand'
  | 'doubtful'
  | 'down'
  | 'slow'
  | 'no budget'
  | 'closed'
  | 'queue'
  | 'not here'

/** One carrier of a letter. */
export interface PacedCarrier {
  readonly name: string
  readonly state: CarrierState
  /** When it last did its work; 0 when nothing proves that it ever did. */
  readonly provedAt: number
  readonly isDrill: boolean
  readonly isStale: boolean
  readonly canDrill: boolean
  readonly isDrilling: boolean
  readonly hasFailed: boolean
}

/** One letter of a rule. */
export interface PacedLetter {
  readonly letter: Letter
  readonly isCurrent: boolean
  readonly fault: Why | undefined
  readonly carriers: readonly PacedCarrier[]
}

/** One rule. */
export interface PacedRule {
  readonly name: string
  readonly channels: readonly string[]
  readonly letter: Letter
  readonly since: number
  readonly why: Why
  readonly isByHand: boolean
  /** Until when it stands by hand; 0 for until it is taken back. */
  readonly until: number
  readonly reason: string
  /** When traffic returns to a better letter, if that holds; 0 when to none. */
  readonly returnsAt: number
  readonly letters: readonly PacedLetter[]
}

const STATES: readonly CarrierState[] = ['up', 'ready', 'down', 'absent']
const WHYS: readonly Why[] = [
  'first',
  'held',
  'by hand',
  'doubtful',
  'down',
  'slow',
  'no budget',
  'closed',
  'queue',
  'not here',
]

/** All rules. */
export function rulesFrom(value: unknown): readonly PacedRule[] {
  return list(value).map((each): PacedRule => {
    const one = fields(each)
    const hand = fields(one.hand)
    return {
      name: text(one.name),
      channels: list(one.channels).map(text),
      letter: letterFrom(one.letter),
      since: number(one.since),
      why: whyFrom(one.why) ?? 'first',
      isByHand: one.hand !== undefined,
      until: number(hand.until),
      reason: text(hand.reason),
      returnsAt: number(one.returnsAt),
      letters: list(one.letters).map(pacedFrom),
    }
  })
}

function pacedFrom(value: unknown): PacedLetter {
  const one = fields(value)
  return {
    letter: letterFrom(one.letter),
    isCurrent: one.isCurrent === true,
    fault: whyFrom(one.fault),
    carriers: list(one.carriers).map(carrierFrom),
  }
}

function carrierFrom(value: unknown): PacedCarrier {
  const one = fields(value)
  const proof = fields(one.proof)
  const outcome = text(fields(one.lastDrill).outcome)
  return {
    name: text(one.name),
    state: STATES.find((state) => state === one.state) ?? 'absent',
    provedAt: number(proof.at),
    isDrill: proof.by === 'drill',
    isStale: one.isStale === true,
    canDrill: one.canDrill === true,
    isDrilling: one.drillSince !== undefined,
    hasFailed: outcome !== '' && outcome !== 'worked',
  }
}

function letterFrom(value: unknown): Letter {
  return LETTERS.find((letter) => letter === value) ?? 'P'
}

function whyFrom(value: unknown): Why | undefined {
  return WHYS.find((why) => why === value)
}
