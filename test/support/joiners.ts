/** New nodes that join, for tests of every layer: keys and chance follow from the name. */
import { must } from '#base/assert.ts'
import type { NodeRole } from '#trust/identity.ts'
import { isCompared, parseJoinCode } from '#trust/join-code.ts'
import {
  commitmentTo,
  compare,
  makeReveal,
  readChallenge,
  type Comparison,
} from '#trust/join-compare.ts'
import type { Joiner } from '#trust/join-message.ts'
import { makeJoinRequest, NO_COMMITMENT, readJoinAnswer } from '#trust/joining.ts'
import { sign, signingPair, SUITE_NACL, type Suite } from '#trust/keys.ts'
import { sealingPair } from '#trust/sealing-key.ts'
import { concatBytes } from '#base/bytes.ts'
import { sha256 } from '#base/hash.ts'
import { seedOf } from './organisation.ts'

/** A node on its way in. */
export interface TestJoiner {
  readonly joiner: Joiner
  readonly request: Uint8Array
  readonly read: (answer: Uint8Array, secret?: Uint8Array) => ReturnType<typeof readJoinAnswer>
  /** What it makes of a challenge. */
  readonly meet: (challenge: Uint8Array) => Comparison
  readonly reveal: Uint8Array
}

/** What a test may choose. */
export interface JoinerChoice {
  readonly role?: NodeRole
  readonly suite?: Suite
  /** Tells two tries of one node apart. */
  readonly attempt?: string
  readonly number?: number
  readonly block?: Uint8Array
}

/** A new node that was told `code`, or that asks by file when there is none. */
export function aJoiner(
  name: string,
  code: string | Uint8Array | undefined,
  choice: JoinerChoice = {},
): TestJoiner {
  const { role = 'kit', suite = SUITE_NACL, attempt = '', number = 0 } = choice
  const bytes =
    typeof code === 'string' ? must(parseJoinCode(code), 'a code that can be read') : code
  const signing = signingPair(suite, seedOf(`${name} signing`))
  const answerPair = sealingPair(
    suite,
    concatBytes(...['a', 'b', 'c'].map((part) => seedOf(`${name} answering ${part}`))),
  )
  const mine = seedOf(`${name} reveal ${attempt}`)
  const request = makeJoinRequest({
    code: bytes,
    name,
    role,
    suite,
    number,
    signingKey: signing.publicBytes,
    answerKey: answerPair.publicBytes,
    sign: (message) => sign(signing.privateKey, message),
    nonce: seedOf(`${name} nonce ${attempt}`).subarray(0, 16),
    commitment: bytes !== undefined && isCompared(bytes) ? commitmentTo(mine) : NO_COMMITMENT,
    block: choice.block ?? new Uint8Array(0),
  })
  const joiner = {
    code: bytes,
    requestBytes: request,
    suite,
    signingKey: signing.publicBytes,
    answerPair,
  }
  return {
    joiner,
    request,
    read: (answer, secret) => readJoinAnswer(answer, joiner, secret),
    meet: (challengeBytes) => {
      const read = readChallenge(challengeBytes, joiner)
      const { challenge } = must(read.ok ? read : undefined, 'the challenge opens')
      const requestDigest = sha256(request)
      return compare({ requestDigest, challengeBytes, theirs: challenge.theirs, mine })
    },
    reveal: makeReveal(suite, request, mine),
  }
}
