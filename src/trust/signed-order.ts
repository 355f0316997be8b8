/**
 * What an administering node orders about another one is signed by itself, so that it counts wherever it stands: whoever
 * has heard it can say it again, and a fork in the list where it stood first takes nothing back (PROTOCOL.md, Orders).
 */
import { bytesFromText, byteWriter } from '#base/bytes.ts'
import { bytesFromId, type Instant, type NodeId, type OrganisationId } from '#base/ids.ts'

/** What is ordered. Times count in whole seconds. */
export type Ordered =
  | {
      readonly kind: 'revocation'
      readonly by: NodeId
      readonly node: NodeId
      readonly since: Instant
      readonly reason: string
    }
  | {
      readonly kind: 'wipe order'
      readonly by: NodeId
      readonly node: NodeId
      readonly at: Instant
    }

/** The statement that `by` signs. */
export function orderStatement(organisation: OrganisationId, ordered: Ordered): Uint8Array {
  const statement = byteWriter()
  statement.raw(bytesFromText(`holdfast ${ordered.kind} 1`))
  statement.raw(bytesFromId(organisation))
  statement.raw(bytesFromId(ordered.by))
  statement.raw(bytesFromId(ordered.node))
  const time = ordered.kind === 'revocation' ? ordered.since : ordered.at
  statement.uint(Math.floor(time / 1000))
  if (ordered.kind === 'revocation') statement.block(bytesFromText(ordered.reason))
  return statement.bytes()
}
