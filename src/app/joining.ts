/**
 * How another node joins: an administrator here makes a code, the new node shows that it knows it; or a request comes in
 * a file. Where the code asks for it, people compare six digits first (`waiting-joins.ts`).
 */
import { EdgeError } from '#base/errors.ts'
import { equalBytes, hexFromBytes } from '#base/bytes.ts'
import type { Instant, UserId } from '#base/ids.ts'
import { audit } from '#sync/audit.ts'
import { key, range } from '#sync/keys.ts'
import { pack, unpack } from '#sync/records.ts'
import type { Tx } from '#sync/replica.ts'
import type { NodeRole } from '#trust/identity.ts'
import {
  formatJoinCode,
  JOIN_CODE_BYTES,
  JOIN_CODE_TRIES_MAX,
  joinCodeHash,
  newJoinCode,
} from '#trust/join-code.ts'
import { readReveal } from '#trust/join-compare.ts'
import { fingerprintOf } from '#trust/join-message.ts'
import {
  makeJoinAnswer,
  readJoinRequest,
  readOpenRequest,
  type JoinRequest,
} from '#trust/joining.ts'
import { admit, insistOnAdmitting, issuerHere, type Admission } from './admission.ts'
import type { AppContext } from './context.ts'
import type { AdmissionByFile, EdgeNode, InvitationDraft } from './node.ts'
import { openWaitingJoins, type WaitingJoins } from './waiting-joins.ts'

interface JoinCodeRecord {
  readonly hash: Uint8Array
  readonly expiresAt: Instant
  /** The only role it lets in. */
  readonly role: NodeRole
  readonly isCompared: boolean
  /** Requests that named it and were sealed with another. */
  readonly wrongTries: number
}

interface GoodCode extends JoinCodeRecord {
  readonly place: string
}

/** How long a join code may be used: a day. */
const JOIN_CODE_MS = 24 * 3_600_000

type Joining = Pick<
  EdgeNode,
  'makeJoinCode' | 'admitNode' | 'admitByFile' | 'waitingJoins' | 'confirmJoin' | 'refuseJoin'
>

/** The joining part of the app. Without the root's key or the right to issue, this node cannot let others in. */
export function openJoining(context: AppContext, admission: Admission): Joining {
  const waiting = openWaitingJoins(context, admission)
  return {
    makeJoinCode: (subject, draft = {}) => makeJoinCode(context, admission, { subject, draft }),
    admitNode: ({ request }) => {
      const reveal = readReveal(request)
      if (reveal !== undefined) return waiting.reveal(reveal)
      const again = waiting.challengeAgain(request)
      if (again !== undefined) return Promise.resolve(again)
      return admitByCode(context, { admission, waiting, bytes: request }).catch(
        (error: unknown) => {
          context.sync.audit.count({ deed: 'join refused', result: 'refused' })
          throw error
        },
      )
    },
    admitByFile: (subject, file) => admitByFile(context, admission, { subject, file }),
    waitingJoins: async (subject) => {
      insistOnAdmitting(context, admission, subject)
      return waiting.all()
    },
    confirmJoin: async (subject, digits) => {
      insistOnAdmitting(context, admission, subject)
      return waiting.confirm(digits)
    },
    refuseJoin: async (subject, digits) => {
      insistOnAdmitting(context, admission, subject)
      return waiting.refuse(digits)
    },
  }
}

async function makeJoinCode(
  context: AppContext,
  admission: Admission,
  { subject, draft }: { readonly subject: UserId; readonly draft: InvitationDraft },
): Promise<{ readonly code: string; readonly expiresAt: Instant }> {
  insistOnAdmitting(context, admission, subject)
  const { role = 'kit', isCompared = false } = draft
  const code = newJoinCode(context.random.bytes(JOIN_CODE_BYTES), isCompared)
  const hash = joinCodeHash(code)
  const expiresAt = context.sync.now() + JOIN_CODE_MS
  const record: JoinCodeRecord = { hash, expiresAt, role, isCompared, wrongTries: 0 }
  await context.sync.replica.commit(async (tx) => {
    await sweep(tx, context.sync.now())
    tx.put(key.joinCode(hexFromBytes(hash.subarray(0, 8))), pack(record))
    await audit(tx, context.sync, { deed: 'node invited', by: subject })
  })
  return { code: formatJoinCode(code), expiresAt }
}

/** Codes that are too old leave the disk when a new one is made. */
async function sweep(tx: Tx, now: Instant): Promise<void> {
  for (const [place, bytes] of await tx.list(range.joinCodes)) {
    const record = unpack<JoinCodeRecord>(bytes)
    if (record === undefined || record.expiresAt <= now) tx.delete(place)
  }
}

interface Knock {
  readonly admission: Admission
  readonly waiting: WaitingJoins
  readonly bytes: Uint8Array
}

