/**
 * How a node comes to be: by founding an organisation, or by joining one. Both make fresh keys and end in what a
 * data folder holds; neither touches the disk or the network.
 */
import { equalBytes } from '#base/bytes.ts'
import { EdgeError } from '#base/errors.ts'
import { sha256 } from '#base/hash.ts'
import type { FolderContents } from '#config/data-folder.ts'
import type { Clock } from '#ports/clock.ts'
import type { Random } from '#ports/random.ts'
import { CERTIFICATE_MS } from '#base/limits.ts'
import { ALL_RIGHTS, issueCertificate, rootIssuer, type NodeRole } from '#trust/identity.ts'
import { formatJoinCode, isCompared, JOIN_CODE_BYTES } from '#trust/join-code.ts'
import {
  commitmentTo,
  compare,
  COMPARE_RANDOM_BYTES,
  makeReveal,
  readChallenge,
} from '#trust/join-compare.ts'
import { writeDoorEpoch } from '#trust/join-grant.ts'
import type { Joiner } from '#trust/join-message.ts'
import { makeJoinRequest, NO_COMMITMENT, readJoinAnswer } from '#trust/joining.ts'
import { sign, signingPair, type Suite } from '#trust/keys.ts'
import { SEALING_SEED_BYTES, sealingPair } from '#trust/sealing-key.ts'

/** What a node that founds an organisation is called, and what it founds. */
export interface FoundingDraft {
  readonly organisation: string
  readonly suite: Suite
  readonly name: string
  readonly role: NodeRole
}

/** What a node that joins says of itself. */
export interface JoiningDraft {
  /** 10 bytes; undefined for a request by file. */
  readonly code: Uint8Array | undefined
  readonly suite: Suite
  readonly name: string
  readonly role: NodeRole
  /** A node that is there already and asks for a new certificate. */
  readonly known?: { readonly signing: Uint8Array; readonly number: number }
  /** What other layers ask for, such as a certificate for TLS. */
  readonly block?: Uint8Array
}

/** What a joining node is made of, and what other layers were answered. */
export interface Joined {
  readonly contents: FolderContents
  readonly block: Uint8Array
}

/** A node halfway through joining; its keys exist only here, and in `secrets`. */
export interface Joining {
  /** What the other node must get. */
  readonly request: Uint8Array
  /** Seeds of the two pairs: a request by file is answered to another run of the program. */
  readonly secrets: { readonly signing: Uint8Array; readonly answering: Uint8Array }
  /** Takes the challenge, where digits are compared. @throws EdgeError JOIN_REFUSED */
  readonly meet: (challenge: Uint8Array) => Meeting
  /** @throws EdgeError JOIN_REFUSED when the answer is not one to our request */
  readonly finish: (answer: Uint8Array) => Joined
}

/** Both ends have what the digits follow from. */
export interface Meeting {
  readonly digits: string
  /** As the other end says; proven only once people found that the digits are the same. */
  readonly organisationName: string
  /** What the other node must get, again and again until it has an answer. */
  readonly reveal: Uint8Array
  /** @throws EdgeError JOIN_REFUSED */
  readonly finish: (answer: Uint8Array) => Joined
}

const KEY_BYTES = 32
const NONCE_BYTES = 16
const CODE_CHARACTERS = 'abcdefghijklmnopqrstuvwxyz0123456789'
const CODE_LENGTH = 2

/** A new organisation and its first node, number 1. */
export function foundOrganisation(
  draft: FoundingDraft,
  { clock, random }: { readonly clock: Clock; readonly random: Random },
): FolderContents {
  const { suite } = draft
  const signing = random.bytes(KEY_BYTES)
  const rootSeed = random.bytes(KEY_BYTES)
  const root = signingPair(suite, rootSeed)
  const now = clock.now()
  const certificate = issueCertificate(rootIssuer(suite, root), {
    number: 1,
    name: draft.name,
    role: draft.role,
    rights: ALL_RIGHTS,
    validFrom: now,
    validUntil: now + CERTIFICATE_MS,
    signingKey: signingPair(suite, signing).publicBytes,
  })
  return {
    organisation: {
      name: draft.organisation,
      code: workspaceCode(random),
      suite: suite.number,
      rootKey: root.publicBytes,
    },
    certificate,
    issuer: undefined,
    keys: {
      signing,
      organisation: random.bytes(KEY_BYTES),
      root: rootSeed,
    },
  }
}

