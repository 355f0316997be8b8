/** Readers of what two machines say when they meet: sessions, frames, and how a new node joins. */
import { must } from '#base/assert.ts'
import {
  byteReader,
  byteWriter,
  bytesFromText,
  concatBytes,
  equalBytes,
  MalformedBytes,
  textFromBytes,
} from '#base/bytes.ts'
import { openIncoming } from '#carriers/lan-incoming.ts'
import { openHandshake } from '#carriers/lan-handshake.ts'
import { parseMessage, writeMessage, type LanMessage } from '#carriers/lan-message.ts'
import { openTalk } from '#carriers/lan-talk.ts'
import type { Certificate } from '#trust/identity.ts'
import {
  formatJoinCode,
  joinCodeHash,
  joinUrl,
  parseJoinCode,
  parseJoinUrl,
} from '#trust/join-code.ts'
import { makeJoinAnswer, readJoinAnswer, readJoinRequest } from '#trust/joining.ts'
import { SUITES, type Suite } from '#trust/keys.ts'
import { beginSession, readHello, readProof, sealFrame, type Meeting } from '#trust/session.ts'
import { LANES } from '#model/precedence.ts'
import { virtualClock } from '../../../test/support/clock.ts'
import { aJoiner } from '../../../test/support/joiners.ts'
import { seededRandom } from '../../../test/support/random.ts'
import { seedOf } from '../../../test/support/organisation.ts'
import { aParty, aSessionPair } from '../../../test/support/sessions.ts'
import { aHistory } from '../history.ts'
import type { Target } from '../target.ts'

/** Readers of hellos, proofs, frames, requests, answers, codes and addresses. */
export const MEETING_TARGETS: readonly Target[] = [
  ...SUITES.flatMap((suite) => [hellos(suite), proofs(suite), requests(suite), answers(suite)]),
  { name: 'lan-message', open: openMessages },
  { name: 'lan-frame', open: openFrames },
  { name: 'lan-talk', open: openTalks },
  { name: 'lan-pieces', open: openPieces },
  { name: 'join-code', open: openCodes },
  { name: 'join-url', open: openUrls },
]

const RANDOM = concatBytes(seedOf('ephemeral'), seedOf('nonce').subarray(0, 16))
const OTHER_RANDOM = concatBytes(seedOf('other ephemeral'), seedOf('nonce').subarray(0, 16))

function ends(suite: Suite) {
  const { nodes, roster } = aHistory(suite)
  const [alpha, bravo] = nodes.map((identity) => aParty(identity, roster))
  const ours = beginSession(must(alpha, 'there are nodes'), 'initiator', RANDOM)
  const theirs = beginSession(must(bravo, 'there are nodes'), 'responder', OTHER_RANDOM)
  return { ours, theirs }
}

/** Whoever says hello must prove it; who may is decided by its certificate, which nobody can bend. */
function hellos(suite: Suite): Target {
  return {
    name: `hello-${suite.name}`,
    open: async () => {
      const { ours, theirs } = ends(suite)
      const members = new Set(
        aHistory(suite)
          .roster.all()
          .map(({ node }: Certificate) => node),
      )
      return {
        form: 'bytes',
        samples: [theirs.hello, ours.hello],
        check: (input) => {
          const met = readHello(ours, input)
          if (!met.ok) return undefined
          return members.has(met.meeting.claimed.node) ? undefined : 'it meets a stranger'
        },
      }
    },
  }
}

function proofs(suite: Suite): Target {
  return {
    name: `proof-${suite.name}`,
    open: async () => {
      const { ours, theirs } = ends(suite)
      const [mine, yours] = [readHello(ours, theirs.hello), readHello(theirs, ours.hello)]
      if (!mine.ok || !yours.ok) throw new Error('honest nodes meet')
      const meeting: Meeting = mine.meeting
      const honest = yours.meeting.proof
      return {
        form: 'bytes',
        samples: [honest, meeting.proof],
        check: (input) =>
          readProof(meeting, input).ok && !equalBytes(input, honest) ? 'it proves it' : undefined,
      }
    },
  }
}

/** First bytes that come: hellos and proofs to a whole handshake. */
async function openTalks() {
  const { nodes, roster } = aHistory(must(SUITES[0], 'there is a suite'))
  const party = aParty(must(nodes[0], 'there are nodes'), roster)
  const { theirs } = ends(must(SUITES[0], 'there is a suite'))
  return {
    form: 'bytes' as const,
    samples: [theirs.hello, concatBytes(theirs.hello, new Uint8Array(64))],
    check: (input: Uint8Array) => {
      for (const role of ['initiator', 'responder'] as const) {
        const handshake = openHandshake(party, role, RANDOM)
        const first = handshake.take(input)
        if (first.kind === 'proven') return 'it is proven by a hello'
        if (first.kind === 'met' && handshake.take(input).kind === 'proven') return 'it is proven'
      }
      return undefined
    },
  }
}

function lanMessages(): readonly LanMessage[] {
  const lane = must(LANES[0], 'there are lanes')
  const bytes = seedOf('piece')
  return [
    { kind: 'first', lane, number: 3, total: 64, bytes },
    { kind: 'more', lane, bytes },
    { kind: 'custody', lane, number: 3 },
    { kind: 'refused', lane, number: 2 ** 40 },
    { kind: 'ping' },
    { kind: 'pong' },
    { kind: 'got' },
  ]
}

