/** Token buckets by key: how often somebody may do something, without ever growing past a limit. */

/** `burst` at once, then one more each `refillMs`. */
export interface Rate {
  readonly burst: number
  readonly refillMs: number
}

/** One bucket for each key. All times are monotonic milliseconds. */
export interface Buckets {
  /** How long `key` must wait for its next turn; 0 when it may go on now. Takes nothing. */
  readonly waitMs: (key: string, now: number) => number
  /** Takes one turn from `key`, down to an empty bucket. */
  readonly take: (key: string, now: number) => void
  /** Gives one turn back. */
  readonly giveBack: (key: string, now: number) => void
  /** Fills the bucket of `key`. */
  readonly refill: (key: string) => void
}

interface Level {
  readonly tokens: number
  readonly at: number
}

/** Buckets for at most `keysMax` keys; the one untouched for longest is forgotten first, which fills it. */
export function createBuckets(rate: Rate, keysMax: number): Buckets {
  const levels = new Map<string, Level>()
  const tokensOf = (key: string, now: number): number => {
    const level = levels.get(key)
    if (level === undefined) return rate.burst
    return Math.min(rate.burst, level.tokens + (now - level.at) / rate.refillMs)
  }
  const set = (key: string, tokens: number, now: number): void => {
    levels.delete(key)
    levels.set(key, { tokens, at: now })
    if (levels.size > keysMax) forgetOldest(levels)
  }
  return {
    waitMs: (key, now) => {
      const tokens = tokensOf(key, now)
      return tokens >= 1 ? 0 : Math.ceil((1 - tokens) * rate.refillMs)
    },
    take: (key, now) => set(key, Math.max(0, tokensOf(key, now) - 1), now),
    giveBack: (key, now) => {
      if (levels.has(key)) set(key, Math.min(rate.burst, tokensOf(key, now) + 1), now)
    },
    refill: (key) => void levels.delete(key),
  }
}

function forgetOldest(levels: Map<string, Level>): void {
  for (const key of levels.keys()) {
    levels.delete(key)
    return
  }
}
