/** Golden vectors of deltas in other scopes than a channel's newest segment: each with what it says. */
import { must } from '#base/assert.ts'
import { concatBytes, hexFromBytes } from '#base/bytes.ts'
import type { ActorId, DocumentId } from '#base/ids.ts'
import { decodeDelta, encodeDelta, type DeltaDraft } from '#codec/delta.ts'
import type { AuditContent } from '#model/audit-content.ts'
import { auditDocument, KEYS, segmentDocument } from '#model/document-id.ts'
import type { Content } from '#model/entry.ts'
import { openLog, postIdOf, type Log } from '#model/log.ts'
import { upTo } from '#model/trail.ts'
import { attestationOf, companionOf, jointStatement } from '#trust/attestation.ts'
import { auditScope, type Scope } from '#trust/epoch.ts'
import { aPersonId, append } from '../support/histories.ts'
import { actorAt, aRoster, attestationsOf, nodeAt, ops, relief } from '../support/wire.ts'
import type { Vectors } from './make.ts'

const NOON = 1_793_534_400_000
const author = aPersonId('amira')

/** Deltas that node 1 sends. */
export function deltaVectors(): readonly Vectors[] {
  return [keysOf(), auditOf(), jointOf(), answering()]
}

interface Part {
  readonly name: string
  readonly scope: Scope
  readonly log: Log
  readonly proofs?: DeltaDraft['attestations']
  readonly places?: DeltaDraft['places']
}

function deltaOf({ name, scope, log, proofs, places = new Map() }: Part): Vectors {
  const [sender, roster, { document }] = [actorAt(0), aRoster(), log]
  const changes = log.since({})
  const attestations = proofs ?? attestationsOf(log, changes, sender)
  const bytes = encodeDelta({ document, changes, sender, roster, attestations, places })
  const read = decodeDelta(bytes, { scope, sender, roster })
  const { runs } = must(read.ok ? read.delta : undefined, 'a vector reads')
  return {
    name,
    scope,
    bytes: hexFromBytes(bytes),
    says: {
      document,
      runs: runs.map(({ actor, firstSeq, values, attestation }) => ({
        actor,
        first: firstSeq,
        entries: values.map(hexFromBytes),
        proof: attestation === undefined ? null : hexFromBytes(attestation),
      })),
    },
  }
}

function written(document: DocumentId, all: readonly (readonly [ActorId, Content])[]): Log {
  const log = openLog(document)
  for (const [actor, content] of all)
    append(log, actor, {
      author: content.kind === 'post' ? author : undefined,
      claimedAt: NOON,
      content,
    })
  return log
}

/** Another's run from its first change on: its certificate stands beside it. */
function keysOf(): Vectors {
  const log = written(KEYS, [
    [actorAt(0), { kind: 'node', certificate: nodeAt(0).certificateBytes }],
    [actorAt(1), { kind: 'node', certificate: nodeAt(1).certificateBytes }],
    [actorAt(1), { kind: 'wiped' }],
  ])
  return deltaOf({ name: 'of keys, with a certificate', scope: 'keys', log })
}

function auditOf(): Vectors {
  const { node } = nodeAt(0).certificate
  const content: AuditContent = {
    kind: 'audit',
    deed: 'audit begun',
    result: 'done',
    count: 1,
    subjects: [],
    facts: {},
  }
  const log = written(auditDocument(node, 3), [[actorAt(0), content]])
  return deltaOf({ name: 'of an audit', scope: auditScope(node), log })
}

/** Another's change that was signed together with a note. */
function jointOf(): Vectors {
  const content: Content = {
    kind: 'post',
    body: 'a text of another, without a z\u0000ero no more',
    root: undefined,
  }
  const log = written(segmentDocument(ops, 'routine', 0), [[actorAt(1), content]])
  const statement = attestationOf(relief.organisation.id, upTo(log, { actor: actorAt(1), seq: 1 }))
  const [change, note] = [
    companionOf('change', statement),
    companionOf('note', Uint8Array.of(1, 2, 3)),
  ]
  const signature = nodeAt(1).sign(jointStatement({ change, note }))
  const proofs = new Map([[actorAt(1), concatBytes(signature, note)]])
  return deltaOf({
    name: 'with a joint proof and a text that has no short form',
    scope: ops,
    log,
    proofs,
  })
}

/** Answers to messages in another segment, by others and by the sender. */
function answering(): Vectors {
  const elsewhere = segmentDocument(ops, 'priority', 3)
  const named = [
    { document: elsewhere, actor: actorAt(2), seq: 300 },
    { document: elsewhere, actor: actorAt(0), seq: 7 },
  ]
  const log = written(
    segmentDocument(ops, 'priority', 4),
    named.map(({ document, actor, seq }) => [
      actorAt(1),
      { kind: 'post', body: 'yes', root: postIdOf(document, actor, seq) },
    ]),
  )
  const places = new Map(named.map((at) => [postIdOf(at.document, at.actor, at.seq), at]))
  return deltaOf({ name: 'answering in another segment', scope: ops, log, places })
}