async function openMessages() {
  return {
    form: 'bytes' as const,
    samples: lanMessages().map(writeMessage),
    check: (input: Uint8Array) => {
      const message = parseMessage(input)
      if (message === undefined) return undefined
      return equalBytes(writeMessage(message), input) ? undefined : 'written again it is another'
    },
  }
}

/** A member that is connected says what it likes: bent messages, rightly sealed. */
async function openFrames() {
  const { alpha, bravo } = aSessionPair()
  const clock = virtualClock()
  return {
    form: 'bytes' as const,
    samples: lanMessages().map(writeMessage),
    check: (input: Uint8Array) => {
      const over = new AbortController()
      const talk = openTalk(
        bravo,
        {
          put: () => undefined,
          onRoom: () => undefined,
          isAwaiting: () => false,
          saidBytes: 0,
          idleMs: 1_000,
          onSilent: () => undefined,
        },
        { clock, signal: over.signal },
      )
      const outcome = talk.hear(sealFrame(alpha, 0, input))
      const isLong = input.length > 16_368
      const again = talk.hear(sealFrame(alpha, 0, input))
      over.abort()
      if (again !== 'wrong-seal' && again !== 'malformed') return 'a frame is heard twice'
      return isLong && outcome !== 'malformed' ? 'it is too long' : undefined
    },
  }
}

/** Messages one after the other, each with its length: pieces of parcels as a broken peer sends them. */
async function openPieces() {
  const lane = must(LANES[0], 'there are lanes')
  const bytes = seedOf('piece')
  const parcel: readonly LanMessage[] = [
    { kind: 'first', lane, number: 3, total: 64, bytes },
    { kind: 'more', lane, bytes },
    { kind: 'first', lane: must(LANES[1], 'there are lanes'), number: 4, total: 90_000, bytes },
  ]
  const writer = byteWriter()
  for (const message of parcel) writer.block(writeMessage(message))
  return {
    form: 'bytes' as const,
    samples: [writer.bytes()],
    check: (input: Uint8Array) => {
      const incoming = openIncoming(60_000)
      const reader = byteReader(input)
      try {
        while (reader.left() > 0) {
          const message = parseMessage(reader.block())
          if (message?.kind !== 'first' && message?.kind !== 'more') continue
          const received = incoming.take(message)
          if (received.kind === 'parcel' && received.bytes.length > 60_000) return 'it is too long'
          if (received.kind === 'broken') return undefined
        }
      } catch (error) {
        if (!(error instanceof MalformedBytes)) throw error
      }
      return undefined
    },
  }
}

function joining(suite: Suite) {
  const { nodes } = aHistory(suite)
  const code = seedOf('code').subarray(0, 10)
  const { joiner, request: requestBytes } = aJoiner('delta', code, { suite })
  const ours = {
    suite,
    codeHashes: [joinCodeHash(code), joinCodeHash(seedOf('b').subarray(0, 10))],
  }
  return { nodes, joiner, requestBytes, ours }
}

function requests(suite: Suite): Target {
  return {
    name: `join-request-${suite.name}`,
    open: async () => {
      const { requestBytes, ours } = joining(suite)
      return {
        form: 'bytes',
        samples: [requestBytes],
        check: (input) =>
          readJoinRequest(input, ours).ok && !equalBytes(input, requestBytes)
            ? 'it is granted'
            : undefined,
      }
    },
  }
}

function answers(suite: Suite): Target {
  return {
    name: `join-answer-${suite.name}`,
    open: async () => {
      const { nodes, joiner, requestBytes, ours } = joining(suite)
      const read = readJoinRequest(requestBytes, ours)
      if (!read.ok) throw new Error('an honest request is read')
      const issuer = must(nodes[2], 'there is a hub')
      const { organisation } = issuer
      const certificateBytes = must(nodes[0], 'there are nodes').certificateBytes
      const grant = {
        organisation,
        organisationSecret: seedOf('door'),
        certificateBytes,
        issuerCertificateBytes: issuer.certificateBytes,
        epoch: undefined,
        block: seedOf('block'),
      }
      const made = makeJoinAnswer(read.request, grant, { chance: seededRandom(5) })
      if (!made.ok) throw new Error('an honest request is answered')
      return {
        form: 'bytes',
        samples: [made.bytes],
        // The certificate in it is for another key: not even the good one is taken.
        check: (input) => (readJoinAnswer(input, joiner).ok ? 'it is taken' : undefined),
      }
    },
  }
}

async function openCodes() {
  const code = seedOf('code').subarray(0, 10)
  return {
    form: 'text' as const,
    samples: [bytesFromText(formatJoinCode(code)), bytesFromText('YBND RFG8 ejkm_cpqx')],
    check: (input: Uint8Array) => {
      const read = parseJoinCode(textFromBytes(input))
      if (read === undefined) return undefined
      const again = parseJoinCode(formatJoinCode(read))
      return again !== undefined && equalBytes(again, read) ? undefined : 'it reads another code'
    },
  }
}

async function openUrls() {
  const code = seedOf('code').subarray(0, 10)
  const places = ['10.0.0.7:8065', '[fe80::1]:8065', 'alpha.local:1']
  return {
    form: 'text' as const,
    samples: places.map((at) => bytesFromText(joinUrl({ at, code }))),
    check: (input: Uint8Array) => {
      const read = parseJoinUrl(textFromBytes(input))
      if (read === undefined) return undefined
      const again = parseJoinUrl(joinUrl(read))
      const isSame = again?.at === read.at && equalBytes(again.code, read.code)
      return isSame ? undefined : 'written again it is another'
    },
  }
}
