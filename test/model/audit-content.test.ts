/** Audit entries: small, closed, and read by whoever comes later. */
import assert from 'node:assert/strict'
import { decode } from '@msgpack/msgpack'
import fc from 'fast-check'
import { test } from 'tap'
import { bytesFromHex, hexFromBytes } from '#base/bytes.ts'
import {
  idFromBytes,
  type ChangeHash,
  type ChannelId,
  type NodeId,
  type PostId,
  type ShortId,
} from '#base/ids.ts'
import {
  aboutChannel,
  aboutMessage,
  aboutNode,
  aboutPerson,
  AUDIT_SUBJECTS_MAX,
  auditFields,
  readAudit,
  type AuditContent,
} from '#model/audit-content.ts'
import { AUDIT_FACTS, DEEDS, reasonNumber, RESULTS, SUBJECT_KINDS } from '#model/audit-words.ts'
import { decodeEntry, encodeEntry } from '#model/entry.ts'
import { EMPTY_LIST } from '#model/list.ts'
import { aPersonId } from '../support/histories.ts'
import { anyBytes, holds } from '../support/property.ts'

const amira = aPersonId('amira')
const NOON = 1_793_534_400_000
const someId = <T extends ShortId>(byte: number): T => idFromBytes<T>(new Uint8Array(16).fill(byte))

const anyContent: fc.Arbitrary<AuditContent> = fc
  .record({
    deed: fc.constantFrom(...DEEDS),
    result: fc.constantFrom(...RESULTS),
    count: fc.integer({ min: 1, max: 1_000_000 }),
    subjects: fc.array(
      fc.record(
        {
          kind: fc.constantFrom(...SUBJECT_KINDS),
          id: anyBytes(16).map((b) => idFromBytes(b)),
        },
        { noNullPrototype: true },
      ),
      { maxLength: AUDIT_SUBJECTS_MAX },
    ),
    facts: fc.dictionary(fc.constantFrom(...AUDIT_FACTS), fc.nat(), { noNullPrototype: true }),
    previous: fc.option(
      anyBytes(32).map((b) => hexFromBytes(b) as ChangeHash),
      { nil: undefined },
    ),
  })
  .map(({ previous, ...rest }) => ({
    kind: 'audit' as const,
    ...rest,
    ...(previous === undefined ? {} : { previous }),
  }))

test('what is written is read, whatever it says', async (t) => {
  holds(
    t,
    fc.property(anyContent, (content) => {
      const entry = { author: amira, claimedAt: NOON, placeAt: NOON, counter: 0, content }
      const read = decodeEntry(encodeEntry(entry, EMPTY_LIST), EMPTY_LIST)
      assert.deepEqual(read.entry.content, content)
      assert.equal(read.entry.author, amira)
    }),
  )
})

test('an entry has these bytes', async (t) => {
  const content: AuditContent = {
    kind: 'audit',
    deed: 'envelope refused',
    result: 'refused',
    count: 41,
    subjects: [aboutNode(someId<NodeId>(1))],
    facts: { reason: reasonNumber('revoked'), withinMs: 60_000 },
  }
  const entry = { author: undefined, claimedAt: NOON, placeAt: NOON, counter: 0, content }
  const bytes = encodeEntry(entry, EMPTY_LIST)

  t.equal(hexFromBytes(bytes), GOLDEN)
  t.strictSame(decodeEntry(bytesFromHex(GOLDEN), EMPTY_LIST).entry.content, content)
  t.equal(bytes.length, GOLDEN.length / 2)
})

test('a plain deed takes few bytes: nothing stands for what is not said', async (t) => {
  const content: AuditContent = {
    kind: 'audit',
    deed: 'signed in',
    result: 'done',
    count: 1,
    subjects: [],
    facts: {},
  }
  t.strictSame(auditFields(content), [DEEDS.indexOf('signed in') * 3])
  const entry = { author: amira, claimedAt: NOON, placeAt: NOON, counter: 0, content }
  t.equal((decode(encodeEntry(entry, EMPTY_LIST)) as unknown[]).length, 4)
})

test('a deed of a newer version, or another shape, is no deed', async (t) => {
  const strange: readonly (readonly unknown[])[] = [
    [],
    ['text'],
    [-1],
    [DEEDS.length * RESULTS.length],
    [0, 0],
    [0, 1.5],
    [0, 1, 'subjects'],
    [0, 1, new Uint8Array(5)],
    [0, 1, new Uint8Array(17).fill(9)],
    [0, 1, null, [1]],
    [0, 1, null, [0, -1]],
    [0, 1, null, null, new Uint8Array(31)],
    [0, 1, new Uint8Array(17 * (AUDIT_SUBJECTS_MAX + 1))],
  ]
  for (const items of strange) t.equal(readAudit(items), undefined, JSON.stringify(items))
})

test('a fact of a newer version is passed over', async (t) => {
  t.match(readAudit([0, 1, null, [0, 3, 200, 4]]), { facts: { reason: 3 } })
})

test('more subjects than an entry may name are left out', async (t) => {
  const subjects = Array.from({ length: AUDIT_SUBJECTS_MAX + 3 }, (_, n) => aboutPerson(someId(n)))
  const content: AuditContent = {
    kind: 'audit',
    deed: 'member added',
    result: 'done',
    count: 1,
    subjects,
    facts: {},
  }
  t.equal(readAudit(auditFields(content))?.subjects.length, AUDIT_SUBJECTS_MAX)
})

test('subjects are people, nodes, channels and messages', async (t) => {
  const ids = [
    aboutPerson(someId(1)),
    aboutNode(someId<NodeId>(2)),
    aboutChannel(someId<ChannelId>(3)),
    aboutMessage(someId<PostId>(4)),
  ]
  t.strictSame(
    ids.map(({ kind }) => kind),
    ['person', 'node', 'channel', 'message'],
  )
})

const GOLDEN = '9720c0ce6ae729c04329c411010101010101010101010101010101010194000809cdea60'
