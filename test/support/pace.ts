/** Rules of PACE for tests: five minutes until a letter is left, ten until traffic returns to a better one. */
import { LANES } from '#model/precedence.ts'
import type { Letter, PaceLetter, PaceRule } from '#sync/pace-rules.ts'

const MINUTE_MS = 60_000

/** A letter by these carriers; by one that is called as it is, in small, unless given. */
export function aLetter(letter: Letter, more: Partial<PaceLetter> = {}): PaceLetter {
  return {
    letter,
    carriers: [letter.toLowerCase()],
    toward: undefined,
    lanes: LANES,
    messageBytesMax: undefined,
    takesFiles: true,
    downMs: 5 * MINUTE_MS,
    rateBpsMin: undefined,
    leavesWhenSpent: true,
    queue: undefined,
    isByHand: false,
    ...more,
  }
}

/** A rule for everything, unless it says for what. */
export function aRule(letters: readonly PaceLetter[], more: Partial<PaceRule> = {}): PaceRule {
  return {
    name: 'all',
    channels: undefined,
    label: undefined,
    letters,
    alsoBy: ['stick'],
    holdMs: 10 * MINUTE_MS,
    ...more,
  }
}
