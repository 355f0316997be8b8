/** What no honest node does is seen in the change itself, whatever else a node has heard. */
import { test } from 'tap'
import {
  idFromBytes,
  newPersonId,
  type ActorId,
  type DocumentId,
  type PostId,
  type UserId,
} from '#base/ids.ts'
import { newChannelId } from '#model/channel-id.ts'
import {
  auditDocument,
  channelDocument,
  DIRECTORY,
  KEYS,
  segmentDocument,
} from '#model/document-id.ts'
import type { Content } from '#model/entry.ts'
import { openLog } from '#model/log.ts'
import { breachIn, type Breach } from '#model/rules.ts'
import { anActor, append, aWriter } from '../support/histories.ts'
import { seedOf } from '../support/organisation.ts'

const { node: alpha } = aWriter('alpha')
const { node: bravo } = aWriter('bravo')
const [amira, bo] = [alpha, bravo].map((node) => newPersonId(node, new Uint8Array(8))) as [
  UserId,
  UserId,
]
const ops = newChannelId(alpha, 'public', new Uint8Array(8))
const target = idFromBytes<PostId>(seedOf('a post').subarray(0, 16))
const epoch = { audience: ops, number: 1, epoch: '00'.repeat(16), maker: undefined, wraps: [] }
const order = { by: alpha, node: bravo, signature: new Uint8Array(64) }
const profile = { username: 'bo', displayName: 'Bo', isAdministrator: false }

/** Every content, and the only kind of document it belongs in. */
const HOMES: readonly (readonly [Content, DocumentId])[] = [
  [{ kind: 'node', certificate: Uint8Array.of(1) }, KEYS],
  [{ kind: 'sealing key', generation: 1, publicBytes: Uint8Array.of(1) }, KEYS],
  [{ kind: 'pair', keyName: '00'.repeat(8), ciphertext: Uint8Array.of(1) }, KEYS],
  [{ kind: 'epoch', ...epoch }, KEYS],
  [{ kind: 'revocation', ...order, since: 0, reason: 'lost' }, KEYS],
  [{ kind: 'wipe order', ...order, at: 0 }, KEYS],
  [{ kind: 'wiped' }, KEYS],
  [{ kind: 'person', person: bo, profile }, DIRECTORY],
  [{ kind: 'channel', channel: ops, channelKind: 'public' }, DIRECTORY],
  [{ kind: 'member', channel: ops, person: bo, role: 'member' }, DIRECTORY],
  [{ kind: 'settings', settings: { name: 'ops' } }, channelDocument(ops)],
  [{ kind: 'post', body: 'hi', root: undefined }, segmentDocument(ops, 'routine', 0)],
  [{ kind: 'edit', target, body: 'ho' }, segmentDocument(ops, 'routine', 0)],
  [{ kind: 'deletion', target }, segmentDocument(ops, 'routine', 0)],
  [{ kind: 'reaction', target, emoji: 'ok', isSet: true }, segmentDocument(ops, 'routine', 0)],
]
const DOCUMENTS = [
  KEYS,
  DIRECTORY,
  channelDocument(ops),
  segmentDocument(ops, 'routine', 0),
  auditDocument(alpha, 0),
]

test('every entry belongs in one kind of document and nowhere else', async (t) => {
  for (const [content, home] of HOMES)
    for (const document of DOCUMENTS)
      t.equal(
        breach(document, content),
        document === home ? undefined : 'wrong document',
        `${content.kind} in ${document}`,
      )
})

test('nobody writes for a person of another node', async (t) => {
  const post: Content = { kind: 'post', body: 'hi', root: undefined }
  const routine = segmentDocument(ops, 'routine', 0)

  t.equal(breach(routine, post, { author: amira }), undefined)
  t.equal(breach(routine, post, { author: bo }), 'foreign author')
  t.equal(breach(routine, post, { author: bo, actor: anActor('bravo') }), undefined)
})

test('nobody writes into the audit of another node', async (t) => {
  for (const [node, found] of [
    [alpha, undefined],
    [bravo, 'foreign list'],
  ] as const)
    t.equal(breach(auditDocument(node, 0), { kind: 'unknown' }), found)
})

test('a kind of a later version may be right wherever it stands; a document nobody knows is not', async (t) => {
  for (const document of DOCUMENTS) t.equal(breach(document, { kind: 'unknown' }), undefined)
  t.equal(
    breach('x' as DocumentId, { kind: 'post', body: 'hi', root: undefined }),
    'wrong document',
  )
})

test('the first breach among several changes is told, also behind honest ones', async (t) => {
  const honest: Content = { kind: 'post', body: 'hi', root: undefined }
  const log = openLog(segmentDocument(ops, 'routine', 0))
  const actor = anActor('alpha')
  const changes = [
    { author: amira, content: honest },
    { author: amira, content: honest },
    { author: bo, content: honest },
    { author: amira, content: { kind: 'wiped' } as const },
  ].map(({ author, content }) => append(log, actor, { author, claimedAt: 0, content }))
  const fresh = openLog(log.document)

  t.equal(breachIn(fresh, actor, changes.slice(0, 2)), undefined)
  t.equal(breachIn(fresh, actor, changes), 'foreign author')
  for (const change of changes.slice(0, 3)) fresh.add(change)
  t.equal(breachIn(fresh, actor, changes.slice(3)), 'wrong document', 'people are known by then')
})

function breach(
  document: DocumentId,
  content: Content,
  { author, actor = anActor('alpha') }: { author?: UserId; actor?: ActorId } = {},
): Breach | undefined {
  const change = append(openLog(document), actor, { author, claimedAt: 0, content })
  return breachIn(openLog(document), actor, [change])
}
