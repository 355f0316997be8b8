/** How another node joins: an administrator here makes a code, the new node shows that it knows it. */
import { EdgeError } from '#base/errors.ts'
import { hexFromBytes } from '#base/bytes.ts'
import type { Instant } from '#base/ids.ts'
import { DIRECTORY } from '#model/document-id.ts'
import { key, range } from '#sync/keys.ts'
import { pack, unpack } from '#sync/records.ts'
import { issueCertificate, type Certificate } from '#trust/identity.ts'
import { formatJoinCode, JOIN_CODE_BYTES, joinCodeHash } from '#trust/join-code.ts'
import { makeJoinAnswer, readJoinRequest } from '#trust/joining.ts'
import type { KeyPair } from '#trust/keys.ts'
import { insist, isAdministrator, write, type AppContext } from './context.ts'
import type { EdgeNode } from './node.ts'

interface JoinCodeRecord {
  readonly hash: Uint8Array
  readonly expiresAt: Instant
}

/** How long a join code may be used: a day. */
const JOIN_CODE_MS = 24 * 3_600_000

/** The joining part of the app. Without the root's key (`root` undefined) this node cannot let others in. */
export function openJoining(
  context: AppContext,
  options: { readonly root: KeyPair | undefined; readonly organisationSecret: Uint8Array },
): Pick<EdgeNode, 'makeJoinCode' | 'admitNode'> {
  const { replica, now } = context.sync
  return {
    makeJoinCode: async (subject) => {
      insist({ action: 'invite node', isAdministrator: isAdministrator(context, subject) })
      if (options.root === undefined) {
        throw new EdgeError('NOT_ALLOWED', {
          action: 'invite node',
          found: 'a node without the root key',
          wanted: 'the node that founded the organisation',
        })
      }
      const code = context.random.bytes(JOIN_CODE_BYTES)
      const hash = joinCodeHash(code)
      const expiresAt = now() + JOIN_CODE_MS
      const record: JoinCodeRecord = { hash, expiresAt }
      await replica.commit(async (tx) =>
        tx.put(key.joinCode(hexFromBytes(hash.subarray(0, 8))), pack(record)),
      )
      return { code: formatJoinCode(code), expiresAt }
    },
    admitNode: async ({ request }) => {
      const { root } = options
      if (root === undefined)
        throw new EdgeError('JOIN_REFUSED', { found: 'a node without the root key' })
      return replica.commit(async (tx) => {
        const kept = (await tx.list(range.joinCodes)).map(([place, bytes]) => ({
          place,
          record: unpack<JoinCodeRecord>(bytes),
        }))
        const valid = kept.filter(({ record }) => record !== undefined && record.expiresAt > now())
        const read = readJoinRequest(
          request,
          valid.map(({ record }) => record?.hash ?? new Uint8Array(32)),
        )
        if (!read.ok) throw new EdgeError('JOIN_REFUSED', { found: read.reason })
        const used = valid.find(
          ({ record }) =>
            record !== undefined && Buffer.compare(record.hash, read.request.codeHash) === 0,
        )
        if (used !== undefined) tx.delete(used.place)
        const { name, role, signingKey, sealingKey } = read.request
        const number = nextNumber(context.sync.roster.all())
        const certificateBytes = issueCertificate(root, {
          number,
          name,
          role,
          issuedAt: now(),
          signingKey,
          sealingKey,
        })
        await write(tx, context, {
          document: DIRECTORY,
          author: undefined,
          content: { kind: 'node', certificate: certificateBytes },
        })
        const { organisation } = context.sync.identity
        const grant = {
          organisation: {
            name: organisation.name,
            rootKey: organisation.rootKey,
            code: organisation.code,
          },
          organisationSecret: options.organisationSecret,
          certificateBytes,
          issuerCertificateBytes: context.sync.identity.certificateBytes,
        }
        const answer = makeJoinAnswer(read.request, grant, context.random.bytes(32))
        if (!answer.ok) throw new EdgeError('JOIN_REFUSED', { found: answer.reason })
        return answer.bytes
      })
    },
  }
}

/** Numbers are given by the one node that has the root's key, so none is given twice. */
function nextNumber(known: readonly Certificate[]): number {
  return 1 + Math.max(0, ...known.map((one) => one.number))
}
