/** What it takes to have a file come from the node that has it, and how far it has come: of the file, and of the small picture of it. */
import { fields, number, text } from './wire.ts'

/** The file itself, or the small picture of it. */
export type Quality = 'whole' | 'small'

/** One of the two. */
export interface FetchWay {
  readonly bytes: number
  readonly isHere: boolean
  /** Somebody has asked for it. */
  readonly isAsked: boolean
  readonly have: number
  /** How long the rest takes by the best link there is; undefined while nobody knows. */
  readonly ms: number | undefined
  /** What the rest costs; 0 where it is free, or nobody knows. */
  readonly money: number
  readonly currency: string
}

/** Both. */
export interface FetchWays {
  readonly whole: FetchWay
  /** It was here, and its bytes are gone or damaged. */
  readonly isLost: boolean
  /** Undefined where the file has none. */
  readonly small: FetchWay | undefined
}

/** As the node answers. */
export function fetchWaysFrom(value: unknown): FetchWays {
  const { small, isLost } = fields(value)
  return {
    whole: wayFrom(value),
    isLost: isLost === true,
    small: small == null ? undefined : wayFrom(small),
  }
}

/** Under what name progress is kept: the two come apart from each other. */
export function arrivingKey(fileId: string, quality: Quality): string {
  return quality === 'small' ? `${fileId}/small` : fileId
}

function wayFrom(value: unknown): FetchWay {
  const one = fields(value)
  const price = fields(one.price)
  return {
    bytes: number(one.bytes),
    isHere: one.isHere === true,
    isAsked: fields(one.fetch).isAsked === true,
    have: number(one.have),
    ms: typeof price.seconds === 'number' ? price.seconds * 1_000 : undefined,
    money: number(price.money),
    currency: text(price.currency),
  }
}
