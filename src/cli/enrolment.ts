/**
 * How a node comes to be: by founding an organisation, or by joining one. Both make fresh keys and end in what a
 * data folder holds; neither touches the disk or the network.
 */
import { EdgeError } from '#base/errors.ts'
import type { FolderContents } from '#config/data-folder.ts'
import type { Clock } from '#ports/clock.ts'
import type { Random } from '#ports/random.ts'
import { CERTIFICATE_MS } from '#base/limits.ts'
import { ALL_RIGHTS, issueCertificate, rootIssuer, type NodeRole } from '#trust/identity.ts'
import { formatJoinCode, JOIN_CODE_BYTES } from '#trust/join-code.ts'
import { makeJoinRequest, readJoinAnswer } from '#trust/joining.ts'
import { agree, agreementPair, sign, signingPair, type Suite } from '#trust/keys.ts'

/** What a node that founds an organisation is called, and what it founds. */
export interface FoundingDraft {
  readonly organisation: string
  readonly suite: Suite
  readonly name: string
  readonly role: NodeRole
}

/** What a node that joins says of itself. */
export interface JoiningDraft {
  /** 10 bytes. */
  readonly code: Uint8Array
  readonly suite: Suite
  readonly name: string
  readonly role: NodeRole
}

/** A node halfway through joining; its keys exist only here. */
export interface Joining {
  /** What the other node must get. */
  readonly request: Uint8Array
  /** @throws EdgeError JOIN_REFUSED when the answer is not one to our request */
  readonly finish: (answer: Uint8Array) => FolderContents
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

/** Begins to join the organisation whose node gave out the code. */
export function beginJoin(draft: JoiningDraft, random: Random): Joining {
  const { suite } = draft
  const signing = random.bytes(KEY_BYTES)
  const own = signingPair(suite, signing)
  const answering = agreementPair(suite, random.bytes(KEY_BYTES))
  const request = makeJoinRequest({
    ...draft,
    signingKey: own.publicBytes,
    answerKey: answering.publicBytes,
    sign: (message) => sign(own.privateKey, message),
    nonce: random.bytes(NONCE_BYTES),
  })
  return {
    request,
    finish: (bytes) => {
      const outcome = readJoinAnswer(bytes, {
        code: draft.code,
        requestBytes: request,
        suite,
        signingKey: own.publicBytes,
        agree: (theirs) => agree(suite, answering.privateKey, theirs),
      })
      if (!outcome.ok) throw new EdgeError('JOIN_REFUSED', { reason: outcome.reason })
      const { organisation, organisationSecret } = outcome.answer
      const { name, code, rootKey } = organisation
      return {
        organisation: { name, code, suite: suite.number, rootKey },
        certificate: outcome.answer.certificateBytes,
        issuer: outcome.answer.issuerCertificateBytes,
        keys: { signing, organisation: organisationSecret, root: undefined },
      }
    },
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