/** Begins to join the organisation whose node gave out the code, or that answers by file. */
export function beginJoin(draft: JoiningDraft, random: Random): Joining {
  const { suite, code, name, role, known, block = new Uint8Array(0) } = draft
  const signing = known?.signing ?? random.bytes(KEY_BYTES)
  const answering = random.bytes(SEALING_SEED_BYTES)
  const mine = random.bytes(COMPARE_RANDOM_BYTES)
  const own = signingPair(suite, signing)
  const request = makeJoinRequest({
    code,
    name,
    role,
    suite,
    number: known?.number ?? 0,
    signingKey: own.publicBytes,
    answerKey: sealingPair(suite, answering).publicBytes,
    sign: (message) => sign(own.privateKey, message),
    nonce: random.bytes(NONCE_BYTES),
    commitment: code !== undefined && isCompared(code) ? commitmentTo(mine) : NO_COMMITMENT,
    block,
  })
  const finish = finisher({ suite, code, signing, answering, request })
  const meet = (challengeBytes: Uint8Array): Meeting => {
    const read = readChallenge(
      challengeBytes,
      joinerFrom({ suite, code, signing, answering, request }),
    )
    if (!read.ok) throw new EdgeError('JOIN_REFUSED', { reason: read.reason })
    const { theirs, organisationName, rootKey } = read.challenge
    const requestDigest = sha256(request)
    const { digits, secret } = compare({ requestDigest, challengeBytes, theirs, mine })
    const reveal = makeReveal(suite, request, mine)
    return {
      digits,
      organisationName,
      reveal,
      finish: (answer) => finish(answer, { secret, rootKey }),
    }
  }
  return { request, secrets: { signing, answering }, meet, finish: (answer) => finish(answer) }
}

/** What is kept of a join between its request and its answer. */
export interface JoinSecrets {
  readonly suite: Suite
  readonly code: Uint8Array | undefined
  readonly signing: Uint8Array
  readonly answering: Uint8Array
  readonly request: Uint8Array
}

/** Takes the answer to a request that was made earlier. */
export function finisher(
  secrets: JoinSecrets,
): (
  answer: Uint8Array,
  compared?: { readonly secret: Uint8Array; readonly rootKey: Uint8Array },
) => Joined {
  return (bytes, compared) => {
    const outcome = readJoinAnswer(bytes, joinerFrom(secrets), compared?.secret)
    if (!outcome.ok) throw new EdgeError('JOIN_REFUSED', { reason: outcome.reason })
    const { organisation, organisationSecret, epoch, block } = outcome.answer
    const { name, code, rootKey } = organisation
    if (compared !== undefined && !equalBytes(compared.rootKey, rootKey))
      throw new EdgeError('JOIN_REFUSED', { reason: 'another organisation' })
    const contents = {
      organisation: { name, code, suite: secrets.suite.number, rootKey },
      certificate: outcome.answer.certificateBytes,
      issuer: outcome.answer.issuerCertificateBytes,
      keys: {
        signing: secrets.signing,
        organisation: organisationSecret,
        root: undefined,
        epoch: epoch && writeDoorEpoch(epoch),
      },
    }
    return { contents, block }
  }
}

function joinerFrom({ suite, code, signing, answering, request }: JoinSecrets): Joiner {
  return {
    suite,
    code,
    requestBytes: request,
    signingKey: signingPair(suite, signing).publicBytes,
    answerPair: sealingPair(suite, answering),
  }
}

/** A password that is shown once: 80 random bits in four groups, in the alphabet of join codes. */
export function newPassword(random: Random): string {
  return formatJoinCode(random.bytes(JOIN_CODE_BYTES))
}

/** Two characters of base 36; they only keep workspaces on one post office apart. */
function workspaceCode(random: Random): string {
  return [...random.bytes(CODE_LENGTH)]
    .map((byte) => CODE_CHARACTERS[byte % CODE_CHARACTERS.length])
    .join('')
}