/**
 * The code is used up in the same commit that enrols the node, or that hands out a challenge: one try to guess digits. Other
 * layers' block is answered before, as that takes its time and must not hold up the node.
 */
async function admitByCode(context: AppContext, knock: Knock): Promise<Uint8Array> {
  const { admission, waiting, bytes } = knock
  const first = await checkKnock(context, knock)
  if (first.code.isCompared)
    return context.sync.replica.commit(async (tx) => {
      const { request, code } = await readKnock(tx, context, bytes)
      tx.delete(code.place)
      return waiting.challenge(request)
    })
  const block = await admission.answerBlock(first.request.block, first.request.name)
  return context.sync.replica.commit(async (tx) => {
    const { request, code } = await readKnock(tx, context, bytes)
    tx.delete(code.place)
    const grant = await admit(tx, context, { admission, request, block })
    const answer = makeJoinAnswer(request, grant, { chance: context.random })
    if (!answer.ok) throw new EdgeError('JOIN_REFUSED', { found: answer.reason })
    return answer.bytes
  })
}

interface Read {
  readonly request: JoinRequest
  readonly code: GoodCode
}

/** The request and its code; a wrong try with a code is counted, in a commit of its own. */
async function checkKnock(context: AppContext, { admission, bytes }: Knock): Promise<Read> {
  if (issuerHere(context, admission.root) === undefined)
    throw new EdgeError('JOIN_REFUSED', { found: 'a node that may not issue certificates' })
  const outcome = await context.sync.replica.commit(async (tx) => {
    try {
      return await readKnock(tx, context, bytes)
    } catch (error) {
      if (!(error instanceof EdgeError)) throw error
      if (error.facts['found'] === 'wrong-seal') await countWrongTry(tx, context, bytes)
      return error
    }
  })
  if (outcome instanceof EdgeError) throw outcome
  return outcome
}

async function readKnock(tx: Tx, context: AppContext, bytes: Uint8Array): Promise<Read> {
  const codes = await goodCodes(tx, context.sync.now())
  const { suite } = context.sync.identity.organisation
  const read = readJoinRequest(bytes, { suite, codeHashes: codes.map(({ hash }) => hash) })
  if (!read.ok) throw new EdgeError('JOIN_REFUSED', { found: read.reason })
  const { request } = read
  const code = codes.find(({ hash }) => equalBytes(hash, request.codeHash ?? new Uint8Array(0)))
  if (code === undefined) throw new EdgeError('JOIN_REFUSED', { found: 'unknown-code' })
  if (code.role !== request.role)
    throw new EdgeError('JOIN_REFUSED', {
      found: `role ${request.role}`,
      wanted: `role ${code.role}, as the code was made for`,
      do: 'Join with that role, or ask for a code made with --role.',
    })
  return { request, code }
}

async function countWrongTry(tx: Tx, context: AppContext, bytes: Uint8Array): Promise<void> {
  for (const { place, ...record } of await goodCodes(tx, context.sync.now())) {
    const id = record.hash.subarray(0, 4)
    if (!equalBytes(bytes.subarray(3, 7), id)) continue
    const wrongTries = record.wrongTries + 1
    if (wrongTries >= JOIN_CODE_TRIES_MAX) tx.delete(place)
    else tx.put(place, pack({ ...record, wrongTries } satisfies JoinCodeRecord))
  }
}

async function goodCodes(tx: Tx, now: Instant): Promise<readonly GoodCode[]> {
  const kept = await tx.list(range.joinCodes)
  return kept.flatMap(([place, bytes]) => {
    const record = unpack<JoinCodeRecord>(bytes)
    return record === undefined || record.expiresAt <= now ? [] : [{ ...record, place }]
  })
}

/** The administrator has compared the request's fingerprint with whoever sent it. */
async function admitByFile(
  context: AppContext,
  admission: Admission,
  { subject, file }: { readonly subject: UserId; readonly file: Uint8Array },
): Promise<AdmissionByFile> {
  insistOnAdmitting(context, admission, subject)
  const { suite } = context.sync.identity.organisation
  const read = readOpenRequest(file, suite)
  if (!read.ok) throw new EdgeError('JOIN_REFUSED', { found: read.reason })
  const { request } = read
  const block = await admission.answerBlock(request.block, request.name)
  return context.sync.replica.commit(async (tx) => {
    const grant = await admit(tx, context, { admission, request, block })
    const answer = makeJoinAnswer(request, grant, { chance: context.random })
    if (!answer.ok) throw new EdgeError('JOIN_REFUSED', { found: answer.reason })
    return {
      answer: answer.bytes,
      name: request.name,
      role: request.role,
      fingerprint: fingerprintOf(answer.bytes),
    }
  })
}
