/**
 * Nodes that wait until people have compared digits (`#trust/join-compare.ts`). In memory only: a node that is stopped
 * meanwhile lets nobody in, and another code is made.
 */
import { EdgeError } from '#base/errors.ts'
import { hexFromBytes } from '#base/bytes.ts'
import { sha256 } from '#base/hash.ts'
import type { Instant } from '#base/ids.ts'
import {
  compare,
  COMPARE_RANDOM_BYTES,
  isRevealOf,
  makeChallenge,
  makeWait,
  type Comparison,
  type JoinReveal,
} from '#trust/join-compare.ts'
import type { JoinGrant } from '#trust/join-grant.ts'
import { makeJoinAnswer, type JoinRequest } from '#trust/joining.ts'
import { admit, type Admission } from './admission.ts'
import type { AppContext } from './context.ts'
import type { WaitingJoin } from './node.ts'

/** Joins under way at this node. */
export interface WaitingJoins {
  /** Begins to wait. @throws EdgeError TOO_MANY_REQUESTS, JOIN_REFUSED */
  readonly challenge: (request: JoinRequest) => Uint8Array
  /** The challenge that was given to exactly this request, which may have been lost on its way. */
  readonly challengeAgain: (requestBytes: Uint8Array) => Uint8Array | undefined
  /** What to answer to a reveal: not yet, or the answer. @throws EdgeError JOIN_REFUSED */
  readonly reveal: (reveal: JoinReveal) => Promise<Uint8Array>
  readonly all: () => readonly WaitingJoin[]
  /** Lets in whose screen shows these digits. @throws EdgeError NOT_FOUND, JOIN_REFUSED */
  readonly confirm: (digits: string) => Promise<WaitingJoin>
  /** @throws EdgeError NOT_FOUND */
  readonly refuse: (digits: string) => WaitingJoin
}

interface Waiting {
  readonly request: JoinRequest
  readonly challengeBytes: Uint8Array
  readonly theirs: Uint8Array
  readonly since: Instant
  /** Once the new node has revealed. */
  readonly comparison?: Comparison
  readonly answer?: Uint8Array
  readonly isRefused?: boolean
  /** Somebody has confirmed, and the disk is at work. */
  readonly isBeingAdmitted?: boolean
}

/** How long people have to compare: a quarter of an hour. */
const WAITING_JOIN_MS = 15 * 60_000
/** Nodes that may wait at once; two of them hardly ever show the same digits. */
const WAITING_JOINS_MAX = 8

/** Nobody waits yet. */
export function openWaitingJoins(context: AppContext, admission: Admission): WaitingJoins {
  const hall: Hall = { context, admission, waiting: new Map() }
  const { waiting } = hall
  return {
    challenge: (request) => challenge(hall, request),
    challengeAgain: (requestBytes) => {
      sweep(hall)
      const one = waiting.get(ticketOf(sha256(requestBytes)))
      return one !== undefined && isOpen(one) ? one.challengeBytes : undefined
    },
    reveal: async (reveal) => takeReveal(hall, reveal),
    all: () => {
      sweep(hall)
      return [...waiting.values()].filter(isOpen).flatMap((one) => shown(one) ?? [])
    },
    confirm: (digits) => confirm(hall, digits),
    refuse: (digits) => {
      const [ticket, one] = byDigits(hall, digits)
      waiting.set(ticket, { ...one, isRefused: true })
      return shownOf(one)
    },
  }
}

interface Hall {
  readonly context: AppContext
  readonly admission: Admission
  /** By the first 16 bytes of the request's digest. */
  readonly waiting: Map<string, Waiting>
}

type Compared = Waiting & { readonly comparison: Comparison }

function sweep({ context, waiting }: Hall): void {
  const now = context.sync.now()
  for (const [ticket, { since }] of waiting)
    if (Math.abs(now - since) > WAITING_JOIN_MS) waiting.delete(ticket)
}

