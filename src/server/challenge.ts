/**
 * Questions of the door that come back with an answer: each once, within a time, from where it was asked. They carry their
 * own proof, so nobody can make us forget those of others by asking for very many.
 */
import { createHmac, timingSafeEqual } from 'node:crypto'
import { CEREMONIES_MAX, CEREMONY_MS } from './limits.ts'
import type { Clock } from '#ports/clock.ts'
import type { Random } from '#ports/random.ts'

/** Questions of one run of the door. `purpose` is what an answer is good for. */
export interface Challenges {
  /** A new one: base64url. */
  readonly make: (purpose: string) => string
  /** Whether it is ours, for this purpose, still good, and was not answered yet. */
  readonly isOpen: (challenge: string, purpose: string) => boolean
  /** Marks it as answered. False when somebody else was quicker. */
  readonly close: (challenge: string) => boolean
  /** A secret that belongs to it and that nobody can tell from it: base64url of 32 bytes. */
  readonly secretOf: (challenge: string, label: string) => string
}

const NONCE_BYTES = 16
const TIME_BYTES = 8
const MAC_BYTES = 16

/** None were asked yet. */
export function createChallenges({ clock, random }: { clock: Clock; random: Random }): Challenges {
  let key: Uint8Array | undefined
  const answered = new Map<string, number>()
  const macOf = (label: string, text: Uint8Array): Buffer =>
    createHmac('sha256', (key ??= random.bytes(32)))
      .update(`${label}\0`)
      .update(text)
      .digest()
  return {
    make: (purpose) => {
      const front = Buffer.alloc(NONCE_BYTES + TIME_BYTES)
      front.set(random.bytes(NONCE_BYTES))
      front.writeDoubleBE(clock.monotonicMs() + CEREMONY_MS, NONCE_BYTES)
      const mac = macOf(purpose, front).subarray(0, MAC_BYTES)
      return Buffer.concat([front, mac]).toString('base64url')
    },
    isOpen: (challenge, purpose) => {
      const bytes = Buffer.from(challenge, 'base64url')
      const isWhole = bytes.length === NONCE_BYTES + TIME_BYTES + MAC_BYTES
      if (!isWhole || bytes.toString('base64url') !== challenge || answered.has(challenge))
        return false
      const front = bytes.subarray(0, NONCE_BYTES + TIME_BYTES)
      const mac = macOf(purpose, front).subarray(0, MAC_BYTES)
      if (!timingSafeEqual(mac, bytes.subarray(front.length))) return false
      return front.readDoubleBE(NONCE_BYTES) > clock.monotonicMs()
    },
    close: (challenge) => {
      const now = clock.monotonicMs()
      for (const [one, until] of answered) if (until <= now) answered.delete(one)
      if (answered.has(challenge) || answered.size >= CEREMONIES_MAX) return false
      answered.set(challenge, now + CEREMONY_MS)
      return true
    },
    secretOf: (challenge, label) =>
      macOf(`secret ${label}`, Buffer.from(challenge)).toString('base64url'),
  }
}
