/**
 * How a node comes to be: by founding an organisation, or by joining one. Both make fresh keys and end in what a
 * data folder holds; neither touches the disk or the network.
 */
import { EdgeError } from '#base/errors.ts'
import type { FolderContents } from '#config/data-folder.ts'
import type { Clock } from '#ports/clock.ts'
import type { Random } from '#ports/random.ts'
import { issueCertificate, type NodeRole } from '#trust/identity.ts'
import { formatJoinCode, JOIN_CODE_BYTES } from '#trust/join-code.ts'
import { makeJoinRequest, readJoinAnswer } from '#trust/joining.ts'
import { agree, keyPairFromSeed, sign, type KeyPair } from '#trust/keys.ts'

/** What a node that founds an organisation is called, and what it founds. */
export interface FoundingDraft {
  readonly organisation: string
  readonly name: string
  readonly role: NodeRole
}

/** What a node that joins says of itself. */
export interface JoiningDraft {
  /** 10 bytes. */
  readonly code: Uint8Array
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
  const seeds = newSeeds(random)
  const rootSeed = random.bytes(KEY_BYTES)
  const root = keyPairFromSeed('ed25519', rootSeed)
  const certificate = issueCertificate(root, {
    number: 1,
    name: draft.name,
    role: draft.role,
    issuedAt: clock.now(),
    signingKey: seeds.signingPair.publicBytes,
    sealingKey: seeds.sealingPair.publicBytes,
  })
  return {
    organisation: {
      name: draft.organisation,
      code: workspaceCode(random),
      rootKey: root.publicBytes,
    },
    certificate,
    issuer: undefined,
    keys: {
      signing: seeds.signing,
      sealing: seeds.sealing,
      organisation: random.bytes(KEY_BYTES),
      root: rootSeed,
    },
  }
}

/** Begins to join the organisation whose node gave out the code. */
export function beginJoin(draft: JoiningDraft, random: Random): Joining {
  const seeds = newSeeds(random)
  const { signingPair, sealingPair } = seeds
  const request = makeJoinRequest({
    ...draft,
    signingKey: signingPair.publicBytes,
    sealingKey: sealingPair.publicBytes,
    sign: (message) => sign(signingPair.privateKey, message),
    nonce: random.bytes(NONCE_BYTES),
  })
  return {
    request,
    finish: (bytes) => {
      const outcome = readJoinAnswer(bytes, {
        code: draft.code,
        requestBytes: request,
        signingKey: signingPair.publicBytes,
        sealingKey: sealingPair.publicBytes,
        agree: (theirs) => agree(sealingPair.privateKey, theirs),
      })
      if (!outcome.ok) throw new EdgeError('JOIN_REFUSED', { reason: outcome.reason })
      const { organisation, organisationSecret } = outcome.answer
      const { name, code, rootKey } = organisation
      return {
        organisation: { name, code, rootKey },
        certificate: outcome.answer.certificateBytes,
        issuer: outcome.answer.issuerCertificateBytes,
        keys: {
          signing: seeds.signing,
          sealing: seeds.sealing,
          organisation: organisationSecret,
          root: undefined,
        },
      }
    },
  }
}

/** A password that is shown once: 80 random bits in four groups, in the alphabet of join codes. */
export function newPassword(random: Random): string {
  return formatJoinCode(random.bytes(JOIN_CODE_BYTES))
}

interface Seeds {
  readonly signing: Uint8Array
  readonly sealing: Uint8Array
  readonly signingPair: KeyPair
  readonly sealingPair: KeyPair
}

function newSeeds(random: Random): Seeds {
  const signing = random.bytes(KEY_BYTES)
  const sealing = random.bytes(KEY_BYTES)
  return {
    signing,
    sealing,
    signingPair: keyPairFromSeed('ed25519', signing),
    sealingPair: keyPairFromSeed('x25519', sealing),
  }
}

/** Two characters of base 36; they only keep workspaces on one post office apart. */
function workspaceCode(random: Random): string {
  return [...random.bytes(CODE_LENGTH)]
    .map((byte) => CODE_CHARACTERS[byte % CODE_CHARACTERS.length])
    .join('')
}