function byDigits(hall: Hall, typed: string): readonly [string, Compared] {
  sweep(hall)
  const digits = typed.replace(/\s/g, '')
  const found = [...hall.waiting].flatMap(([ticket, one]) =>
    isOpen(one) && one.comparison?.digits === digits
      ? [[ticket, { ...one, comparison: one.comparison }] as const]
      : [],
  )
  const [only] = found
  if (only !== undefined && found.length === 1) return only
  throw new EdgeError('NOT_FOUND', {
    what: 'node that waits and shows these digits',
    do: 'Compare again. If the screen of the new node shows digits that are not listed here, somebody is in between: let nobody in, and make a new code.',
  })
}

function challenge(hall: Hall, request: JoinRequest): Uint8Array {
  sweep(hall)
  const { context, waiting } = hall
  if (waiting.size >= WAITING_JOINS_MAX)
    throw new EdgeError('TOO_MANY_REQUESTS', { what: 'nodes that wait', waiting: waiting.size })
  const theirs = context.random.bytes(COMPARE_RANDOM_BYTES)
  const { organisation } = context.sync.identity
  const chance = context.random
  const challengeBytes = makeChallenge(request, { organisation, theirs, chance })
  if (challengeBytes === undefined) throw new EdgeError('JOIN_REFUSED', { found: 'weak-key' })
  const since = context.sync.now()
  waiting.set(ticketOf(request.digest), { request, challengeBytes, theirs, since })
  return challengeBytes
}

function takeReveal(hall: Hall, reveal: JoinReveal): Uint8Array {
  sweep(hall)
  const { waiting } = hall
  const ticket = hexFromBytes(reveal.ticket)
  const one = waiting.get(ticket)
  if (one === undefined || !isRevealOf(reveal, one.request))
    throw new EdgeError('JOIN_REFUSED', { found: 'nothing that waits under this request' })
  if (one.isRefused === true)
    throw new EdgeError('JOIN_REFUSED', { found: 'refused by an administrator' })
  const { request, challengeBytes, theirs } = one
  const requestDigest = request.digest
  const comparison = compare({ requestDigest, challengeBytes, theirs, mine: reveal.revealed })
  if (one.comparison === undefined) waiting.set(ticket, { ...one, comparison })
  return one.answer ?? makeWait(request.suite)
}

async function confirm(hall: Hall, digits: string): Promise<WaitingJoin> {
  const { context, admission, waiting } = hall
  const [ticket, one] = byDigits(hall, digits)
  const { request, comparison } = one
  waiting.set(ticket, { ...one, isBeingAdmitted: true })
  try {
    const block = await admission.answerBlock(request.block, request.name)
    const answer = await context.sync.replica.commit(async (tx) => {
      const grant = await admit(tx, context, { admission, request, block })
      return answerTo(context, request, { grant, secret: comparison.secret })
    })
    waiting.set(ticket, { ...one, answer })
  } catch (error) {
    waiting.set(ticket, one)
    throw error
  }
  return shownOf(one)
}

function isOpen(one: Waiting): boolean {
  return one.answer === undefined && one.isRefused !== true && one.isBeingAdmitted !== true
}

function answerTo(
  { random }: AppContext,
  request: JoinRequest,
  given: { readonly grant: JoinGrant; readonly secret: Uint8Array },
): Uint8Array {
  const answer = makeJoinAnswer(request, given.grant, { chance: random, secret: given.secret })
  if (!answer.ok) throw new EdgeError('JOIN_REFUSED', { found: answer.reason })
  return answer.bytes
}

/** Nodes are shown once they have revealed: there are digits to compare only then. */
function shown(one: Waiting): WaitingJoin | undefined {
  return one.comparison && shownOf({ ...one, comparison: one.comparison })
}

function shownOf(one: Waiting & { readonly comparison: Comparison }): WaitingJoin {
  const { request, comparison, since } = one
  return { name: request.name, role: request.role, digits: comparison.digits, since }
}

function ticketOf(digest: Uint8Array): string {
  return hexFromBytes(digest.subarray(0, 16))
}
